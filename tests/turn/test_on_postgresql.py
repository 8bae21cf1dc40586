"""`hearout serve` on PostgreSQL, as real processes: a case is filed over REST, and workers share conversations.

The conversations in this folder run on both databases (conftest.py); here the server itself does.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.servers import free_port, hearout_command, running, settings
from cases import outbox
from cases.store import open_store
from tests.channels.servers import soon
from tests.databases import empty_database

STORY = "Nobody marked my assignment for six weeks, and my two e-mails about it were never answered."
ANSWERS = "/SetSlots(nature=complaint, subject=service, stage_reached=none, complainant_type=learner)"


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    # Without tables: the two servers start together, and one of them makes these.
    with empty_database("postgresql", tmp_path) as url:
        yield settings(tmp_path / "data", HEAROUT_DATABASE_URL=url)


def serve(stack: ExitStack, environment: Mapping[str, str], log: Path) -> str:
    """A server that ends with the stack; where it listens."""
    port = free_port()
    stack.enter_context(running(hearout_command("serve", "--port", str(port)), environment, port, log))
    return f"http://127.0.0.1:{port}"


def say(url: str, sender: str, text: str) -> dict[str, Any]:
    """One message to CQM over REST; the last custom entry of the reply."""
    body = {"sender": sender, "message": text, "metadata": {"organisation": "cqm"}}
    answer = httpx.post(f"{url}/webhooks/rest/webhook", json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    customs: list[dict[str, Any]] = [entry["custom"] for entry in answer.json() if "custom" in entry]
    return customs[-1]


def hearout(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        hearout_command(*arguments),
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_a_case_is_filed_over_rest_delivered_and_audited_while_two_servers_share_the_work(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with ExitStack() as stack, ThreadPoolExecutor() as together:
        logs = [tmp_path / "one.log", tmp_path / "two.log"]
        urls = list(together.map(lambda log: serve(stack, environment, log), logs))
        sender = uuid.uuid4().hex
        last: dict[str, Any] = {}
        # Each message goes to the other server than the one before: neither remembers anything by itself.
        for number, text in enumerate(["hello", STORY, "yes", ANSWERS, *["/skip"] * 30]):
            if last.get("question", {}).get("id") == "check_answers":
                break
            last = say(urls[number % 2], sender, text)
        outcome = say(urls[0], sender, "/SetSlots(check_answers=send)")["outcome"]
        assert outcome["state"] == "filed"
        reference = outcome["reference"]
        (listed,) = json.loads(hearout(environment, "case", "list", "--json"))
        assert (listed["reference"], listed["state"]) == (reference, "filed")
        record = json.loads(hearout(environment, "case", "show", reference, "--json"))
        assert record["narrative"] == STORY
        assert record["decision"] == outcome["decision"]
        wait_for_delivery(environment["HEAROUT_DATABASE_URL"])
        assert "cqm: 4 entries, nothing broken." in hearout(environment, "audit", "verify")
    assert not (tmp_path / "data" / "hearout.db").exists()
    assert "Traceback" not in "".join(log.read_text() for log in logs)


def wait_for_delivery(url: str) -> None:
    """Until the case has been handed over."""
    store = open_store(url, read_only=True)
    try:
        soon(lambda: [row["state"] for row in store.read_sync(outbox.listing)] == ["delivered"])
    finally:
        store.close()
