"""Accounts and sessions of staff on both databases: who may sign in, and when a session is over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import sessions, staff
from cases.audit_check import verify
from cases.models import staff_sessions
from cases.sessions import Away, Limits, Session
from cases.staff import ID_BYTES, SECRET_BYTES, Account, Invitation
from cases.store import Store
from tests.cases.builders import NOW

RANDOM = bytes(range(SECRET_BYTES + ID_BYTES))
LIMITS = Limits()
US, IDENTITY = "cqm", ("https://login.example.org", "subject-1")


def invite(
    store: Store, email: str = "Jo@Example.org", *roles: str, number: int = 0, organisation: str = US
) -> str:
    random = bytes((byte + number) % 256 for byte in RANDOM)
    wanted = Invitation(organisation=organisation, email=email, roles=roles or ("staff",))
    return store.write_sync(lambda conn: staff.invited_by(conn, wanted, random, NOW))


def join(store: Store, secret: str, later: timedelta = timedelta(), organisation: str = US) -> Account | None:
    return store.write_sync(lambda conn: staff.join(conn, organisation, secret, "hash", "Jo", NOW + later))


def begin(store: Store, account: Account, token: str, later: timedelta = timedelta()) -> None:
    store.write_sync(
        lambda conn: sessions.begin(conn, account, token, "password", "Firefox", NOW + later, LIMITS)
    )


def find(store: Store, token: str, later: timedelta = timedelta(), organisation: str = US) -> Session | None:
    return store.read_sync(lambda conn: sessions.find(conn, organisation, token, NOW + later, LIMITS))


def from_provider(store: Store, roles: list[str] | None, **changes: Any) -> Account | None:
    given = {
        "identity": IDENTITY,
        "email": "jo@example.org",
        "name": "Jo",
        "proven": True,
        "number": 7,
        **changes,
    }
    random = bytes([given["number"]]) * ID_BYTES
    return store.write_sync(
        lambda conn: staff.from_provider(
            conn,
            US,
            given["identity"],
            given["email"],
            given["name"],
            roles,
            random,
            NOW,
            proven=given["proven"],
        )
    )


def test_an_invitation_becomes_an_account_and_its_link_is_used_up(store: Store) -> None:
    secret = invite(store)
    assert join(store, secret, timedelta(days=3)) is None
    assert join(store, secret, organisation="cim") is None
    account = join(store, secret)
    assert account is not None
    assert (account.email, account.roles) == ("jo@example.org", ("staff",))
    assert join(store, secret) is None


def test_two_who_use_a_link_at_once_make_one_account(store: Store) -> None:
    secret = invite(store)
    with ThreadPoolExecutor(4) as pool:
        joined = list(pool.map(lambda _: join(store, secret), range(4)))
    assert sum(account is not None for account in joined) == 1
    assert len(store.read_sync(staff.listing)) == 1


def test_a_session_is_found_by_its_token_and_organisation_alone(store: Store) -> None:
    account = join(store, invite(store))
    assert account is not None
    begin(store, account, "token")
    found = find(store, "token")
    assert found is not None
    assert (found.account, found.device, found.began_at) == (account, "Firefox", NOW)
    assert find(store, "another") is None
    assert find(store, "token", organisation="cim") is None


def test_a_session_is_over_at_its_limits_to_the_second(store: Store) -> None:
    account = join(store, invite(store))
    assert account is not None
    begin(store, account, "token")
    second = timedelta(seconds=1)
    assert find(store, "token", LIMITS.idle - second) is not None
    assert find(store, "token", LIMITS.idle) is None
    for minutes in range(20, 720, 20):
        found = find(store, "token", timedelta(minutes=minutes))
        assert found is not None
        store.write_sync(lambda conn, s=found, m=minutes: sessions.seen(conn, s, NOW + timedelta(minutes=m)))  # type: ignore[misc]
    assert find(store, "token", LIMITS.absolute - second) is not None
    assert find(store, "token", LIMITS.absolute) is None


def test_sessions_that_are_over_are_cleared_away(store: Store) -> None:
    account = join(store, invite(store))
    assert account is not None
    for number in range(3):
        begin(store, account, f"old {number}")
    begin(store, account, "new", LIMITS.absolute)
    count = sa.select(sa.func.count()).select_from(staff_sessions)
    assert store.read_sync(lambda conn: conn.execute(count).scalar()) == 1


def test_other_roles_end_sessions_and_the_same_ones_do_not(store: Store) -> None:
    account = join(store, invite(store))
    assert account is not None
    begin(store, account, "token")
    invite(store, "jo@example.org", "staff", number=1)
    assert find(store, "token") is not None
    invite(store, "jo@example.org", "auditor", number=2)
    assert find(store, "token") is None


def test_disabling_ends_everything_until_another_invitation_is_used(store: Store) -> None:
    account = join(store, invite(store))
    assert account is not None
    begin(store, account, "token")
    assert store.write_sync(lambda conn: staff.disable(conn, US, "JO@example.org", NOW)) is True
    assert store.write_sync(lambda conn: staff.disable(conn, US, "jo@example.org", NOW)) is False
    assert find(store, "token") is None
    assert from_provider(store, ["staff"]) is None
    assert join(store, invite(store, number=1)) is not None
    with pytest.raises(staff.NoSuchStaff):
        store.write_sync(lambda conn: staff.disable(conn, US, "nobody@example.org", NOW))


class TestFromAProvider:
    def test_the_roles_of_the_claim_make_an_account_and_follow_it(self, store: Store) -> None:
        account = from_provider(store, ["auditor", "staff"])
        assert account is not None
        assert account.roles == ("staff", "auditor")
        begin(store, account, "token")
        again = from_provider(store, ["auditor"], email="new.name@example.org", name="Jo Other", number=8)
        assert again is not None
        assert (again.id, again.roles, again.name) == (account.id, ("auditor",), "Jo Other")
        assert find(store, "token") is None
        assert from_provider(store, []) is None
        assert from_provider(store, None) is None

    def test_without_roles_only_who_was_invited_comes_in(self, store: Store) -> None:
        assert from_provider(store, None) is None
        invite(store)
        assert from_provider(store, None, proven=False) is None
        account = from_provider(store, None)
        assert account is not None
        assert account.roles == ("staff",)

    def test_an_address_that_is_bound_is_bound_to_one_identity(self, store: Store) -> None:
        invite(store)
        assert from_provider(store, None) is not None
        other = (IDENTITY[0], "subject-2")
        assert from_provider(store, None, identity=other) is None
        # Not even where the claim would give roles: the address is somebody's.
        assert from_provider(store, ["staff"], identity=other) is None

    def test_its_link_opens_nothing_any_more(self, store: Store) -> None:
        secret = invite(store)
        assert from_provider(store, None) is not None
        assert join(store, secret) is None


def test_who_is_away_comes_back_once_in_time_and_in_the_same_browser(store: Store) -> None:
    away = Away("nonce", "verifier", "/cqm/staff")
    back = sessions.come_back

    def go(state: str) -> None:
        store.write_sync(lambda conn: sessions.go_away(conn, US, state, "browser", away, NOW))

    go("state")
    for state, browser, organisation, later in (
        ("other", "browser", US, timedelta()),
        ("state", "other", US, timedelta()),
        ("state", "browser", "cim", timedelta()),
        ("state", "browser", US, sessions.AWAY),
    ):
        found = store.write_sync(
            lambda conn, s=state, b=browser, o=organisation, t=later: back(conn, o, s, b, NOW + t)  # type: ignore[misc]
        )
        assert found is None
    with ThreadPoolExecutor(4) as pool:
        came = list(
            pool.map(
                lambda _: store.write_sync(lambda conn: back(conn, US, "state", "browser", NOW)), range(4)
            )
        )
    assert [found for found in came if found is not None] == [away]


def test_all_of_it_is_in_an_unbroken_trail_that_names_nobody(store: Store) -> None:
    account = join(store, invite(store))
    assert account is not None
    begin(store, account, "token")
    found = find(store, "token")
    assert found is not None
    store.write_sync(lambda conn: sessions.end_everywhere(conn, found, NOW))
    store.write_sync(lambda conn: staff.disable(conn, US, "jo@example.org", NOW))
    assert store.read_sync(verify).breaks == []
    rows = store.read_sync(
        lambda conn: conn.exec_driver_sql("SELECT action, reference, caller FROM audit ORDER BY number").all()
    )
    assert [row[0] for row in rows] == [
        "staff.invited", "staff.joined", "staff.signed_in", "staff.signed_out", "staff.disabled",
    ]  # fmt: skip
    assert {row[1] for row in rows} == {account.id}
    assert "jo" not in str([row[1:] for row in rows]).lower()
