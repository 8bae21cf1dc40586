"""The cases API as a case system meets it: lists, one case, events, notes, and who may do what."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.registered import (
    CASES,
    FIRST,
    NOW,
    OTHER,
    RECEIVED,
    RESTRICTED,
    SECOND,
    SOON,
    Register,
    register,
)
from tests.channels.servers import STRANGER


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """For tests that change nothing which another one looks at."""
    with register(tmp_path_factory.mktemp("kept")) as found:
        yield found


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """For tests that change cases, each the ones that it takes."""
    with register(tmp_path_factory.mktemp("fresh"), spare=12) as found:
        yield found


def get(kept: Register, path: str = "", key: str | None = "all", **params: Any) -> httpx.Response:
    with kept.client(key) as client:
        return client.get(f"{CASES}{path}", params=params)


def references(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [case["reference"] for case in answer.json()["cases"]]


def trail(kept: Register) -> list[tuple[str, str, str | None]]:
    path = kept.server.settings.data_dir / "hearout.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT action, reference, caller FROM audit ORDER BY organisation, number")
        return list(rows)


class TestList:
    def test_a_key_sees_its_own_organisations_cases(self, kept: Register) -> None:
        assert set(references(get(kept))) == {FIRST, SECOND, RESTRICTED}
        assert references(get(kept, key="cim")) == [OTHER]

    def test_the_servers_own_key_sees_all(self, kept: Register) -> None:
        assert set(references(kept.server.http.get(CASES))) == {FIRST, SECOND, RESTRICTED, OTHER}

    def test_what_is_restricted_needs_its_scope(self, kept: Register) -> None:
        assert set(references(get(kept, key="reader"))) == {FIRST, SECOND}
        assert get(kept, f"/{FIRST}", "reader").status_code == 200
        refused = get(kept, f"/{RESTRICTED}", "reader")
        assert (refused.status_code, refused.json()["nearest"]) == (403, "cases:restricted")

    def test_pages_follow_each_other_and_end(self, kept: Register) -> None:
        seen, cursor = [], None
        for _ in range(5):
            page = get(kept, limit=1, **({"cursor": cursor} if cursor else {})).json()
            seen += [case["reference"] for case in page["cases"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert sorted(seen) == [FIRST, SECOND, RESTRICTED]

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"state": "filed"}, 3),
            ({"state": "withdrawn"}, 0),
            ({"progress": "received"}, 3),
            ({"disposition": "accept"}, 3),
            ({"handler": "Centre manager"}, 3),
            ({"reference": "0002"}, 1),
            ({"reference": "cqm-0000-0002"}, 1),
            ({"reference": "%"}, 0),
            ({"reference": "_"}, 0),
            ({"received_from": RECEIVED.date(), "received_to": RECEIVED.date()}, 3),
            ({"received_to": RECEIVED.date() - timedelta(days=2)}, 0),
            ({"due_before": SOON + timedelta(days=1)}, 3),
            ({"due_before": SOON}, 0),
            ({"organisation": "cqm"}, 3),
            ({"organisation": "cim"}, 0),
        ],
    )
    def test_filters_narrow(self, kept: Register, asked: dict[str, Any], found: int) -> None:
        assert len(references(get(kept, **asked))) == found

    def test_who_comes_again_is_shown_what_has_changed_since(self, fresh: Register) -> None:
        reference = fresh.take()
        first = get(fresh).json()
        assert first["as_of"].endswith("Z")
        # It lies a little back: nothing that is being written while the list is read is missed.
        assert datetime.fromisoformat(first["as_of"]) < datetime.now(UTC) - timedelta(minutes=1)
        soon = datetime.now(UTC).isoformat()
        assert reference not in references(get(fresh, updated_since=soon))
        assert fresh.tell(reference, "acknowledged").status_code == 201
        (case,) = [
            one for one in get(fresh, updated_since=soon).json()["cases"] if one["reference"] == reference
        ]
        assert get(fresh, f"/{reference}").headers["etag"] == f'"{case["version"]}"'
        assert reference in references(get(fresh, updated_since=first["as_of"]))

    def test_a_version_from_a_list_that_has_aged_changes_nothing(self, fresh: Register) -> None:
        reference = fresh.take()
        (listed,) = get(fresh, reference=reference).json()["cases"]
        assert fresh.tell(reference, "acknowledged", seen=None).status_code == 201
        closing = {"outcome": "resolved", "remedies": ["apology"]}
        stale = fresh.tell(reference, "closed", seen=f'"{listed["version"]}"', closing=closing)
        assert stale.status_code == 412
        (listed,) = get(fresh, reference=reference).json()["cases"]
        done = fresh.tell(reference, "closed", seen=f'"{listed["version"]}"', closing=closing)
        assert done.status_code == 201

    def test_what_is_owed_next_is_shown(self, kept: Register) -> None:
        (case,) = get(kept, reference="0002").json()["cases"]
        assert case["next_due"] == {
            "kind": "acknowledge",
            "due": SOON.isoformat(),
        }

    @pytest.mark.parametrize(
        ("asked", "where"),
        [
            ({"limit": 0}, "limit"),
            ({"limit": 100_000}, "limit"),
            ({"limit": "many"}, "limit"),
            ({"cursor": "x"}, "cursor"),
            ({"cursor": "W10"}, "cursor"),
            ({"cursor": "WyIyMDI2LTEyLTI0VDE2OjQ1OjAwIiwgImEiLCAiYiJd"}, "cursor"),
            ({"cursor": "é"}, "cursor"),
            ({"cursor": "[" * 399}, "cursor"),
            ({"received_from": "tomorrow"}, "received_from"),
            ({"received_to": "9999-12-31"}, "received_to"),
            ({"state": "gone"}, "state"),
            ({"updated_since": "2026-11-21"}, "updated_since"),
            ({"updated_since": "2026-11-21T10:00:00"}, "updated_since"),
            ({"updated_since": "9999-12-31T23:59:59-12:00"}, "updated_since"),
            ({"updated_since": "0001-01-01T00:00:00+12:00"}, "updated_since"),
            ({"reference": "\x00"}, "reference"),
            ({"reference": "x" * 201}, "reference"),
            ({"stat": "filed"}, "stat"),
            ({"state": ["filed", "withdrawn"]}, "state"),
            ({"handler": "' OR 1=1; --"}, None),
            ({"organisation": "cqm' --"}, None),
        ],
    )
    def test_hostile_filters_are_refused_or_find_nothing(
        self, kept: Register, asked: dict[str, Any], where: str | None
    ) -> None:
        answer = get(kept, **asked)
        if where is None:
            assert references(answer) == []
            return
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["where"] == where

    def test_an_unknown_filter_is_told_with_the_nearest_one(self, kept: Register) -> None:
        assert get(kept, recieved_from="2026-01-01").json()["nearest"] == "received_from"


class TestOneCase:
    def test_it_is_whole_and_its_version_is_the_etag(self, kept: Register) -> None:
        answer = get(kept, f"/{SECOND.lower()}")
        case = answer.json()
        assert answer.headers["etag"] == f'"{case["version"]}"'
        assert case["record"]["narrative"].startswith("My tutor lost my work.")
        assert [clock["kind"] for clock in case["clocks"]] == ["acknowledge", "respond", "escalate"]
        assert (case["progress"], case["closing"]) == ("received", None)

    def test_who_has_it_as_it_stands_is_not_sent_it_again(self, kept: Register) -> None:
        tag = get(kept, f"/{SECOND}").headers["etag"]
        with kept.client("all") as client:
            assert (
                client.get(f"{CASES}/{SECOND}", headers={"If-None-Match": f'"x", {tag}'}).status_code == 304
            )
            assert client.get(f"{CASES}/{SECOND}", headers={"If-None-Match": '"99"'}).status_code == 200

    @pytest.mark.parametrize(
        "reference", [OTHER, "CQM-NONE", "..%2f..%2fetc", "%00", "x" * 500, "%F0%9F%98%80"]
    )
    def test_what_is_not_theirs_is_not_there(self, kept: Register, reference: str) -> None:
        answers = [
            get(kept, f"/{reference}{path}") for path in ("", "/events", "/notes", "/evidence", "/evidence/a")
        ]
        assert {answer.status_code for answer in answers} <= {404, 422}
        if reference == OTHER:
            unknown = get(kept, "/CQM-NONE").json()
            other = answers[0].json()
            assert other["type"] == unknown["type"]
            assert other["detail"] == unknown["detail"].replace("CQM-NONE", OTHER)

    def test_each_read_is_in_the_trail_under_the_keys_name(self, kept: Register) -> None:
        before = len(trail(kept))
        for path in ("", f"/{SECOND}", f"/{SECOND}/events", f"/{SECOND}/notes", f"/{SECOND}/evidence"):
            get(kept, path)
        prefix = kept.keys["all"].split(".")[2]
        told = [entry for entry in trail(kept) if entry[2] == prefix][-5:]
        assert [(action, reference) for action, reference, _ in told] == [
            ("cases.listed", "*"),
            ("case.read", SECOND),
            ("events.read", SECOND),
            ("notes.read", SECOND),
            ("evidence.listed", SECOND),
        ]
        assert len(trail(kept)) == before + 5


class TestWhoMay:
    @pytest.mark.parametrize(
        "key",
        [
            None,
            "expired",
            "revoked",
            "hearout.cqm.aaaaaaaa." + "A" * 43,
            "hearout.",
            "hearout.x.y.z",
            "something else",
        ],
    )
    def test_without_a_good_key_it_is_401_and_not_said_why(self, kept: Register, key: str | None) -> None:
        answer = get(kept, f"/{FIRST}", key)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "expired" not in answer.json()["title"]

    def test_a_wrong_secret_under_a_right_prefix_is_401(self, kept: Register) -> None:
        token = kept.keys["all"]
        assert get(kept, key=token[:-1] + ("A" if token[-1] != "A" else "B")).status_code == 401
        assert get(kept, key=token.replace(".cqm.", ".cim.")).status_code == 401

    def test_a_bad_key_is_refused_on_this_machine_too(self, kept: Register) -> None:
        answer = kept.server.http.get(CASES, headers={"Authorization": f"Bearer {kept.keys['expired']}"})
        assert answer.status_code == 401

    def test_a_key_that_may_not_is_403_and_is_told_the_scope(self, kept: Register) -> None:
        answer = kept.tell(FIRST, "acknowledged", key="reader")
        assert (answer.status_code, answer.json()["nearest"]) == (403, "cases:write")
        assert get(kept, f"/{FIRST}/notes", "reader").status_code == 403

    def test_when_a_key_was_used_is_kept_at_most_once_a_minute(self, kept: Register) -> None:
        prefix = kept.keys["cim"].split(".")[2]

        def used() -> Any:
            return kept.server.row("api_keys", f"prefix = '{prefix}'")["last_used_at"]

        get(kept, key="cim")
        first = used()
        get(kept, key="cim")
        assert first is not None
        assert used() == first

    def test_keys_are_made_with_the_servers_key_alone(self, kept: Register) -> None:
        wanted = {"organisation": "cqm", "name": "x", "scopes": ["cases:read"], "days": 1}
        with kept.client("all") as client:
            assert client.post("/api/v1/keys", json=wanted).status_code == 401
            assert client.get("/api/v1/keys").status_code == 401
        made = kept.server.http.post("/api/v1/keys", json=wanted)
        assert made.status_code == 201
        key = made.json()["key"]
        assert references(get(kept, key=key)) != []
        prefix = key.split(".")[2]
        listed = kept.server.http.get("/api/v1/keys").text
        assert prefix in listed
        assert key.split(".")[3] not in listed
        assert kept.server.http.post(f"/api/v1/keys/cqm/{prefix}/revoke").json()["changed"] is True
        assert get(kept, key=key).status_code == 401

    @pytest.mark.parametrize(
        ("wrong", "where"),
        [({"scopes": ["cases:raed"]}, "scopes"), ({"days": 0}, "days"), ({"name": " "}, "name"), ({"organisation": "nobody"}, "organisation"), ({"colour": "red"}, "colour")],
    )  # fmt: skip
    def test_a_key_that_cannot_be_is_refused(self, kept: Register, wrong: dict[str, Any], where: str) -> None:
        wanted = {"organisation": "cqm", "name": "x", "scopes": ["cases:read"], "days": 1, **wrong}
        answer = kept.server.http.post("/api/v1/keys", json=wanted)
        assert answer.status_code in (404, 422)
        assert answer.json()["where"] == where

    def test_a_key_has_a_limit_of_its_own_and_guessing_another(self, tmp_path: Any) -> None:
        with register(tmp_path, limit_trusted="3/minute", limit_address="2/minute") as found:
            assert [get(found).status_code for _ in range(4)] == [200, 200, 200, 429]
            assert [get(found, key="hearout.x").status_code for _ in range(3)] == [401, 401, 429]


class TestEvents:
    def test_an_event_is_told_once_and_seen(self, fresh: Register) -> None:
        first = fresh.take()
        kept = fresh.tell(first, "acknowledged", seen=None, at=(NOW - timedelta(hours=1)).isoformat())
        assert (kept.status_code, kept.headers["etag"]) == (201, '"2"')
        assert kept.json()["clocks"][0]["state"] == "met"
        (event,) = get(fresh, f"/{first}/events").json()["events"]
        assert (event["kind"], event["by"]) == ("acknowledged", "cqm system")
        assert get(fresh, f"/{first}").json()["progress"] == "acknowledged"
        assert fresh.tell(first, "acknowledged").status_code == 409

    def test_a_request_sent_again_is_answered_alike(self, fresh: Register) -> None:
        here, elsewhere = fresh.take(), fresh.take()
        with fresh.client("all", **{"Idempotency-Key": '"k1"', "If-Match": '"1"'}) as client:
            body = {"kind": "closed", "closing": {"outcome": "not_upheld"}}
            first = client.post(f"{CASES}/{here}/events", json=body)
            again = client.post(f"{CASES}/{here}/events", json=body)
            assert (first.status_code, again.status_code) == (201, 201)
            assert again.json() == first.json()
            assert "idempotent-replayed" not in first.headers
            assert again.headers["idempotent-replayed"] == "true"
            other = client.post(f"{CASES}/{here}/events", json={**body, "by": "Sam"})
            assert (other.status_code, other.json()["where"]) == (422, "idempotency-key")
            there = client.post(f"{CASES}/{elsewhere}/events", json=body)
            assert there.status_code == 422

    def test_what_could_clash_needs_the_version_that_was_seen(self, fresh: Register) -> None:
        first = fresh.take()
        closing = {"outcome": "withdrawn"}
        assert fresh.tell(first, "closed", seen=None, closing=closing).status_code == 428
        stale = fresh.tell(first, "closed", seen='"7"', closing=closing)
        assert (stale.status_code, stale.json()["where"]) == (412, "if-match")
        assert fresh.tell(first, "closed", seen='W/"1"', closing=closing).status_code == 412
        assert fresh.tell(first, "closed", seen="1", closing=closing).status_code == 400
        assert fresh.tell(first, "closed", seen='"0", "1"', closing=closing).status_code == 201

    def test_without_an_idempotency_key_it_is_told_why_one_is_needed(self, kept: Register) -> None:
        with kept.client("all") as client:
            answer = client.post(f"{CASES}/{FIRST}/events", json={"kind": "acknowledged"})
            assert (answer.status_code, answer.json()["where"]) == (400, "idempotency-key")
            for bad in ('"a', "a b", "x" * 256, '""'):
                headers = {"Idempotency-Key": bad}
                answer = client.post(
                    f"{CASES}/{FIRST}/events", json={"kind": "acknowledged"}, headers=headers
                )
                assert answer.status_code == 400, bad

    @pytest.mark.parametrize(
        ("body", "where", "status"),
        [
            ({"kind": "acknowleged"}, "kind", 422),
            ({}, "kind", 422),
            ([], "kind", 422),
            ({"kind": 7}, "kind", 422),
            ({"kind": "acknowledged", "at": "2026-12-24"}, "at", 422),
            ({"kind": "acknowledged", "at": "2020-01-01T00:00:00+00:00"}, "at", 422),
            ({"kind": "acknowledged", "at": "2099-01-01T00:00:00+00:00"}, "at", 422),
            ({"kind": "acknowledged", "by": "a\x00b"}, "by", 422),
            ({"kind": "acknowledged", "form": "x"}, "form", 422),
            ({"kind": "closed", "closing": {"outcome": "upheld"}}, "closing", 422),
            ({"kind": "closed", "closing": {"outcome": "upheld", "cause": "dely"}}, "closing.cause", 422),
            ({"kind": "closed"}, "closing", 422),
            ({"kind": "extended", "to": "soon", "reason": "x"}, "to", 422),
            ({"kind": "extended", "to": "2027-01-01", "reason": " "}, "reason", 422),
            ({"kind": "fulfilled", "clock": "respnd"}, "clock", 422),
            ({"kind": "resumed"}, "kind", 409),
        ],
    )
    def test_what_cannot_be_taken_is_told_with_its_place(
        self, kept: Register, body: Any, where: str, status: int
    ) -> None:
        with kept.client("all", **{"Idempotency-Key": f'"{uuid.uuid4()}"', "If-Match": "*"}) as client:
            answer = client.post(f"{CASES}/{SECOND}/events", json=body)
        assert (answer.status_code, answer.json().get("where")) == (status, where), answer.text
        assert get(kept, f"/{SECOND}/events").json()["events"] == []

    def test_a_body_that_is_no_json_is_400(self, kept: Register) -> None:
        with kept.client("all", **{"Idempotency-Key": '"x"'}) as client:
            assert client.post(f"{CASES}/{SECOND}/events", content=b"{").status_code == 400
            assert client.post(f"{CASES}/{SECOND}/events", content=b"x" * 70_000).status_code == 413


class TestNotes:
    def test_a_note_is_written_and_read(self, fresh: Register) -> None:
        first = fresh.take()
        with fresh.client("all", **{"Idempotency-Key": '"n1"'}) as client:
            kept = client.post(f"{CASES}/{first}/notes", json={"text": "Rang her <b>today</b>.", "by": "Sam"})
            assert (kept.status_code, kept.json()["number"], kept.headers["etag"]) == (201, 1, '"2"')
            assert client.post(f"{CASES}/{first}/notes", json={"text": " "}).status_code == 422
        (note,) = get(fresh, f"/{first}/notes").json()["notes"]
        assert (note["text"], note["by"]) == ("Rang her <b>today</b>.", "Sam")


class TestEvidence:
    PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

    def test_a_file_is_added_listed_and_saved_under_its_name(self, fresh: Register) -> None:
        first, second = fresh.take(), fresh.take()
        with fresh.client("all") as client:
            path = f"{CASES}/{first}/evidence"
            added = client.post(path, params={"name": 'Brief – naïve ".pdf'}, content=self.PDF)
            assert added.status_code == 201, added.text
            again = client.post(path, params={"name": 'Brief – naïve ".pdf'}, content=self.PDF)
            assert (again.status_code, again.json()["id"]) == (200, added.json()["id"])
            (listed,) = client.get(path).json()["files"]
            assert listed == added.json()
            saved = client.get(f"{path}/{listed['id']}")
            assert saved.content == self.PDF
            assert saved.headers["content-disposition"].startswith("attachment; filename*=UTF-8''Brief%20")
            assert saved.headers["x-content-type-options"] == "nosniff"
            assert client.get(f"{path}/{'0' * 32}").status_code == 404
            assert client.get(f"{CASES}/{second}/evidence/{listed['id']}").status_code == 404
            case = client.get(f"{CASES}/{first}").json()
        assert [file["id"] for file in case["record"]["evidence"]] == [listed["id"]]
        assert case["version"] == 2
        assert ("evidence.added", first, fresh.keys["all"].split(".")[2]) in trail(fresh)

    def test_what_is_no_file_of_ours_is_refused(self, fresh: Register) -> None:
        first = fresh.take()
        with fresh.client("all") as client:
            path = f"{CASES}/{first}/evidence"
            assert client.post(path, content=self.PDF).status_code == 400
            assert client.post(path, params={"name": "a.pdf"}, content=b"").status_code == 422
            assert client.post(path, params={"name": "a.exe"}, content=b"MZ" + b"\0" * 100).status_code == 415
            large = client.post(path, params={"name": "a.pdf"}, content=self.PDF + b"x" * 12_000_000)
            assert (large.status_code, large.json()["title"]) == (413, "The file is too large")
            assert client.get(path).json() == {"files": []}
        with fresh.client("reader") as client:
            assert client.get(path).status_code == 403
            assert client.post(path, params={"name": "a.pdf"}, content=self.PDF).status_code == 403


def test_a_stranger_is_refused_before_the_body_is_looked_at(kept: Register) -> None:
    answer = kept.server.http.post(
        f"{CASES}/{FIRST}/events", content=b"{", headers={"X-Forwarded-For": STRANGER}
    )
    assert answer.status_code == 401


def test_the_present_is_the_servers(kept: Register) -> None:
    assert abs(datetime.now(UTC) - NOW) < timedelta(minutes=10)
