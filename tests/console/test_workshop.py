"""The rules workshop: what is saved, what is refused, what is said of a draft, and what nobody may do."""

from __future__ import annotations

from typing import Any

import pytest

from cases import drafts
from cases.events import Writer
from policy_rules.edits import Put, Remove, edited, read
from policy_rules.edits import names as words
from policy_rules.edits.places import names
from tests.console.drafting import (
    begin,
    document_of,
    draft_of,
    filled,
    follow,
    form_of,
    live_text,
    place,
    save,
)
from tests.console.office import Colleague, Office


@pytest.fixture
def ed(here: Office) -> Colleague:
    """Somebody who edits CIM's rules."""
    return here.signed_in("rules_editor", organisation="cim", email=None)


@pytest.fixture
def draft(here: Office) -> str:
    return begin(here)


class TestBeginning:
    def test_a_change_begins_from_the_rules_in_force(self, here: Office, ed: Colleague) -> None:
        ed.get("/rules/drafts/new")
        ed.post(
            "/rules/drafts/new", title="Faster", reason="Why", source="Section 4", effective_on="2027-01-01"
        )
        made = draft_of(here, ed.page.headers["location"].rpartition("/")[2])
        assert (made.text, made.base, made.title) == (live_text(here), 1, "Faster")
        assert made.base_sha256 == drafts.sha256_of(live_text(here))
        assert made.effective_on is not None
        follow(ed)
        assert "Checked, nothing found" in ed.text
        assert "Nobody: everybody is treated and asked as now." in ed.text

    def test_what_is_wrong_is_said_and_what_was_typed_stays(self, ed: Colleague) -> None:
        ed.get("/rules/drafts/new")
        page = ed.post("/rules/drafts/new", title="", reason="Because we can", effective_on="tomorrow")
        assert page.status_code == 422
        assert "Give the change a name" in ed.text
        assert "Because we can" in page.text
        assert "Write a day such as" in ed.text

    def test_name_and_reason_are_changed_later(self, here: Office, ed: Colleague, draft: str) -> None:
        ed.get(place(draft, "about"))
        ed.post(place(draft, "about"), seen="1", title="Other", reason="R", source="S")
        assert draft_of(here, draft).title == "Other"
        follow(ed)
        assert "Other" in ed.text

    def test_a_new_name_and_somebody_elses_rule_are_both_kept(
        self, here: Office, ed: Colleague, draft: str
    ) -> None:
        save(ed, draft, "clocks", "answer", seen=1, cells="amount", amount="19")
        ed.post(place(draft, "about"), seen="1", title="Other", reason="R", source="S")
        assert ed.page.status_code == 303
        kept = draft_of(here, draft)
        assert kept.title == "Other"
        assert read(kept.text)["clocks"][1]["amount"] == "19"

    def test_two_names_are_shown_to_the_second(self, here: Office, ed: Colleague, draft: str) -> None:
        ed.post(place(draft, "about"), seen="1", title="First", reason="R", source="S")
        page = ed.post(place(draft, "about"), seen="1", title="Second", reason="My reason", source="S")
        assert page.status_code == 422
        assert "First" in ed.text
        assert "My reason" in page.text
        assert draft_of(here, draft).title == "First"


class TestEveryPageOfADraft:
    @pytest.mark.parametrize(
        "section", ["", *words.SECTIONS, "policy", "checks", "try", "about", "file", "expect"]
    )
    @pytest.mark.parametrize("organisation", ["cim", "cqm"])
    def test_it_is_shown(self, here: Office, organisation: str, section: str) -> None:
        who = here.signed_in("rules_editor", organisation=organisation)
        assert who.get(place(begin(here, organisation), section)).status_code == 200, who.text

    def test_every_part_of_every_section_has_a_page_with_its_values(
        self, here: Office, ed: Colleague, draft: str
    ) -> None:
        document = document_of(here, draft)
        for section in words.SECTIONS:
            for name in names(document, section)[:4]:
                assert ed.get(place(draft, section, name)).status_code == 200, (section, name)
        ed.get(place(draft, "routes", "ofqual"))
        assert 'value="exam_result" checked' in ed.page.text
        assert 'value="service" checked' not in ed.page.text

    @pytest.mark.parametrize("section", [s for s in words.SECTIONS if s != "examples"])
    def test_every_section_can_have_one_more(self, ed: Colleague, draft: str, section: str) -> None:
        assert ed.get(place(draft, section, "new")).status_code == 200

    def test_an_address_of_nothing_is_no_page(self, ed: Colleague, draft: str) -> None:
        for path in ("nothing", "routes/nothing", "examples/new", "routes/department?cell=nothing"):
            assert ed.get(place(draft, path)).status_code in (404, 422), path
        assert ed.get(place("f" * 24)).status_code == 404

    def test_whoever_only_sees_rules_is_shown_no_control(self, here: Office, draft: str) -> None:
        who = here.signed_in("auditor", organisation="cim")
        who.get(place(draft))
        assert "<form" not in who.page.text.partition("<main")[2]
        assert "?cell=" not in who.page.text
        assert who.post(place(draft, "clocks", "answer"), seen="1", amount="1").status_code == 403

    def test_a_draft_that_waits_for_approval_is_not_changed(
        self, here: Office, ed: Colleague, draft: str
    ) -> None:
        writer = Writer("Ann", "staff", "0" * 32)
        here.store.write_sync(lambda conn: drafts.submit(conn, "cim", draft, 1, writer, here.clock()))
        ed.get(place(draft))
        assert "It waits for approval" in ed.text
        assert "?cell=" not in ed.page.text
        assert save(ed, draft, "clocks", "answer", seen=2, cells="amount", amount="1").status_code == 409
        assert draft_of(here, draft).revision == 2


class TestACell:
    def test_it_is_saved_checked_and_compared(self, here: Office, ed: Colleague, draft: str) -> None:
        ed.get(place(draft, "clocks", "acknowledgement") + "?cell=amount,unit")
        assert ed.page.text.count('name="amount"') == 1
        assert 'name="says"' not in ed.page.text
        save(
            ed,
            draft,
            "clocks",
            "acknowledgement",
            seen=1,
            cells="amount,unit",
            amount="1",
            unit="working_day",
        )
        kept = draft_of(here, draft)
        assert kept.text == edited(live_text(here), [Put(("clocks", "acknowledgement", "amount"), "1")])
        step = here.store.read_sync(lambda conn: drafts.revisions(conn, "cim", draft))[-1]
        assert step.what == "Acknowledgement (time), How many: 1, was 2."
        follow(ed)
        assert "Saved as step 2" in ed.text
        assert "90,112 of 528,000 combinations of facts would be treated differently." in ed.text
        assert "15 examples come out otherwise" in ed.text
        assert "1 working day, from the day it is received" in ed.text

    def test_a_condition_is_ticked_denied_and_cleared(self, here: Office, ed: Colleague, draft: str) -> None:
        cell = "when.subject"
        steps = [
            (filled(cell, ["service", "other"]), ["service", "other"]),
            (filled(cell, {"not": ["service"]}), {"not": ["service"]}),
            ({}, None),
        ]
        for seen, (sent, wanted) in enumerate(steps, 1):
            save(ed, draft, "routes", "department", seen=seen, cells=cell, **sent)
            assert ed.page.status_code == 303, ed.text
            assert (document_of(here, draft)["routes"][-1].get("when") or {}).get("subject") == wanted
        assert draft_of(here, draft).text == live_text(here)

    def test_what_no_control_sends_is_refused_and_shown_again(
        self, here: Office, ed: Colleague, draft: str
    ) -> None:
        forged: list[tuple[str, str, str, dict[str, Any], str]] = [
            ("routes", "department", "when.subject", {"when.subject": ["servce"]}, "Did you mean 'service'?"),
            ("routes", "department", "disposition", {"disposition": "acept"}, "Did you mean 'accept'?"),
            ("routes", "department", "handler", {"handler": "Relevant deparment manager"}, "Did you mean"),
            ("routes", "department", "contact", {"contact": "nobody"}, "is not among the choices"),
            ("clocks", "answer", "amount", {"amount": "-1"}, "a whole number"),
            ("clocks", "answer", "routes", {"routes": ["departmnet"]}, "Did you mean 'department'?"),
            ("facts", "subject", "values", {"values": ["service", "<script>"]}, "is not among the choices"),
        ]
        for section, name, cell, sent, says in forged:
            page = save(ed, draft, section, name, seen=1, cells=cell, **sent)
            assert page.status_code == 422, sent
            assert says in ed.text
            assert "<script>" not in page.text.partition("<main")[2].partition("</main>")[0]
        page = save(
            ed, draft, "routes", "department", seen=1, cells="when.subjct", **{"when.subjct": "service"}
        )
        assert (page.status_code, "Did you mean 'when.subject'?" in ed.text) == (422, True)
        assert draft_of(here, draft).revision == 1

    def test_a_new_role_is_written_into_its_own_field_and_one_like_another_is_told_of(
        self, here: Office, ed: Colleague, draft: str
    ) -> None:
        save(
            ed,
            draft,
            "routes",
            "department",
            seen=1,
            cells="handler",
            **{"handler~new": "Relevant deparment manager"},
        )
        assert document_of(here, draft)["routes"][-1]["handler"] == "Relevant deparment manager"
        ed.get(place(draft, "checks"))
        assert "looks like “Relevant department manager”. Is it the same, misspelt?" in ed.text

    def test_nothing_changed_is_no_step(self, here: Office, ed: Colleague, draft: str) -> None:
        save(ed, draft, "clocks", "answer", seen=1, cells="amount,force", amount="20", force="will")
        assert ed.page.status_code == 303
        assert draft_of(here, draft).revision == 1

    def test_a_form_that_names_no_step_is_refused(self, ed: Colleague, draft: str) -> None:
        for seen in ("", "x", "9" * 30):
            answer = ed.post(place(draft, "clocks", "answer"), seen=seen, cells="amount", amount="3")
            assert answer.status_code == 422

    def test_a_fact_is_taken_from_another_answer(self, here: Office, ed: Colleague, draft: str) -> None:
        sent: dict[str, Any] = {"implied~when": "complainant_type=learner", "implied~value": "true"}
        page = ed.get(place(draft, "facts", "needs_investigation"))
        save(ed, draft, "facts", "needs_investigation", seen=1, cells="", **sent)
        assert page.status_code == 200
        entry = {"when": {"complainant_type": ["learner"]}, "value": "true"}
        assert document_of(here, draft)["facts"]["needs_investigation"] == {"default_when": [entry]}
        save(ed, draft, "facts", "needs_investigation", seen=2, cells="", **{"implied~drop": "0"})
        assert draft_of(here, draft).text == live_text(here)
        sent = {"implied~when": "complainant_type=leaner", "implied~value": "true"}
        assert save(ed, draft, "facts", "needs_investigation", seen=3, cells="", **sent).status_code == 422


class TestAWholePart:
    def test_every_cell_of_a_rule_is_sent_and_only_what_differs_is_a_change(
        self, here: Office, ed: Colleague, draft: str
    ) -> None:
        page = ed.get(place(draft, "clocks", "answer"))
        sent = form_of(page.text)
        sent |= {"says": "It is answered in  time,\r\nalways.", "force": "aims"}
        ed.post(place(draft, "clocks", "answer"), **sent)
        assert ed.page.status_code == 303, ed.text
        found = document_of(here, draft)["clocks"][1]
        assert (found["says"], found["force"]) == ("It is answered in time, always.", "aims")
        assert found | {"says": "", "force": ""} == read(live_text(here))["clocks"][1] | {
            "says": "",
            "force": "",
        }

    @pytest.mark.parametrize("organisation", ["cim", "cqm", "cipfa", "cmi", "cms"])
    def test_a_form_sent_as_it_came_changes_nothing(self, here: Office, organisation: str) -> None:
        who, draft = here.signed_in("rules_editor", organisation=organisation), begin(here, organisation)
        document = document_of(here, draft, organisation)
        for section in words.SECTIONS:
            for name in names(document, section)[:3]:
                sent = form_of(who.get(place(draft, section, name)).text)
                assert who.post(place(draft, section, name), **sent).status_code == 303, (
                    section,
                    name,
                    who.text,
                )
                assert draft_of(here, draft, organisation).revision == 1, (section, name)
        who.post(place(draft, "policy"), **form_of(who.get(place(draft, "policy")).text))
        assert draft_of(here, draft, organisation).revision == 1

    def test_a_rule_is_added_before_the_last_one(self, here: Office, ed: Colleague, draft: str) -> None:
        sent: dict[str, Any] = {"title": "Late complaints", "place": "department", "disposition": "accept", "clause": "Scope",
                "says": "They are taken.", "when.subject": ["service"], "handler": "Institute Secretary"}  # fmt: skip
        ed.post(place(draft, "routes", "new"), seen="1", **sent)
        assert ed.page.status_code == 303, ed.text
        routes = document_of(here, draft)["routes"]
        assert [route["id"] for route in routes[-2:]] == ["late_complaints", "department"]
        assert list(routes[-2]) == ["id", "when", "disposition", "handler", "clause", "says"]
        follow(ed)
        assert "Late complaints" in ed.text

    def test_what_a_new_part_needs_is_asked_for(self, here: Office, ed: Colleague, draft: str) -> None:
        page = ed.post(place(draft, "clocks", "new"), seen="1", title="", amount="three")
        assert page.status_code == 422
        for says in (
            "Give it a short name",
            "How many: a whole number",
            "What is promised: say it here",
            "Clause: say it",
        ):
            assert says in ed.text
        assert 'value="three"' in page.text
        assert draft_of(here, draft).revision == 1

    def test_a_fact_of_ones_own_is_added_with_its_place_in_the_order(
        self, here: Office, ed: Colleague, draft: str
    ) -> None:
        sent: dict[str, Any] = {
            "own_name": "Reported before",
            "values~new": "never, once, often",
            "default": "",
        }
        ed.post(place(draft, "facts", "new"), seen="1", **sent)
        assert ed.page.status_code == 303, ed.text
        found = document_of(here, draft)
        assert found["facts"]["reported_before"] == {"values": ["never", "once", "often"]}
        assert found["ask_order"][-1] == "reported_before"

    def test_copying_moving_and_deleting(self, here: Office, ed: Colleague, draft: str) -> None:
        ed.post(place(draft, "routes", "feedback"), seen="1", act="copy")
        ids = [route["id"] for route in document_of(here, draft)["routes"]]
        assert ids[ids.index("feedback") + 1] == "feedback_copy"
        ed.post(place(draft, "routes", "feedback_copy"), seen="2", act="top")
        ed.post(place(draft, "routes", "feedback_copy"), seen="3", act="down")
        assert document_of(here, draft)["routes"][1]["id"] == "feedback_copy"
        ed.post(place(draft, "routes", "feedback_copy"), seen="4", act="up")
        assert document_of(here, draft)["routes"][0]["id"] == "feedback_copy"
        ed.post(place(draft, "routes", "feedback_copy"), seen="5", act="delete")
        assert "Nothing else names it." in ed.text
        ed.post(place(draft, "routes", "feedback_copy"), seen="5", act="delete", sure="yes")
        assert draft_of(here, draft).text == live_text(here)

    def test_before_a_rule_goes_it_is_said_what_goes_with_it(
        self, here: Office, ed: Colleague, draft: str
    ) -> None:
        ed.post(place(draft, "routes", "study_centre_first"), seen="1", act="delete")
        assert "are deleted with it: next step “Centre to cim”" in ed.text
        assert draft_of(here, draft).revision == 1
        ed.post(place(draft, "routes", "study_centre_first"), seen="1", act="delete", sure="yes")
        assert draft_of(here, draft).text == edited(live_text(here), [Remove("routes", "study_centre_first")])

    def test_a_contact_in_use_is_not_taken_away(self, here: Office, ed: Colleague, draft: str) -> None:
        ed.post(place(draft, "contacts", "ofqual"), seen="1", act="delete")
        assert "It cannot be deleted while it is used" in ed.text
        page = ed.post(place(draft, "contacts", "ofqual"), seen="1", act="delete", sure="yes")
        assert page.status_code == 422
        assert "It is still used" in ed.text

    def test_the_order_of_questions_is_moved(self, here: Office, ed: Colleague, draft: str) -> None:
        ed.post(place(draft, "facts", "nation"), seen="1", act="top")
        assert document_of(here, draft)["ask_order"][0] == "nation"
        follow(ed)
        assert "What people are asked changes." in ed.text

    def test_calendar_hours_and_document(self, here: Office, ed: Colleague, draft: str) -> None:
        sent = form_of(ed.get(place(draft, "policy")).text)
        sent |= {"calendar.closures": "2027-12-24\n2026-12-24", "source.next_review": "2028-01-01",
                 "calendar.nations": ["england", "wales", "scotland"], "hours.opens": "09:00", "hours.closes": "17:00",
                 "hours.days": ["Monday"], "hours.bank_holidays": "closed", "hours.clause": "C", "hours.says": "S."}  # fmt: skip
        ed.post(place(draft, "policy"), **sent)
        assert ed.page.status_code == 303, ed.text
        found = document_of(here, draft)
        assert found["calendar"] == {
            "nations": ["england", "wales", "scotland"],
            "closures": ["2026-12-24", "2027-12-24"],
        }
        assert found["hours"]["opens"] == "09:00"
        assert found["source"]["next_review"] == "2028-01-01"
        ed.post(
            place(draft, "policy"), **(form_of(ed.get(place(draft, "policy")).text) | {"no_hours": "yes"})
        )
        assert "hours" not in document_of(here, draft)

    def test_who_could_be_the_person_complained_of(self, here: Office, draft: str, ed: Colleague) -> None:
        sent: dict[str, Any] = {"officer~role": "Institute Secretary", "officer~subject": "member_conduct"}
        ed.post(place(draft, "policy"), **(form_of(ed.get(place(draft, "policy")).text) | sent))
        assert ed.page.status_code == 303, ed.text
        assert document_of(here, draft)["officers"] == {"Institute Secretary": "member_conduct"}
        ed.get(place(draft, "checks"))
        assert "with no conflict warning" in ed.text
        for wrong in (
            {"officer~role": "Nobody known", "officer~subject": "director"},
            {"officer~role": "CIM"},
        ):
            ed.post(place(draft, "policy"), **(form_of(ed.get(place(draft, "policy")).text) | wrong))
            assert ed.page.status_code == 422
        ed.post(place(draft, "policy"), **(form_of(ed.get(place(draft, "policy")).text) | {"officer~0": ""}))
        assert draft_of(here, draft).text == live_text(here)
