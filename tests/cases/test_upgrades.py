"""A database of an earlier version, with cases in it, becomes one of this version: no row is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from cases import schema
from cases.models import cases
from cases.store import migrate, open_store

HERE = "2026-11-01 10:00:00.000000+00:00"
LATER = "2026-11-05 10:00:00.000000+00:00"
EARLIER = [f"{number:04d}" for number in range(1, int(schema.HEAD))]


def rows_of(conn: Connection, revision: str) -> dict[str, list[dict[str, object]]]:
    """A restricted case and an open one, as that version kept them."""
    said: dict[str, object] = {"organisation": "cqm", "conversation_id": "c", "at": HERE}
    case: dict[str, object] = {"organisation": "cqm", "conversation_id": "c", "conversation_reference": "R",
            "state": "filed", "received_at": HERE, "created_at": HERE}  # fmt: skip
    clock: dict[str, object] = {
        "organisation": "cqm",
        "kind": "respond",
        "by": "organisation",
        "state": "running",
    }
    found: dict[str, list[dict[str, object]]] = {
        "conversations": [{"organisation": "cqm", "id": "c", "key_hash": "k", "reference": "R", "state": "filed",
            "version": 1, "channel": "chat", "data": "{}", "created_at": HERE, "updated_at": HERE, "last_seq": 1}],
        "messages": [{**said, "seq": 1, "role": "complainant", "text": "Lost."}],
        "cases": [{**case, "reference": "R", "record": '{"restricted": true}'},
                  {**case, "reference": "S", "record": "{}"}],
        "clocks": [{**clock, "case_reference": "R"}, {**clock, "case_reference": "S"}],
        "outbox": [{"organisation": "cqm", "id": "d", "case_reference": "R", "kind": "case.filed", "target": "folder",
            "state": "pending", "attempts": 0, "due_at": HERE, "created_at": HERE}],
    }  # fmt: skip
    if revision >= "0012":
        found["cases"] = [
            {
                **row,
                "restricted": row["reference"] == "R",
                "updated_at": LATER if row["reference"] == "S" else HERE,
            }
            for row in found["cases"]
        ]
    if revision >= "0006":
        event = {"organisation": "cqm", "case_reference": "S", "kind": "acknowledged", "at": HERE, "by": "R. Ahmed",
                 "data": "{}", "clocks": "[]"}  # fmt: skip
        found["case_events"] = [{**event, "number": 1, "recorded_at": LATER}]
    return found


def fill(conn: Connection, revision: str) -> None:
    there = sa.MetaData()
    there.reflect(conn)
    for table, rows in rows_of(conn, revision).items():
        quote = conn.dialect.identifier_preparer.quote
        for row in rows:
            names = ", ".join(quote(name) for name in row)
            places = ", ".join(f":{name}" for name in row)
            conn.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({places})"), row)  # noqa: S608


@pytest.mark.parametrize("revision", EARLIER)
def test_a_database_of_an_earlier_version_keeps_its_cases(empty_url: str, revision: str) -> None:
    migrate(empty_url)
    store = open_store(empty_url)

    def back(conn: Connection) -> None:
        settings = schema.config()
        settings.attributes["connection"] = conn
        command.downgrade(settings, revision)
        fill(conn, revision)

    store.write_sync(back)
    store.close()
    migrate(empty_url)
    store = open_store(empty_url)
    try:
        query = sa.select(cases.c.reference, cases.c.restricted, cases.c.updated_at).order_by(
            cases.c.reference
        )
        found = store.read_sync(lambda conn: conn.execute(query).all())
        kept = store.read_sync(
            lambda conn: [conn.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar()  # noqa: S608
                          for table in ("messages", "clocks", "outbox")]
        )  # fmt: skip
    finally:
        store.close()
    assert [(row.reference, row.restricted) for row in found] == [("R", True), ("S", False)]
    changed = [LATER if revision >= "0006" and row.reference == "S" else HERE for row in found]
    assert [f"{row.updated_at:%Y-%m-%d %H:%M:%S}" for row in found] == [text[:19] for text in changed]
    assert kept == [1, 2, 1]


def test_an_upgrade_that_would_leave_rows_without_their_case_is_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "hearout.db"
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.begin() as conn:
        settings = schema.config()
        settings.attributes["connection"] = conn
        command.upgrade(settings, "0010")
        conn.exec_driver_sql(
            "INSERT INTO clocks (organisation, case_reference, kind, by, state)"
            " VALUES ('cqm', 'GONE', 'respond', 'organisation', 'running')"
        )
    with pytest.raises(RuntimeError, match="rows of 'clocks' without what they belong to"):
        migrate(f"sqlite:///{path}")
    with engine.connect() as conn:
        assert schema.revision_of(conn) == "0010"
        assert conn.exec_driver_sql("SELECT count(*) FROM clocks").scalar() == 1
