"""Trying cases under a draft, examples that come out otherwise, and the draft as a file."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from policy_rules.edits import Put, edited, empty_pack, read, rendering
from policy_rules.edits import names as words
from policy_rules.edits.places import names
from policy_rules.edits.shape import misshapen
from policy_rules.loader import read_yaml
from tests.console.drafting import begin, document_of, draft_of, follow, live_text, place, save
from tests.console.office import Colleague, Office

# J12: CIM acknowledges in one working day instead of two.
FASTER = Put(("clocks", "acknowledgement", "amount"), "1")


@pytest.fixture
def ed(here: Office) -> Colleague:
    return here.signed_in("rules_editor", organisation="cim")


@pytest.fixture
def faster(here: Office) -> str:
    return begin(here, text=edited(live_text(here), [FASTER]))


def tried(who: Colleague, draft: str, **asked: str) -> str:
    query = "&".join(f"{key.replace('__', '-')}={value}" for key, value in asked.items())
    assert who.get(f"{place(draft, 'try')}?{query}").status_code == 200, who.text
    return who.text


class TestTryingACase:
    @pytest.mark.parametrize(
        ("on", "time", "was", "would_be"),
        [
            ("2026-12-31", "23:58", "Tue 5 January 2027", "Mon 4 January 2027"),
            ("2027-01-04", "09:00", "Wed 6 January 2027", "Tue 5 January 2027"),
            ("2027-01-01", "12:00", "Tue 5 January 2027", "Mon 4 January 2027"),
        ],
    )
    def test_both_sides_and_what_differs(
        self, ed: Colleague, faster: str, on: str, time: str, was: str, would_be: str
    ) -> None:
        text = tried(ed, faster, on=on, time=time, f__nature="complaint", f__subject="service")
        assert f"Acknowledge it {would_be} differs {was}" in text
        assert "Who deals with it Relevant department manager Relevant department manager" in text

    def test_why_and_why_not(self, ed: Colleague, faster: str) -> None:
        text = tried(ed, faster, on="2026-12-01", time="09:00", f__subject="study_centre")
        assert "The study centre's own complaints procedure comes first." in text
        assert "What it is is “Complaint”; this rule is for Enquiry." in text

    def test_the_questions_in_their_order(self, ed: Colleague, faster: str) -> None:
        text = tried(
            ed, faster, on="2026-12-01", time="09:00", f__nature="complaint", f__subject="study_centre"
        )
        asked = text.partition("What the person is asked")[2]
        assert "Study centre (chosen above)" in asked
        first, second = asked.index("What is it mainly about?"), asked.index("own complaints procedure?")
        assert first < second

    def test_what_cannot_be_tried_is_said_and_stays(self, ed: Colleague, faster: str) -> None:
        page = ed.get(place(faster, "try") + "?on=2026-13-41&time=9&f-subject=servce")
        assert page.status_code == 422
        assert "Write a day such as" in ed.text
        assert "This is not among the choices." in ed.text

    def test_rules_that_leave_a_gap_are_not_tried(self, here: Office, ed: Colleague) -> None:
        gap = Put(("routes", "department", "when", "subject"), ["service"])
        draft = begin(here, text=edited(live_text(here), [gap]))
        text = tried(ed, draft, on="2026-12-01", time="09:00", f__subject="other")
        assert "The draft cannot decide cases yet" in text
        assert "cannot be said yet" in text
        assert "Relevant department manager" in text

    def test_a_case_is_kept_as_an_example(self, here: Office, ed: Colleague, faster: str) -> None:
        case: dict[str, Any] = {
            "f-nature": "complaint",
            "f-subject": "service",
            "on": "2027-07-01",
            "time": "00:30",
        }
        page = ed.post(place(faster, "try"), seen="1", **case, name="", because="")
        assert page.status_code == 422
        assert "Give the example a name" in ed.text
        ed.post(place(faster, "try"), seen="1", **case, name="A summer night", because="Friday is day 1.")
        assert ed.page.status_code == 303, ed.text
        example = document_of(here, faster)["examples"][-1]
        assert example["received_at"] == "2027-07-01T00:30:00+01:00"
        assert example["facts"] == {"nature": "complaint", "subject": "service"}
        assert example["expect"]["acknowledge_by"] == "2027-07-02"
        assert example["expect"]["handler"] == "Relevant department manager"
        ed.get(place(faster, "checks"))
        assert "A summer night" not in ed.text

    def test_a_case_that_no_picker_makes_is_refused(self, here: Office, ed: Colleague, faster: str) -> None:
        sent: dict[str, Any] = {
            "f-subject": "servce",
            "on": "2027-07-01",
            "time": "00:30",
            "name": "x",
            "because": "y",
        }
        assert ed.post(place(faster, "try"), seen="1", **sent).status_code == 422
        assert draft_of(here, faster).revision == 1


class TestExamplesThatComeOutOtherwise:
    def test_they_are_shown_and_those_that_are_right_are_ticked(
        self, here: Office, ed: Colleague, faster: str
    ) -> None:
        ed.get(place(faster, "expect"))
        assert "acknowledge by should be 2026-12-30 but is 2026-12-29" in ed.text
        ed.post(place(faster, "expect"), seen="1", name="A course complaint on Christmas Eve")
        follow(ed)
        assert "A course complaint on Christmas Eve" not in ed.text
        example = document_of(here, faster)["examples"][0]
        assert example["expect"]["acknowledge_by"] == "2026-12-29"
        assert list(example["expect"]) == list(read(live_text(here))["examples"][0]["expect"])
        ed.post(place(faster, "expect"), seen="2", all="yes")
        follow(ed)
        ed.get(place(faster))
        assert "Checked, nothing found" in ed.text


class TestTheFile:
    def test_it_is_taken_away_as_it_is(self, here: Office, ed: Colleague, faster: str) -> None:
        page = ed.get(place(faster, "file.yml"))
        assert page.text == draft_of(here, faster).text
        assert page.headers["content-disposition"] == 'attachment; filename="cim.yml"'

    def test_first_it_is_shown_what_it_changes_and_then_it_takes_the_place(
        self, here: Office, ed: Colleague, faster: str
    ) -> None:
        text = draft_of(here, faster).text.replace("amount: 20", "amount: 15", 1) + "# A comment of ours.\n"
        page = ed.http.post(
            f"{ed.home}{place(faster, 'file')}",
            data={"seen": "1", "csrf": ed.token}, files={"file": ("cim.yml", text.encode(), "application/yaml")},
            headers={"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"},
        )  # fmt: skip
        ed.page = page
        assert page.status_code == 200, ed.text
        assert "Answer (time), How many: 15, was 20." in ed.text
        assert draft_of(here, faster).revision == 1
        assert "# A comment of ours." in page.text
        ed.post(place(faster, "file"), seen="1", text=text.replace("\n", "\r\n"), replace="yes")
        assert ed.page.status_code == 303, ed.text
        assert draft_of(here, faster).text == text

    def test_a_file_that_is_no_yaml_is_refused_with_its_line_and_nothing_is_lost(
        self, here: Office, ed: Colleague, faster: str
    ) -> None:
        text = live_text(here).replace("routes:\n", "routes: [\n", 1)
        page = ed.post(place(faster, "file"), seen="1", text=text, replace="yes")
        assert page.status_code == 422
        assert "Line " in ed.text
        assert "not readable as YAML" in ed.text
        assert "organisation: {id: cim" in page.text
        assert draft_of(here, faster).revision == 1

    def test_one_that_does_not_hold_is_taken_and_told_of(
        self, here: Office, ed: Colleague, faster: str
    ) -> None:
        text = live_text(here).replace("    handler: Ofqual\n", "", 1)
        ed.post(place(faster, "file"), seen="1", text=text)
        assert "What was found in it" in ed.text
        ed.post(place(faster, "file"), seen="1", text=text, replace="yes")
        follow(ed)
        assert "1 to mend first" in ed.text

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            (
                "    handler: Ofqual\n",
                "    handler: {a: b}\n",
                "'routes.handler' must be one word or sentence.",
            ),
            ("ask_order:\n", "ask_order:\n  - {nature: x}\n", "'ask_order' must be one word or sentence."),
            ("silent:\n", "silent: none\nx:\n", "'silent' must be a list."),
            ("    when: {nature: [enquiry]}\n", "    when: nature\n", "must be a mapping"),
        ],
    )
    def test_one_that_is_laid_out_otherwise_is_refused_with_its_line(
        self, here: Office, ed: Colleague, faster: str, old: str, new: str, says: str
    ) -> None:
        text = live_text(here).replace(old, new, 1)
        assert ed.post(place(faster, "file"), seen="1", text=text, replace="yes").status_code == 422
        assert says in ed.text
        assert re.search(r"Line \d+: ", ed.text)
        assert draft_of(here, faster).revision == 1

    def test_rules_of_another_organisation_are_refused(
        self, here: Office, ed: Colleague, faster: str
    ) -> None:
        for text in (live_text(here, "cms"), "a: b\n", "- x\n", "", "routes: []\n"):
            assert ed.post(place(faster, "file"), seen="1", text=text, replace="yes").status_code == 422, (
                text[:40]
            )
        assert draft_of(here, faster).revision == 1

    def test_somebody_who_saved_meanwhile_is_not_overwritten_unseen(
        self, here: Office, ed: Colleague, faster: str
    ) -> None:
        save(ed, faster, "clocks", "answer", seen=1, cells="amount", amount="19")
        page = ed.post(place(faster, "file"), seen="1", text=live_text(here), replace="yes")
        assert page.status_code == 422
        assert "Somebody else saved after you looked" in ed.text
        assert "Answer (time), How many: 20, was 19." in ed.text
        assert document_of(here, faster)["clocks"][1]["amount"] == "19"

    def test_a_large_file_is_taken(self, here: Office, ed: Colleague, faster: str) -> None:
        text = live_text(here) + "".join(f"# Comment {i}: äöü, and more words.\n" for i in range(9000))
        assert len(text.encode()) > 300_000
        ed.post(place(faster, "file"), seen="1", text=text, replace="yes")
        assert ed.page.status_code == 303, ed.text
        assert draft_of(here, faster).text == text


def test_a_draft_of_nothing_can_be_opened_and_filled(here: Office, ed: Colleague) -> None:
    draft = begin(here, text=empty_pack("cim", "The Acme Institute", "Acme"))
    for section in (
        "",
        "clocks",
        "facts",
        "contacts",
        "policy",
        "checks",
        "try",
        "file",
        "routes/new",
        "clocks/new",
    ):
        assert ed.get(place(draft, section)).status_code == 200, (section, ed.text)
    ed.get(place(draft))
    assert "Say who deals with a complaint: add the first rule." in ed.text
    sent: dict[str, Any] = {"title": "Everybody", "disposition": "accept", "handler~new": "Acme", "clause": "1",
                            "says": "The office answers.", "stage": "single"}  # fmt: skip
    ed.post(place(draft, "routes", "new"), seen="1", **sent)
    assert ed.page.status_code == 303, ed.text
    contact: dict[str, Any] = {
        "name": "Acme",
        "email": "a@acme.example",
        "clause": "1",
        "says": "One address.",
    }
    ed.post(place(draft, "contacts", "new"), seen="2", **contact)
    assert "complaints" in document_of(here, draft)["contacts"]
    for title, kind in (("No time to acknowledge", "acknowledge"), ("No time to answer", "respond")):
        seen = str(draft_of(here, draft).revision)
        ed.post(
            place(draft, "silent", "new"),
            seen=seen,
            title=title,
            kind=kind,
            clause="1",
            says="None is given.",
        )
        assert ed.page.status_code == 303, ed.text
    ed.get(place(draft, "checks"))
    assert "Say its version." in ed.text


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path of a document."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield from places_in(item, (*path, step))


def spoilt(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A document with something of it gone, or in place of something else."""
    found = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        every = [p for p in places_in(found) if p and p[0] != "examples" and p[:2] != ("organisation", "id")]
        *steps, last = chance.choice(every)
        inner: Any = found
        for step in steps:
            inner = inner[step]
        if chance.random() < 0.4:
            del inner[last]
        else:
            inner[last] = chance.choice([None, "x", [], ["x"], {}, {"not": ["x"]}, "10", {"x": ["y"]}])
    return found


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_file_lacks_the_pages_open(here: Office, ed: Colleague, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same files every time
    document, shown = read(live_text(here)), 0
    while shown < 2:
        text = rendering.document(spoilt(document, chance))
        if misshapen(*read_yaml(text, "draft")):
            continue
        shown += 1
        draft = begin(here, text=text)
        paths = ["", *words.SECTIONS, "policy", "checks", "try", "expect", "file"]
        paths += [f"{s}/{quote(n, safe='')}" for s in words.SECTIONS for n in names(read(text), s)[:2] if n]
        for path in chance.sample(paths, 8):
            assert ed.get(place(draft) + f"/{path}".rstrip("/")).status_code == 200, (path, ed.text)
