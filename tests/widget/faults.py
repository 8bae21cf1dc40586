"""Conversations in a real browser while everything between it and the disk fails: nothing is lost, nothing doubled.

    python -m tests.widget.faults --runs 100 [--seed N]

In each run somebody complains from the first word to the filed case. At most turns one thing goes wrong: an answer is
lost, the line is cut, the server is killed, the page is loaded again, a second window answers, a button is pressed
twice, a POST is sent twice. At the end the books must hold each message once, in the order in which it was said, and
one case; and the screen must show the same.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Route, WebSocketRoute
from playwright.sync_api import Error as PlaywrightError

from bench.servers import free_port, is_ready, settings
from tests.browsing import chromium
from tests.chromium import require
from tests.faults.campaign import nursery_of
from tests.faults.processes import Life, Nursery
from tests.widget.faces import STORY, Face
from tests.widget.line import Line, line_to

ORGANISATIONS = ("cim", "cipfa", "cmi", "cqm", "cms")
PATIENCE = 45.0
DEAF_FOR = 5.0
PRESSED = """(button) => {
  // Nobody can press what is not there any more.
  if (!button.isConnected) return false;
  const sent = () => document.querySelectorAll('.turn.mine').length, before = sent();
  button.click();
  return sent() > before;
}"""
LONGEST = 40
NO_SOCKETS = (
    "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.(), 5); } close() {} }"
)


@dataclass
class Stage:
    """A server that can be killed, and the line to it."""

    nursery: Nursery
    folder: Path
    port: int = field(default_factory=free_port)
    life: Life | None = None

    def start(self) -> None:
        environment = settings(self.folder, HEAROUT_LOG_LEVEL="warning")
        self.life = self.nursery.start(self.port, environment, self.folder / "server.log", None)
        until = time.monotonic() + 60
        while not is_ready(self.port, "/readyz"):
            if time.monotonic() > until:
                raise RuntimeError((self.folder / "server.log").read_text()[-1000:])
            time.sleep(0.005)

    def kill(self) -> None:
        if self.life is not None:
            self.life.end()
            self.life = None

    def said(self, reference: str) -> list[str]:
        """What the books hold of a conversation, in order; the opening, which is empty, is left out."""
        rows = self._rows(
            "SELECT m.text FROM messages m JOIN conversations c ON c.id = m.conversation_id"
            " WHERE c.reference = ? AND m.role = 'complainant' AND m.text <> '' ORDER BY m.seq",
            reference,
        )
        return [row[0] for row in rows]

    def cases(self, reference: str) -> int:
        return len(self._rows("SELECT 1 FROM cases WHERE reference = ?", reference))

    def _rows(self, query: str, *values: str) -> list[tuple[str]]:
        with closing(sqlite3.connect(f"file:{self.folder / 'hearout.db'}?mode=ro", uri=True)) as books:
            return books.execute(query, values).fetchall()


@dataclass
class Run:
    """One conversation. `said` are the messages in order; those within one list may stand in any order."""

    stage: Stage
    line: Line
    context: BrowserContext
    dice: random.Random
    organisation: str
    faces: list[Face] = field(default_factory=list)
    said: list[list[str]] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    reference: str = ""

    @property
    def face(self) -> Face:
        return self.faces[0]

    # --- what goes wrong ---------------------------------------------------------------------------------------

    def nothing(self, press: Callable[[], object]) -> None:
        press()

    def lost_answer(self, press: Callable[[], object]) -> None:
        """The message arrives, and what the server says to it does not."""
        self._unheard(press)
        self.line.cut()
        self.line.deaf = False

    def lost_answer_and_reload(self, press: Callable[[], object]) -> None:
        self._unheard(press)
        # No line drops words in the middle and goes on: whoever else was on it must come back too.
        self.line.cut()
        self.line.deaf = False
        self.face.page.reload()

    def _unheard(self, press: Callable[[], object]) -> None:
        """Send what is stored and not confirmed. Where the line was down before, not even the greeting is heard, and
        nothing is sent: that ends after a while, as a line that is deaf does."""
        before, until = len(self.stage.said(self.reference)), time.monotonic() + DEAF_FOR
        self.line.deaf = True
        press()
        while len(self.stage.said(self.reference)) == before and time.monotonic() < until:
            self.face.page.wait_for_timeout(20)

    def cut_before(self, press: Callable[[], object]) -> None:
        self.line.cut()
        press()

    def cut_after(self, press: Callable[[], object]) -> None:
        press()
        time.sleep(self.dice.random() * 0.02)
        self.line.cut()

    def killed_before(self, press: Callable[[], object]) -> None:
        self.stage.kill()
        press()
        self.stage.start()

    def killed_after(self, press: Callable[[], object]) -> None:
        press()
        time.sleep(self.dice.random() * 0.02)
        self.stage.kill()
        self.stage.start()

    def killed_and_reload(self, press: Callable[[], object]) -> None:
        """The page comes back before the server does: it cannot even be loaded, and then it can."""
        press()
        self.stage.kill()
        self.stage.start()
        self.face.page.reload()

    def reload(self, press: Callable[[], object]) -> None:
        press()
        self.face.page.reload()

    def pressed_twice(self, press: Callable[[], object]) -> None:
        press()
        press()

    FAULTS = (
        "lost_answer lost_answer_and_reload cut_before cut_after killed_before killed_after killed_and_reload "
        "reload pressed_twice second_window both_windows"
    ).split()

    # --- the conversation --------------------------------------------------------------------------------------

    def hold(self, url: str) -> None:
        """From the greeting to the filed case."""
        page = self.context.new_page()
        self.faces.append(Face(page, page))
        page.goto(f"{url}/{self.organisation}/widget")
        self.face.begun()
        self.reference = self.face.reference
        self._turn("lost_answer" if self.dice.random() < 0.5 else "nothing")
        for _ in range(LONGEST):
            if self.face.at(".outcome").count() or self._begun_anew(self.face):
                return
            fault = self.dice.choice(self.FAULTS) if self.dice.random() < 0.6 else "nothing"
            self._turn(fault)
        raise AssertionError("the conversation did not end")

    def _turn(self, fault: str) -> None:
        last = self.face.kind == "check"
        if last and fault in ("second_window", "both_windows"):
            # The window that sends is the one that is looked at in the end.
            fault = "lost_answer"
        self.met.append(fault)
        if fault == "second_window":
            self._in(self._other())
        elif fault == "both_windows":
            self._both()
        else:
            text, press = self._ready(self.face)
            self.said.append([text])
            getattr(self, fault)(press)
        for face in self.faces:
            self._until(partial(self._shows_all, face))

    def _shows_all(self, face: Face) -> bool:
        """Whether a window has everything that was said, and its answers."""
        if face.settled and face.at(".turn.mine").count() >= sum(map(len, self.said)):
            return True
        return self._begun_anew(face)

    def _begun_anew(self, face: Face) -> bool:
        """Whether a window was loaded again after the case was filed: nothing is kept on the device by then."""
        return face.reference != self.reference and self.stage.cases(self.reference) == 1

    def _in(self, face: Face) -> None:
        text, press = self._ready(face)
        self.said.append([text])
        press()

    def _both(self) -> None:
        """Two windows answer at the same moment: both are heard, each once, in some order."""
        faces = (self.face, self._other())
        ready = [self._ready(face) for face in faces]
        taken = [bool(press()) for _, press in ready]
        self.said.append([text for (text, _), sent in zip(ready, taken, strict=True) if sent])
        # The first answer may move the second window on before its button is pressed: its words are then a draft.
        for face, (text, _), sent in zip(faces, ready, taken, strict=True):
            if not sent and text.startswith(("Note", "jane")) and text not in str(face.kept):
                raise AssertionError(f"{text} was neither sent nor kept")

    def _other(self) -> Face:
        """A second window of the same conversation, by the private link."""
        if len(self.faces) == 1:
            key = self.face.kept[f"hearout:{self.organisation}"]["key"]
            page = self.context.new_page()
            page.goto(f"{self.face.page.url.split('#')[0]}#key={key}")
            self.faces.append(Face(page, page).begun())
        other = self.faces[1]
        self._until(partial(self._shows_all, other))
        return other

    def _ready(self, face: Face) -> tuple[str, Callable[[], object]]:
        """A message that no other is, and what sends it."""
        if face.kind in ("check", "confirm", "yes_no", "choice"):
            if face.kind == "check":
                button = face.at("#ask .first")
            elif face.kind == "choice":
                radio = face.at("#ask input[type=radio]").last
                radio.check()
                return str(radio.get_attribute("value")), self._press(face.at("#send"))
            else:
                button = face.at("#ask .choice").first
            return self._payload(face), self._press(button)
        # Plain words, different each time, so that one that is doubled or lost is seen.
        words = (
            f"jane{secrets.token_hex(4)}@example.org"
            if face.kind == "email"
            else f"Note {secrets.token_hex(4)}."
        )
        text = f"{STORY} {words}" if not self.said else words
        face.at("#box").fill(text)
        return text, self._press(face.at("#send"))

    def _press(self, button: Locator) -> Callable[[], object]:
        """What presses a button at once, without waiting for anything; it tells whether something was sent."""
        handle = button.element_handle()
        assert handle is not None
        return lambda: handle.evaluate(PRESSED)

    def _payload(self, face: Face) -> str:
        question = face.where.evaluate(
            """() => { const said = JSON.parse(sessionStorage.getItem(Object.keys(sessionStorage)
                 .find((k) => !k.endsWith(':drafts')))).said;
               return said.findLast((p) => p.entries).entries.findLast((e) => e.buttons).buttons[0].payload; }"""
        )
        return str(question)

    def _until(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if condition():
                    return
            except Exception as error:  # noqa: BLE001 - a page that is loading again cannot be asked
                last: object = error
            else:
                last = "not yet"
            if time.monotonic() > until:
                raise AssertionError(f"it did not come about after {self.met[-1]}: {last}")
            # Not a sleep: what stands between the page and the line is served meanwhile.
            self.face.page.wait_for_timeout(20)

    # --- the audit -----------------------------------------------------------------------------------------------

    def findings(self) -> list[str]:
        """What the books or the screen hold too often, too seldom, or in the wrong order."""
        held, found, at = self.stage.said(self.reference), list[str](), 0
        for expected in self.said:
            here = held[at : at + len(expected)]
            if sorted(here) != sorted(expected):
                found.append(f"expected {sorted(expected)} at {at}, found {here}")
                break
            at += len(expected)
        if at < len(held) and not found:
            found.append(f"beyond what was said: {held[at:]}")
        if (cases := self.stage.cases(self.reference)) != 1:
            found.append(f"{cases} cases")
        if self._begun_anew(self.face):
            return [self._told(what) for what in found]
        shown = self.face.at(".turn.mine").count()
        if shown != sum(map(len, self.said)):
            found.append(f"{shown} of {sum(map(len, self.said))} messages on the screen")
        questions = self.face.at(".turn.theirs").count() + self.face.at(".outcome").count()
        if not shown < questions <= shown + 2:
            found.append(f"{questions} replies to {shown} messages on the screen")
        return [self._told(what) for what in found]

    def _told(self, what: str) -> str:
        return f"{self.reference} ({self.organisation}; {' '.join(self.met)}): {what}"


def one_run(browser: Browser, stage: Stage, dice: random.Random, plant: str | None = None) -> list[str]:
    """A conversation in a browser of its own; the findings."""
    with line_to(stage.port) as line:
        context = browser.new_context(viewport={"width": 460, "height": 860})
        try:
            if plant is not None:
                _plant(context, plant)
            elif dice.random() < 0.35:
                # No socket comes through, and some POSTs are sent twice on their way.
                context.add_init_script(NO_SOCKETS)
                context.route("**/message", lambda route: _twice(route, dice))
            run = Run(stage, line, context, dice, dice.choice(ORGANISATIONS))
            try:
                run.hold(f"http://127.0.0.1:{line.port}")
            except (AssertionError, PlaywrightError) as failed:
                return [f"{run.organisation} {run.met}: {failed}", *run.findings()]
            return run.findings()
        finally:
            context.unroute_all(behavior="ignoreErrors")
            context.close()


def _twice(route: Route, dice: random.Random) -> None:
    """A POST that something on the way sends again."""
    try:
        if dice.random() < 0.5:
            route.fetch()
        route.continue_()
    except Exception:  # noqa: BLE001 - the line is cut, or the page is gone
        return


def _plant(context: BrowserContext, plant: str) -> None:
    """Faults that the audit must find: a client that resends under another id, one that never sends."""

    def between(route: WebSocketRoute) -> None:
        there = route.connect_to_server()

        def from_page(message: str | bytes) -> None:
            text = str(message)
            if '"type":"message"' in text and plant == "doubled":
                there.send(text)
                there.send(text.replace('"id":"', '"id":"again'))
            elif '"type":"message"' in text and plant == "lost" and "Note" in text:
                identity = text.split('"id":"')[1].split('"')[0]
                route.send(f'{{"type":"ack","id":"{identity}","seq":0}}')
            else:
                there.send(text)

        route.on_message(from_page)

    context.route_web_socket("**/ws", between)


def campaign(runs: int, seed: int, say: Callable[[str], object]) -> list[str]:
    """So many runs from a seed; all findings."""
    found: list[str] = []
    with (
        nursery_of() as nursery,
        tempfile.TemporaryDirectory() as folder,
        chromium(require()) as browser,
    ):
        stage = Stage(nursery, Path(folder))
        stage.start()
        for number in range(runs):
            began = time.monotonic()
            findings = one_run(browser, stage, random.Random(f"{seed}/{number}"))  # noqa: S311
            say(f"run {number}: {'; '.join(findings) or 'whole'} ({time.monotonic() - began:.1f} s)\n")
            found += findings
        stage.kill()
    return found


def main(arguments: list[str] | None = None, say: Callable[[str], object] = sys.stdout.write) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.widget.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args(arguments)
    seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    say(f"seed {seed}\n")
    found = campaign(chosen.runs, seed, say)
    say(f"{chosen.runs} runs, {len(found)} findings\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
