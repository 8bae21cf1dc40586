"""What the columns keep and what they refuse, on both databases."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import IntegrityError

from cases import conversations as conv
from cases.models import NaiveInstant, NulCharacter
from cases.store import Store
from tests.cases.builders import say

LONDON = ZoneInfo("Europe/London")


def test_a_summer_time_instant_comes_back_as_the_same_instant_in_utc(store: Store) -> None:
    noon = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=LONDON)
    say(store, at=noon, first_told_at=noon)
    found = store.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64))
    assert found is not None
    assert found.first_told_at == noon
    assert found.created_at == datetime(2026, 7, 1, 11, 0, 0, 123456, tzinfo=UTC)
    assert found.created_at.tzinfo is UTC


def test_an_instant_without_offset_is_refused_and_nothing_is_stored(store: Store) -> None:
    with pytest.raises(NaiveInstant):
        say(store, at=datetime(2026, 7, 1, 12, 0))  # noqa: DTZ001 - the fault that is planted
    assert store.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"said": "lost\x00work"},
        {"data": {"answers": {"story": ["a", {"b": "x\x00"}]}}},
        {"data": {"an\x00swers": 1}},
        {"message_id": "m\x00"},
        {"entries": [{"text": "\x00"}]},
        {"recorded_by": "\x00"},
    ],
)
def test_nul_is_refused_wherever_it_stands(store: Store, changes: dict[str, object]) -> None:
    with pytest.raises(NulCharacter) as refusal:
        say(store, **changes)
    assert refusal.value.problem()["status"] == 422
    assert store.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64)) is None


def test_a_backslash_before_u0000_is_only_text(store: Store) -> None:
    typed = "C:\\u0000 and \\\\u0000"
    say(store, said=typed, data={"answers": {"story": typed}}, entries=[{"text": typed}])
    found = store.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64))
    assert found is not None
    assert found.data["answers"]["story"] == typed


@pytest.mark.parametrize(
    "words", ["😀 Ŵyn 中文 \u202e", "' OR 1=1; --", "\r\n\t  ", "a" * 20_000, "{}[]\"\\'%s:x"]
)
def test_words_come_back_exactly(store: Store, words: str) -> None:
    say(store, said=words, data={words: [words]})
    said, _ = store.read_sync(lambda conn: conv.messages_after(conn, "cqm", "c1", 0))
    found = store.read_sync(lambda conn: conv.find(conn, "cqm", "k" * 64))
    assert said.text == words
    assert found is not None
    assert found.data == {words: [words]}


def test_a_failing_statement_does_not_tell_the_words(store: Store) -> None:
    # PostgreSQL answers a broken constraint with "Failing row contains (...)", the complaint included.
    words = "secret"[::-1]  # spelt backwards, since a traceback shows these lines
    with pytest.raises(IntegrityError) as failure:
        say(store, said_role="nobody", said=words, reply_text=words)
    assert "role" in str(failure.value)
    assert words not in "".join(traceback.format_exception(failure.value))
