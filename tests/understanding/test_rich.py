"""After a rich first message little is left to ask: what of it was found, and how many questions remain."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from bench.first_messages import NOON, Heard, heard_well, tell
from bench.questions import desk
from bot.understanding.phrases import DATA, read_yaml
from bot.understanding.reader import Reader
from tests.understanding.questions import FACTS, STORY

ORGANISATIONS = ("cim", "cipfa", "cmi", "cqm", "cms")
STORIES: list[dict[str, Any]] = read_yaml(DATA / "rich_stories.yml")
FURTHER: list[dict[str, Any]] = read_yaml(Path(__file__).with_name("rich_seen.yml"))
HALVES = {half: [story for story in STORIES if story["half"] == half] for half in ("develop", "measure")}
OWN_WORDS = ("effect", "desired_remedy")
MOST_WORDS = 12  # of an effect or a remedy that nobody told
# Of thirty stories: how many of each are found at least, in the half that was looked at and in the other.
LEAST = {
    "develop": {"effect": 26, "desired_remedy": 28, "own_name": 29, "represented_name": 5},
    "measure": {"effect": 21, "desired_remedy": 27, "own_name": 29, "represented_name": 8},
}


def _found(reader: Reader, stories: list[dict[str, Any]]) -> tuple[Counter[str], Counter[str]]:
    """How often each was found as labelled, and how often something else was."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for story in stories:
        seen = {
            n: p.value for n, p in reader.read(story["text"], STORY, now=NOON, facts=FACTS).proposals.items()
        }
        labels = story | {"own_name": story.get("representative_name") or story.get("complainant_name")}
        for name in (*OWN_WORDS, "own_name", "represented_name"):
            value, label = seen.get("complainant_name" if name == "own_name" else name), labels.get(name)
            if value is not None:
                good = heard_well(label, value) if name in OWN_WORDS else value == label
                (right if good else wrong)[name] += 1
    return right, wrong


@pytest.mark.parametrize("half", HALVES)
def test_most_of_what_a_rich_message_tells_is_found_and_little_else(reader: Reader, half: str) -> None:
    right, wrong = _found(reader, HALVES[half])
    assert {name: right[name] for name, least in LEAST[half].items() if right[name] < least} == {}
    assert sum(wrong.values()) <= 3, wrong


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Heard]]]:
    folder: Path = tmp_path_factory.mktemp("rich")
    with desk(folder) as at:
        at.clock = lambda: NOON
        yield {
            half: [asyncio.run(tell(at, _as_told(story))) for story in stories]
            for half, stories in HALVES.items()
        }


def _as_told(story: dict[str, Any]) -> dict[str, Any]:
    """As the bench has them: facts by name, and the values that are true as well in a list."""
    listed = {name: [may] if isinstance(may, str) else may for name, may in story.get("may", {}).items()}
    return {"facts": story["expect"], "kind": "rich", **story, "may": listed}


@pytest.mark.parametrize("half", HALVES)
def test_at_most_five_questions_remain_after_a_rich_first_message(
    heard: dict[str, list[Heard]], half: str
) -> None:
    by_organisation = {
        name: median(len(one.asked) for one in heard[half] if one.organisation == name)
        for name in ORGANISATIONS
    }
    assert median(len(one.asked) for one in heard[half]) <= 5
    assert all(questions <= 5 for questions in by_organisation.values()), by_organisation


def test_where_most_was_asked_few_questions_remain_after_further_rich_messages(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """CIPFA and CQM asked six and six and a half; each of these stories tells enough for five, and most for four."""
    told: dict[str, list[int]] = {}
    with desk(tmp_path_factory.mktemp("further")) as at:
        at.clock = lambda: NOON
        for story in FURTHER:
            left = len(asyncio.run(tell(at, _as_told(story))).asked)
            told.setdefault(story["organisation"], []).append(left)
    assert all(median(left) <= 4 for left in told.values()), told
    assert sorted(left for one in told.values() for left in one)[-3] <= 5, told


def test_no_name_that_was_told_is_asked_for(heard: dict[str, list[Heard]]) -> None:
    again = [
        (story["text"][:40], name)
        for half, stories in HALVES.items()
        for story, one in zip(stories, heard[half], strict=True)
        for name in ("representative_name", "complainant_name")
        if name in one.asked and name in story
    ]
    assert len(again) <= 3, again


def test_every_organisation_has_twelve_and_each_label_is_in_its_story() -> None:
    assert Counter(story["organisation"] for story in STORIES) == dict.fromkeys(ORGANISATIONS, 12)
    assert {half: len(stories) for half, stories in HALVES.items()} == {"develop": 30, "measure": 30}
    for story in STORIES:
        text = " ".join(story["text"].split())
        assert all(story[name] in text for name in OWN_WORDS)
        names = [
            story[name].casefold() for name in ("representative_name", "complainant_name") if name in story
        ]
        assert names
        assert all(name in text.casefold() for name in names)
