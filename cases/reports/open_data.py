"""Open data: how promises were kept, kind by kind, for anybody to read. Small numbers are kept back as in the report.

`clocks.schema.json` is the JSON Schema of what `clocks` gives, with what each field means; a test keeps the two equal.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cases.reports.hiding import SMALLEST
from cases.reports.measures import Promise, Report
from cases.reports.sheets import sheet

SMALL = f"1 to {SMALLEST - 1}"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Promised(_Part):
    """How long the organisation gave itself."""

    amount: int | None = Field(description="How many; null where the policy gives none.")
    unit: str | None = Field(description="working_day, calendar_day, week, month or hour.")


class Kept(_Part):
    """One kind of promise, over the complaints that were received in the period and had it."""

    kind: str = Field(description="acknowledge, respond, written_record ...: what was promised.")
    promised: list[Promised] = Field(
        description="What the policy promised; several where its rules differ or changed."
    )
    complaints: int | None = Field(description="How many had such a promise. Null: kept back.")
    kept: int | None = Field(description="Done by the end of the last day. Null: kept back.")
    late: int | None = Field(description="Done after the last day. Null: kept back.")
    not_kept: int | None = Field(description="Not done, and the last day is over. Null: kept back.")
    not_due_yet: int | None = Field(description="Not done, and there is still time. Null: kept back.")
    no_longer_owed: int | None = Field(
        description="The case ended without an answer, or went elsewhere, before it was due. Null: kept back."
    )
    kept_percent: float | None = Field(
        description="kept out of kept, late and not_kept, to one decimal. Null: none came due, or a count is kept back."
    )
    few: list[str] = Field(
        description=f"The counts that are null because they are {SMALL}; another null would give one of these away."
    )


class Clocks(_Part):
    """Promises kept and missed by one organisation in one period."""

    schema_version: Literal["1"] = "1"
    organisation: str = Field(description="The short name in addresses, such as cqm.")
    received_from: date = Field(description="The first day of receipt; days are those of London.")
    received_to: date = Field(description="The last day of receipt.")
    as_of: datetime = Field(
        description="What was known at this instant; the same instant gives the same numbers."
    )
    smallest_shown: int = Field(description="Counts from 1 to one less than this are kept back.")
    clocks: list[Kept]


_COUNTS = {
    "complaints": "total",
    "kept": "kept",
    "late": "late",
    "not_kept": "not_kept",
    "not_due_yet": "running",
    "no_longer_owed": "stopped",
}


def clocks(report: Report) -> Clocks:
    """The open data of a report."""
    return Clocks(
        organisation=report.organisation,
        received_from=report.period.first,
        received_to=report.period.last,
        as_of=report.as_of,
        smallest_shown=SMALLEST,
        clocks=[_kept(promise) for promise in report.promises if promise.total.now.value != 0],
    )


def _kept(promise: Promise) -> Kept:
    cells = {
        name: (promise.total if source == "total" else promise.counts[source]).now
        for name, source in _COUNTS.items()
    }
    return Kept(
        kind=promise.kind,
        promised=[Promised(amount=amount, unit=unit) for amount, unit in promise.amounts],
        **{name: cell.value for name, cell in cells.items()},
        kept_percent=promise.share,
        few=[name for name, cell in cells.items() if cell.hidden == "small"],
    )


def as_json(report: Report) -> bytes:
    """The open data as JSON; the same report gives the same bytes."""
    return (json.dumps(clocks(report).model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n").encode()


def as_csv(report: Report) -> bytes:
    """The same as CSV: a line for each kind of promise."""
    found = clocks(report)
    header = [
        "organisation",
        "received_from",
        "received_to",
        "as_of",
        "kind",
        "promised",
        *_COUNTS,
        "kept_percent",
        "few",
    ]
    rows = [
        [
            found.organisation,
            found.received_from,
            found.received_to,
            found.as_of.isoformat(),
            one.kind,
            "; ".join(f"{p.amount} {p.unit}" for p in one.promised),
            *(getattr(one, name) for name in _COUNTS),
            one.kept_percent,
            " ".join(one.few),
        ]
        for one in found.clocks
    ]
    return sheet(header, rows)


def schema() -> dict[str, Any]:
    """The JSON Schema of the open data."""
    made = Clocks.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
