"""`hearout audit`: whole chains are said to be whole, a broken one ends with 1 and says where."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cases.store import migrate, open_store
from tests.cases.builders import file_a_case, say
from tests.cli.test_commands import hearout


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder with a filed case, which a running server holds."""
    url = f"sqlite:///{tmp_path / 'hearout.db'}"
    migrate(url)
    store = open_store(url)
    file_a_case(store)
    say(store, organisation="cim", conversation_id="c2", key_hash="other", reference="CIM-1")
    try:
        yield tmp_path
    finally:
        store.close()


def audit(data: Path, *arguments: str) -> tuple[int, str, str]:
    done = hearout("audit", *arguments, HEAROUT_DATA_DIR=str(data))
    return done.returncode, done.stdout, done.stderr


def tamper(data: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data / "hearout.db")) as database, database:
        for statement in ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", *statements):
            database.execute(statement)


def test_whole_chains_are_said_to_be_whole_beside_a_running_server(data: Path) -> None:
    whole = "cim: 1 entry, nothing broken.\ncqm: 2 entries, nothing broken.\n"
    assert audit(data, "verify") == (0, whole, "")


def test_a_broken_chain_ends_with_1_and_says_where_and_what(data: Path) -> None:
    tamper(data, "UPDATE audit SET actor = 'staff' WHERE organisation = 'cqm' AND number = 2")
    code, out, err = audit(data, "verify")
    assert code == 1
    assert "cqm, entry 2: it was changed" in out
    assert "cim: 1 entry, nothing broken." in out
    assert err == "1 of 2 chains broken.\n"


def test_a_tail_that_was_cut_off_is_found_against_heads_that_were_kept_elsewhere(data: Path) -> None:
    code, out, _ = audit(data, "head")
    assert (code, json.loads(out)["heads"]["cqm"]["number"]) == (0, 2)
    kept = data / "heads.json"
    kept.write_text(out)
    assert audit(data, "verify", "--head", str(kept))[0] == 0
    tamper(
        data,
        "DELETE FROM audit WHERE organisation = 'cqm' AND number = 2",
        "UPDATE audit_heads SET number = 1, hash = (SELECT hash FROM audit WHERE organisation = 'cqm')"
        " WHERE organisation = 'cqm'",
    )
    assert audit(data, "verify")[0] == 0
    code, out, _ = audit(data, "verify", "--head", str(kept))
    assert code == 1
    assert "cqm, entry 2: it is missing: when the head was exported there were 2 entries." in out


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("{}", "`hearout audit head` wrote")])
def test_a_file_of_heads_that_is_none_is_a_sentence(data: Path, text: str | None, said: str) -> None:
    path = data / "heads.json"
    if text is not None:
        path.write_text(text)
    code, out, err = audit(data, "verify", "--head", str(path))
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_before_anything_was_done_there_is_nothing_to_find(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'hearout.db'}")
    assert audit(tmp_path, "verify") == (0, "Nothing has been done yet.\n", "")
