"""Holding and erasing a case from its page: for privacy officers alone, within their organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cases import erasure, listing
from cases.events import NoSuchCase
from tests.api.registered import file
from tests.console.office import FIRST, OTHER, Colleague, Office, office
from tests.console.test_deliveries import put

OFFICER = "privacy_officer"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), limits="off") as made:
        yield made


@pytest.fixture
def new(here: Office) -> Callable[..., str]:
    def file_one(**record: Any) -> str:
        reference = f"CQM-PRIV-{_COUNT.pop():04d}-1"
        file(here.store, reference, **record)
        return reference

    return file_one


_COUNT = list(range(999, 0, -1))


def act(who: Colleague, reference: str, name: str, **typed: Any) -> Any:
    who.get(f"/cases/{reference}/privacy")
    return who.post(f"/cases/{reference}/privacy", act=name, **typed)


def is_there(here: Office, reference: str, organisation: str = "cqm") -> bool:
    try:
        here.store.read_sync(lambda conn: listing.place(conn, organisation, reference))
    except NoSuchCase:
        return False
    return True


def test_a_hold_keeps_a_case_and_says_why_and_by_whom(here: Office, new: Callable[..., str]) -> None:
    account, reference = here.account("officer@example.org", [OFFICER]), new()
    who = here.signed_in(account=account)
    assert f"/cases/{reference}/privacy" in who.get(f"/cases/{reference}").text
    assert act(who, reference, "keep", why="Claim 26/113").status_code == 303
    who.get(f"/cases/{reference}/privacy?done=keep")
    assert "Held by officer since" in who.text
    assert "Claim 26/113" in who.text
    assert who.post(f"/cases/{reference}/privacy", act="erase", confirm=reference).status_code == 422
    assert "A legal hold keeps it." in who.text
    assert is_there(here, reference)
    assert act(who, reference, "release").status_code == 303
    assert "Held by" not in (who.get(f"/cases/{reference}/privacy"), who.text)[1]
    told = {(action, caller) for action, name, caller in here.trail() if name == reference}
    assert {(erasure.HELD, account.id), (erasure.LIFTED, account.id)} <= told


def test_it_is_erased_once_its_reference_is_written(here: Office, new: Callable[..., str]) -> None:
    account, reference = here.account("eraser@example.org", [OFFICER]), new()
    put(here, "c" * 32, reference, state="delivered", attempts=1)
    who = here.signed_in(account=account)
    for wrong in ("", "yes", FIRST):
        assert act(who, reference, "erase", confirm=wrong).status_code == 422
        assert "Write the reference of the case" in who.text
    assert is_there(here, reference)
    done = act(who, reference, "erase", confirm=f" {reference.lower()} ")
    assert done.status_code == 200
    assert "These had a copy, and must erase it too: case-system." in who.text
    assert not is_there(here, reference)
    assert ("conversation.erased", reference, account.id) in here.trail()
    assert who.get(f"/cases/{reference}").status_code == 404


@pytest.mark.parametrize("sent", [{}, {"act": "burn"}, {"act": "keep"}, {"act": "keep", "why": "x" * 3000}])
def test_what_cannot_be_is_said(here: Office, new: Callable[..., str], sent: dict[str, Any]) -> None:
    who, reference = here.signed_in(OFFICER), new()
    who.get(f"/cases/{reference}/privacy")
    assert who.post(f"/cases/{reference}/privacy", **sent).status_code == 422
    assert is_there(here, reference)


@pytest.mark.parametrize("role", ["staff", "auditor", "rules_approver"])
def test_nobody_else_holds_or_erases(here: Office, new: Callable[..., str], role: str) -> None:
    who, reference = here.signed_in(role), new()
    assert f"/cases/{reference}/privacy" not in who.get(f"/cases/{reference}").text
    assert who.get(f"/cases/{reference}/privacy").status_code == 403
    answer = who.post(f"/cases/{reference}/privacy", csrf=who.token, act="erase", confirm=reference)
    assert answer.status_code == 403
    assert is_there(here, reference)


def test_nothing_of_another_organisation_goes(here: Office) -> None:
    who = here.signed_in(OFFICER)
    sent = who.post(f"/cases/{OTHER}/privacy", csrf=who.token, act="erase", confirm=OTHER)
    assert sent.status_code == 404
    assert is_there(here, OTHER, "cim")
