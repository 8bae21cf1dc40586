"""The row of a case says what its record says, and moves with every write to it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from cases import case_row, notes
from cases.events import lock
from cases.models import cases
from cases.store import Store
from tests.cases.afterlife import SYSTEM, at, file, tell
from tests.cases.builders import NOW, REFERENCE, a_record
from tests.databases import differing

SOURCE = Path(case_row.__file__).parents[1]
_WRITES = re.compile(r"\bcases\s*\.\s*(insert|update)\(|(insert|update)\(\s*cases\s*\)")


def row(store: Store) -> tuple[int, bool, object]:
    query = sa.select(cases.c.version, cases.c.restricted, cases.c.updated_at)
    return tuple(store.read_sync(lambda conn: conn.execute(query).one()))


def test_nothing_else_writes_the_row_of_a_case() -> None:
    """What would forget the column stands in one file."""
    folders = ("bot", "actions", "handoff", "cases")
    found = {
        path.name
        for folder in folders
        for path in (SOURCE / folder).rglob("*.py")
        if "migrations" not in path.parts and _WRITES.search(path.read_text())
    }
    assert found == {"case_row.py"}


@pytest.mark.parametrize(
    "text", ["cases.update().where", "cases.insert(),", "update(cases)", "insert( cases )"]
)
def test_a_write_past_it_is_seen(text: str) -> None:
    assert _WRITES.search(f"conn.execute({text}")


def test_a_column_that_differs_from_its_record_is_seen(fresh_store: Store) -> None:
    """Planted: the check that every test of this folder ends with."""
    file(fresh_store)
    assert fresh_store.read_sync(differing) == []
    fresh_store.write_sync(lambda conn: conn.execute(cases.update().values(restricted=True)))
    assert fresh_store.read_sync(differing) == [REFERENCE]


def test_a_record_that_becomes_restricted_takes_its_column_along(store: Store) -> None:
    file(store)
    assert row(store) == (1, False, NOW)
    record = a_record(restricted=True, restricted_because=["about_director"]).as_json()
    later = NOW + timedelta(days=1)

    def replace(conn: Connection) -> bool:
        return case_row.replace(conn, "cqm", REFERENCE, record, later)

    assert store.write_sync(replace)
    assert row(store) == (2, True, later)


def test_a_case_that_is_not_so_is_left_alone(store: Store) -> None:
    file(store)

    def replace(conn: Connection) -> bool:
        elsewhere = cases.c.conversation_id == "another"
        return case_row.replace(conn, "cqm", REFERENCE, a_record().as_json(), NOW, elsewhere)

    assert not store.write_sync(replace)
    assert row(store) == (1, False, NOW)


def test_an_event_and_a_note_move_the_version_and_the_instant(store: Store) -> None:
    file(store)
    tell(store, "acknowledged", at(29), now=at(29, 11))
    assert row(store) == (2, False, at(29, 11))
    store.write_sync(
        lambda conn: notes.add(conn, lock(conn, "cqm", REFERENCE), "Rang.", None, SYSTEM, at(30))
    )
    assert row(store) == (3, False, at(30))
