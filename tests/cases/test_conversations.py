"""One turn is one whole: kept once, answered the same when it is sent again, refused when it is late."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import conversations as conv
from cases.models import messages
from cases.store import Store
from tests.cases.builders import NOW, REFERENCE, a_turn, file_a_case, say

KEY = "k" * 64


def _find(store: Store) -> conv.Conversation:
    found = store.read_sync(lambda conn: conv.find(conn, "cqm", KEY))
    assert found is not None
    return found


def _count(store: Store) -> int:
    return store.read_sync(
        lambda conn: conn.execute(sa.select(sa.func.count()).select_from(messages)).scalar_one()
    )


def test_a_first_turn_makes_the_conversation_and_both_messages(store: Store) -> None:
    assert say(store) == conv.CommittedTurn(seq=2, version=1)
    found = _find(store)
    assert (found.id, found.reference, found.version, found.last_seq, found.state) == (
        "c1",
        REFERENCE,
        1,
        2,
        "draft",
    )
    said, reply = store.read_sync(lambda conn: conv.messages_after(conn, "cqm", "c1", 0))
    assert (said.seq, said.role, said.text, said.message_id) == (
        1,
        "complainant",
        "My tutor lost my work.",
        "m1",
    )
    assert (reply.seq, reply.role, reply.in_reply_to, reply.entries) == (2, "assistant", 1, a_turn().entries)


def test_later_turns_number_on_and_keep_the_first_telling(store: Store) -> None:
    say(store, first_told_at=NOW)
    later = NOW + timedelta(hours=1)
    changes = {"state": "withdrawn", "data": {"answers": {"story": "x"}}, "first_told_at": later, "at": later}
    assert say(store, expected_version=1, message_id="m2", **changes) == conv.CommittedTurn(4, 2)
    found = _find(store)
    assert (found.version, found.last_seq, found.state) == (2, 4, "withdrawn")
    assert found.data == {"answers": {"story": "x"}}
    assert (found.first_told_at, found.created_at, found.updated_at) == (NOW, NOW, later)
    assert [m.seq for m in store.read_sync(lambda conn: conv.messages_after(conn, "cqm", "c1", 2))] == [3, 4]


def test_the_secret_of_another_organisation_opens_nothing(store: Store) -> None:
    say(store)
    assert store.read_sync(lambda conn: conv.find(conn, "cim", KEY)) is None
    assert store.read_sync(lambda conn: conv.replies_to(conn, "cim", "c1", "m1")) is None


def test_two_organisations_may_have_the_same_ids(store: Store) -> None:
    say(store)
    say(store, organisation="cim", reference="CIM-0000-0000-0")
    assert _count(store) == 4


def test_a_known_message_id_brings_back_the_stored_reply(store: Store) -> None:
    entries: list[dict[str, Any]] = [
        {"text": "Ŵ", "buttons": [{"title": "b", "payload": "a"}]},
        {"custom": {"z": 1, "a": [None, True]}},
    ]
    say(store, entries=entries)
    stored = store.read_sync(lambda conn: conv.replies_to(conn, "cqm", "c1", "m1"))
    assert stored == conv.StoredReply(2, entries)
    assert stored is not None
    assert list(stored.entries[1]["custom"]) == ["z", "a"]


@pytest.mark.parametrize("version", [0, 1])
def test_the_same_message_twice_is_kept_once(store: Store, version: int) -> None:
    say(store)
    with pytest.raises(conv.DuplicateMessage) as again:
        say(store, expected_version=version, said="something else", reply_text="another answer")
    assert again.value.stored == conv.StoredReply(2, a_turn().entries)
    assert _count(store) == 2
    assert _find(store).version == 1


def test_a_second_opening_under_the_same_secret_gets_the_first_ones_reply(store: Store) -> None:
    say(store)
    with pytest.raises(conv.DuplicateMessage):
        say(store, conversation_id="c2", reference="CQM-1111-1111-1")


def test_a_turn_on_an_older_version_is_stale_and_leaves_nothing(store: Store) -> None:
    say(store)
    say(store, expected_version=1, message_id="m2")
    with pytest.raises(conv.StaleConversation):
        say(store, expected_version=1, message_id="m3")
    with pytest.raises(conv.StaleConversation):
        say(store, expected_version=0, message_id="m3", conversation_id="c2", reference="CQM-1111-1111-1")
    assert _count(store) == 4


def test_a_reference_in_use_is_told_apart_from_a_stale_turn(store: Store) -> None:
    say(store)
    with pytest.raises(conv.ReferenceTaken):
        say(store, conversation_id="c2", key_hash="other")
    file_a_case(store, reference="CQM-2222-2222-2")
    with pytest.raises(conv.ReferenceTaken):
        say(store, conversation_id="c3", key_hash="third", reference="CQM-2222-2222-2")


def test_a_message_id_has_a_limit(store: Store) -> None:
    say(store, message_id="m" * 200)
    with pytest.raises(conv.MessageIdTooLong):
        say(store, expected_version=1, message_id="m" * 201)


def test_an_opening_in_which_nobody_spoke_is_not_in_the_transcript(store: Store) -> None:
    say(store, said="", message_id="hello")
    say(store, expected_version=1, message_id="m2", said=" two  spaces\n")
    told = store.read_sync(lambda conn: conv.transcript(conn, "cqm", "c1"))
    assert [(m.seq, m.role) for m in told] == [(2, "assistant"), (3, "complainant"), (4, "assistant")]
    assert told[1].text == " two  spaces\n"


async def _race(store: Store, turns: int, **changes: object) -> list[object]:
    def work(i: int) -> object:
        turn = a_turn(message_id=f"r{i}", **changes)
        return store.write(lambda conn: conv.commit_turn(conn, turn))

    waiting = [work(i) for i in range(turns)]
    return list(await asyncio.gather(*waiting, return_exceptions=True))  # type: ignore[call-overload]


@pytest.mark.parametrize("version", [0, 1])
def test_of_turns_that_race_one_wins(store: Store, version: int) -> None:
    if version:
        say(store)
    results = asyncio.run(_race(store, 20, expected_version=version))
    won = [result for result in results if isinstance(result, conv.CommittedTurn)]
    assert len(won) == 1
    assert sum(type(result) is conv.StaleConversation for result in results) == 19
    assert _find(store).version == version + 1
