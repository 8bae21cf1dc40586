"""Several people at one draft: what does not meet is kept, what meets is shown to the second, nothing typed is lost."""

from __future__ import annotations

import json
import re
import threading
from html import unescape
from typing import Any

import pytest

from policy_rules.edits import Put, edited
from tests.console.drafting import begin, document_of, draft_of, follow, live_text, place, save
from tests.console.office import Colleague, Office


@pytest.fixture
def draft(here: Office) -> str:
    return begin(here)


@pytest.fixture
def ann(here: Office) -> Colleague:
    return here.signed_in(
        account=here.account(f"ann-{id(object())}@example.org", ("rules_editor",), "cim"), organisation="cim"
    )


@pytest.fixture
def ben(here: Office) -> Colleague:
    return here.signed_in("rules_editor", organisation="cim")


def form(page: Any) -> dict[str, Any]:
    """The hidden fields of the page that asks which is meant."""
    found = re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text.partition('id="cell"')[2]
    )
    return {name: unescape(value) for name, value in found}


def keeping(choice: str) -> dict[str, Any]:
    """The choice between the two values of the first quarrel."""
    return {"keep-0": choice}


def clock(here: Office, draft: str, place: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = document_of(here, draft)["clocks"][place]
    return found


class TestWhatDoesNotMeet:
    def test_both_are_kept_and_the_second_is_told_who_did_what(
        self, here: Office, ann: Colleague, ben: Colleague, draft: str
    ) -> None:
        save(ann, draft, "clocks", "answer", seen=1, cells="amount", amount="19")
        save(ben, draft, "clocks", "answer", seen=1, cells="force", force="aims")
        assert (clock(here, draft)["amount"], clock(here, draft)["force"]) == ("19", "aims")
        follow(ben)
        assert "Somebody else saved meanwhile, and both are kept" in ben.text
        assert "Answer (time), How many: 19, was 20." in ben.text
        assert "ann" in ben.text
        follow_again = ben.get(place(draft, "clocks"))
        assert "Somebody else saved meanwhile" not in follow_again.text

    def test_the_same_value_twice_is_no_quarrel(
        self, here: Office, ann: Colleague, ben: Colleague, draft: str
    ) -> None:
        for who in (ann, ben):
            save(who, draft, "clocks", "answer", seen=1, cells="amount", amount="19")
            assert who.page.status_code == 303
        assert draft_of(here, draft).revision == 2

    def test_two_new_rules_of_one_name_are_both_there(
        self, here: Office, ann: Colleague, ben: Colleague, draft: str
    ) -> None:
        sent: dict[str, Any] = {
            "title": "Late ones",
            "clause": "a",
            "says": "b",
            "disposition": "accept",
            "handler": "CIM",
        }
        for who in (ann, ben):
            who.post(place(draft, "routes", "new"), seen="1", place="department", **sent)
            assert who.page.status_code == 303, who.text
        ids = [route["id"] for route in document_of(here, draft)["routes"]]
        assert {"late_ones", "late_ones_2"} <= set(ids)

    def test_many_at_once_lose_nothing(self, here: Office, draft: str) -> None:
        cells = ["says", "clause", "amount", "force", "first_day", "unit", "kind", "from"]
        values = {"says": "New words.", "clause": "New", "amount": "19", "force": "aims", "first_day": "same",
                  "unit": "week", "from": "acknowledged"}  # fmt: skip
        workers = []
        for cell in cells[:6]:
            who = here.signed_in("rules_editor", organisation="cim")
            sent: dict[str, Any] = {cell: values[cell]}
            token = who.token
            workers.append(
                threading.Thread(
                    target=save, args=(who, draft, "clocks", "answer"),
                    kwargs={"seen": 1, "cells": cell, "csrf": token, **sent},
                )
            )  # fmt: skip
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        kept = clock(here, draft)
        assert {cell: kept.get(cell) for cell in cells[:6]} == {cell: values[cell] for cell in cells[:6]}
        assert draft_of(here, draft).revision == 7


class TestWhatMeets:
    def test_both_values_are_shown_and_mine_can_be_kept(
        self, here: Office, ann: Colleague, ben: Colleague, draft: str
    ) -> None:
        save(ann, draft, "clocks", "answer", seen=1, cells="amount,force", amount="19", force="will")
        page = save(ben, draft, "clocks", "answer", seen=1, cells="amount,force", amount="18", force="aims")
        assert page.status_code == 409
        assert clock(here, draft)["amount"] == "19"
        for says in ("It was: 20", "Yours: 18", "Saved by ann", "19", "your other 1 change is kept with it"):
            assert says in ben.text, ben.text
        sent = form(page)
        ben.post(place(draft, "edits"), **sent, **keeping("mine"))
        assert ben.page.status_code == 303, ben.text
        assert (clock(here, draft)["amount"], clock(here, draft)["force"]) == ("18", "aims")

    def test_theirs_can_be_kept_with_the_rest_of_mine(
        self, here: Office, ann: Colleague, ben: Colleague, draft: str
    ) -> None:
        save(ann, draft, "clocks", "answer", seen=1, cells="amount", amount="19")
        page = save(ben, draft, "clocks", "answer", seen=1, cells="amount,force", amount="18", force="aims")
        ben.post(place(draft, "edits"), **form(page), **keeping("theirs"))
        assert (clock(here, draft)["amount"], clock(here, draft)["force"]) == ("19", "aims")

    def test_a_third_person_in_between_is_shown_too(
        self, here: Office, ann: Colleague, ben: Colleague, draft: str
    ) -> None:
        save(ann, draft, "clocks", "answer", seen=1, cells="amount", amount="19")
        page = save(ben, draft, "clocks", "answer", seen=1, cells="amount", amount="18")
        save(ann, draft, "clocks", "answer", seen=2, cells="amount", amount="17")
        again = ben.post(place(draft, "edits"), **form(page), **keeping("mine"))
        assert again.status_code == 409
        assert "17" in ben.text
        ben.post(place(draft, "edits"), **form(again), **keeping("mine"))
        assert clock(here, draft)["amount"] == "18"

    def test_a_rule_that_was_deleted_meanwhile_is_brought_back_or_stays_away(
        self, here: Office, ann: Colleague, ben: Colleague
    ) -> None:
        for choice, stays in (("mine", True), ("theirs", False)):
            draft = begin(here)
            ann.post(place(draft, "duties", "record"), seen="1", act="delete", sure="yes")
            page = save(
                ben,
                draft,
                "duties",
                "record",
                seen=1,
                cells="says,clause",
                says="It is kept.",
                clause="Item 9",
            )
            assert page.status_code == 409, ben.text
            assert "bring it back" in ben.text
            ben.post(place(draft, "edits"), **form(page), **keeping(choice))
            assert ben.page.status_code == 303, ben.text
            kept = [d for d in document_of(here, draft)["duties"] if d["id"] == "record"]
            assert bool(kept) is stays
            if kept:
                assert (kept[0]["says"], kept[0]["clause"], kept[0]["kind"]) == (
                    "It is kept.",
                    "Item 9",
                    "keep_record",
                )

    def test_a_rule_that_was_changed_meanwhile_is_not_deleted_unasked(
        self, here: Office, ann: Colleague, ben: Colleague, draft: str
    ) -> None:
        save(ann, draft, "duties", "record", seen=1, cells="says", says="It is kept for long.")
        page = ben.post(place(draft, "duties", "record"), seen="1", act="delete", sure="yes")
        assert page.status_code == 409
        assert "delete it" in ben.text
        ben.post(place(draft, "edits"), **form(page), **keeping("theirs"))
        assert draft_of(here, draft).revision == 2
        ben.post(place(draft, "edits"), **form(page), **keeping("mine"))
        assert all(duty["id"] != "record" for duty in document_of(here, draft)["duties"])


class TestWhatIsForged:
    @pytest.mark.parametrize(
        "edits",
        ["", "x", "{}", "[1]", '[{"put": []}]', '[{"put": ["routes", "department", "when", "subject"], "value": ["servce"]}]',
         '[{"put": ["__class__"], "value": "x"}]', '[{"add": ["routes", "x y"]}]', "[" * 5000],
    )  # fmt: skip
    def test_edits_that_no_page_made_are_refused(
        self, here: Office, ben: Colleague, draft: str, edits: str
    ) -> None:
        answer = ben.post(place(draft, "edits"), seen="1", edits=edits, back="", at="")
        assert answer.status_code == 422, (answer.status_code, ben.text)
        assert draft_of(here, draft).revision == 1

    def test_whatever_is_written_there_goes_through_the_same_cells(
        self, here: Office, ben: Colleague, draft: str
    ) -> None:
        good = json.dumps([{"put": ["clocks", "answer", "amount"], "value": "19"}])
        answer = ben.post(
            place(draft, "edits"), seen="1", edits=good, back="https://elsewhere.example", at='"><b>'
        )
        assert answer.headers["location"].startswith(f"/cim/staff/rules/drafts/{draft}?saved=1")
        assert draft_of(here, draft).text == edited(
            live_text(here), [Put(("clocks", "answer", "amount"), "19")]
        )

    def test_a_step_that_never_was_is_refused(self, ben: Colleague, draft: str) -> None:
        answer = save(ben, draft, "clocks", "answer", seen=77, cells="amount", amount="3")
        assert answer.status_code == 422
        assert "a step that the draft never had" in ben.text
