"""Canaries: words that are planted wherever a person may write, and looked for in everything that a server puts out.

A server of its own runs a whole journey (chat, socket, form, evidence, staff, a hand-over that fails, an erasure, many
errors). Its standard output and error, its counters, its error answers and its letters of alarm must hold none of them.
The planted fault, a server that logs one message, is caught.
"""

from __future__ import annotations

import os
import re
import signal
import socket as sockets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bot.settings import Settings
from tests.channels.servers import Running, message, socket, soon
from tests.channels.test_same_conversation import next_answer
from tests.cli.test_commands import HEAROUT
from tests.forms.visitor import Visitor
from tests.handoff.smtp import Mailbox, mail_server

# Words that no page, letter or library of ours would ever say.
CANARIES = {
    "story": "quillfeather",
    "name": "Zebadiah Ottershaw",
    "email": "zebadiah.canary@ottershaw.example",
    "phone": "01632960733",
    "file": "wombatletter",
    "content": "gnusnout",
    "staff": "harrumphing",
    "form": "mothwhisker",
    "socket": "newtspindle",
    "query": "vixenquery",
    "refusal": "stoatreply",
    "erasing": "budgerigar",
}
# What the server is started with when it is to leak: one event with a person's words, as somebody might write it.
PLANTED = """
import structlog
import bot.turn
honest = bot.turn.take_turn
async def leaky(desk, incoming):
    structlog.get_logger("hearout.turn").info("turn", text=incoming.text)
    return await honest(desk, incoming)
bot.turn.take_turn = leaky
"""


@dataclass
class Heard:
    """Everything that came out of a server, by where it came out."""

    outputs: dict[str, str] = field(default_factory=dict)

    def leaks(self) -> list[str]:
        """`where: canary`, for each canary in each output, written in whatever case."""
        return [
            f"{where}: {name}"
            for where, text in self.outputs.items()
            for name, canary in CANARIES.items()
            if re.search(re.escape(canary).replace(r"\ ", r"\W+"), text, re.IGNORECASE)
        ]


@contextmanager
def served(folder: Path, port: int, mail: int, prelude: str = "") -> Iterator[tuple[Running, Path]]:
    """A server in a process of its own, and the file that holds all its output."""
    data = folder / "var"
    (data / "organisations").mkdir(parents=True)
    (data / "organisations" / "cqm.yml").write_text(
        "alarm: {name: Ops, email: ops@example.org}\n"
        "handoff: [{target: email, to: [refused@example.org]}, {target: folder, path: /proc/nowhere}]\n"
    )
    log = folder / "server.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEAROUT_")} | {
        "HEAROUT_DATA_DIR": str(data),
        "HEAROUT_PORT": str(port),
        "HEAROUT_LOG_FORMAT": "json",
        "HEAROUT_LIMITS": "off",
        "HEAROUT_SMTP_HOST": "127.0.0.1",
        "HEAROUT_SMTP_PORT": str(mail),
        "HEAROUT_SMTP_SECURITY": "none",
        "HEAROUT_DELIVERY_SECONDS": "0.2",
        "HEAROUT_EVIDENCE_MAX_BYTES": "50000",
    }
    program = [sys.executable, "-c", f"{prelude}\nfrom bot.cli import main\nmain()", "serve"]
    with log.open("wb") as output:
        process = subprocess.Popen(program, env=environment, stdout=output, stderr=output)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    http.get("/healthz")
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
        server = Running(f"http://127.0.0.1:{port}", Settings(data_dir=data))
        try:
            yield server, log
        finally:
            server.http.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def chat(server: Running, heard: Heard, *, filed: bool) -> str:
    """A conversation by REST, with a file, staff and errors; its reference."""
    sender = "c" * 32
    opening = server.say(sender, "hello")
    reference = next(
        e["custom"]["conversation"]["reference"] for e in opening if "conversation" in e.get("custom", {})
    )
    entries = server.say(
        sender, f"My {CANARIES['story']} course was cancelled and nobody answered my letters."
    )
    if not filed:
        return str(reference)
    name, mail, phone = CANARIES["name"], CANARIES["email"], CANARIES["phone"]
    slots = f"/SetSlots(complainant_name={name}, contact_email={mail}, contact_phone={phone})"
    entries = server.say(sender, slots)
    pages = [
        server.http.post(
            "/cqm/evidence",
            files={"file": (f"{CANARIES['file']}.txt", f"{CANARIES['content']} said so.".encode())},
            headers={"Authorization": f"Bearer {sender}"},
        ),
        server.http.post(
            "/cqm/evidence",
            files={"file": (f"{CANARIES['file']}.exe", b"MZ" + CANARIES["content"].encode())},
            headers={"Authorization": f"Bearer {sender}"},
        ),
    ]
    for _ in range(40):
        if any("outcome" in e.get("custom", {}) for e in entries):
            break
        entries = server.say(sender, next_answer(entries))
    for act in ({"act": "takeover", "by": name}, {"act": "say", "by": name, "text": CANARIES["staff"]}):
        server.http.post(f"/api/v1/conversations/{reference}/staff", json=act)
    story = CANARIES["story"]
    pages += [
        server.http.post("/webhooks/rest/webhook", json=message(sender, story * 9000)),
        server.http.post("/webhooks/rest/webhook", json=message(sender, f"{story}\x00")),
        server.http.post("/webhooks/rest/webhook", json=message(sender, story, "nobody")),
        server.http.post("/webhooks/rest/webhook", content=f'{{"message": "{story}'.encode()),
        server.http.get("/nowhere", params={"q": CANARIES["query"]}),
        server.http.post("/readyz", params={"q": CANARIES["query"]}, json={"message": story}),
        server.http.post("/api/v1/organisations/cqm/decisions", json={"facts": {}, "received_at": "now"}),
    ]
    heard.outputs["error answers"] = "\n".join(page.text for page in pages if page.status_code >= 400)
    assert sum(page.status_code >= 400 for page in pages) >= 6
    return str(reference)


def journey(server: Running, mailbox: Mailbox, heard: Heard) -> None:
    """Everything that people and programs do with a server, with canaries in all of it."""
    reference = chat(server, heard, filed=True)
    with socket(server) as line:
        line.hello()
        line.take("reply")
        line.say(f"The {CANARIES['socket']} lesson never took place and I want my money back.")
        line.connection.send(f'{{"type": "message", "id": "x", "text": "{CANARIES["socket"]}')
        assert CANARIES["socket"] not in str(line.take())
    with Visitor(server) as visitor:
        visitor.tell(f"My {CANARIES['form']} assignment was lost twice and nobody told me.")
        visitor.leave_out()
        pages = [
            visitor.get(f"{CANARIES['form']}-{'x' * 22}"),
            visitor.http.post(f"{visitor.home}/step/story", data={"answer": CANARIES["form"]}),
        ]
        heard.outputs["error pages"] = "\n".join(page.text for page in pages if page.status_code >= 400)
    # The receiver refuses for good, and quotes the letter while it does: an alarm goes out.
    soon(lambda: any(to == ["ops@example.org"] for to in mailbox.recipients))
    heard.outputs["alarms"] = "\n".join(
        letter.as_string()
        for letter, to in zip(mailbox.messages, mailbox.recipients, strict=True)
        if to == ["ops@example.org"]
    )
    hold = {"act": "hold", "reference": reference, "why": CANARIES["erasing"], "by": CANARIES["name"]}
    for act in (
        hold,
        {"act": "erase", "references": [reference]},
        {"act": "release", "reference": reference},
        {"act": "erase", "references": [reference]},
        {"act": "purge"},
    ):
        server.http.post("/api/v1/privacy", json=act)
    heard.outputs["metrics"] = server.http.get("/metrics").text
    heard.outputs["readyz"] = server.http.get("/readyz").text


@pytest.fixture
def ports() -> tuple[int, int]:
    """Two that nobody has: both are held until both are known."""
    with sockets.socket() as one, sockets.socket() as other:
        for held in (one, other):
            held.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def test_no_word_of_a_person_leaves_by_a_log_a_counter_an_error_or_an_alarm(
    tmp_path: Path, ports: tuple[int, int]
) -> None:
    heard = Heard()
    with mail_server(ports[1]) as mailbox:
        mailbox.refused["refused@example.org"] = f"550 no such mailbox for {CANARIES['refusal']}"
        with served(tmp_path, *ports) as (server, log):
            journey(server, mailbox, heard)
    heard.outputs["log"] = log.read_text()
    # Each output says something, or there was nothing to look through.
    assert {where for where, text in heard.outputs.items() if not text} == set()
    assert '"status": 404' in heard.outputs["log"]
    assert "dead" in heard.outputs["log"]
    stored = (tmp_path / "var" / "hearout.db").read_bytes() + b"".join(
        path.read_bytes() for path in (tmp_path / "var").glob("hearout.db-*")
    )
    # The words were really there to be leaked.
    assert CANARIES["form"].encode() in stored
    assert heard.leaks() == []


def test_a_server_that_logs_one_message_is_caught(tmp_path: Path, ports: tuple[int, int]) -> None:
    heard = Heard()
    with mail_server(ports[1]), served(tmp_path, *ports, prelude=PLANTED) as (server, log):
        chat(server, heard, filed=False)
    heard.outputs["log"] = log.read_text()
    assert heard.leaks() == ["log: story"]


def test_the_doctor_and_the_lists_name_nobody(tmp_path: Path) -> None:
    """What an operator pastes into a request for help."""
    from tests.cli.test_doctor import OVERLAY

    (tmp_path / "organisations").mkdir()
    (tmp_path / "organisations" / "cqm.yml").write_text(OVERLAY)
    done = subprocess.run(
        [str(HEAROUT), "doctor"],
        env={**os.environ, "HEAROUT_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "ann@example.org" not in done.stdout + done.stderr
