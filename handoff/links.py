"""Addresses of this server that go out with a case, so that whoever receives it can come for its files.

None of them opens anything by itself: programs bring an API key, people sign in. They may stand in a ticket for years.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from handoff.enclosed import files_of
from handoff.target import Delivery


@dataclass(frozen=True, slots=True)
class Links:
    """`base` is the public address of this server; empty: nobody outside could come, and nothing is told."""

    base: str = ""

    def of(self, item: Delivery) -> dict[str, Any] | None:
        """`case` and `files` for programs with a key, `page` for staff, `text` for a ticket; None for no case."""
        if not self.base or not item.kind.startswith("case."):
            return None
        reference, base = quote(item.reference, safe=""), self.base.rstrip("/")
        case = f"{base}/api/v1/cases/{reference}"
        files = [
            {
                "id": file["id"],
                "name": file.get("name"),
                "url": f"{case}/evidence/{quote(file['id'], safe='')}",
            }
            for file in files_of(item.record)
            # What a scanner found something in is given to nobody.
            if file.get("scan") != "infected"
        ]
        return {
            "case": case,
            "page": f"{base}/{quote(item.organisation, safe='')}/staff/cases/{reference}",
            "files": files,
            "text": "\n".join(f"{file['name'] or 'file'}: {file['url']}" for file in files),
        }
