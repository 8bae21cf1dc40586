"""API keys: shown once, kept as a hash, good until they end; and who was let in is never said to a stranger."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from cases import keys
from cases.keys import RANDOM_BYTES, NewKey, NoSuchKey
from cases.models import api_keys, audit
from cases.store import Store
from tests.cases.builders import NOW

RANDOM = bytes(range(RANDOM_BYTES))


def add(store: Store, random: bytes = RANDOM, **changes: Any) -> str:
    wanted = NewKey(
        **{"organisation": "cqm", "name": "Case system", "scopes": ["cases:read"], "days": 30, **changes}
    )
    return store.write_sync(lambda conn: keys.add(conn, wanted, random, NOW))


def find(store: Store, token: str, later: timedelta = timedelta()) -> keys.ApiKey | None:
    given = keys.presented(token)
    return None if given is None else store.read_sync(lambda conn: keys.find(conn, given, NOW + later))


def test_a_key_is_good_until_it_ends(store: Store) -> None:
    token = add(store)
    found = find(store, token)
    assert found is not None
    assert (found.organisation, found.name, found.scopes) == ("cqm", "Case system", ("cases:read",))
    assert find(store, token, timedelta(days=30)) is None
    assert find(store, token, timedelta(days=30, seconds=-1)) is not None


def test_a_key_without_an_end_goes_on(store: Store) -> None:
    assert find(store, add(store, days=None), timedelta(days=99_999)) is not None


def test_the_secret_is_kept_nowhere(store: Store) -> None:
    secret = add(store).rpartition(".")[2]
    kept = store.read_sync(
        lambda conn: str([conn.execute(sa.select(api_keys)).all(), conn.execute(sa.select(audit)).all()])
    )
    assert secret not in kept
    assert len(secret) == 43
    assert "hash" not in store.read_sync(keys.listing)[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.replace("cqm", "cim"),
        lambda token: token.replace("hearout.", "hearin."),
        lambda token: token + "A",
        lambda token: re.sub(r"\.[a-z2-7]{8}\.", ".aaaaaaaa.", token),
        lambda token: token.rpartition(".")[0],
        lambda token: "",
        lambda token: "hearout.cqm.\x00",
    ],
)
def test_whatever_is_changed_in_a_key_opens_nothing(store: Store, change: Any) -> None:
    assert find(store, change(add(store))) is None


def test_a_revoked_key_is_over_at_once_and_the_trail_says_so(store: Store) -> None:
    token = add(store)
    prefix = token.split(".")[2]
    assert store.write_sync(lambda conn: keys.revoke(conn, "cqm", prefix, NOW))
    assert find(store, token) is None
    assert not store.write_sync(lambda conn: keys.revoke(conn, "cqm", prefix, NOW))
    told = store.read_sync(lambda conn: conn.execute(sa.select(audit.c.action, audit.c.reference)).all())
    assert [tuple(row) for row in told] == [("key.added", prefix), ("key.revoked", prefix)]


def test_a_key_of_another_organisation_is_not_there(store: Store) -> None:
    prefix = add(store).split(".")[2]
    with pytest.raises(NoSuchKey):
        store.write_sync(lambda conn: keys.revoke(conn, "cim", prefix, NOW))


def test_when_it_was_used_is_written_once_a_minute(store: Store) -> None:
    token = add(store)
    key = find(store, token)
    assert key is not None
    assert keys.is_worn(key, NOW)
    store.write_sync(lambda conn: keys.used(conn, key, NOW))
    again = find(store, token)
    assert again is not None
    assert not keys.is_worn(again, NOW + timedelta(seconds=59))
    assert keys.is_worn(again, NOW + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"scopes": []}, "at least 1"),
        ({"scopes": ["case:read"]}, "did you mean 'cases:read'"),
        ({"days": 0}, "greater than or equal to 1"),
        ({"name": ""}, "at least 1"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_the_cure(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        NewKey(**{"organisation": "cqm", "name": "x", "scopes": ["cases:read"], **wrong})
