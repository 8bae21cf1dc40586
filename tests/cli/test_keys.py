"""`hearout keys`, beside a running server and without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cases.store import migrate
from tests.channels.servers import running
from tests.cli.test_commands import hearout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "var"
    folder.mkdir()
    migrate(f"sqlite:///{folder / 'hearout.db'}")
    return folder


def run(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    done = hearout("keys", *arguments, HEAROUT_DATA_DIR=str(folder), **settings)
    return done.returncode, done.stdout, done.stderr


def test_a_key_is_made_listed_and_ended_without_a_server(data: Path) -> None:
    assert run(data, "list") == (0, "There are no keys.\n", "")
    code, key, beside = run(data, "add", "cqm", "--name", "Case system")
    assert (code, key[:12]) == (0, "hearout.cqm.")
    assert "not shown again" in beside
    prefix = key.split(".")[2]
    _, listed, _ = run(data, "list")
    assert prefix in listed
    assert "cases:read, cases:write" in listed
    assert "never used" in listed
    assert key.strip() not in listed
    assert run(data, "revoke", "cqm", prefix)[1] == f"{prefix} opens nothing any more.\n"
    assert run(data, "revoke", "cqm", prefix)[1] == f"{prefix} was revoked before.\n"
    (told,) = json.loads(run(data, "list", "--json")[1])
    assert told["revoked_at"] is not None


def test_beside_a_running_server_the_server_makes_it(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        code, key, _ = run(tmp_path, "add", "cqm", "--name", "Case system", HEAROUT_PORT=port)
        assert code == 0
        with_key = {"Authorization": f"Bearer {key.strip()}"}
        listed = server.http.get("/api/v1/cases", headers=with_key).json()
        assert (listed["cases"], listed["next"]) == ([], None)
        assert run(tmp_path, "revoke", "cqm", key.split(".")[2], HEAROUT_PORT=port)[0] == 0
        assert server.http.get("/api/v1/cases", headers=with_key).status_code == 401


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "cqm", "--name", "x", "--scopes", "cases:raed"), "did you mean 'cases:read'"),
        (("add", "cqn", "--name", "x"), "Did you mean 'cqm'?"),
        (("revoke", "cqm", "abcdefgh"), "There is no key 'abcdefgh'"),
    ],
)
def test_what_cannot_be_is_told_with_the_cure(data: Path, arguments: tuple[str, ...], says: str) -> None:
    code, shown, told = run(data, *arguments)
    assert (code, shown) == (2, "")
    assert says in told
