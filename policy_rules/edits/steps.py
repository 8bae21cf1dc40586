"""What a first version still needs, in the order in which somebody who has only the paper policy comes to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from policy_rules.edits.places import Document, Path, find, names, parts
from policy_rules.edits.review import Note, Review

State = Literal["done", "to_do", "waits", "if_needed"]
WAYS = ("email", "phone", "post", "url")
# Facts that an empty pack begins with: none of them says that the policy tells complaints apart.
FROM_THE_START = frozenset({"nature", "on_behalf_of", "representative_basis"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `path` leads to the place, `more` are what the checks say of it there."""

    id: str
    title: str
    why: str
    path: Path
    state: State
    more: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind:
    id: str
    title: str
    why: str
    path: Path
    done: Callable[[Document], bool]
    sections: tuple[str, ...]
    needed: bool = True


def steps(found: Review) -> list[Step]:
    """Every step with how it stands: done, to do, or only where the policy says something of the kind."""
    by_step: dict[str, list[Note]] = {}
    for note in found.notes:
        by_step.setdefault(_step_of(note), []).append(note)
    made = [_step(kind, found.document, by_step.get(kind.id, ())) for kind in _STEPS]
    return [*made, _shown(found, by_step.get("examples", ())), _rest(found, by_step.get("checks", ()))]


def _step_of(note: Note) -> str:
    """The step at which a note is shown; "" for advice, and for what the steps themselves say."""
    if note.advice or note.kind == "step":
        return ""
    if note.kind in ("not_shown", "example"):
        return "examples"
    if note.kind.startswith("missing_"):
        return "clocks"
    return next((kind.id for kind in _STEPS if note.path[:1] and note.path[0] in kind.sections), "checks")


def _step(kind: _Kind, document: Document, notes: Sequence[Note]) -> Step:
    """How one step stands. While nothing of it is there, what the checks say is what the step says."""
    if not kind.done(document):
        return Step(kind.id, kind.title, kind.why, kind.path, "to_do" if kind.needed else "if_needed")
    return Step(kind.id, kind.title, kind.why, kind.path, "to_do" if notes else "done", tuple(notes))


def missing(found: Review) -> int:
    """How many steps are still to be done."""
    return sum(step.state == "to_do" for step in steps(found))


def _shown(found: Review, notes: Sequence[Note]) -> Step:
    """Worked examples: at least one, and each rule shown by one."""
    some, ready = bool(names(found.document, "examples")), found.is_provable
    state: State = "waits" if not ready else "done" if some and not notes else "to_do"
    why = (
        "Work a case out by hand, on paper, with its dates. Then try it here: where both agree, keep it as an example. "
        "Each rule wants one."
    )
    return Step("examples", "Worked examples", why, ("try",), state, tuple(notes) if some else ())


def _rest(found: Review, notes: Sequence[Note]) -> Step:
    """What else the checks say."""
    state: State = "waits" if not found.is_provable else "to_do" if notes else "done"
    why = "The checks look at every case that can be: that somebody deals with it, and no promise is made twice."
    return Step("checks", "All checks pass", why, ("checks",), state, tuple(notes))


def _named(document: Mapping[str, Any]) -> bool:
    source = document.get("source")
    return isinstance(source, dict) and all(source.get(name) for name in ("title", "version"))


def _kept(document: Mapping[str, Any]) -> bool:
    source = document.get("source")
    return isinstance(source, dict) and set(str(source.get("sha256") or "0")) != {"0"}


def _nations(document: Mapping[str, Any]) -> bool:
    calendar = document.get("calendar")
    return isinstance(calendar, dict) and bool(calendar.get("nations"))


def _contact(document: Mapping[str, Any]) -> bool:
    complaints = find(document, "contacts", "complaints")
    return isinstance(complaints, dict) and any(complaints.get(way) for way in WAYS)


def _told_apart(document: Mapping[str, Any]) -> bool:
    return bool(set(names(document, "facts")) - FROM_THE_START)


def _catch_all(document: Mapping[str, Any]) -> bool:
    routes = parts(document, "routes")
    return bool(routes) and not routes[-1].get("when")


def _times(document: Mapping[str, Any]) -> bool:
    """Some time or silence; that each promise has one of them the checks say."""
    return bool(names(document, "clocks") or names(document, "silent"))


def _some(section: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda document: bool(names(document, section))


_STEPS: Sequence[_Kind] = (
    _Kind(
        "source",
        "The policy",
        "Say which document the rules are read from: its title and version.",
        ("policy",),
        _named,
        ("organisation", "source"),
    ),
    _Kind(
        "document",
        "Its text",
        "Give the document itself. Only a fingerprint of it is kept; later it shows whether the text has changed.",
        ("begin",),
        _kept,
        (),
    ),
    _Kind(
        "nations",
        "Bank holidays",
        "Say in which nations you work. Their bank holidays are no working days.",
        ("policy",),
        _nations,
        ("calendar", "hours"),
    ),
    _Kind(
        "contacts",
        "Where complaints are sent",
        "Add the first contact: the name of the office, and an e-mail address, phone number or letter address.",
        ("contacts",),
        _contact,
        ("contacts",),
    ),
    _Kind(
        "facts",
        "What is told apart",
        "Where the policy treats some complaints differently, add what they differ by: such as what it is about. "
        "People are asked for it.",
        ("facts",),
        _told_apart,
        ("facts", "questions", "ask_order"),
        needed=False,
    ),
    _Kind(
        "routes",
        "Who deals with it",
        "A rule for each answer to “who deals with this?”. The last one has no conditions and takes whatever is left.",
        ("routes",),
        _catch_all,
        ("routes", "impossible", "properties"),
    ),
    _Kind(
        "clocks",
        "By when",
        "Each time that the policy promises. Where it promises none, say that: a silence that is declared is no gap.",
        ("clocks",),
        _times,
        ("clocks", "silent", "duties", "warnings"),
    ),
    _Kind(
        "escalations",
        "Who is next",
        "Who deals with it when the person is not content, and how soon they must ask.",
        ("escalations",),
        _some("escalations"),
        ("escalations",),
        needed=False,
    ),
)
