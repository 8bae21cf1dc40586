"""What the tests of the rules workshop share: a draft, a cell's form, and what the page says of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import quote

from cases import drafts
from cases.events import Writer
from policy_rules.edits import read
from tests.console.office import Colleague, Office


def live_text(here: Office, organisation: str = "cim") -> str:
    """The text of the rules in force."""
    text: str = here.app.state.house.packs.editions(organisation)[0].text
    return text


def begin(here: Office, organisation: str = "cim", text: str | None = None) -> str:
    """A draft from the rules in force, as somebody else began it; its id."""
    draft_id, text = secrets.token_hex(12), text or live_text(here, organisation)
    base, writer = drafts.Base(1, drafts.sha256_of(text)), Writer("Ann", "staff", "0" * 32)
    about = drafts.About("Acknowledge in one day", "The board decided so.", "Policy of 2027, section 4")
    here.store.write_sync(
        lambda conn: drafts.create_draft(
            conn, organisation, draft_id, about, text, base, writer, here.clock()
        )
    )
    return draft_id


def draft_of(here: Office, draft_id: str, organisation: str = "cim") -> drafts.Draft:
    """The draft as it stands."""
    return here.store.read_sync(lambda conn: drafts.read_draft(conn, organisation, draft_id))


def document_of(here: Office, draft_id: str, organisation: str = "cim") -> dict[str, Any]:
    """The document of the draft as it stands."""
    return read(draft_of(here, draft_id, organisation).text)


def place(draft_id: str, section: str = "", name: str | None = None) -> str:
    """An address of the draft, after /{org}/staff."""
    found = f"/rules/drafts/{draft_id}" + (f"/{section}" if section else "")
    return found if name is None else f"{found}/{quote(name, safe='')}"


def filled(key: str, value: Any, *, new: bool = False) -> dict[str, Any]:
    """The fields that the control of a cell sends for a value."""
    if isinstance(value, Mapping):
        return {key: list(value["not"]), f"{key}~how": "not"}
    if isinstance(value, list):
        return {key: value, f"{key}~how": "is"}
    return {f"{key}~new": value} if new else {key: value or ""}


def save(
    who: Colleague, draft_id: str, section: str, name: str, *, seen: int, cells: str, csrf: str | None = "", **sent: Any
) -> Any:  # fmt: skip
    """Send the form of some cells of a part."""
    fields = {"seen": str(seen), "cells": cells, "act": "save", **sent}
    return who.post(place(draft_id, section, name), csrf=csrf, **fields)


def follow(who: Colleague) -> Any:
    """The page to which the last answer leads."""
    assert who.page.status_code == 303, who.text
    return who.get(who.page.headers["location"].removeprefix(who.home).partition("#")[0])


def form_of(html: str) -> dict[str, Any]:
    """What a browser would send of the form with the id `cell`, untouched."""
    form = html.partition('<form id="cell"')[2].partition("</form>")[0]
    found: dict[str, Any] = {}
    for tag in re.finditer(
        r"<(input|select|textarea)\b([^>]*)>(.*?)(?=<(?:input|select|textarea|/form)|$)", form, re.S
    ):
        kind, attributes, rest = tag.groups()
        name = re.search(r'\bname="([^"]*)"', attributes)
        if name is None:
            continue
        key = unescape(name[1])
        value = re.search(r'\bvalue="([^"]*)"', attributes)
        if kind == "textarea":
            found[key] = unescape(rest.partition("</textarea>")[0])
        elif kind == "select":
            options = re.findall(r'<option value="([^"]*)"( selected)?', rest.partition("</select>")[0])
            chosen = [v for v, mark in options if mark] or [options[0][0]]
            found[key] = unescape(chosen[0])
        elif 'type="checkbox"' in attributes:
            if re.search(r"\bchecked\b", attributes) and value is not None:
                found[key] = [*found.get(key, []), unescape(value[1])]
        else:
            found[key] = unescape(value[1]) if value is not None else ""
    return found
