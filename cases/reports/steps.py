"""The way through the interview: which question was put when, and whether an answer came. No words are kept of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from cases.models import messages

# Within the JSON text of a reply: what a person wrote stands in it with its quotation marks escaped, so that it cannot
# be taken for this.
_QUESTION = re.compile(r'"question":\s*\{"id":\s*"(\w+)"')
_SKIPS = re.compile(
    r"\W*(/skip|/SetSlots\(\w+=\)|skip( (it|this|that))?( question)?|pass|later|(i )?(do not|don'?t) know|dunno|no idea"
    r"|(i am |i'?m )?not sure|(i would |i'?d )?rather not( say)?|hepgor|ddim yn gwybod|yn nes ymlaen)\W*",
    re.IGNORECASE,
)
FORM = "form:"
Steps = list[list[Any]]


def steps_of(conn: Connection, organisation: str, ids: Sequence[str]) -> dict[str, tuple[str, Steps]]:
    """By conversation: the face, `chat` or `form`, and `[instant, question, skipped]` for each reply that put a
    question ("" for one that put none), `skipped` saying whether the message before it left the last one out."""
    query = sa.select(
        messages.c.conversation_id,
        messages.c.role,
        messages.c.at,
        messages.c.message_id,
        sa.case((messages.c.role == "assistant", None), else_=messages.c.text).label("text"),
        sa.cast(messages.c.entries, sa.Text).label("entries"),
    ).where(messages.c.organisation == organisation, messages.c.conversation_id.in_(ids))
    said: dict[str, list[Any]] = defaultdict(list)
    for row in conn.execute(query.order_by(messages.c.conversation_id, messages.c.seq)):
        said[row.conversation_id].append(row)
    return {conversation: (_face(rows), _steps(rows)) for conversation, rows in said.items()}


def _face(rows: Iterable[Any]) -> str:
    return "form" if any((row.message_id or "").startswith(FORM) for row in rows) else "chat"


def _steps(rows: Iterable[Any]) -> Steps:
    found: Steps = []
    skipped = False
    for row in rows:
        if row.role == "assistant":
            put = _QUESTION.findall(row.entries or "")
            found.append([_utc(row.at), put[-1] if put else "", skipped])
        else:
            skipped = bool(row.text and len(row.text) < 60 and _SKIPS.fullmatch(row.text))
    return found


def _utc(at: datetime) -> str:
    return at.isoformat()
