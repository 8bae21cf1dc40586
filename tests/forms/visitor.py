"""Somebody who uses the form without a browser: keeps cookies, reads pages, fills in and sends their forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tests.channels.servers import Running

STORY = "My assignment was marked six weeks late and two e-mails about it were never answered."


@dataclass
class Form:
    """A form of a page: where it goes, and the fields that a browser would send unasked."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif not self.forms:
            return
        elif tag == "input" and (
            given.get("type") not in ("radio", "checkbox", "file") or "checked" in given
        ):
            self.forms[-1].fields[given.get("name", "")] = given.get("value", "")
        elif tag == "button":
            self.forms[-1].buttons.append((given.get("name", ""), given.get("value", "")))
        elif tag == "textarea":
            self._area = given.get("name", "")
            self.forms[-1].fields[self._area] = ""

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields[self._area] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None


class Visitor:
    """One person with one browser."""

    def __init__(self, server: Running, organisation: str = "cqm") -> None:
        self.server = server
        self.home = f"/{organisation}/complain"
        self.http = httpx.Client(base_url=server.url, timeout=20, follow_redirects=True)
        self.page: httpx.Response = self.http.get(self.home)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def at(self) -> str:
        """Where the person is, after the form's own address."""
        return urlsplit(str(self.page.url)).path.removeprefix(self.home).lstrip("/")

    @property
    def text(self) -> str:
        """What the main part of the page says."""
        main = self.page.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main))).strip()

    @property
    def title(self) -> str:
        return unescape(self.page.text.partition("<title>")[2].partition("</title>")[0])

    @property
    def key(self) -> str:
        (found,) = [cookie.value for cookie in self.http.cookies.jar if cookie.name.startswith("hearout-")]
        assert found is not None
        return found

    def form(self) -> Form:
        """The last form of the page's main part."""
        reader = _Reader()
        reader.feed(self.page.text.partition("<main")[2])
        return reader.forms[-1]

    def get(self, path: str) -> httpx.Response:
        self.page = self.http.get(path if path.startswith("/") else f"{self.home}/{path}")
        return self.page

    def send(self, files: Any = None, button: tuple[str, str] | None = None, **fields: str) -> httpx.Response:
        """Send the page's form with these fields changed."""
        self.page = self.post(self.form(), files, button, **fields)
        return self.page

    def post(
        self, form: Form, files: Any = None, button: tuple[str, str] | None = None, **fields: str
    ) -> httpx.Response:
        """Send a form that was read before, as somebody does who went back."""
        if button is None and form.buttons and all(name for name, _ in form.buttons):
            button = form.buttons[0]
        values = {**form.fields, **(dict([button]) if button else {}), **fields}
        body: dict[str, Any] = {name: (None, value) for name, value in values.items() if name}
        address = urljoin(str(self.page.url), form.action)
        return self.http.post(address, files=files or body, data=values if files else None)

    def start(self) -> Visitor:
        self.send()
        return self

    def tell(self, story: str = STORY) -> Visitor:
        self.start().send(answer=story)
        return self

    def go_to(self, question: str) -> Visitor:
        """Confirm what was understood and leave out what comes, until this page."""
        for _ in range(30):
            if self.at == f"step/{question}":
                return self
            self.leave_out()
        raise AssertionError(f"{question} was never asked; at {self.at}")

    def leave_out(self) -> None:
        """The quickest way past the page."""
        step = self.at.removeprefix("step/")
        if step == "confirm_facts":
            self.send(answer="true")
        elif step == "check_answers":
            self.send(answer="send")
        elif 'type="radio"' in self.page.text:
            values = re.findall(r'type="radio" name="answer" value="([^"]*)"', self.page.text)
            self.send(answer="?" if "?" in values else values[0])
        else:
            self.send(button=("skip", "1"))

    def finish(self) -> Visitor:
        """To the end."""
        for _ in range(30):
            if self.at == "done":
                return self
            self.leave_out()
        raise AssertionError(f"it did not end; at {self.at}")
