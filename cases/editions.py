"""The published versions of the rules, taken from the database onto the shelf that decisions are made from."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from cases import rulebook
from cases.store import Store
from policy_rules.shelf import PackShelf


def adopt(packs: PackShelf, store: Store, now: datetime) -> list[str]:
    """Take the versions that are not on the shelf yet; the findings of those that cannot be used.

    Blocks for a read. Each is checked by its digest: one that was changed is refused, and the one before it governs.
    """
    known = packs.newest
    found = store.read_sync(lambda conn: rulebook.unknown_to(conn, known))
    findings: list[str] = []
    for organisation, versions in groupby(found, lambda version: version.organisation):
        findings += packs.adopt(organisation, [version.edition for version in versions], now)
    return findings
