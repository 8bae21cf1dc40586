"""Rules published for a test, the way they are on the pages: a draft, and somebody else who approves it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection

from cases import drafts, rulebook
from cases.drafts import About, Base
from cases.editions import adopt
from cases.events import Writer
from cases.rulebook import First, Shown, Version
from cases.store import Store
from policy_rules.loader import parse_pack
from policy_rules.shelf import PackShelf

EDITOR, APPROVER = Writer("Jo Field", "staff", "jo-id"), Writer("Sam Hill", "staff", "sam-id")


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """A pack's text with each of these, which stands in it once, changed."""
    for old, new in changes:
        assert text.count(old) == 1, (text.count(old), old)
        text = text.replace(old, new)
    return text


def publish(
    store: Store, packs: PackShelf, organisation: str, text: str, at: datetime, now: datetime
) -> Version:
    """Make a text the organisation's rules from an instant on, in this process too."""
    draft_id = uuid.uuid4().hex
    before = [edition for edition in packs.editions(organisation) if edition.begins <= at]
    base = Base(before[-1].number, before[-1].text_sha256) if before else Base(0, drafts.sha256_of(""))
    file = packs.from_file(organisation)
    first = None if file is None else First(file[0], file[1].sha256)
    sha256 = parse_pack(text, organisation).sha256

    def work(conn: Connection) -> Version:
        about = About("A change", "The board said so.", "Minute 7")
        made = drafts.create_draft(conn, organisation, draft_id, about, text, base, EDITOR, now)
        seen = drafts.submit(conn, organisation, draft_id, made.revision, EDITOR, now)
        later = {v.number for v in rulebook.coming(rulebook.versions(conn, organisation), at)}
        shown = Shown(seen, made.text_sha256, later)
        return rulebook.publish(conn, organisation, draft_id, shown, sha256, at, APPROVER, now, first=first)

    found = store.write_sync(work)
    assert adopt(packs, store, now) == []
    return found
