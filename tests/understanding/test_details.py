"""The details that a story gives outright, and that nothing else is proposed from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any

import pytest

from bot.understanding.days import find_days, local_day
from bot.understanding.details import find_details, find_entities
from bot.understanding.happenings import told_days
from bot.understanding.phrases import read_yaml
from bot.understanding.tokens import tokens_of
from tests.understanding.questions import NOW

HERE = Path(__file__).parent
STORIES = read_yaml(HERE / "details_seen.yml")
TOLD = read_yaml(HERE / "happenings.yml")


@pytest.mark.parametrize("story", STORIES["cases"], ids=lambda story: story["text"][:50])
def test_a_story_proposes_what_it_gives_and_nothing_else(story: dict[str, Any]) -> None:
    now = datetime.fromisoformat(STORIES["now"])
    expect, may = story.get("expect") or {}, story.get("may") or {}
    seen = find_details(story["text"], now)
    # Who dealt with them is whoever is told of, complained about or not.
    got = {name: one.value for name, one in seen.items() if name != "dealt_with_by"}
    assert {name: value for name, value in got.items() if may.get(name) != value} == expect
    assert all(0 <= one.start < one.end <= len(story["text"]) for one in seen.values())


@pytest.mark.parametrize("case", TOLD["cases"], ids=lambda case: case["text"][:60])
def test_the_day_it_happened_and_the_day_of_the_answer_are_told_apart(case: dict[str, str]) -> None:
    tokens, today = tokens_of(case["text"]), local_day(datetime.fromisoformat(TOLD["now"]))
    happened, answered = told_days(tokens, find_days(tokens, today), today)
    assert [day.day.isoformat() for day in happened] == (
        [case["happened"]] if "happened" in case else []
    ) or len(happened) > 1
    assert [day.day.isoformat() for day in answered] == ([case["answered"]] if "answered" in case else [])


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("I emailed comments@cim.co.uk and had no reply", "contact_email"),
        ("Email comments@cim.co.uk. I did, twice.", "contact_email"),
        ("He emailed me from bob@example.org", "contact_email"),
        ("Your helpline 01628 427120 is never answered", "contact_phone"),
        ("they gave me the number 01628 427120", "contact_phone"),
        ("My tutor Mark Hill was rude. My name is Mark Hill too.", "about_whom"),
        ("My name is Ann Dale and my name is Jo Bell", "complainant_name"),
        ("my employee Jo Bell, and my client Ann Dale", "represented_name"),
    ],
)
def test_what_may_be_anothers_is_not_the_writers(text: str, unwanted: str) -> None:
    assert unwanted not in find_details(text, NOW)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("It was bad. Email: jane@example.org", "contact_email", "jane@example.org"),
        ("It was bad, email jane@example.org or tel 020 7946 0018", "contact_phone", "+442079460018"),
        ("my email is j dot smith at gmail dot com", "contact_email", "j.smith@gmail.com"),
        (
            "you can ring me on oh two oh seven nine four six double oh one eight",
            "contact_phone",
            "+442079460018",
        ),
    ],
)
def test_an_address_is_the_writers_by_my_or_by_its_label(text: str, name: str, value: str) -> None:
    assert find_details(text, NOW)[name].value == value


def test_an_organisation_knows_the_names_of_its_own_courses_only() -> None:
    text = "I failed the lean six sigma green belt"
    assert find_details(text, NOW, "cqm")["qualification"].value == "Lean Six Sigma Green Belt"
    assert "qualification" not in find_details(text, NOW, "cipfa")


def test_every_kind_of_entity_has_its_place() -> None:
    text = (
        "My name is Jane Hartley, member number 30412267, LE1 2AB. On 3 March my tutor Mark Hill at Northgate College was rude. "
        "I paid £450 for the Level 5 Diploma and waited nine weeks. Ring 020 7946 0018 or write to jane@example.org."
    )
    found = find_entities(text, NOW)
    for kind in ("name", "member_number", "postcode", "date", "about_whom", "centre_name", "money", "qualification", "duration",
                 "phone", "email"):  # fmt: skip
        (span,) = found[kind]
        assert text[span.start : span.end].strip(), kind


TWELVE = "my tutor was rude to me on Monday and I want a refund"
PLAIN = (
    "I have been a member for some years and never had cause to complain before, but the way that I have been treated by the "
    "people who run the course is beyond belief. The tutor did not turn up to half of the lessons, and when he did he was rude "
    "and unprepared. I asked for help several times and nobody came back to me. When I rang the office I was told that somebody "
    "would look into it, and that was the last that I heard. I feel let down, I have lost sleep over it and I do not know where "
    "to turn. All I want is for somebody to say sorry and to let me finish what I started, with a tutor who knows the subject."
)


@pytest.mark.parametrize(("text", "budget"), [(TWELVE, 0.3), (PLAIN, 1.5)])
def test_all_finders_together_keep_to_their_budget(text: str, budget: float) -> None:
    """Milliseconds of this thread at the median, of the best of five rounds: the machine's other work is not ours."""
    rounds = []
    for _ in range(5):
        times = []
        for _ in range(40):
            begun = thread_time()
            find_details(text, NOW)
            times.append((thread_time() - begun) * 1000)
        rounds.append(median(times))
    assert min(rounds) <= budget, rounds


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "A",
        "1",
        "Aa ",
        "my ",
        ", ",
        "\n",
        "(",
        "'",
        "since ",
        "£1 ",
        "my address is ",
        "LE1 2AB ",
        "regards\n",
        "AB-",
        "p ",
        "J. ",
    ],
)
def test_sixteen_kilobytes_of_anything_is_read_in_time(unit: str) -> None:
    text = (unit * 16384)[:16384]
    begun = thread_time()
    find_details(text, NOW)
    find_entities(text, NOW)
    assert thread_time() - begun < 1.0
