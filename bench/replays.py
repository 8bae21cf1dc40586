"""A register of generated cases, decided again under a draft: how long that takes, and what it finds.

The cases are spread over three years, their facts over everything that the policy tells apart; each record is as long
as a real one. Half a second is also given to a replay that may not take longer: it says what it did not look at.
"""

from __future__ import annotations

import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench.figures import Figure
from cases.models import cases, conversations
from cases.replay import Wanted, replay
from cases.store import Store, migrate, open_store
from policy_rules.compiled import CompiledPack
from policy_rules.facts import VOCABULARY
from policy_rules.loader import parse_pack
from policy_rules.replay import Replayed
from policy_rules.shelf import SHIPPED, PackShelf

CASES, ORGANISATION = 100_000, "cim"
SHORT_SECONDS = 0.5
UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)
_BATCH = 5_000
_WORDS = "The letters that I wrote in spring were never answered, and nobody could tell me who had them. "
# CIM's acknowledgement within one working day, in place of two.
_OLD = "    amount: 2\n    unit: working_day\n    force: will\n    clause: Complaints procedure\n"


def draft() -> CompiledPack:
    """CIM's rules with the acknowledgement a day sooner."""
    text = (SHIPPED / f"{ORGANISATION}.yml").read_text("utf-8")
    if text.count(_OLD) != 1:
        raise LookupError("CIM's acknowledgement is not where it was")
    return CompiledPack(parse_pack(text.replace(_OLD, _OLD.replace("2", "1", 1)), "draft"))


def fill(store: Store, compiled: CompiledPack, count: int, seed: int = 7) -> None:
    """Keep so many cases, decided with this pack."""
    rows = _rows(compiled, count, random.Random(seed))  # noqa: S311 - nothing here is secret
    while batch := list(itertools.islice(rows, _BATCH)):
        store.write_sync(partial(_keep, batch))


def _keep(batch: list[tuple[dict[str, Any], dict[str, Any]]], conn: Any) -> None:
    conn.execute(conversations.insert(), [conversation for conversation, _ in batch])
    conn.execute(cases.insert(), [case for _, case in batch])


def _rows(
    compiled: CompiledPack, count: int, dice: random.Random
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    organisation = compiled.pack.organisation.id
    values = {
        name: tuple(compiled.accepted[name])
        for name in compiled.pack.facts
        if compiled.accepted[name] and not (name in VOCABULARY and VOCABULARY[name].is_date)
    }
    for number in range(count):
        at = UNTIL - timedelta(minutes=dice.randrange(3 * 365 * 24 * 60))
        reference = f"BEN-{number:08d}"
        facts = {name: dice.choice(known) for name, known in values.items()}
        record = {
            "organisation": organisation,
            "reference": reference,
            "state": "filed",
            "narrative": _WORDS * dice.randrange(4, 30),
            "facts": facts,
            "escalated_from": None,
            "received_at": at.isoformat(),
        }
        own = {"organisation": organisation, "created_at": at, "updated_at": at, "first_told_at": at}
        conversation = {
            **own,
            "id": reference,
            "key_hash": reference,
            "reference": reference,
            "state": "filed",
            "version": 1,
            "channel": "chat",
            "data": {},
            "last_seq": 0,
        }
        case = {
            **own,
            "reference": reference,
            "conversation_id": reference,
            "conversation_reference": reference,
            "state": "filed",
            "received_at": at,
            "record": record,
            "policy_sha256": compiled.sha256,
            "restricted": number % 50 == 0,
        }
        yield conversation, case


def measured(folder: Path, count: int, seconds: float = 600.0) -> tuple[Replayed, Replayed, float]:
    """A replay of so many cases, one that may take half a second, and how long its longest page took."""
    url = f"sqlite:///{folder / 'hearout.db'}"
    migrate(url)
    store = open_store(url)
    try:
        packs = PackShelf()
        fill(store, packs.get(ORGANISATION), count)
        recent = UNTIL - timedelta(days=90)

        def run(limit: float) -> Replayed:
            wanted = Wanted(ORGANISATION, limit, recent_from=recent)
            return replay(store, wanted, draft(), lambda sha256, at: packs.of(ORGANISATION, sha256, at))

        whole = run(seconds)
        return whole, run(SHORT_SECONDS), whole.longest_page
    finally:
        store.close()


def replay_figures(count: int = CASES) -> list[Figure]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        whole, short, page = measured(Path(folder), count)
        filled = time.perf_counter() - began
    told = f"{sum(whole.changed.values()):,} would have changed, {whole.combinations:,} combinations decided"
    left = f"{short.cases - short.looked_at:,} of {short.cases:,} not looked at, and said so"
    return [
        Figure(f"replay of {whole.looked_at:,} cases under a draft", [whole.seconds], "s", note=told),
        Figure("cases a second", [whole.looked_at / whole.seconds], "/s"),
        Figure("longest page, behind which a turn may wait", [1000 * page], "ms"),
        Figure(f"replay in a box of {SHORT_SECONDS} s", [short.seconds], "s", note=left),
        Figure("with filling the register", [filled], "s"),
    ]
