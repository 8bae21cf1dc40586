"""A server that is killed while case systems tell it things: what was sent again is done once, and nothing is lost."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.servers import free_port, hearout_command, settings, wait_until_ready
from cases import notes
from cases.store import Store, migrate, open_store
from tests.api.registered import FIRST, file, make_key

WRITERS, EACH, KILLS = 4, 30, 2


@dataclass
class Teller:
    """One case system: it sends each note until it has an answer, always the same request."""

    port: int
    key: str
    name: str
    answered: dict[str, int] = field(default_factory=dict)
    tries: int = 0

    def run(self) -> None:
        for number in range(EACH):
            text = f"{self.name}-{number}"
            while text not in self.answered:
                self.tries += 1
                try:
                    self.answered[text] = self._send(text)
                except (OSError, http.client.HTTPException):
                    time.sleep(0.02)

    def _send(self, text: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": f'"{text}"'}
        try:
            connection.request("POST", f"/api/v1/cases/{FIRST}/notes", json.dumps({"text": text}), headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 201, body
        return int(body["number"])


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    log = folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            hearout_command("serve", "--port", str(port)), env=settings(folder), stdout=output, stderr=output
        )
    wait_until_ready(port, "/readyz", process, log)
    return process


def opened(folder: Path) -> Store:
    url = f"sqlite:///{folder / 'hearout.db'}"
    migrate(url)
    return open_store(url)


def written(folder: Path) -> Counter[str]:
    store = opened(folder)
    try:
        return Counter(
            note["text"] for note in store.read_sync(lambda conn: notes.listing(conn, "cqm", FIRST))
        )
    finally:
        store.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_was_told_is_kept_once_though_the_server_dies_before_it_answers(tmp_path: Path) -> None:
    store = opened(tmp_path)
    file(store, FIRST)
    key = make_key(store)
    store.close()
    chance, port = random.Random(7), free_port()  # noqa: S311 - when to kill, not a secret
    process = start(tmp_path, port)
    tellers = [Teller(port, key, f"w{n}") for n in range(WRITERS)]
    threads = [threading.Thread(target=teller.run) for teller in tellers]
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.3))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process = start(tmp_path, port)
    for thread in threads:
        thread.join(timeout=60)
    process.terminate()
    process.wait()
    kept = written(tmp_path)
    assert set(kept.values()) == {1}
    assert set(kept) == {text for teller in tellers for text in teller.answered}
    assert len(kept) == WRITERS * EACH
    # Some requests were under way when the server died, or this test has shown nothing.
    assert sum(teller.tries for teller in tellers) > WRITERS * EACH
