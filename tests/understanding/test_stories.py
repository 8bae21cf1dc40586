"""How much of what people say is proposed, and how much of what is proposed they said."""

from __future__ import annotations

from pathlib import Path

from bot.messages import OpenQuestion
from bot.understanding.phrases import DATA, read_yaml
from bot.understanding.reader import Reader
from tests.understanding.questions import FACTS, NOW, STORY

Score = tuple[float, float, list[str]]
# Put to everybody, whatever their story: no claim to have read it.
SUPPOSED = {"nature": "complaint", "on_behalf_of": "self", "stage_reached": "none"}


def score(reader: Reader, file: Path, question: OpenQuestion = STORY) -> Score:
    """Precision, recall, and each wrong proposal, of the facts that cues can tell and of what a story's labels name."""
    cued = {cue.fact for cue in reader._book.cues}
    right = proposed = found = wanted = 0
    wrong: list[str] = []
    for story in read_yaml(file):
        expect, may = story.get("expect") or {}, story.get("may") or {}
        understood = reader.read(story["text"], question, now=NOW, facts=FACTS)
        assert understood.answer == story["text"]
        seen = {name: one.value for name, one in understood.proposals.items()}
        for name, value in seen.items():
            if (name not in cued and name not in expect) or (
                name not in expect and name not in may and SUPPOSED.get(name) == value
            ):
                continue
            proposed += 1
            if value == expect.get(name) or value in _listed(may.get(name, [])):
                right += 1
            else:
                wrong.append(f"{name}={value} in {story['text'][:60]!r}")
        wanted += len(expect)
        found += sum(seen.get(name) == value for name, value in expect.items())
    return right / proposed, found / wanted, wrong


def _listed(values: str | list[str]) -> list[str]:
    return [values] if isinstance(values, str) else values


def test_the_stories_we_wrote_cues_for_are_understood(reader: Reader) -> None:
    precision, recall, wrong = score(reader, DATA / "cue_stories.yml")
    assert not wrong
    assert precision == 1.0
    assert recall >= 0.95


def test_stories_that_no_cue_was_written_for_are_not_misunderstood(reader: Reader) -> None:
    precision, recall, wrong = score(reader, DATA / "cue_held_out.yml")
    # Of five wrong ones that are put to be confirmed one is right and was not labelled (a town that tells the nation).
    # Recall was .47 while precision was .95: a question that need not be asked outweighs a proposal put right in one.
    assert precision >= 0.85, wrong
    assert recall >= 0.65  # the rest is asked: a cue is no mind-reader


def test_every_organisation_is_told_of(reader: Reader) -> None:
    for file, least in (("cue_stories.yml", 8), ("cue_held_out.yml", 5)):
        told = [story["organisation"] for story in read_yaml(DATA / file)]
        assert {
            name: told.count(name) >= least for name in ("cim", "cipfa", "cmi", "cqm", "cms")
        } == dict.fromkeys(("cim", "cipfa", "cmi", "cqm", "cms"), True)
