"""What was erased before there were reports is counted by what its tombstone tells."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from cases import schema
from cases.models import tombstones
from cases.reports.making import make
from cases.reports.period import year
from cases.store import Store

AS_OF = datetime(2027, 1, 15, tzinfo=UTC)


def stone(reference: str, conversation: str, state: str, **more: Any) -> dict[str, Any]:
    row = {
        "organisation": "cqm",
        "reference": reference,
        "conversation_reference": conversation,
        "because": "retention",
        "erased_at": datetime(2026, 12, 1, tzinfo=UTC),
        "state": state,
        "channel": "chat",
        "received_on": date(2026, 5, 2),
        "disposition": None,
        "stage": None,
        "facts": {},
    }
    return {**row, **more}


def test_tombstones_become_histories(fresh_store: Store) -> None:
    filed = {
        "disposition": "accept",
        "stage": "stage_1",
        "facts": {"subject": "certificate", "nature": "complaint"},
    }
    rows = [stone(f"R{number}", f"R{number}", "filed", **filed) for number in range(6)]
    # Two matters of one conversation, and one that told something and was never sent.
    rows += [stone("R5-2", "R5", "informal", facts={"nature": "feedback"}), stone("D", "D", "abandoned")]

    def again(conn: Connection) -> None:
        settings = schema.config()
        settings.attributes["connection"] = conn
        command.downgrade(settings, "0012")
        conn.execute(tombstones.insert(), rows)
        command.upgrade(settings, "head")

    fresh_store.write_sync(again)
    made = make(fresh_store.read_sync, "cqm", year(2026), AS_OF)
    assert made.reconciliation.parts == {
        "filed": 6, "signposted": 0, "informal": 1, "withdrawn": 0, "draft": 0, "abandoned": 1,
    }  # fmt: skip
    assert made.reconciliation.holds
    assert made.tables["stage"].rows[0].id == "stage.stage_1"
    assert make(fresh_store.read_sync, "cqm", year(2025), AS_OF).reconciliation.received == 0
    query = sa.text("SELECT count(*) FROM report_kept")
    assert fresh_store.read_sync(lambda conn: conn.execute(query).scalar_one()) == 7
