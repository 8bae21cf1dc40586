"""How many questions a person is asked: each pack's own stories, told to the real interview and answered truly.

The person answers what the example says of the case, does not know what it does not say, and answers the questions
about themselves. Somebody who is sent elsewhere complains all the same, which is the longer way.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actions.runner import Runner
from bench.figures import aligned
from bot.messages import Incoming, TurnReply
from bot.overlay import Overlay
from bot.turn import Desk, take_turn
from bot.understanding.reader import Reader
from cases.store import migrate, open_store
from policy_rules.compiled import CompiledPack
from policy_rules.facts import VOCABULARY
from policy_rules.pack import Example
from policy_rules.shelf import PackShelf

CHECK, CONFIRM = "check_answers", "confirm_facts"
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
# No interview comes near this; one that does goes round in circles.
MOST = 60
ABOUT_THEM = {
    "effect": "It has cost me a good deal of time and worry.",
    "desired_remedy": "I want it put right and an apology.",
    "representative_name": "Ann Lee",
    "complainant_name": "Jane Hartley",
    "preferred_contact": "/SetSlots(preferred_contact=email)",
    "contact_email": "jane.hartley@example.org",
    "still_complain": "/SetSlots(still_complain=true)",
}


@dataclass(slots=True)
class Told:
    """One story told: the ids of the questions asked until the answers were checked, in order."""

    name: str
    asked: list[str] = field(default_factory=list)

    @property
    def turns(self) -> int:
        """Messages that the person sent before they could check their answers, the story included."""
        return 1 + len(self.asked)

    def facts(self, compiled: CompiledPack) -> list[str]:
        """The questions among them that the rules wanted answered."""
        return [q for q in self.asked if q in VOCABULARY or q in compiled.pack.facts or q == CONFIRM]


@contextmanager
def desk(folder: Path, packs: Path | None = None) -> Iterator[Desk]:
    """The turn's own wiring on a database in `folder`; nothing is served or handed over."""
    url = f"sqlite:///{folder / 'bench.db'}"
    migrate(url)
    store = open_store(url)
    shelf = PackShelf(packs)
    try:
        yield Desk(
            packs=shelf,
            store=store,
            reader=Reader.load(),
            runner=Runner(shelf),
            overlays=lambda _: Overlay(),
            clock=lambda: NOON,
            wake_delivery=lambda: None,
        )
    finally:
        store.close()


async def tell(at: Desk, organisation: str, example: Example) -> Told:
    """Tell one story and answer until the answers can be checked."""
    sender, told = uuid.uuid4().hex, Told(example.name)
    staff = example.facts.get("channel", "chat") not in ("chat", "email")

    async def say(text: str) -> TurnReply:
        return await take_turn(
            at,
            Incoming(
                organisation=organisation,
                sender=sender,
                text=text,
                message_id=uuid.uuid4().hex,
                channel=example.facts.get("channel", "chat"),
                recorded_by="bench" if staff else None,
            ),
        )

    question = _question(await say(str(example.story)))
    while question is not None and question["id"] != CHECK:
        told.asked.append(question["id"])
        if len(told.asked) > MOST:
            raise RuntimeError(f"{organisation}, '{example.name}': asked {told.asked}")
        question = _question(await say(answer(question, example)))
    return told


def answer(question: dict[str, Any], example: Example) -> str:
    """What the person of this example says to a question."""
    name, facts = question["id"], example.facts
    if name == CONFIRM:
        wrong = {n: facts[n] for n, v in question["proposed"].items() if n in facts and facts[n] != v}
        return f"/SetSlots({_pairs(wrong)})" if wrong else "yes"
    if name in facts:
        return f"/SetSlots({_pairs({name: facts[name]})})"
    if name == "on_behalf_of":
        return "/SetSlots(on_behalf_of=self)"
    return ABOUT_THEM.get(name, "/skip")


def _pairs(facts: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in facts.items())


def _question(reply: TurnReply) -> dict[str, Any] | None:
    found = [entry["custom"]["question"] for entry in reply.entries if "question" in entry.get("custom", {})]
    return found[-1] if found else None


async def _tell_all(at: Desk, organisation: str) -> list[Told]:
    examples = at.packs.get(organisation).pack.examples
    return [await tell(at, organisation, example) for example in examples if example.story]


def question_table(packs: Path | None = None) -> str:
    """A row an organisation: how much is asked in its stories, as median and largest."""
    heads = (
        "organisation",
        "stories",
        "facts asked",
        "all questions",
        "turns before the check",
        "longest story",
    )
    rows: list[tuple[str, ...]] = [heads]
    with tempfile.TemporaryDirectory() as folder, desk(Path(folder), packs) as at:
        for organisation in at.packs.ids():
            told = asyncio.run(_tell_all(at, organisation))
            if not told:
                rows.append((organisation, "0", "", "", "", ""))
                continue
            compiled = at.packs.get(organisation)
            longest = max(told, key=lambda one: len(one.asked))
            counts = [
                [len(one.facts(compiled)) for one in told],
                [len(one.asked) for one in told],
                [one.turns for one in told],
            ]
            shown = [f"{statistics.median(count):g} / {max(count)}" for count in counts]
            rows.append((organisation, str(len(told)), *shown, longest.name))
    return aligned(rows) + "\nmedian / largest; confirming what the story suggests counts as one fact asked"
