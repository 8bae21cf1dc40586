"""How much is left to ask after a first message, and how much of it was understood: the blind stories, told for real.

The person answers what the story's labels say, does not know the rest, and gives a name and an e-mail address.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import aligned
from bench.questions import ABOUT_THEM, CHECK, CONFIRM, MOST, desk
from bot.dialogue.proposals import SUPPOSED
from bot.messages import Incoming, TurnReply
from bot.turn import Desk, take_turn
from bot.understanding.phrases import DATA
from policy_rules.loader import read_yaml

STORIES = DATA / "stories_held_out.yml"
# The day after which the stories were written; their dates count from here.
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KINDS = ("rich", "plain", "poor")


@dataclass(slots=True)
class Heard:
    """One story told: the questions until the check, and which labelled facts were proposed, rightly or wrongly."""

    organisation: str
    kind: str
    asked: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def turns(self) -> int:
        """Messages that the person sent before they could check their answers, the story included."""
        return 1 + len(self.asked)


async def tell(at: Desk, story: dict[str, Any]) -> Heard:
    """Tell a story, answer by its labels, and stop where the answers can be checked."""
    heard = Heard(story["organisation"], story["kind"])
    sender = uuid.uuid4().hex

    async def say(text: str) -> dict[str, Any] | None:
        incoming = Incoming(story["organisation"], sender, text, uuid.uuid4().hex)
        return _question(await take_turn(at, incoming))

    question = await say(story["text"])
    while question is not None and question["id"] != CHECK:
        heard.asked.append(question["id"])
        if len(heard.asked) > MOST:
            raise RuntimeError(f"{story['organisation']}: asked {heard.asked}")
        if question["id"] == CONFIRM:
            _judge(heard, story, question["proposed"])
        question = await say(_answer(question, story))
    proposed = {*heard.right, *heard.wrong}
    heard.missed = [name for name in story.get("facts", {}) if name not in proposed]
    return heard


def _question(reply: TurnReply) -> dict[str, Any] | None:
    found = [entry["custom"]["question"] for entry in reply.entries if "question" in entry.get("custom", {})]
    return found[-1] if found else None


def _judge(heard: Heard, story: dict[str, Any], proposed: dict[str, str]) -> None:
    """Right: as labelled, or as a clerk might also conclude. Words of the story's own are judged by their overlap."""
    for name, value in proposed.items():
        label, may = story.get("facts", {}).get(name, story.get(name)), story.get("may", {}).get(name, ())
        if name in ("effect", "desired_remedy"):
            good = heard_well(story.get(name), value)
        else:
            good = value == label or value in may or (label is None and _supposed(name, value))
        (heard.right if good else heard.wrong).append(name)


def heard_well(own: str | None, value: str) -> bool:
    """Whether what was proposed is what the person told, or the better half of it."""
    return own is not None and (own in value or value in own or _overlap(own, value) >= 0.5)


def _supposed(name: str, value: str) -> bool:
    """What is put to most people, and is no claim to have read it."""
    return SUPPOSED.get(name) == value


def _overlap(one: str, other: str) -> float:
    first, second = set(one.lower().split()), set(other.lower().split())
    return len(first & second) / max(1, min(len(first), len(second)))


def _answer(question: dict[str, Any], story: dict[str, Any]) -> str:
    name, facts = question["id"], story.get("facts", {})
    if name == CONFIRM:
        wrong = {n: facts[n] for n, v in question["proposed"].items() if n in facts and facts[n] != v}
        return f"/SetSlots({', '.join(f'{n}={v}' for n, v in wrong.items())})" if wrong else "yes"
    if name in facts:
        return f"/SetSlots({name}={facts[name]})"
    if name == "preferred_contact":
        # The question invites an address, and most people type one.
        return str(story.get("contact_email") or ABOUT_THEM["contact_email"])
    if name in ("effect", "desired_remedy", "complainant_name", "representative_name", "contact_email"):
        return str(story.get(name) or ABOUT_THEM[name])
    if name == "second_matter":
        return "yes" if "two" in story else "no"
    if name == "on_behalf_of":
        return "/SetSlots(on_behalf_of=self)"
    return ABOUT_THEM.get(name, "/skip")


def heard_all(stories: Path = STORIES) -> list[Heard]:
    """Every story of the file, told on one desk."""
    document, _ = read_yaml(stories.read_text("utf-8"), stories.name)
    told: Iterable[dict[str, Any]] = document
    with tempfile.TemporaryDirectory() as folder, desk(Path(folder)) as at:
        at.clock = lambda: NOON
        return [asyncio.run(tell(at, story)) for story in told]


def first_message_table() -> str:
    """A row for each organisation and kind of first message."""
    rows: list[tuple[str, ...]] = [
        (
            "organisation",
            "kind",
            "stories",
            "questions",
            "turns",
            "facts proposed",
            "wrong",
            "labelled, not proposed",
        )
    ]
    heard = heard_all()
    for organisation in [*dict.fromkeys(one.organisation for one in heard), "all"]:
        for kind in KINDS:
            told = [h for h in heard if h.kind == kind and organisation in (h.organisation, "all")]
            rows.append((organisation, kind, str(len(told)), *_cells(told)))
    return aligned(rows) + "\nquestions and turns before the check: median / largest"


def _cells(told: list[Heard]) -> tuple[str, ...]:
    questions, turns = [len(one.asked) for one in told], [one.turns for one in told]
    counts = [
        sum(len(part) for part in parts)
        for parts in zip(*((h.right, h.wrong, h.missed) for h in told), strict=True)
    ]
    spread = [f"{statistics.median(found):g} / {max(found)}" for found in (questions, turns)]
    return (*spread, str(counts[0] + counts[1]), str(counts[1]), str(counts[2]))
