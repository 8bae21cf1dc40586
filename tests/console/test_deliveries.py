"""A delivery that failed is tried again from the page of its case, by whoever deals with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import audit, officers
from cases.models import outbox as table
from tests.console.office import FIRST, OTHER, RESTRICTED, Office, office

DEAD, WAITING, ARRIVED, OURS, FOREIGN = "d" * 32, "e" * 32, "a" * 32, "b" * 32, "f" * 32


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), limits="off") as made:
        put(made, DEAD, state="dead", attempts=9, last_error="HTTP 500")
        put(made, WAITING, state="pending", attempts=3, later=5)
        put(made, ARRIVED, state="delivered", attempts=1)
        put(made, OURS, state="pending", attempts=0, later=5)
        put(made, FOREIGN, OTHER, "cim", state="dead", attempts=9)
        yield made


def put(
    here: Office, delivery: str, reference: str = FIRST, organisation: str = "cqm", later: int = 0, **row: Any
) -> None:
    now = here.clock()
    values = {"organisation": organisation, "id": delivery, "case_reference": reference, "kind": "case.filed",
              "target": "case-system", "due_at": now + timedelta(hours=later), "created_at": now, **row}  # fmt: skip
    if row["state"] == "delivered":
        values["delivered_at"] = now
    here.store.write_sync(lambda conn: conn.execute(table.insert(), values))


def standing(here: Office, delivery: str) -> tuple[str, int, bool]:
    """Its state, its failures, and whether it is due."""
    query = sa.select(table.c.state, table.c.attempts, table.c.due_at).where(table.c.id == delivery)
    row = here.store.read_sync(lambda conn: conn.execute(query).one())
    return row.state, row.attempts, row.due_at <= here.clock()


def path(delivery: str, reference: str = FIRST) -> str:
    return f"/cases/{reference}/deliveries/{delivery}/retry"


def test_what_was_given_up_is_tried_anew_and_the_trail_keeps_who_wanted_that(here: Office) -> None:
    account = here.account("retries@example.org")
    who = here.signed_in(account=account)
    assert who.get(f"/cases/{FIRST}").text.count("Try again") == 2
    assert "HTTP 500" in who.text
    answer = who.post(path(DEAD))
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/cqm/staff/cases/{FIRST}?done=retry#sent",
    )
    assert standing(here, DEAD) == ("pending", 0, True)
    assert (audit.REPLAYED, FIRST, account.id) in here.trail()
    assert "It is tried again now." in (who.get(f"/cases/{FIRST}?done=retry"), who.text)[1]


def test_what_waits_after_a_failure_is_due_now(here: Office) -> None:
    here.signed_in("staff").post(path(WAITING))
    assert standing(here, WAITING) == ("pending", 3, True)


def test_what_has_arrived_stays_so(here: Office) -> None:
    answer = here.signed_in("staff").post(path(ARRIVED))
    assert answer.headers["location"].endswith("?done=retried#sent")
    assert standing(here, ARRIVED)[0] == "delivered"


def test_nothing_of_another_case_or_organisation_is_tried(here: Office) -> None:
    who = here.signed_in("staff", "restricted_cases")
    for reference, delivery in ((FIRST, FOREIGN), (RESTRICTED, WAITING), (FIRST, "x"), (OTHER, FOREIGN)):
        assert who.post(path(delivery, reference), csrf=who.token).status_code == 404
    assert standing(here, FOREIGN)[0] == "dead"


@pytest.mark.parametrize("role", ["auditor", "privacy_officer"])
def test_who_only_reads_has_no_button(here: Office, role: str) -> None:
    who = here.signed_in(role)
    assert "Try again" not in who.get(f"/cases/{FIRST}").text
    assert who.post(path(DEAD)).status_code == 403


def test_a_check_that_looks_at_no_case_is_caught(here: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(officers, "deliveries", lambda *_: [{"id": FOREIGN}])
    with pytest.raises(AssertionError):
        test_nothing_of_another_case_or_organisation_is_tried(here)
