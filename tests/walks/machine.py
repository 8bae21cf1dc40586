"""Generated conversations: anybody may say anything at any turn, and the house rules hold after each reply.

Hypothesis draws who says what; the turn, the rules and the database are the real ones. A failing walk is printed as
the steps that lead to it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.turn import Desk
from tests.conversations.slots import Standing, standing
from tests.databases import migrated_database
from tests.desk import Clock, Person, open_desk
from tests.walks.invariants import STATES, Broken, Watcher
from tests.walks.speech import (
    ASIDES,
    COMMANDS,
    GARBAGE,
    STORIES,
    answer_to,
    bad_slots,
    clearing,
    facts_of_an_example,
    good_slots,
)

# Around holidays, the clock change, the end of the year, and on a day like any other.
DAYS = [
    datetime(2026, 11, 27, 23, 40, tzinfo=UTC),
    datetime(2026, 12, 24, 16, 45, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 58, tzinfo=UTC),
    datetime(2026, 4, 2, 9, 0, tzinfo=UTC),
    datetime(2026, 6, 30, 23, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 9, 16, 11, 0, tzinfo=UTC),
]
ORGANISATIONS = ("cim", "cipfa", "cmi", "cqm", "cms")


@dataclass(slots=True)
class Room:
    """Where walks take place: one desk on one database, one clock, and how the walks have ended so far."""

    desk: Desk
    clock: Clock
    loop: asyncio.Runner
    ended: Counter[str] = field(default_factory=Counter)
    turns: int = 0


@contextmanager
def open_room() -> Iterator[Room]:
    """A room with an empty SQLite database in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="hearout-"))
    clock = Clock()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        url = stack.enter_context(migrated_database("sqlite", folder))
        desk = stack.enter_context(open_desk(folder, None, clock, url))
        yield Room(desk, clock, stack.enter_context(asyncio.Runner()))


def machine_in(room: Room) -> type[RuleBasedStateMachine]:
    """The machine whose walks take place in this room."""
    return type("Walk", (Walk,), {"room": room})


class Walk(RuleBasedStateMachine):
    """One person's conversation. `room` is set by `machine_in`."""

    room: Room
    person: Person
    watcher: Watcher
    now: Standing
    last_id: str = ""
    last_text: str = ""

    @initialize(
        organisation=st.sampled_from(ORGANISATIONS),
        start=st.sampled_from(DAYS),
        opening=st.one_of(st.just("hello"), STORIES),
        channel=st.sampled_from(("chat", "chat", "chat", "phone", "voicemail", "in_person")),
    )
    def come_in(self, organisation: str, start: datetime, opening: str, channel: str) -> None:
        """Somebody begins: by themselves in a chat, or through staff who write down what was said before."""
        self.room.clock.now = start
        self.person = Person(self.room.desk, organisation, sender=uuid.uuid4().hex, channel=channel)
        if channel != "chat":
            self.person.recorded_by = "R. Ahmed"
            self.person.received_at = start - timedelta(minutes=25)
        compiled = self.room.desk.packs.get(organisation)
        self.watcher = Watcher(compiled, self.room.desk.overlays(organisation))
        self._say(opening)

    # --- what people do --------------------------------------------------------------------------------------

    @rule(data=st.data())
    @precondition(lambda self: self.person.asked is not None)
    def answer_properly(self, data: st.DataObject) -> None:
        """The open question is answered, in words or by its button; it must not come back."""
        question = self.person.custom("question")
        assert question is not None
        said, value = data.draw(answer_to(question, self.room.clock.now.date()))
        self._say(said)
        if value is None or question["id"] in ("confirm_facts", "check_answers"):
            return
        kept = self.now.draft.get("answers", {}).get(question["id"])
        if kept != value:
            raise Broken(f"'{said}' to '{question['id']}' was kept as {kept!r}, not {value!r}")
        if self.person.asked == question["id"]:
            raise Broken(f"'{question['id']}' is asked again straight after '{said}'")

    @rule(text=GARBAGE)
    def say_something_else(self, text: str) -> None:
        self._say(text)

    @rule(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=120))
    def type_anything(self, text: str) -> None:
        self._say(text)

    @rule(text=st.sampled_from(ASIDES))
    def ask_us(self, text: str) -> None:
        """A question to us, in words that are known: ours comes back, and nothing has become of theirs."""
        before = self.person.asked, dict(self.now.draft.get("answers", {}))
        self._say(text)
        if before[0] is not None and (self.person.asked, self.now.draft.get("answers", {})) != before:
            raise Broken(f"'{text}' moved on from '{before[0]}' to '{self.person.asked}'")

    @rule(text=st.sampled_from([*COMMANDS, "/skip", "/skip", "/skip"]))
    def command(self, text: str) -> None:
        self._say(text)

    @rule(data=st.data())
    def press_what_fits(self, data: st.DataObject) -> None:
        questions = self.room.desk.runner.questions(self.watcher.compiled)
        self._say(data.draw(good_slots(self.watcher.compiled, questions)))

    @rule(data=st.data())
    def tell_all_the_facts_at_once(self, data: st.DataObject) -> None:
        self._say(data.draw(facts_of_an_example(self.watcher.compiled)))

    @rule(text=bad_slots())
    def press_what_does_not_fit(self, text: str) -> None:
        before = dict(self.now.draft.get("answers", {}))
        self._say(text)
        after = self.now.draft.get("answers", {})
        if not set(before.items()) <= set(after.items()):
            raise Broken(f"a selection that does not fit has changed {before} to {after}")

    @rule(data=st.data())
    @precondition(lambda self: self.now.draft.get("answers"))
    def clear_an_answer(self, data: st.DataObject) -> None:
        self._say(data.draw(clearing(sorted(self.now.draft["answers"]))))

    @rule(hours=st.sampled_from((1, 20, 24 * 8)))
    def leave_and_come_back(self, hours: int) -> None:
        """Later, from another device: nothing but the key is brought along."""
        self.room.clock.forward(hours=hours)
        old = self.person
        self.person = Person(
            old.desk, old.organisation, old.sender, old.channel, old.received_at, old.recorded_by
        )
        asked = self.now.asked
        self._say("/repeat")
        if self.person.asked != asked:
            raise Broken(f"'{asked}' was open before the break, '{self.person.asked}' after it")

    @rule()
    def send_twice(self) -> None:
        """The network repeats a message: the reply is the same, and nothing changes."""
        before = self.person.last
        assert before is not None
        again = self._turn(self.last_text, self.last_id)
        if not again.replayed or (again.entries, again.seq) != (before.entries, before.seq):
            raise Broken(f"the message {self.last_text!r} was answered twice, and differently")
        self._look(self.last_text)

    @rule()
    @precondition(lambda self: self.now.state == "draft" and self.now.draft.get("answers", {}).get("story"))
    def hurry_to_the_end(self) -> None:
        """Skip whatever can be skipped, then send."""
        for _ in range(25):
            if self.person.asked in (None, "check_answers"):
                break
            self._say("/skip")
        if self.person.asked == "check_answers":
            self._say("send")

    # --- what follows ----------------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        self.last_id, self.last_text = uuid.uuid4().hex, text
        self._turn(text, self.last_id)
        self._look(text)

    def _turn(self, text: str, message_id: str) -> Any:
        self.room.turns += 1
        return self.room.loop.run(self.person.say(text, message_id))

    def _look(self, text: str) -> None:
        self.now = standing(self.person)
        assert self.person.last is not None
        note(f"{text!r} -> {self.person.last.state}, {self.person.asked}")
        self.watcher.after(text, self.person.last, self.now.draft, self.now.record)

    def teardown(self) -> None:
        if hasattr(self, "now"):
            if self.now.record["state"] not in STATES:
                raise Broken(f"the walk ended as '{self.now.record['state']}'")
            self.room.ended[self.now.state] += 1
