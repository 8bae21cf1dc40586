"""Drafts that staff write down, on both databases: whose they are, who may open them, and what the trail keeps."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from cases import audit_check, logged
from cases.events import NoSuchCase, Writer
from cases.models import audit
from cases.store import Store
from tests.cases.builders import NOW, REFERENCE, say

ANN = Writer("Ann Lee", "staff", "id-of-ann")


def draft(store: Store, writer: Writer = ANN, **changes: Any) -> None:
    """A draft that somebody began to write down."""
    given = {
        "recorded_by": writer.name,
        "said_role": "staff",
        "state": "draft",
        "reference": REFERENCE,
        **changes,
    }
    say(store, **given)
    store.write_sync(lambda conn: logged.tell(conn, "cqm", given["reference"], logged.BEGUN, writer, NOW))


def another(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "conversation_id": f"c{number}",
        "key_hash": f"{number:064x}",
        "reference": f"CQM-0000-000{number}-{number}",
        **changes,
    }


def test_each_sees_their_own_open_drafts_and_those_of_colleagues_apart(store: Store) -> None:
    draft(store)
    # A name is nobody's own: colleagues may have the same.
    draft(store, Writer("Ann Lee", "staff", "another-ann"), **another(2))
    draft(store, **another(3, state="filed"))
    found = store.read_sync(lambda conn: logged.open_drafts(conn, "cqm", ANN.caller))
    assert [one.reference for one in found] == [REFERENCE]
    both = store.read_sync(lambda conn: logged.open_drafts(conn, "cqm", ANN.caller, others=True))
    assert {one.reference: one.mine for one in both} == {REFERENCE: True, "CQM-0000-0002-2": False}
    assert store.read_sync(lambda conn: logged.open_drafts(conn, "cim", ANN.caller, others=True)) == []


def test_a_colleagues_draft_that_few_may_open_is_listed_for_those_alone(store: Store) -> None:
    secret: dict[str, Any] = {"data": {"answers": {"story": "x", "confidentiality": "asked"}}}
    draft(store, **secret)
    draft(store, Writer("Tom", "staff", "id-of-tom"), **another(2, **secret))
    asked = partial(logged.open_drafts, organisation="cqm", account_id=ANN.caller, others=True)
    assert [one.reference for one in store.read_sync(asked)] == [REFERENCE]
    assert len(store.read_sync(partial(asked, restricted=True))) == 2


def test_who_began_or_opened_a_draft_has_had_it(store: Store) -> None:
    draft(store)

    def had(account: str | None) -> bool:
        return store.read_sync(lambda conn: logged.has_had(conn, "cqm", REFERENCE, account))

    assert had(ANN.caller)
    assert not had("id-of-tom")
    assert not had(None)
    tom = Writer("Tom", "staff", "id-of-tom")
    store.write_sync(lambda conn: logged.tell(conn, "cqm", REFERENCE, logged.OPENED, tom, NOW))
    assert had("id-of-tom")


def test_a_draft_is_given_up_and_taken_up_again(store: Store) -> None:
    draft(store)

    def turn(what: Any) -> None:
        store.write_sync(lambda conn: what(conn, logged.written_down(conn, "cqm", REFERENCE), ANN, NOW))

    turn(logged.give_up)
    assert store.read_sync(lambda conn: logged.open_drafts(conn, "cqm", ANN.caller)) == []
    with pytest.raises(logged.NotOpen, match="given up already"):
        turn(logged.give_up)
    turn(logged.take_up)
    with pytest.raises(logged.NotOpen, match="not given up"):
        turn(logged.take_up)
    (found,) = store.read_sync(lambda conn: logged.open_drafts(conn, "cqm", ANN.caller))
    assert found.data["state"] == "draft"
    actions = store.read_sync(lambda conn: list(conn.execute(sa.select(audit.c.action)).scalars()))
    assert {"conversation.abandoned", "conversation.reopened"} <= set(actions)
    assert store.read_sync(audit_check.verify).breaks == []


def test_only_what_staff_of_the_organisation_wrote_down_can_be_opened(store: Store) -> None:
    draft(store)
    draft(store, **another(2, recorded_by=None, said_role="complainant"))
    found = store.read_sync(lambda conn: logged.written_down(conn, "cqm", REFERENCE))
    assert found.conversation.reference == REFERENCE
    elsewhere = (("cim", REFERENCE), ("cqm", "CQM-0000-0002-2"), ("cqm", "CQM-0000-0009-9"))
    for organisation, reference in elsewhere:
        opening = partial(logged.written_down, organisation=organisation, reference=reference)
        with pytest.raises(NoSuchCase):
            store.read_sync(opening)


def test_who_opened_it_is_in_the_chain_by_their_id(store: Store) -> None:
    draft(store)
    store.write_sync(lambda conn: logged.tell(conn, "cqm", REFERENCE, logged.OPENED, ANN, NOW))
    report = store.read_sync(audit_check.verify)
    assert report.breaks == []
    trail = store.read_sync(lambda conn: conn.execute(sa.select(audit.c.action, audit.c.caller)).all())
    assert ("draft.opened", "id-of-ann") in [tuple(row) for row in trail]
