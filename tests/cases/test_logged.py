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


def draft(store: Store, **changes: Any) -> None:
    say(store, **{"recorded_by": "Ann Lee", "said_role": "staff", "state": "draft", **changes})


def another(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "conversation_id": f"c{number}",
        "key_hash": f"{number:064x}",
        "reference": f"CQM-0000-000{number}-{number}",
        **changes,
    }


def test_each_sees_their_own_open_drafts(store: Store) -> None:
    draft(store)
    draft(store, **another(2, recorded_by="Tom Lee"))
    draft(store, **another(3, state="filed"))
    found = store.read_sync(lambda conn: logged.open_drafts(conn, "cqm", "Ann Lee"))
    assert [one.reference for one in found] == [REFERENCE]
    assert store.read_sync(lambda conn: logged.open_drafts(conn, "cim", "Ann Lee")) == []


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
