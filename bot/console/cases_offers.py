"""What staff can do with a case: each thing with its words, its fields, and what it tells of the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.console import cases_words as words
from cases import clock_moves, closing
from cases.clock_moves import ClockRow
from cases.effects import STOPS
from policy_rules.compiled import CompiledPack

Kind = Literal["text", "area", "date", "select", "checks", "check"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. `options` are value and name; `needed` says what is missing when it is empty."""

    id: str
    label: str
    kind: Kind
    hint: str = ""
    needed: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do: `fields` of its form, and what it tells of the case from what was typed."""

    name: str
    label: str
    says: str
    done: str
    button: str
    fields: tuple[Field, ...]
    tells: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None


ON = Field("on", "On which day", "date", "Today, if you leave it.")
REASON = Field("reason", "Why", "area", "The person may be told.", "Say why.")
LETTER = Field("letter", "Send the person the letter that says so", "check")
IN_LETTER = Field("text", "Your own words in it", "area", "Such as what you are waiting for.")


def _named(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, words.plain(value)) for value in values)


CLOSE = (
    Field("outcome", "Outcome", "select", needed="Choose how it ended.", options=_named(closing.OUTCOMES)),
    Field("remedies", "What was put right", "checks", options=_named(closing.REMEDIES)),
    Field("remedy_given", "The remedy in words", "area", "Such as an amount, or what was explained."),
    Field(
        "cause", "Cause", "select", "Needed where the complaint was upheld.", options=_named(closing.CAUSES)
    ),
    Field("cause_found", "The cause in words", "area"),
    Field("lesson", "Lesson", "area", "What was learned, and what is done so that it stays away."),
    Field("failure_in_assessment", "It uncovered a failure in an assessment process", "check"),
    Field("letter", "Send the person a letter that says so", "check", "You see it before it is sent."),
    Field(
        "text", "Your own words in the letter", "area", "Such as what you found, and what you do about it."
    ),
)


def _closing(typed: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: typed[name] or None for name in ("remedy_given", "cause", "cause_found", "lesson")}
    return {
        "closing": {
            **texts,
            "outcome": typed["outcome"],
            "remedies": typed["remedies"],
            "failure_in_assessment": typed["failure_in_assessment"],
        }
    }


def _extended(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: typed[name] for name in ("to", "reason", "clock", "agreed")}


def _why(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {"reason": typed["reason"]}


def _which(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {"clock": typed["clock"]}


def _nothing(typed: Mapping[str, Any]) -> dict[str, Any]:
    del typed
    return {}


# The event of each act that is one.
EVENT = {
    "acknowledge": "acknowledged",
    "record": "recorded",
    "respond": "responded",
    "extend": "extended",
    "pause": "paused",
    "resume": "resumed",
    "resolve": "resolved",
    "keep": "fulfilled",
    "close": "closed",
    "reopen": "reopened",
}
ACTS = {
    act.name: act
    for act in (
        Act("acknowledge", "Note as acknowledged", "Note that the person was told that their complaint arrived.",
            "Kept: the complaint is acknowledged.", "Note it as acknowledged", (ON,), _nothing),
        Act("respond", "Note as answered", "The answer has reached the person. Their time to go further begins.",
            "Kept: the complaint is answered.", "Note it as answered", (ON,), _nothing),
        Act("record", "Note the record as sent", "Note that the person has the written record of what they said.",
            "Kept: the written record was sent.", "Note it as sent", (ON,), _nothing),
        Act("resolve", "Note as resolved", "The matter is settled, and the person is content with that. Where "
            "the policy ends with it, nothing more is owed.", "Kept: the matter is resolved.", "Note it as resolved",
            (ON,), _nothing),
        Act("keep", "Note a promise as kept", "Note that the organisation did what one promise asks for.",
            "Kept: the promise was kept.", "Note it as kept",
            (Field("clock", "Which promise", "select", needed="Choose a promise."), ON), _which),
        Act("note", "Write a note", "The person is not shown notes, but may ask for them by law.",
            "The note is kept.", "Keep the note", (Field("text", "Note", "area", needed="Write the note."),)),
        Act("hold", "Send a holding letter", "The person is told that the case is still being looked into, and what is "
            "promised. No clock stops.", "The letter is on its way.", "Send the letter",
            (Field("expected", "When you expect to answer", "date", "It stands in the letter. Needed where the answer "
                   "is late."), IN_LETTER)),
        Act("extend", "Take more time", "Move a promise to a later day, as far as the policy allows. The first promise "
            "stays beside it.", "Kept: there is a new day.", "Take more time",
            (Field("clock", "Which promise", "select", needed="Choose a promise."),
             Field("to", "New last day", "date", needed="Give the new day."), REASON,
             Field("agreed", "The person has agreed", "check"), LETTER), _extended),
        Act("pause", "Stop the clocks", "Clocks stand still where the policy lets them, from today on.",
            "Kept: clocks stand still.", "Stop the clocks", (REASON,), _why),
        Act("resume", "Run the clocks again", "The last days move by the days that the clocks stood still.",
            "Kept: clocks run again.", "Run them again", (), _nothing),
        Act("close", "Close the case", "Say how it ended, what was put right, why it came to it, and what was learned.",
            "Kept: the case is closed.", "Close the case", CLOSE, _closing),
        Act("reopen", "Reopen the case", "The case goes on where it was, with the days that it had.",
            "Kept: the case is open again.", "Reopen the case", (REASON,), _why),
    )
}  # fmt: skip
# The letter of each act that may send one; of those in SHOWN_FIRST it goes only as it was shown.
LETTERS = {"hold": "holding", "extend": "extension", "close": "closure"}
SHOWN_FIRST = ("close",)
LABELS = {name: act.label for name, act in ACTS.items()} | {
    "reroute": "Send it to somebody else",
    "talk": "Write to the person",
}
DONE = {name: act.done for name, act in ACTS.items()} | {
    "reroute": "Kept: the case went to somebody else, and its days were counted again.",
    **words.RETRIED,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A thing that can be done with the case as it stands."""

    name: str
    label: str


def offered(whole: Mapping[str, Any], clocks: Sequence[ClockRow], compiled: CompiledPack) -> list[Offer]:
    """What can be done, the likeliest first."""
    progress, record = whole["progress"], whole["record"]
    if progress == "closed":
        return [Offer(name, LABELS[name]) for name in ("reopen", "note", "talk")]
    found = ["respond"] if progress != "responded" else []
    if progress == "received":
        found.insert(0, "acknowledge")
    if any(row.kind == "written_record" and row.is_open for row in clocks):
        found.append("record")
    if progress != "responded":
        found.append("resolve")
    if promises(clocks):
        found.append("keep")
    found += ["note", "hold"]
    rules = {row.kind: clock_moves.clock_of(row, record, compiled) for row in clocks if row.is_open}
    if any(rules[row.kind].extension for row in clocks if row.kind in rules and row.state == "running"):
        found.append("extend")
    if any(rules[row.kind].may_stop for row in clocks if row.kind in rules and row.state == "running"):
        found.append("pause")
    if any(row.state == "paused" for row in clocks):
        found.append("resume")
    return [Offer(name, LABELS[name]) for name in (*found, "talk", "reroute", "close")]


def promises(clocks: Sequence[ClockRow]) -> list[ClockRow]:
    """What the organisation still owes and no other event answers for."""
    answered = {kind for kinds in STOPS.values() for kind in kinds}
    return [row for row in clocks if row.is_open and row.kind not in answered]


def choices(
    act: Act, record: Mapping[str, Any], clocks: Sequence[ClockRow], compiled: CompiledPack
) -> tuple[Field, ...]:
    """The fields of an act with what this case has to choose from."""
    if act.name == "keep":
        rows = promises(clocks)
    else:
        rows = [
            row
            for row in clocks
            if row.is_open
            and row.state == "running"
            and clock_moves.clock_of(row, record, compiled).extension
        ]
    options = tuple(
        (row.kind, words.clock_name(row.kind) + (f", by {words.day(row.due)}" if row.due else ""))
        for row in rows
    )
    return tuple(replace(field, options=options) if field.id == "clock" else field for field in act.fields)
