"""The console in this process, on a real database, with staff and cases: what its tests share.

A `Colleague` is somebody with a browser: keeps cookies, reads pages, sends their forms as a browser does.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.app import create_app
from bot.console import cookies
from bot.settings import Settings
from cases import sessions, staff
from cases.sessions import Limits
from cases.staff import ID_BYTES, SECRET_BYTES, Account
from cases.store import Store
from tests.api.registered import file

PASSWORD = "purple lantern otter seven"
FIRST, RESTRICTED, OTHER = "CQM-0000-0001-1", "CQM-0000-0003-3", "CIM-0000-0001-1"
HOST = "http://127.0.0.1:8000"


@dataclass
class Clock:
    """The present, moved by hand."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass
class Office:
    """The app, its store, and the clock that both go by."""

    app: FastAPI
    clock: Clock
    limits: Limits = field(default_factory=Limits)

    @property
    def store(self) -> Store:
        store: Store = self.app.state.house.store
        return store

    def invite(self, email: str, roles: Sequence[str] = ("staff",), organisation: str = "cqm") -> str:
        """The secret of an invitation."""
        random, now = secrets.token_bytes(SECRET_BYTES + ID_BYTES), self.clock()
        until = now + timedelta(days=3)
        return self.store.write_sync(
            lambda conn: staff.invite(conn, organisation, email, roles, random, now, until)
        )

    def account(
        self,
        email: str,
        roles: Sequence[str] = ("staff",),
        organisation: str = "cqm",
        kept: str | None = None,
    ) -> Account:
        """Somebody who has joined, with this hash of a password: by default one that nothing verifies against."""
        secret, now = self.invite(email, roles, organisation), self.clock()
        made = self.store.write_sync(
            lambda conn: staff.join(conn, organisation, secret, kept or "none", email.partition("@")[0], now)
        )
        assert made is not None
        return made

    def browser(self, organisation: str = "cqm") -> Colleague:
        """Somebody who has not signed in."""
        return Colleague(self, organisation)

    def signed_in(
        self, *roles: str, organisation: str = "cqm", email: str | None = None, account: Account | None = None
    ) -> Colleague:
        """Somebody with these roles, signed in without the trouble of a password."""
        who = account or self.account(
            email or f"{secrets.token_hex(6)}@example.org", roles or ("staff",), organisation
        )
        token, now = cookies.new_token(), self.clock()
        self.store.write_sync(
            lambda conn: sessions.begin(conn, who, token, "password", "Firefox, Linux", now, self.limits)
        )
        colleague = Colleague(self, organisation)
        colleague.http.cookies.set(f"hearout-staff-{organisation}", token, domain="127.0.0.1", path="/")
        return colleague

    def trail(self, organisation: str = "cqm") -> list[tuple[str, str, str | None]]:
        """What the audit trail holds: action, reference, caller."""
        import sqlalchemy as sa

        from cases.models import audit

        query = sa.select(audit.c.action, audit.c.reference, audit.c.caller).where(
            audit.c.organisation == organisation
        )
        return [tuple(row) for row in self.store.read_sync(lambda conn: conn.execute(query).all())]


class Colleague:
    """One browser. Forms are sent with the headers that a browser sends with them."""

    def __init__(self, office: Office, organisation: str) -> None:
        self.office = office
        self.organisation = organisation
        self.home = f"/{organisation}/staff"
        self.http = TestClient(
            office.app, base_url=HOST, follow_redirects=False, client=("127.0.0.1", 50000),
            raise_server_exceptions=False,
        )  # fmt: skip
        self.page: Any = None

    def get(self, path: str = "", **headers: str) -> Any:
        self.page = self.http.get(path if path.startswith("http") else self.home + path, headers=headers)
        return self.page

    def post(
        self, path: str, *, csrf: str | None = "", headers: dict[str, str] | None = None, **fields: Any
    ) -> Any:
        """Send a form. `csrf` "" takes the token of the last page, None sends none."""
        sent = dict(fields)
        if csrf is not None:
            sent["csrf"] = csrf or self.token
        given = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        self.page = self.http.post(self.home + path, data=sent, headers=given)
        return self.page

    def sign_in(self, email: str, password: str = PASSWORD, **fields: Any) -> Any:
        self.get("/sign-in")
        return self.post("/sign-in", email=email, password=password, **fields)

    @property
    def token(self) -> str:
        """The token of the page that was last read; of the account page where that one has none."""
        page = self.page
        if page is None or 'name="csrf"' not in page.text:
            page = self.http.get(f"{self.home}/account")
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
        assert found is not None, page.text
        return found[1]

    @property
    def cookie(self) -> str | None:
        """The session's token, as the browser holds it."""
        return self.http.cookies.get(f"hearout-staff-{self.organisation}")

    @property
    def text(self) -> str:
        """What the main part of the last page says."""
        main = self.page.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main))).strip()

    @property
    def is_signed_in(self) -> bool:
        return bool(self.http.get(f"{self.home}/account").status_code == 200)


@contextmanager
def office(folder: Path, url: str | None = None, **settings: Any) -> Iterator[Office]:
    """The app over a database with four cases; its loops do not run."""
    clock = Clock()
    database: dict[str, Any] = {} if url is None else {"database_url": url}
    app = create_app(Settings(data_dir=folder, delivery="off", **database, **settings), clock=clock)
    try:
        store = app.state.house.store
        file(store, FIRST)
        file(store, RESTRICTED, restricted=True, restricted_because=["member_conduct"])
        file(store, OTHER, "cim")
        yield Office(app, clock)
    finally:
        app.state.house.close()
