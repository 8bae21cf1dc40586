"""That cases were taken out of the register as a file: what the audit trail keeps of it, and how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases import audit
from cases.events import Writer
from cases.listing import OF_MANY
from cases.models import closings

FILE, CASE = "cases.exported", "case.exported"


def told_of_cases(
    conn: Connection, organisation: str, references: Sequence[str], writer: Writer, at: datetime
) -> None:
    """Keep that these cases are in a file."""
    each = [audit.Event(CASE, name, writer.actor, caller=writer.caller) for name in references]
    audit.append(conn, organisation, at, each)


def told_of_file(
    conn: Connection, organisation: str, file: bytes, number: str, writer: Writer, at: datetime
) -> None:
    """Keep that a file was made.

    Its digest is keyed with the export's own number, which stands in the file and its name alone: whoever has the file
    can show which export it is, and nobody can find out from the trail what was in it.
    """
    digest = audit.digest_of(file.decode("utf-8-sig"), number)
    audit.append(
        conn, organisation, at, [audit.Event(FILE, OF_MANY, writer.actor, digest, caller=writer.caller)]
    )


def endings(conn: Connection, organisation: str, references: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By reference, of those that are closed: `outcome`, and `closed_at` as RFC 3339."""
    query = sa.select(closings.c.case_reference, closings.c.outcome, closings.c.closed_at).where(
        closings.c.organisation == organisation, closings.c.case_reference.in_(list(references))
    )
    return {
        row.case_reference: {"outcome": row.outcome, "closed_at": row.closed_at.isoformat()}
        for row in conn.execute(query)
    }
