"""The funnel of the interview: where people stop. How often each question was put, answered, left out, or was the last.

Silence is never success: a draft in which nothing was said for two days counts as left at the question that was open.
No words are read: which question a reply put stands in the reply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from cases.reports import gather
from cases.reports.gather import Read
from cases.reports.hiding import SMALLEST, Counts, hidden
from cases.reports.history import ZONE, History, standing
from cases.reports.measures import TAKEN_UP, Cell
from cases.reports.period import Period

FACES = ("chat", "form", "phone")
# Staff answer on one page, in any order: there no question is the one that was open.
ONE_AT_A_TIME = ("chat", "form")
STEPS = ("opened", "story", "check", "sent")
CHECK = "check_answers"
SILENT = timedelta(days=2)
ENDINGS = ("answered", "skipped", "left", "open")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: how many were asked it, and what came of it for each of them."""

    id: str
    asked: Cell
    answered: Cell
    skipped: Cell
    left: Cell
    open: Cell


@dataclass(frozen=True, slots=True)
class Way:
    """One face: how many came to each of STEPS, minutes from opening to sending (None: too few), and each question."""

    steps: dict[str, Cell]
    minutes: float | None
    questions: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Funnel:
    """The interviews that were opened in a period, as they stood."""

    organisation: str
    period: Period
    as_of: datetime
    faces: dict[str, Way]


@dataclass(frozen=True, slots=True)
class _Walk:
    """One interview."""

    reached: frozenset[str]
    questions: dict[str, str]
    minutes: float | None


def make(read: Read[Any], organisation: str, period: Period, as_of: datetime) -> Funnel:
    """The funnel of the interviews opened in the period; best from a thread, since it reads every reply."""
    walks: dict[str, list[_Walk]] = {face: [] for face in FACES}
    found = gather.histories(read, organisation, as_of, period.first, period.last, steps=True)
    for history in found:
        opened = datetime.fromisoformat(history["opened_at"])
        if opened <= as_of and opened.astimezone(ZONE).date() in period and history["face"] in walks:
            walks[history["face"]].append(_walk(history, as_of))
    return Funnel(organisation, period, as_of, {face: _way(face, walks[face]) for face in FACES})


def _walk(history: History, as_of: datetime) -> _Walk:
    steps = [(datetime.fromisoformat(at), question, skip) for at, question, skip in history["steps"]]
    steps = [step for step in steps if step[0] <= as_of]
    stands = standing(history, as_of)
    sent = [case["from"] for case in history["cases"] if datetime.fromisoformat(case["from"]) <= as_of]
    reached = {"opened"}
    if stands:
        reached.add("story")
    if sent and any(matter.state in (*TAKEN_UP, "withdrawn") for matter in stands):
        reached |= {"check", "sent"}
    if any(question == CHECK for _, question, _ in steps):
        reached.add("check")
    minutes = None
    if "sent" in reached:
        minutes = (
            datetime.fromisoformat(min(sent)) - datetime.fromisoformat(history["opened_at"])
        ).total_seconds() / 60
    return _Walk(frozenset(reached), _endings(steps, bool(sent), as_of), minutes)


def _endings(steps: list[tuple[datetime, str, bool]], sent: bool, as_of: datetime) -> dict[str, str]:
    """By question what came of it. Put again, it is open until something else is put; the last one stays open."""
    found: dict[str, str] = {}
    for (_, question, _), (_, following, skipped) in pairwise(steps):
        if question and following != question:
            found[question] = "skipped" if skipped else "answered"
        elif question:
            found.setdefault(question, "open")
    if steps and steps[-1][1]:
        at, question, _ = steps[-1]
        silent = as_of - at >= SILENT
        found[question] = "answered" if sent else "left" if silent else "open"
    return found


def _way(face: str, walks: Iterable[_Walk]) -> Way:
    found = list(walks)
    counts, reached = Counts(), Counter(step for walk in found for step in walk.reached)
    # Who came to a step is among those who came to the one before.
    for step, before in zip(STEPS[1:], STEPS, strict=False):
        counts.values.setdefault(before, reached[before])
        counts.total(
            before,
            {step: reached[step], f"{step}.not": reached[before] - reached[step]},
            implied=[f"{step}.not"],
        )
    asked = Counter(question for walk in found for question in walk.questions)
    ends = Counter((question, end) for walk in found for question, end in walk.questions.items())
    if face in ONE_AT_A_TIME:
        for question, number in asked.items():
            parts = {f"{question}.{end}": ends[question, end] for end in ENDINGS}
            counts.total(f"{question}.asked", parts)
            counts.values[f"{question}.asked"] = number
    kept_back = hidden(counts)

    def cell(name: str) -> Cell:
        reason = kept_back.get(name)
        return Cell(None, reason) if reason else Cell(counts.values.get(name, 0))

    minutes = [walk.minutes for walk in found if walk.minutes is not None]
    return Way(
        steps={step: cell(step) for step in STEPS},
        minutes=round(median(minutes), 1) if len(minutes) >= SMALLEST else None,
        questions=tuple(
            Asked(question, cell(f"{question}.asked"), *(cell(f"{question}.{end}") for end in ENDINGS))
            for question in _in_order(found)
        )
        if face in ONE_AT_A_TIME
        else (),
    )


def _in_order(walks: Iterable[_Walk]) -> list[str]:
    """The questions in the order in which they are put, by the place that each has on average."""
    places: dict[str, list[int]] = {}
    for walk in walks:
        for place, question in enumerate(walk.questions):
            places.setdefault(question, []).append(place)
    return sorted(
        places,
        key=lambda question: (question == CHECK, sum(places[question]) / len(places[question]), question),
    )
