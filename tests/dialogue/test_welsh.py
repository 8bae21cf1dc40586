"""Welsh beside English: nothing missing, nothing more, nothing that English does not fill in, and no sentence too long.

Whether it is good Welsh no test can say: see docs/languages.md.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue.catalogue import FOLDER, Catalogue, all_texts, lint, words_of
from bot.dialogue.summary import summary
from bot.overlay import parse_overlay
from policy_rules.loader import read_yaml
from policy_rules.questions import Questions
from policy_rules.shelf import SHIPPED, PackShelf
from policy_rules.wording import Wording, placeholders

Words = dict[str, Any]
ROOT = Path(__file__).parents[2]
SHELF = PackShelf()
ORGANISATIONS = SHELF.ids()
# These may be said twice, or be the same in both languages.
SAME_IN_BOTH = {"Post", "Post: {value}", "{label}: {value}", "{label}: {value}.", "{part}.", "{privacy}", "English", "Cymraeg"}  # fmt: skip
SAME_IN_BOTH |= {"{who}: {contact}", "{weekday} {day} {month} {year}"}


def texts(words: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a catalogue, with its place."""
    if isinstance(words, str):
        yield place, words
        return
    children = words.items() if isinstance(words, Mapping) else enumerate(words)
    for key, child in children:
        yield from texts(child, f"{place}.{key}".lstrip("."))


def compared(english: Words, other: Words) -> list[str]:
    """What is wrong with a catalogue beside the English one."""
    right, found = dict(texts(english)), dict(texts(other))
    wrong = [f"missing: {place}" for place in right if place not in found]
    wrong += [f"extra: {place}" for place in found if place not in right and not _own_yes_or_no(place)]
    for place, text in found.items():
        if place in right and placeholders(text) != placeholders(right[place]):
            wrong.append(f"placeholders: {place} has {sorted(placeholders(text))}")
        if not text.strip():
            wrong.append(f"empty: {place}")
        wrong += [f"lint: {place}: {said}" for said in lint(text)]
    return wrong


def _own_yes_or_no(place: str) -> bool:
    """Welsh says yes and no in the form of the question; English has one word for each."""
    return place.startswith("labels.") and place.endswith((".true", ".false"))


def catalogue(organisation: str) -> Catalogue:
    return Catalogue(words_of("cy"), SHELF.get(organisation).pack, SHELF.wording(organisation, "cy"))


def test_the_welsh_catalogue_stands_beside_the_english_one_key_for_key() -> None:
    assert compared(words_of("en"), words_of("cy")) == []


def _without(words: Words) -> None:
    del words["questions"]["effect"]["why"]


def _more(words: Words) -> None:
    words["notices"]["farewell"] = "Hwyl."


def _no_placeholder(words: Words) -> None:
    words["outcome"]["filed"] = "Mae eich cwyn wedi'i hanfon. Eich cyfeirnod yw {reference}."


def _strange_placeholder(words: Words) -> None:
    words["person"]["phone"] = "Ffôn: {gwerth}"


def _too_long(words: Words) -> None:
    words["problems"]["empty"] = " ".join(["gair"] * 26) + "."


def _two_questions(words: Words) -> None:
    words["questions"]["story"]["text"] = "Beth ddigwyddodd? Pryd oedd hynny?"


def _empty(words: Words) -> None:
    words["labels"]["skip"] = " "


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (_without, "missing: questions.effect.why"),
        (_more, "extra: notices.farewell"),
        (_no_placeholder, "placeholders: outcome.filed has ['reference']"),
        (_strange_placeholder, "placeholders: person.phone has ['gwerth']"),
        (_too_long, "26 words in a sentence"),
        (_two_questions, "more than one question"),
        (_empty, "empty: labels.skip"),
    ],
)
def test_each_fault_of_a_catalogue_is_seen(plant: Callable[[Words], None], says: str) -> None:
    english, words = words_of("en"), copy.deepcopy(words_of("cy"))
    before = compared(english, words)
    plant(words)
    (wrong,) = [found for found in compared(english, words) if found not in before]
    assert says in wrong


def test_no_text_was_left_in_english() -> None:
    english = dict(texts(words_of("en")))
    same = {p: t for p, t in texts(words_of("cy")) if english.get(p) == t and t not in SAME_IN_BOTH}
    assert {p: t for p, t in same.items() if p not in ("consent.and",)} == {}


def says_who_reviewed_it(path: Path) -> bool:
    """Whether the head of a file says that it awaits a Welsh speaker, or who read it and when."""
    head = "".join(line for line in path.read_text("utf-8").splitlines() if line.startswith("#"))
    return (
        re.search(r"AWAITING REVIEW BY A WELSH SPEAKER|Reviewed by .+ on \d{4}-\d\d-\d\d", head) is not None
    )


def test_every_welsh_file_says_whether_a_welsh_speaker_has_read_it(tmp_path: Path) -> None:
    packs = sorted((SHIPPED / "cy").glob("*.yml"))
    assert len(packs) == len(ORGANISATIONS)
    pages = FOLDER.parents[1] / "pages"
    assert [
        p for p in [FOLDER / "cy.yml", pages / "widget.cy.yml", *packs] if not says_who_reviewed_it(p)
    ] == []
    (tmp_path / "cy.yml").write_text("# Welsh.\nlanguage: cy\n")
    assert not says_who_reviewed_it(tmp_path / "cy.yml")


def test_the_examples_of_the_documentation_are_taken_as_they_stand(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "languages.md").read_text("utf-8")
    settings, wording = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert parse_overlay(settings, "acme.yml").languages == ("en", "cy")
    document, _ = read_yaml(wording, "cy/acme.yml")
    assert Wording.model_validate(document).times == {"10 working days": "10 diwrnod gwaith"}


def test_the_documentation_says_so_too_as_long_as_it_is_so() -> None:
    page = (ROOT / "docs" / "languages.md").read_text("utf-8")
    awaits = "AWAITING REVIEW" in (FOLDER / "cy.yml").read_text("utf-8")
    assert ("awaits a Welsh speaker's review" in page) is awaits


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_everything_that_people_must_answer_is_in_welsh(organisation: str) -> None:
    words, pack = catalogue(organisation), SHELF.get(organisation)
    english = Catalogue(words_of("en"), pack.pack)
    for question in Questions(pack).order:
        if question.id == "facts":
            continue
        for part in ("text", "why", "label"):
            said = words.question(question.id, part)
            assert said is None or said != english.question(question.id, part), (question.id, part)
        assert lint(words.question(question.id) or "") == []
    for own in pack.pack.questions:
        for part in ("text", "why"):
            assert lint(words.question(own.id, part) or "") == []
        for value in own.labels:
            assert words.label(own.id, value) not in (english.label(own.id, value), value), value
    for fact in pack.pack.facts:
        assert words.question(fact) != english.question(fact)


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_the_welsh_of_a_pack_is_short_and_asks_one_thing(organisation: str) -> None:
    wording = SHELF.wording(organisation, "cy")
    assert wording is not None
    assert [
        found for text in all_texts(wording.model_dump()["questions"]) for found in lint(text or "")
    ] == []


def test_labels_of_one_question_differ_so_that_each_can_be_chosen_by_its_words() -> None:
    for organisation in ORGANISATIONS:
        words, pack = catalogue(organisation), SHELF.get(organisation)
        for question in Questions(pack).order:
            labels = [words.label(question.id, value) for value in question.values]
            assert len(set(labels)) == len(labels), (organisation, question.id)


@pytest.mark.parametrize(
    ("day", "words"),
    [("2026-12-01", "dydd Mawrth 1 Rhagfyr 2026"), ("2027-03-01", "dydd Llun 1 Mawrth 2027")],
)
def test_dates_are_in_welsh_words(day: str, words: str) -> None:
    assert catalogue("cim").date(day) == words


def test_every_month_and_weekday_has_a_name_of_its_own() -> None:
    words, first = catalogue("cim"), date(2026, 1, 1)
    days = [words.date(first + timedelta(days=n)) for n in range(365)]
    assert len(set(days)) == 365
    assert len({day.split()[1] for day in days}) == 7
    assert len({day.split()[3] for day in days}) == 12


def test_a_time_that_the_policy_names_is_told_in_welsh_and_another_as_it_stands() -> None:
    assert catalogue("cms").time("10 working days") == "10 diwrnod gwaith"
    assert catalogue("cms").time("a fortnight") == "a fortnight"


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_promised_date_of_a_pack_has_a_welsh_name(organisation: str) -> None:
    words = words_of("cy")
    for clock in SHELF.get(organisation).pack.clocks:
        assert clock.kind in words["clock_names"] or clock.kind in words["outcome"], clock.kind


def test_opening_hours_have_welsh_days() -> None:
    assert catalogue("cmi").days(("Monday", "Tuesday", "Friday")) == "dydd Llun – dydd Gwener"
    assert catalogue("cmi").days(("Sunday",)) == "dydd Sul"


@pytest.mark.parametrize(
    ("proposed", "relation", "says"),
    [
        (
            {"nature": "complaint", "subject": "exam_result", "on_behalf_of": "other"},
            "daughter",
            "Mae hyn yn gŵyn am ganlyniad arholiad neu asesiad, ac rydych yn ysgrifennu ar ran eich merch.",
        ),
        (
            {"on_behalf_of": "self", "complainant_type": "apprentice"},
            None,
            "Rydych yn ysgrifennu ar eich rhan eich hun, fel prentis.",
        ),
        ({"subject": "certificate"}, None, "Mae hyn am dystysgrif."),
        ({"nature": "enquiry", "subject": "service"}, None, "Mae hyn yn gwestiwn am y gwasanaeth."),
    ],
)
def test_what_was_understood_is_one_natural_sentence(
    proposed: dict[str, str], relation: str | None, says: str
) -> None:
    assert summary(catalogue("cqm"), proposed, relation) == says


def test_a_pack_that_nobody_has_put_into_welsh_uses_the_shared_words_and_else_its_own() -> None:
    pack = SHELF.get("cqm").pack
    words = Catalogue(words_of("cy"), pack)
    assert words.question("subject") == "Am beth mae hyn yn bennaf?"
    assert words.label("stage_reached", "none") == "Nac ydw, dyma'r tro cyntaf"
    assert words.question("member_of_staff") == (
        "Do you know which member of staff dealt with you, or who manages them?"
    )
    assert words.label("member_of_staff", "unsure") == "I am not sure"
