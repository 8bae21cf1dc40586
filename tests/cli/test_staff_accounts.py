"""`hearout staff`, beside a running server and without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cases.organisations import found
from cases.store import migrate, open_store
from tests.cases.test_organisations import JO, NOW, founding
from tests.channels.servers import running
from tests.cli.test_commands import hearout

INVITE = ("invite", "jo@example.org", "--organisation", "cim", "--role", "staff")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "var"
    folder.mkdir()
    migrate(f"sqlite:///{folder / 'hearout.db'}")
    return folder


def run(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    done = hearout("staff", *arguments, HEAROUT_DATA_DIR=str(folder), **settings)
    return done.returncode, done.stdout, done.stderr


def test_somebody_is_invited_listed_and_disabled_without_a_server(data: Path) -> None:
    assert run(data, "list")[1].startswith("There is nobody.")
    code, link, beside = run(data, *INVITE, "--role", "auditor", HEAROUT_PUBLIC_URL="https://c.example.org")
    assert code == 0
    assert link.startswith("https://c.example.org/cim/staff/welcome?invitation=")
    assert "works once, for 3 days" in beside
    _, listed, _ = run(data, "list")
    assert "jo@example.org: staff, auditor; invited until" in listed
    secret = link.strip().rpartition("=")[2]
    assert secret not in run(data, "list", "--json")[1]
    gone = ("disable", "jo@example.org", "--organisation", "cim")
    assert run(data, *gone)[1] == "jo@example.org is let in no more.\n"
    assert run(data, *gone)[1] == "jo@example.org was disabled before.\n"
    (told,) = json.loads(run(data, "list", "--json", "--organisation", "cim")[1])
    assert told["disabled_at"] is not None
    assert run(data, "list", "--organisation", "cqm")[1].startswith("There is nobody.")


def test_beside_a_running_server_the_link_works_there(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        code, link, _ = run(tmp_path, *INVITE, HEAROUT_PORT=port)
        assert code == 0
        assert link.startswith(f"{server.url}/cim/staff/welcome?invitation=")
        assert "You are invited" in server.http.get(link.strip()).text
        gone = ("disable", "jo@example.org", "--organisation", "cim")
        assert run(tmp_path, *gone, HEAROUT_PORT=port)[0] == 0
        assert server.http.get(link.strip()).status_code == 404


def test_nobody_from_elsewhere_can_invite(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        wanted = {"organisation": "cim", "email": "jo@example.org", "roles": ["privacy_officer"]}
        for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"Origin": "https://evil.example"}):
            for act in ("invite", "disable"):
                answer = server.http.post(f"/api/v1/staff/{act}", json=wanted, headers=headers)
                assert answer.status_code == 401
    assert run(tmp_path, "list")[1].startswith("There is nobody.")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*INVITE[:-1], "stafff"), "did you mean 'staff'"),
        (("invite", "jo@example.org", "--organisation", "cqn", "--role", "staff"), "Did you mean 'cqm'?"),
        (("invite", "jo", "--organisation", "cim", "--role", "staff"), "email: "),
        (("disable", "jo@example.org", "--organisation", "cim"), "has no member of staff"),
    ],
)
def test_what_cannot_be_is_told_with_the_cure(data: Path, arguments: tuple[str, ...], says: str) -> None:
    code, shown, told = run(data, *arguments)
    assert (code, shown) == (2, "")
    assert says in told


def test_somebody_is_invited_to_an_organisation_that_only_has_a_draft(data: Path) -> None:
    store = open_store(f"sqlite:///{data / 'hearout.db'}")
    try:
        store.write_sync(lambda conn: found(conn, founding(), JO, "cim", NOW))
    finally:
        store.close()
    to_draft = ("invite", "sam@example.org", "--organisation", "svit", "--role", "rules_approver")
    assert "/svit/staff/welcome?invitation=" in run(data, *to_draft)[1]
    code, _, said = run(data, *("nobody" if word == "svit" else word for word in to_draft))
    assert code != 0
    assert "nobody" in said
