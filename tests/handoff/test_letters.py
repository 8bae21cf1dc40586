"""Letters say what the decision holds and nothing else, in plain words, and never what may not be told."""

from __future__ import annotations

import re
import textwrap
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.dialogue.catalogue import all_texts, lint, words_of
from bot.overlay import Overlay, parse_overlay
from handoff.letters import KINDS, Bookcase, BrokenLetters, NotToBeTold, UnknownLetter, as_text
from handoff.letters.letter import Dates
from handoff.letters.wording import BLOCKS, CONDITIONS, NAMES, faults, names_in, our_words, read_words
from tests.handoff.letters import LINK, STORY, WRITTEN, bereaved, decision, letter, of_kind, pending, record

ISO = re.compile(r"\d{4}-\d\d-\d\d")
DISCLOSING = tuple(kind for kind in KINDS if kind not in ("receipt", "reminder", "consent_request"))


def text(kind: str, of: dict[str, Any] | None = None, language: str = "en", **more: Any) -> str:
    return as_text(letter(kind, of, language, **more))


def days_in(value: Any) -> set[date]:
    """Every date anywhere in a JSON value."""
    if isinstance(value, str):
        return {date.fromisoformat(found) for found in ISO.findall(value)}
    if isinstance(value, dict):
        value = list(value.values())
    return {day for part in value for day in days_in(part)} if isinstance(value, list) else set()


class TestWhatTheySay:
    def test_an_acknowledgement_has_the_dates_the_handler_and_the_next_step(self) -> None:
        said = text("acknowledgement")
        assert "Dear Ann Evans," in said
        assert "We received your complaint on Thursday 24 December 2026." in said
        assert "Your complaint goes to: Relevant department manager." in said
        assert (
            "- Wednesday 30 December 2026: We confirm to you that we are dealing with your complaint." in said
        )
        assert "- Tuesday 26 January 2027: We send you our answer." in said
        assert "Reference" not in said.splitlines()[0]
        assert STORY.splitlines()[0] not in said, "whoever reads the mailbox should not read the story"

    def test_a_written_record_has_their_own_words_as_they_were_said(self) -> None:
        said = text("written_record", bereaved())
        for line in STORY.splitlines():
            assert f"> {line}".rstrip() in said
        assert "Dear Margaret Evans," in said
        assert "We are sorry for your loss." in said
        assert "> We dread the post." in said

    def test_a_signpost_says_where_why_and_what_comes_after(self) -> None:
        said = text("signpost", *of_kind("signpost")[:1])
        decided = decision("cim", subject="study_centre", centre_procedure_exhausted="false")
        assert decided["reasons"][0]["clause"] in said
        assert f"It is for: {decided['handler']}." in said
        assert f"The next step is: {decided['escalate_to']}." in said
        assert "If you want to complain to CIM all the same, tell us." in said

    def test_an_extension_has_both_days_and_the_reason(self) -> None:
        of, more = of_kind("extension")
        said = text("extension", of, **more)
        assert "by Tuesday 26 January 2027. We are sorry that we need more time." in said
        assert "You should have our answer by Friday 5 February 2027." in said
        assert "A witness is away." in said

    def test_a_consent_request_goes_to_the_person_represented_with_the_link(self) -> None:
        said = text("consent_request", pending())
        assert "Dear Ann Evans," in said
        assert "Rhys Jones has written to" in said
        assert LINK in said
        assert STORY.splitlines()[0] not in said

    def test_a_closure_tells_of_the_next_step_and_how_long_there_is(self) -> None:
        of = bereaved()
        said = text("closure", of, note="We wrote to you on its outcome.\n\nThank you.")
        assert f"The next step is: {of['decision']['escalate_to']}." in said
        assert f"You have {of['decision']['escalate_within']} from the day our answer reached you." in said
        assert "We wrote to you on its outcome." in said

    def test_a_window_that_has_its_day_is_told_with_the_day(self) -> None:
        window = {
            "kind": "escalate",
            "by": "complainant",
            "due": "2027-03-01",
            "last_day": "2027-03-01",
            "state": "running",
        }
        said = text("closure", bereaved(), clocks=[window])
        assert "You can take this step until Monday 1 March 2027." in said
        assert "from the day our answer reached you" not in said

    def test_who_gave_no_name_is_not_guessed_at(self) -> None:
        nameless: tuple[dict[str, Any], ...] = ({"complainant": {}}, {"confidentiality": "anonymous"})
        for changes in nameless:
            made = letter("acknowledgement", record(**changes))
            assert made.greeting == "Dear Sir or Madam,"
            assert "Ann Evans" not in as_text(made)

    def test_the_subject_tells_a_lock_screen_nothing(self) -> None:
        for kind in KINDS:
            of, more = of_kind(kind)
            assert letter(kind, of, **more).subject == "Your reference with {}: {}".format(
                {"cqm": "CQM"}.get(of["organisation"], "CIM"), of["reference"]
            )

    def test_welsh_letters_are_welsh_to_their_dates(self) -> None:
        said = text("acknowledgement", language="cy")
        assert "Annwyl Ann Evans," in said
        assert "dydd Mawrth 26 Ionawr 2027" in said
        assert "January" not in said


PAGE = "https://complaints.example/cim/case"


class TestWhereTheCaseIsSeen:
    @pytest.mark.parametrize(
        "kind", ["acknowledgement", "holding", "extension", "written_record", "receipt", "closure"]
    )
    @pytest.mark.parametrize("language", ["en", "cy"])
    def test_the_page_is_named_to_who_can_come_in_there(self, kind: str, language: str) -> None:
        of, more = (bereaved(), {}) if kind == "closure" else of_kind(kind)
        of = {**of, "complainant": {**of["complainant"], "email": "ann@example.org"}}
        assert PAGE in text(kind, of, language, case_page=PAGE, **more).splitlines()

    @pytest.mark.parametrize("kind", KINDS)
    def test_who_gave_no_e_mail_address_is_sent_to_no_page_that_stays_shut(self, kind: str) -> None:
        of, more = of_kind(kind)
        of = {**of, "complainant": {**of["complainant"], "email": None}}
        said = text(kind, of, case_page=PAGE, **more)
        assert PAGE not in said
        assert "e-mail you a code" not in said

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_server_without_a_public_address_names_none(self, kind: str) -> None:
        of, more = of_kind(kind)
        said = text(kind, of, **more)
        assert "online" not in said
        assert "On this page" not in said

    @pytest.mark.parametrize("kind", ["consent_request", "reminder", "signpost"])
    def test_whose_page_it_is_not_is_not_told_of_it(self, kind: str) -> None:
        of, more = of_kind(kind)
        assert PAGE not in text(kind, of, case_page=PAGE, **more)

    def test_a_receipt_says_nothing_of_the_case_with_it(self) -> None:
        said = text("receipt", pending(), case_page=PAGE)
        assert "On this page you can add words or files." in said
        assert "where it stands" not in said

    def test_after_the_last_step_there_is_none_to_begin(self) -> None:
        of = bereaved()
        of["complainant"]["email"] = "margaret@example.org"
        last = {**of, "decision": {**of["decision"], "escalate_to": None}}
        assert "You can also begin on this page." in text("closure", of, case_page=PAGE)
        assert PAGE not in text("closure", last, case_page=PAGE)


class TestFromTheDecisionAlone:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("language", ["en", "cy"])
    def test_no_date_appears_that_the_case_does_not_hold(self, kind: str, language: str) -> None:
        of, more = of_kind(kind)
        words, told = our_words(language), text(kind, of, language, **more)
        known = days_in(of["decision"]) | days_in(list(more.get("clocks", []))) | {WRITTEN}
        may_appear = {words.date(day) for day in known}
        # The story has days of its own, which are the person's.
        told = "\n".join(line for line in told.splitlines() if not line.startswith(">"))
        shown = re.findall(rf"(?:{'|'.join(words.dates.days)}) \d+ \w+ \d{{4}}", told)
        assert set(shown) <= may_appear
        rest = "".join(re.split("|".join(map(re.escape, [*shown, of["reference"]])), told))
        assert not re.findall(r"\b(?:19|20)\d\d\b", rest), "a year outside a known date"

    def test_another_decision_makes_another_letter(self) -> None:
        of = record()
        changed = {**of, "decision": _shifted(of["decision"])}
        before, after = text("acknowledgement", of), text("acknowledgement", changed)
        for gone, come in [
            ("Wednesday 30 December 2026", "Thursday 31 December 2026"),
            ("Tuesday 26 January 2027", "Wednesday 27 January 2027"),
            ("Relevant department manager", "Head of Rowing"),
            (of["decision"]["contact"]["email"], "boats@example.org"),
        ]:
            assert gone in before
            assert come in after
        assert "Wednesday 30 December 2026" not in after
        assert "The next step is: The Harbour Master." in after
        assert "The next step is" not in before

    def test_with_nothing_promised_nothing_is_said_of_it(self) -> None:
        bare = {**decision(), "clocks": [], "respond_by": None, "acknowledge_by": None, "contact": {}}
        made = letter(
            "acknowledgement", record(decision={**bare, "escalate_to": None, "escalate_within": None})
        )
        assert not any(isinstance(block, Dates) for block in made.blocks)
        said = as_text(made)
        assert "Our policy gives no date for an answer." in said
        assert "How to reach us" not in said, "a heading with nothing under it is left out"

    def test_a_promise_that_was_kept_or_stands_still_is_not_promised_again(self) -> None:
        clocks = [
            {"kind": kind, "by": "organisation", "due": "2027-01-26", "state": state, "met_at": met}
            for kind, state, met in [
                ("acknowledge", "met", "2026-12-29"),
                ("written_record", "missed", "2026-12-29"),
                ("resolve_aim", "paused", None),
                ("respond", "running", None),
            ]
        ]
        (dates,) = [b for b in letter("holding", record(), clocks=clocks).blocks if isinstance(b, Dates)]
        assert dates.rows == (("We send you our answer.", "Tuesday 26 January 2027"),)


def _shifted(decided: dict[str, Any]) -> dict[str, Any]:
    """The same decision a day later, with other people."""

    def later(value: Any) -> Any:
        if isinstance(value, str) and ISO.fullmatch(value):
            return (date.fromisoformat(value) + timedelta(days=1)).isoformat()
        if isinstance(value, dict):
            return {key: later(item) for key, item in value.items()}
        return [later(item) for item in value] if isinstance(value, list) else value

    contact = {"email": "boats@example.org", "phone": None, "post": None, "url": None}
    moved: dict[str, Any] = later(decided)
    return {**moved, "handler": "Head of Rowing", "escalate_to": "The Harbour Master", "contact": contact}


class TestDisclosure:
    @pytest.mark.parametrize("consent", ["pending", "refused"])
    @pytest.mark.parametrize("kind", DISCLOSING)
    def test_nothing_of_the_case_is_written_before_the_person_agrees(self, kind: str, consent: str) -> None:
        of, more = of_kind(kind)
        held = {**of, "representation": {**of["representation"], "consent": consent}}
        with pytest.raises(NotToBeTold, match="receipt, reminder, consent_request"):
            letter(kind, held, **more)

    @pytest.mark.parametrize("kind", ["receipt", "reminder"])
    def test_what_the_representative_is_told_says_that_it_arrived_and_no_more(self, kind: str) -> None:
        of = pending()
        said = text(kind, of)
        decided = of["decision"]
        told = [
            decided["handler"],
            "Ann Evans",
            "tutor",
            STORY.splitlines()[0],
            LINK,
            "26 January 2027",
            "complaint",
        ]
        assert [word for word in told if word in said] == []
        assert "Dear Rhys Jones," in said

    def test_a_planted_letter_that_tells_more_is_caught(self, tmp_path: Path) -> None:
        """The words of an organisation cannot tell what the kind of letter may not: the names are empty or refused."""
        of = {**pending(), "representation": {**pending()["representation"], "consent": "refused"}}
        with pytest.raises(NotToBeTold):
            letter(
                "consent_request", {**of, "representation": {**of["representation"], "consent_link": None}}
            )

    def test_an_unknown_kind_names_the_nearest(self) -> None:
        with pytest.raises(UnknownLetter, match="did you mean 'closure'"):
            letter("closur")

    def test_what_is_not_so_is_not_written(self) -> None:
        with pytest.raises(NotToBeTold, match="not sent elsewhere"):
            letter("signpost", record())
        with pytest.raises(NotToBeTold, match="extend its clock first"):
            letter("extension", record())


class TestWords:
    @pytest.mark.parametrize("language", ["en", "cy"])
    def test_every_sentence_is_short_and_every_name_is_known(self, language: str) -> None:
        words = our_words(language)
        assert list(faults(words)) == []
        texts = all_texts({**words.model_dump()["letters"], "clocks": dict(words.clocks)})
        assert [found for said in texts for found in lint(said)] == []

    def test_both_languages_have_the_same_letters_part_by_part(self) -> None:
        english, welsh = our_words("en"), our_words("cy")
        assert set(english.letters) == set(welsh.letters) == set(KINDS)
        assert set(english.labels) == set(welsh.labels)
        assert set(english.clocks) == set(welsh.clocks)
        for kind in KINDS:
            for one, other in zip(english.letters[kind].parts, welsh.letters[kind].parts, strict=True):
                assert (one.block, one.when, one.say is None) == (other.block, other.when, other.say is None)
                assert names_in(one.say or "").sort() == names_in(other.say or "").sort()

    def test_days_and_months_are_those_of_the_conversation(self) -> None:
        for language in ("en", "cy"):
            spoken, written = words_of(language)["dates"], our_words(language).dates
            assert (spoken["days"], spoken["months"]) == (list(written.days), list(written.months))

    def test_every_name_block_and_condition_is_used_somewhere(self) -> None:
        parts = [part for plan in our_words("en").letters.values() for part in plan.parts]
        used = {name for part in parts for name in names_in(part.say or "")}
        assert set(NAMES) - used == {"stage_name"}
        assert {part.block for part in parts if part.block} == set(BLOCKS)
        assert {part.condition[0] for part in parts if part.when} == set(CONDITIONS)


class TestAnOrganisationsOwn:
    def write(self, folder: Path, said: str, language: str = "en") -> Path:
        path = folder / "cim" / "letters" / f"{language}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said, "utf-8")
        return path

    def test_its_words_take_the_place_of_ours_and_the_rest_stays(self, tmp_path: Path) -> None:
        self.write(tmp_path, 'labels: {regards: "With kind regards,"}\n')
        words = Bookcase(tmp_path).words("cim", "en")
        assert words.labels["regards"] == "With kind regards,"
        assert words.letters == our_words("en").letters
        assert Bookcase(tmp_path).words("cipfa", "en") == our_words("en")

    def test_a_letter_of_its_own_is_read_at_once_when_it_changes(self, tmp_path: Path) -> None:
        bookcase = Bookcase(tmp_path)
        self.write(
            tmp_path,
            'letters:\n  receipt:\n    title: Here\n    parts:\n      - {say: "Got it: {reference}."}\n',
        )
        assert bookcase.words("cim", "en").letters["receipt"].title == "Here"
        self.write(tmp_path, "labels: {regards: Yours truly}\n")
        assert bookcase.words("cim", "en").letters["receipt"].title != "Here"

    def test_a_broken_file_leaves_the_last_good_one_in_force(self, tmp_path: Path) -> None:
        bookcase = Bookcase(tmp_path)
        path = self.write(tmp_path, "labels: {regards: Yours truly}\n")
        bookcase.words("cim", "en")
        self.write(tmp_path, "labels: [\n")
        assert bookcase.words("cim", "en").labels["regards"] == "Yours truly"
        assert bookcase.findings[path]

    def test_the_example_of_the_documentation_can_be_used(self, tmp_path: Path) -> None:
        page = (Path(__file__).parents[2] / "docs" / "letters.md").read_text("utf-8")
        blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n|^\n)+", page, re.MULTILINE)]
        (settings,) = [block for block in blocks if "warn_working_days" in block]
        assert parse_overlay(settings, "cim.yml") == Overlay(handlers={})
        (example,) = [block for block in blocks if "labels:" in block]
        words = read_words(self.write(tmp_path, example), "en")
        assert words.letters["receipt"].title == "We have what you sent"

    @pytest.mark.parametrize(
        ("said", "finding"),
        [
            ("letter: {}\n", "unknown name 'letter'; did you mean 'letters'?"),
            ("letters: {closur: {title: x, parts: [{say: x}]}}\n", "did you mean 'closure'?"),
            ("labels: {regard: x}\n", "did you mean 'regards'?"),
            (
                'letters: {closure: {title: x, parts: [{say: "by {respond}"}]}}\n',
                "did you mean 'respond_by'?",
            ),
            (
                "letters: {closure: {title: x, parts: [{block: date}]}}\n",
                "unknown block 'date'; did you mean 'dates'?",
            ),
            ("letters: {closure: {title: x, parts: [{say: x, when: late_}]}}\n", "did you mean 'late'?"),
            (
                "letters: {closure: {title: x, parts: [{say: x, block: dates}]}}\n",
                "one of 'say', 'heading' and 'block'",
            ),
            ('labels: {greeting: "Dear {"}\n', "unknown name"),
            ('labels: {greeting: "Dear {addressee.__class__}"}\n', "unknown name"),
        ],
    )
    def test_a_slip_is_named_with_its_line_and_its_cure(
        self, tmp_path: Path, said: str, finding: str
    ) -> None:
        with pytest.raises(BrokenLetters) as refused:
            read_words(self.write(tmp_path, said), "en")
        assert any(
            finding in found and found.startswith("cim/letters/en.yml:1 ") for found in refused.value.findings
        )
