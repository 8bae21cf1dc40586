"""A data folder with cases in it, keys to them, and a server over it: what the tests of the cases API share."""

from __future__ import annotations

import secrets
import ssl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from cases import keys
from cases.keys import RANDOM_BYTES, SCOPES, NewKey
from cases.store import Store, migrate, open_store
from tests.cases.afterlife import pack
from tests.cases.builders import a_decision, a_filing, say
from tests.channels.servers import STRANGER, Running, running

NOW = datetime.now(UTC).replace(microsecond=0)
RECEIVED = NOW - timedelta(days=3)
FIRST, SECOND, RESTRICTED, OTHER = "CQM-0000-0001-1", "CQM-0000-0002-2", "CQM-0000-0003-3", "CIM-0000-0001-1"
CASES = "/api/v1/cases"
ACKNOWLEDGE, RESPOND = 8, 20
SOON = pack().calendar.add(RECEIVED.date(), ACKNOWLEDGE, "working_day")

# Reading the certificates of the world takes longer than a test; nothing here speaks TLS.
_UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def decision(**respond: Any) -> dict[str, Any]:
    """A decision of some days ago, whose promises are still to come."""
    made = a_decision()
    acknowledge, answer, escalate = made["clocks"]
    # As the policy counts them, or the watch over the clocks would put them right.
    soon, later = (
        pack().calendar.add(RECEIVED.date(), amount, "working_day") for amount in (ACKNOWLEDGE, RESPOND)
    )
    may = {"amount": 10, "unit": "working_day", "times": 1, "needs_reason": True, "needs_consent": False,
           "must_tell": [], "latest_day": None}  # fmt: skip
    clocks = [
        {**acknowledge, "amount": ACKNOWLEDGE, "due": soon.isoformat()},
        {
            **answer,
            "amount": RESPOND,
            "due": later.isoformat(),
            "may_stop": True,
            "extension": may,
            **respond,
        },
        {**escalate, "from": "response_received"},
    ]
    return {**made, "clocks": clocks, "acknowledge_by": soon.isoformat(), "respond_by": later.isoformat()}


def file(store: Store, reference: str, organisation: str = "cqm", **record: Any) -> None:
    """One case, received some days ago."""
    fields = {
        "organisation": organisation,
        "reference": reference,
        "conversation_reference": reference,
        "received_at": RECEIVED,
        "first_told_at": RECEIVED,
        "filed_at": RECEIVED,
        "decision": {**decision(), "organisation": organisation},
        **record,
    }
    filing = a_filing(**fields)
    say(store, organisation=organisation, conversation_id=f"c-{reference}", key_hash=f"k-{reference}",
        reference=reference, state="filed", cases=(filing,), targets=(), at=RECEIVED, data={"state": "filed"})  # fmt: skip


def make_key(store: Store, organisation: str = "cqm", scopes: tuple[str, ...] = SCOPES, days: int | None = 1,
             now: datetime | None = None) -> str:  # fmt: skip
    wanted = NewKey(organisation=organisation, name=f"{organisation} system", scopes=scopes, days=days)
    random = secrets.token_bytes(RANDOM_BYTES)
    return store.write_sync(lambda conn: keys.add(conn, wanted, random, now or datetime.now(UTC)))


@dataclass
class Register:
    """A server, and the keys that were made: by name."""

    server: Running
    keys: dict[str, str]
    spare: list[str] = field(default_factory=list)

    def take(self) -> str:
        """The reference of a case that no other test has."""
        return self.spare.pop()

    def client(self, name: str | None, **headers: str) -> httpx.Client:
        """Calls as a stranger with that key does; None is one without."""
        given = {"X-Forwarded-For": STRANGER, **headers}
        if name is not None:
            given["Authorization"] = f"Bearer {self.keys.get(name, name)}"
        return httpx.Client(base_url=self.server.url, headers=given, timeout=20, verify=_UNUSED)

    def tell(
        self, reference: str, kind: str, *, key: str = "all", seen: str | None = "*", **more: Any
    ) -> httpx.Response:
        """Tell an event, under an idempotency key of its own."""
        with self.client(key) as client:
            headers = {"Idempotency-Key": f'"{uuid.uuid4()}"', **({"If-Match": seen} if seen else {})}
            return client.post(f"{CASES}/{reference}/events", json={"kind": kind, **more}, headers=headers)


@contextmanager
def register(folder: Path, url: str | None = None, spare: int = 0, **settings: Any) -> Iterator[Register]:
    """Three cases of one organisation, one of them restricted, and one of another; `url` is the database's."""
    database = url or f"sqlite:///{folder / 'hearout.db'}"
    migrate(database)
    store = open_store(database)
    try:
        file(store, FIRST)
        file(store, SECOND, channel="phone")
        file(store, RESTRICTED, restricted=True, restricted_because=["member_conduct"])
        file(store, OTHER, "cim")
        more_cases = [f"CQM-SPRE-{number:04d}-4" for number in range(spare)]
        for reference in more_cases:
            file(store, reference)
        made = {
            "all": make_key(store),
            "reader": make_key(store, scopes=("cases:read",)),
            "cim": make_key(store, "cim"),
            "expired": make_key(store, now=datetime.now(UTC) - timedelta(days=2)),
            "revoked": make_key(store),
        }
        prefix = made["revoked"].split(".")[2]
        store.write_sync(lambda conn: keys.revoke(conn, "cqm", prefix, NOW))
    finally:
        store.close()
    more: dict[str, Any] = {} if url is None else {"database_url": url}
    with running(folder, delivery="off", **more, **settings) as server:
        yield Register(server, made, more_cases)
