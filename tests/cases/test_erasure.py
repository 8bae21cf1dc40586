"""What is erased is gone from every table and from the file; what is held stays."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from cases import audit_check
from cases.erasure import KEPT, OnHold, erase, holds_of, lift_hold, place_hold, place_of
from cases.models import audit, metadata, tombstones
from cases.references import UnknownReference
from cases.store import Store, migrate, open_store
from tests.cases.builders import NOW, REFERENCE, file_a_case, say


def test_every_table_is_erased_from_or_is_listed_as_kept_with_a_reason() -> None:
    unplaced = [t.name for t in metadata.sorted_tables if place_of(t) is None and t.name not in KEPT]
    assert unplaced == [], (
        "these tables name no conversation and no case, so that erasure passes them by: give them a conversation_id or "
        "case_reference, or say in cases.erasure.KEPT why nothing in them tells of a person"
    )
    assert all(KEPT.values())


def test_a_table_that_belongs_to_nobody_is_seen() -> None:
    planted = sa.Table(
        "whispers", sa.MetaData(), sa.Column("organisation", sa.Text), sa.Column("text", sa.Text)
    )
    assert place_of(planted) is None
    assert planted.name not in KEPT


def test_a_case_is_erased_whole_and_who_has_had_it_is_named(store: Store) -> None:
    file_a_case(store, targets=("folder", "rt"))
    outbox = metadata.tables["outbox"]
    store.write_sync(
        lambda conn: conn.execute(outbox.update().where(outbox.c.target == "rt").values(state="delivered"))
    )
    erased = store.write_sync(lambda conn: erase(conn, "cqm", [f"c-{REFERENCE}"], "request", NOW))
    assert erased.references == (REFERENCE,)
    assert erased.receivers == ("rt",)
    assert erased.rows["messages"] == 2
    for name, table in metadata.tables.items():
        here = store.read_sync(partial(how_many, table))
        assert bool(here) == (name in ("audit", "audit_heads", "tombstones", "report_kept")), name
    last = store.read_sync(
        lambda conn: conn.execute(
            sa.select(audit.c.action, audit.c.actor).order_by(audit.c.number.desc())
        ).first()
    )
    assert last == ("conversation.erased", "staff")
    assert store.read_sync(audit_check.verify).breaks == []


def how_many(table: sa.Table, conn: sa.Connection) -> int:
    return int(conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_a_neighbour_is_not_touched(store: Store) -> None:
    file_a_case(store)
    file_a_case(store, reference="CQM-2", conversation_reference="CQM-2")
    store.write_sync(lambda conn: erase(conn, "cqm", ["c-CQM-2"], "request", NOW))
    left = metadata.tables["cases"].c.reference
    assert store.read_sync(lambda conn: conn.execute(sa.select(left)).scalars().all()) == [REFERENCE]
    # The same id at another organisation is nobody's.
    assert (
        store.write_sync(lambda conn: erase(conn, "cim", [f"c-{REFERENCE}"], "request", NOW)).references == ()
    )
    assert store.read_sync(audit_check.verify).breaks == []


def test_nothing_that_is_held_is_erased_until_it_is_lifted(store: Store) -> None:
    file_a_case(store)
    assert store.write_sync(lambda conn: place_hold(conn, REFERENCE, "a claim", "Ann", NOW))
    assert not store.write_sync(lambda conn: place_hold(conn, REFERENCE, "again", "Ann", NOW))
    assert [hold.why for hold in store.read_sync(holds_of)] == ["a claim"]
    with pytest.raises(OnHold):
        store.write_sync(lambda conn: erase(conn, "cqm", [f"c-{REFERENCE}"], "request", NOW))
    assert store.write_sync(lambda conn: lift_hold(conn, REFERENCE, NOW))
    assert not store.write_sync(lambda conn: lift_hold(conn, REFERENCE, NOW))
    assert store.write_sync(lambda conn: erase(conn, "cqm", [f"c-{REFERENCE}"], "request", NOW)).references
    actions = store.read_sync(
        lambda conn: conn.execute(sa.select(audit.c.action).order_by(audit.c.number)).scalars().all()
    )
    assert [action for action in actions if action.startswith("hold.")] == ["hold.placed", "hold.lifted"]


def test_a_hold_on_what_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(UnknownReference):
        store.write_sync(lambda conn: place_hold(conn, "CQM-9", "a claim", "Ann", NOW))


def test_a_greeting_that_told_nothing_leaves_no_line(store: Store) -> None:
    say(store)
    store.write_sync(lambda conn: erase(conn, "cqm", ["c1"], "retention", NOW))
    assert store.read_sync(lambda conn: conn.execute(sa.select(tombstones)).all()) == []


def test_the_words_are_gone_from_the_file_itself(tmp_path: Path) -> None:
    """SQLite leaves what is deleted in the file's free pages, unless it is told not to."""
    path = tmp_path / "hearout.db"
    migrate(f"sqlite:///{path}")
    store = open_store(f"sqlite:///{path}")
    canary = "kingfisher"
    file_a_case(store, narrative=f"{canary} " * 3000)
    say(store, conversation_id="c2", key_hash="k2", reference="CQM-2", said=f"{canary} again")
    store.close()
    assert canary.encode() in path.read_bytes()
    store = open_store(f"sqlite:///{path}")
    store.write_sync(lambda conn: erase(conn, "cqm", [f"c-{REFERENCE}", "c2"], "request", NOW))
    store.close()
    assert sorted(tmp_path.glob("*-wal")) == []
    assert canary.encode() not in path.read_bytes()
