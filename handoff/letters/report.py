"""The board's report as an accessible PDF (PDF/UA-1): tagged tables, charts with their words, from finished content."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handoff.letters.pdf import set_pages

LAYOUT = Path(__file__).with_name("report.typ")


def as_pdf(content: Mapping[str, Any], as_of: datetime) -> bytes:
    """The PDF of the content that the page shows; the same content gives the same bytes.

    Raises handoff.letters.pdf.NoLayout.
    """
    shown = {
        **content,
        "unprintable": "",
        "labels": {"unprintable": "Where this report shows □, no font has the sign."},
    }
    return set_pages(LAYOUT, shown, as_of.astimezone(UTC).date().isoformat())
