"""Holding a conversation file's case with the real turn, on a real database, and comparing each reply."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from actions.runner import Ran, Runner
from bot.dialogue.catalogue import Catalogue, words_of
from bot.overlay import Overlay
from bot.turn import Desk
from policy_rules.errors import Refusal
from policy_rules.shelf import PackShelf
from tests.conversations.reading import Case, Check, Said, WrongFile
from tests.conversations.slots import Standing, UnknownSlot, standing, value_of
from tests.conversations.wording import ASK, UnknownResponse, pattern_of
from tests.databases import migrated_database
from tests.desk import Clock, Person, open_desk
from tests.walks.invariants import Broken, Watcher


class Differs(AssertionError):
    """A conversation that went otherwise than its file says: file, line, case, step, expected and got."""


class WatchedRunner(Runner):
    """The real actions, and the names of those that ran since `ran` was last emptied."""

    def __init__(self, shelf: PackShelf) -> None:
        super().__init__(shelf)
        self.ran: list[str] = []

    async def run(self, action: str, slots: Mapping[str, Any], *, sender: str = "") -> Ran:
        self.ran.append(action)
        return await super().run(action, slots, sender=sender)


@dataclass(slots=True)
class Played:
    """A case being held: the person, the clock, and the actions of the last turn."""

    case: Case
    person: Person
    clock: Clock
    runner: WatchedRunner
    words: Catalogue
    watcher: Watcher
    now: Standing | None = None
    number: int = field(default=0)

    async def say(self, step: Said) -> None:
        """Send one message with what comes with it, then compare."""
        self.number += 1
        extra = step.metadata
        if "mocked_datetime" in extra:
            self.clock.now = datetime.fromisoformat(extra["mocked_datetime"])
        self.person.channel = extra.get("channel", "chat")
        self.person.recorded_by = extra.get("recorded_by")
        self.person.begin_in = extra.get("language")
        at = extra.get("received_at")
        self.person.received_at = None if at is None else datetime.fromisoformat(at)
        self.runner.ran = []
        reply = await self.person.say(step.text, extra.get("message_id"))
        self.now = standing(self.person)
        self.words = _words_for(
            self.person.desk, self.person.organisation, self.now.draft.get("language", "en")
        )
        for check in step.checks:
            self._compare(step, check)
        try:
            self.watcher.after(step.text, reply, self.now.draft, self.now.record)
        except Broken as broken:
            raise self._differs(
                step, step.line, "a conversation that keeps the house rules", str(broken)
            ) from None

    def _compare(self, step: Said, check: Check) -> None:
        try:
            found = _CHECKS[check.kind](self, check.value)
        except (UnknownResponse, UnknownSlot) as unknown:
            raise WrongFile(f"{self.case.file}:{check.line} {unknown}.") from None
        if found is not None:
            expected, got = found
            raise self._differs(step, check.line, f"{check.kind} {expected}", got)

    def _differs(self, step: Said, line: int, expected: str, got: str) -> Differs:
        return Differs(
            f"{self.case.file}:{line} case '{self.case.name}', step {self.number} (user: {step.text!r})\n"
            f"  expected: {expected}\n  got:      {got}"
        )

    # --- one method for each kind of check: None where it holds, else what was expected and what came -----------

    def bot(self, text: str) -> tuple[str, str] | None:
        texts = self._texts()
        return None if text in texts else (repr(text), _quoted(texts))

    def utter(self, name: str) -> tuple[str, str] | None:
        return None if self._uttered(name) else (name, self._what_came(name))

    def slot_was_set(self, slot: tuple[str, ...]) -> tuple[str, str] | None:
        got = self._slot(slot[0])
        if len(slot) == 1:
            return None if got is not None else (f"{slot[0]} set to anything", "not set")
        return None if got == slot[1] else (f"{slot[0]}: {slot[1]!r}", f"{slot[0]}: {got!r}")

    def slot_was_not_set(self, slot: tuple[str, ...]) -> tuple[str, str] | None:
        got = self._slot(slot[0])
        if len(slot) == 1:
            return None if got is None else (f"{slot[0]}", f"{slot[0]}: {got!r}")
        return None if got != slot[1] else (f"{slot[0]}: not {slot[1]!r}", f"{slot[0]}: {got!r}")

    def bot_uttered(self, what: dict[str, Any]) -> tuple[str, str] | None:
        missing = self._missing(what)
        return None if missing is None else (missing, self._what_came(what.get("utter_name", "")))

    def bot_did_not_utter(self, what: dict[str, Any]) -> tuple[str, str] | None:
        if self._missing(what) is not None:
            return None
        return (", ".join(f"{k} {v!r}" for k, v in what.items()), _quoted(self._texts()))

    def action_executed(self, name: str) -> tuple[str, str] | None:
        return None if name in self.runner.ran else (name, ", ".join(self.runner.ran) or "no action")

    # --- what came -------------------------------------------------------------------------------------------

    def _slot(self, name: str) -> str | None:
        assert self.now is not None
        return value_of(self.person, self.now, name)

    def _entries(self) -> list[dict[str, Any]]:
        assert self.person.last is not None
        return self.person.last.entries

    def _texts(self) -> list[str]:
        return [entry["text"] for entry in self._entries() if "text" in entry]

    def _uttered(self, name: str) -> bool:
        if name.startswith(ASK):
            self._known_question(name.removeprefix(ASK))
            return self.person.asked == name.removeprefix(ASK)
        pattern = pattern_of(self.words, name)
        return any(pattern.search(text) for text in self._texts())

    def _known_question(self, question: str) -> None:
        compiled = self.person.desk.packs.get(self.person.organisation)
        if self.person.desk.runner.questions(compiled).get(question) is None:
            raise UnknownResponse(f"there is no question '{question}' to be asked")

    def _missing(self, what: dict[str, Any]) -> str | None:
        """The first part of `what` that the reply has not; None where it has all."""
        name, match = what.get("utter_name"), what.get("text_matches")
        if name is not None and not self._uttered(name):
            return f"utter_name {name}"
        if match is not None and not any(re.search(match, text) for text in self._texts()):
            return f"text_matches {match!r}"
        shown = [button for entry in self._entries() for button in entry.get("buttons", ())]
        for button in what.get("buttons") or ():
            if not any(button.items() <= one.items() for one in shown):
                return f"button {button!r}"
        return None

    def _what_came(self, name: str) -> str:
        asked = f"asked {self.person.asked}; " if name.startswith(ASK) else ""
        return asked + _quoted(self._texts())


_CHECKS: dict[str, Callable[[Played, Any], tuple[str, str] | None]] = {
    "bot": Played.bot,
    "utter": Played.utter,
    "slot_was_set": Played.slot_was_set,
    "slot_was_not_set": Played.slot_was_not_set,
    "bot_uttered": Played.bot_uttered,
    "bot_did_not_utter": Played.bot_did_not_utter,
    "action_executed": Played.action_executed,
}


def _words_for(desk: Desk, organisation: str, language: str) -> Catalogue:
    return Catalogue(
        words_of(language), desk.packs.get(organisation).pack, desk.packs.wording(organisation, language)
    )


def _quoted(texts: list[str]) -> str:
    return " | ".join(repr(text) for text in texts) or "nothing"


@contextmanager
def desk_for(case: Case) -> Iterator[Played]:
    """The person of a case before their first word, at a desk of their own."""
    folder = Path(tempfile.mkdtemp(prefix="hearout-"))
    clock = Clock(datetime.fromisoformat(case.settings["mocked_datetime"]))
    offered = [code.strip() for code in case.settings.get("languages", "en").split(",")]
    try:
        overlay = Overlay.model_validate({"languages": offered})
    except ValidationError:
        raise WrongFile(f"{case.file}:{case.line} there is no such language: {', '.join(offered)}.") from None
    try:
        with migrated_database("sqlite", folder) as url, open_desk(folder, None, clock, url, overlay) as desk:
            runner = WatchedRunner(desk.packs)
            desk = replace(desk, runner=runner)
            person = Person(desk, case.settings["organisation"])
            try:
                compiled = desk.packs.get(person.organisation)
            except Refusal as refusal:
                raise WrongFile(f"{case.file}:{case.line} {refusal}") from None
            words = _words_for(desk, person.organisation, overlay.languages[0])
            watcher = Watcher(compiled, desk.overlays(person.organisation))
            yield Played(case, person, clock, runner, words, watcher)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def play(case: Case) -> None:
    """Hold the whole conversation. Raises Differs at the first thing that differs, and WrongFile for unknown names."""
    with desk_for(case) as played:
        for step in case.steps:
            await played.say(step)
