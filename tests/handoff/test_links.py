"""Whoever is handed a case can come for its files: real servers on both sides, and the key that they need."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from cases.store import open_store
from handoff.links import Links
from handoff.target import Delivery
from tests.api.registered import CASES, FIRST, Register, make_key, register
from tests.channels.servers import running
from tests.handoff.builders import a_delivery
from tests.handoff.receiver import Receiver, receiving
from tests.handoff.test_webhook import NEW
from tests.handoff.zendesk import USER, Zendesk, zendesk

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SENT = {"name": "Brief – naïve.pdf"}
MAPPING = Path(__file__).parents[2] / "docs" / "examples" / "zendesk.json"
OVERLAY = """
handoff:
  - {{target: webhook, url: "{hook}", secret_file: hook, allow_private: true}}
  - {{target: mapped_json, url: "{desk}", mapping: "{mapping}", secret_file: desk, auth: basic, allow_private: true}}
"""


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Register, Receiver, Zendesk]]:
    """A server with a public address that hands over to two places, and a case to which a file is added."""
    folder = tmp_path_factory.mktemp("data")
    with register(folder) as before:
        keys = before.keys
    store = open_store(f"sqlite:///{folder / 'hearout.db'}")
    keys["no files"] = make_key(store, scopes=("cases:read",))
    store.close()
    with receiving() as hook, zendesk() as desk:
        (folder / "hook").write_text(NEW)
        (folder / "desk").write_text(USER)
        (folder / "organisations").mkdir(exist_ok=True)
        written = OVERLAY.format(hook=hook.url, desk=desk.line.url, mapping=MAPPING)
        (folder / "organisations" / "cqm.yml").write_text(written)
        # Its own address is known once it runs; who receives it asks for what stands behind the host's name.
        with running(folder, public_url="https://cases.example/", delivery_seconds=0.05) as server:
            kept = Register(server, keys)
            with kept.client("all") as client:
                assert client.post(f"{CASES}/{FIRST}/evidence", params=SENT, content=PDF).status_code == 201
            until(lambda: bool(hook.requests and desk.tickets))
            yield kept, hook, desk


def told(hook: Receiver) -> dict[str, Any]:
    (request,) = hook.requests
    Webhook(NEW).verify(request.body, dict(request.headers))
    return dict(json.loads(request.body))


def fetch(kept: Register, url: str, key: str | None) -> httpx.Response:
    assert url.startswith("https://cases.example/")
    with kept.client(key) as client:
        return client.get(url.removeprefix("https://cases.example"))


def test_a_receiver_fetches_the_bytes_with_its_key(handed: tuple[Register, Receiver, Zendesk]) -> None:
    kept, hook, _ = handed
    body = told(hook)
    (listed,) = body["data"]["evidence"]
    (file,) = body["links"]["files"]
    assert (file["id"], file["name"]) == (listed["id"], SENT["name"])
    answer = fetch(kept, file["url"], "all")
    assert answer.content == PDF
    assert hashlib.sha256(answer.content).hexdigest() == listed["sha256"]
    case = fetch(kept, body["links"]["case"], "all").json()
    assert case["reference"] == body["data"]["reference"] == FIRST


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("no files", 403), ("cim", 404), ("expired", 401)])
def test_the_address_alone_opens_nothing(
    handed: tuple[Register, Receiver, Zendesk], key: str | None, status: int
) -> None:
    kept, hook, _ = handed
    answer = fetch(kept, told(hook)["links"]["files"][0]["url"], key)
    assert answer.status_code == status
    assert PDF not in answer.content


def test_the_staffs_page_asks_who_comes(handed: tuple[Register, Receiver, Zendesk]) -> None:
    kept, hook, _ = handed
    answer = fetch(kept, told(hook)["links"]["page"], None)
    assert answer.status_code in (302, 303), "to the sign-in"
    assert "/cqm/staff/sign-in" in answer.headers["location"]


def test_a_ticket_says_where_the_files_are(handed: tuple[Register, Receiver, Zendesk]) -> None:
    kept, hook, desk = handed
    (ticket,) = desk.tickets
    links = told(hook)["links"]
    assert f"In Hearout: {links['page']}" in ticket["description"]
    assert f"{SENT['name']}: {links['files'][0]['url']}" in ticket["description"]
    named = ticket["description"].rpartition(": ")[2]
    assert fetch(kept, named, "all").content == PDF


class TestWhatIsNotTold:
    def links(self, kind: str = "case.filed", base: str = "https://cases.example", **record: Any) -> Any:
        item = a_delivery(**record)
        return Links(base).of(Delivery(item.id, kind, item.organisation, item.reference, item.record))

    def test_without_a_public_address_nothing_is(self) -> None:
        assert self.links(base="") is None

    @pytest.mark.parametrize("kind", ["draft.urgent", "draft.abandoned"])
    def test_a_draft_is_no_case_to_come_back_to(self, kind: str) -> None:
        assert self.links(kind) is None

    def test_what_a_scanner_found_something_in_is_not_named(self) -> None:
        files = [{"id": letter * 32, "name": f"{letter}.pdf", "scan": scan}
                 for letter, scan in (("a", "clean"), ("b", "infected"), ("c", "unscanned"))]  # fmt: skip
        found = self.links(evidence=[*files, {"description": "A letter, at home"}])
        assert [file["name"] for file in found["files"]] == ["a.pdf", "c.pdf"]
        assert "b.pdf" not in found["text"]

    def test_a_name_cannot_lead_elsewhere(self) -> None:
        evil = [{"id": "../../x?y#z", "name": "a", "scan": "clean"}]
        assert self.links(evidence=evil)["files"][0]["url"].endswith("/evidence/..%2F..%2Fx%3Fy%23z")
