"""A conversation in a terminal, or from a file of answers, through the WebSocket like any other client.

What was sent and not yet acknowledged is sent again under its id after a break, so nothing is lost or doubled.
"""

from __future__ import annotations

import json
import shutil
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TextIO
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect

COMMANDS = {"back": "/back", "skip": "/skip", "person": "/human", "save": "/pause"}
HELP = "Commands: help, back, skip, person, save, quit. A number chooses from the list. A line that ends in \\ goes on."
TRIES = 8
LONGEST_WAIT = 10.0
WIDEST = 96
ANSWER_SECONDS = 60.0


class ChatStopped(Exception):
    """The conversation cannot go on; the text is a sentence for the person."""


class _Broken(Exception):
    """The connection broke; what was under way is sent again on a new one."""


@dataclass(slots=True)
class Chat:
    """One conversation. `read` gives the next line typed, or raises EOFError at the end of the input.

    `staff` holds channel, received_at and recorded_by of a complaint that staff log for somebody.
    """

    url: str
    organisation: str
    read: Callable[[], str]
    out: TextIO
    key: str | None = None
    staff: dict[str, str] = field(default_factory=dict)
    pause: Callable[[float], None] = time.sleep
    api_key: str | None = None
    reference: str | None = None
    ended: bool = False
    _seen: int = 0
    _buttons: list[dict[str, str]] = field(default_factory=list)
    _socket: ClientConnection | None = None

    def run(self) -> None:
        """Talk until the input ends or the person quits. ChatStopped says why it could not go on."""
        self._reconnect()
        try:
            while (text := self._next()) is not None:
                self._say(text)
        finally:
            self._close()

    @property
    def how_to_resume(self) -> str:
        """The sentence that says how to come back."""
        command = f"hearout chat {self.organisation} --resume {self.key}"
        return f"Everything you sent is kept. To go on: {command}"

    # --- the person ---------------------------------------------------------------------------------------------

    def _next(self) -> str | None:
        """What to send next; None when the person has done."""
        while True:
            try:
                line = self.read()
                while line.endswith("\\"):
                    line = line[:-1] + "\n" + self.read()
            except EOFError:
                return None
            line = line.strip()
            word = line.lower()
            if word == "quit":
                return None
            if word == "help":
                self._print(HELP)
            elif line:
                return COMMANDS.get(word) or self._chosen(line)

    def _chosen(self, line: str) -> str:
        """The payload of the choice with this number, else the words themselves."""
        if line.isdecimal() and 1 <= int(line) <= len(self._buttons):
            return self._buttons[int(line) - 1]["payload"]
        return line

    def _show(self, entries: list[dict[str, Any]]) -> None:
        self._buttons = []
        for entry in entries:
            if text := entry.get("text"):
                self._print("")
                for line in text.splitlines():
                    self._print(line)
            if buttons := entry.get("buttons"):
                self._buttons = buttons
                for number, button in enumerate(buttons, 1):
                    self._print(f"{number:>3}. {button['title']}", hang="     ")
            if "outcome" in entry.get("custom", {}):
                self.ended = True

    def _print(self, line: str, hang: str = "") -> None:
        width = min(WIDEST, max(20, shutil.get_terminal_size((80, 24)).columns - 1))
        wrapped = textwrap.wrap(line, width, subsequent_indent=hang, break_on_hyphens=False) or [""]
        self.out.write("\n".join(wrapped) + "\n")
        self.out.flush()

    # --- the socket ---------------------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        """Send a message until it is acknowledged and answered."""
        frame = {"type": "message", "id": uuid.uuid4().hex, "text": text}
        while True:
            try:
                if self._exchange(frame):
                    return
            except _Broken:
                self._print("[The connection was lost; trying again.]")
                self._reconnect()

    def _exchange(self, frame: dict[str, Any]) -> bool:
        """Send once and take frames until the answer. False: it was too early, send it again."""
        self._send(frame)
        for received in self._frames():
            if received["type"] == "reply":
                self._take_reply(received)
                if received["in_reply_to"] == frame["id"]:
                    return True
            elif received["type"] == "error":
                return self._refused(received["problem"])
        raise _Broken

    def _refused(self, problem: dict[str, Any]) -> bool:
        if problem["status"] in (409, 429):
            seconds = float(problem.get("retry_after", 1))
            self._print(f"[Too fast; waiting {seconds:.0f} seconds.]")
            self.pause(seconds)
            return False
        self._print(f"[Not sent: {problem['detail']}]")
        return True

    def _take_reply(self, frame: dict[str, Any]) -> None:
        if frame["seq"] > self._seen:
            self._seen = frame["seq"]
            self._show(frame["entries"])

    def _reconnect(self) -> None:
        for attempt in range(TRIES):
            if attempt:
                self.pause(min(LONGEST_WAIT, 0.5 * 2**attempt))
            try:
                self._open()
            except (_Broken, OSError, TimeoutError, InvalidHandshake) as error:
                if isinstance(error, InvalidStatus):
                    raise ChatStopped(_said(error)) from None
                if self.reference is None:
                    raise ChatStopped(f"No Hearout answers at {self.url}.") from None
            else:
                return
        raise ChatStopped(f"The connection to {self.url} was lost. {self.how_to_resume}")

    def _open(self) -> None:
        """Connect, say hello, and show what was missed."""
        self._close()
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else None
        try:
            self._socket = connect(
                socket_url(self.url, self.organisation),
                additional_headers=headers,
                open_timeout=10,
                close_timeout=3,  # whoever presses Ctrl-C does not wait for a server's farewell
            )
        except InvalidURI:
            raise ChatStopped(f"'{self.url}' is not an address such as http://127.0.0.1:8000.") from None
        self._send({"type": "hello", "resume": self.key, "last_seen": self._seen, **self.staff})
        last = -1
        for frame in self._frames():
            if frame["type"] == "error":
                raise ChatStopped(frame["problem"]["detail"])
            if frame["type"] == "welcome":
                last = frame["seq"]
                self._welcome(frame)
            elif frame["type"] == "reply":
                self._take_reply(frame)
            if last >= 0 and self._seen >= last:
                return
        raise _Broken

    def _welcome(self, frame: dict[str, Any]) -> None:
        first = self.reference is None
        self.key, self.reference = frame["resume"], frame["conversation"]["reference"]
        if first:
            self._print(f"{self.organisation.upper()}, reference {self.reference}. {HELP}")

    def _send(self, frame: dict[str, Any]) -> None:
        try:
            self._connected.send(json.dumps(frame))
        except ConnectionClosed:
            raise _Broken from None

    def _frames(self) -> Iterator[dict[str, Any]]:
        while True:
            try:
                yield json.loads(self._connected.recv(timeout=ANSWER_SECONDS))
            except (ConnectionClosed, TimeoutError):
                raise _Broken from None

    @property
    def _connected(self) -> ClientConnection:
        if self._socket is None:
            raise _Broken
        return self._socket

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def socket_url(url: str, organisation: str) -> str:
    """`http://host:port` -> the address of the organisation's socket."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = "wss" if parts.scheme in ("https", "wss") else "ws"
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/{organisation}/ws"


def _said(error: InvalidStatus) -> str:
    """What the server said when it refused the connection."""
    try:
        problem = json.loads(error.response.body or b"{}")
    except ValueError:
        problem = {}
    return str(
        problem.get("detail") or f"The server refused the conversation ({error.response.status_code})."
    )
