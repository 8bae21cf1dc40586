"""An organisation that begins here: its id is nobody else's, on both databases and whoever is first."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from cases import audit, drafts, organisations
from cases.drafts import About
from cases.events import Writer
from cases.organisations import Founding, IdTaken, Invited, begun, found
from cases.staff import ID_BYTES, SECRET_BYTES
from cases.store import Store
from policy_rules.edits import empty_pack

NOW = datetime(2026, 12, 21, 10, 0, tzinfo=UTC)
JO = Writer("Jo Field", "staff", "0" * 24)
SIZE = ID_BYTES + SECRET_BYTES


def founding(organisation: str = "svit", seed: int = 1) -> Founding:
    jo = Invited("Jo Field", "jo@example.org", ("rules_editor",), bytes([seed]) * SIZE)
    lee = Invited("Lee Warden", "lee@example.org", ("rules_approver",), bytes([seed + 1]) * SIZE)
    text = empty_pack(organisation, "The Institute", "SVIT")
    return Founding(organisation, "The Institute", About("First", "They are."), text, f"{seed:032x}", jo, lee)


def test_of_two_that_take_one_id_at_once_one_has_it(store: Store) -> None:
    gate, made, refused = threading.Barrier(2), [], []

    def take(seed: int) -> None:
        gate.wait()
        try:
            made.append(store.write_sync(lambda conn: found(conn, founding(seed=seed), JO, "cim", NOW)))
        except IdTaken as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=take, args=(seed,)) for seed in (1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 1)
    open_ones = store.read_sync(lambda conn: drafts.list_drafts(conn, "svit"))
    assert len(open_ones) == 1


def test_what_was_refused_leaves_nothing(store: Store) -> None:
    store.write_sync(lambda conn: found(conn, founding(), JO, "cim", NOW))
    before = store.read_sync(audit.heads)
    with pytest.raises(IdTaken):
        store.write_sync(lambda conn: found(conn, founding(seed=5), JO, "cim", NOW))
    assert store.read_sync(audit.heads) == before


def test_what_it_is_called_stands_in_its_newest_draft(store: Store) -> None:
    assert store.read_sync(lambda conn: begun(conn, "svit")) is None
    store.write_sync(lambda conn: found(conn, founding(), JO, "cim", NOW))
    text = store.read_sync(lambda conn: begun(conn, "svit"))
    assert text is not None
    assert "The Institute" in text
    assert store.read_sync(lambda conn: begun(conn, "cim")) is None


@pytest.mark.parametrize("wanted", ["", "a", "Svit", "sv it", "sv-it", "svit1", "a" * 21, "é" * 3, "svit\n"])
def test_an_id_has_letters_alone(wanted: str) -> None:
    with pytest.raises(organisations.BadId):
        organisations.check_id(wanted, ())


def test_an_id_that_is_taken_or_reserved_is_refused() -> None:
    with pytest.raises(IdTaken):
        organisations.check_id("cim", {"cim"})
    with pytest.raises(organisations.BadId, match="word of the server"):
        organisations.check_id("api", ())
    assert organisations.check_id("svit", {"cim"}) == "svit"
