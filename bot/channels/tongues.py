"""Passages of a page that are in another language than the page, marked so that they are read out as what they are."""

from __future__ import annotations

import html
import re

from markupsafe import escape

from bot.dialogue.catalogue import PACKS_SPEAK
from bot.dialogue.context import Context
from bot.dialogue.languages import foreign_in

# Tags, and what may hold no further tag.
_NO_TEXT = r"(?s:<(?P<tag>title|textarea|script|style|option)\b.*?</(?P=tag)>|<[^>]*>)"


def marked(page: str, context: Context) -> str:
    """A page as HTML; what the policy says in its own words has its language on it."""
    if context.words.language == PACKS_SPEAK:
        return page
    passages = foreign_in(context, [html.unescape(re.sub(_NO_TEXT, "\n", page))])
    if not passages:
        return page
    either = "|".join(re.escape(str(escape(passage))) for passage in passages)
    return re.sub(rf"{_NO_TEXT}|(?<!\w)(?P<said>{either})(?!\w)", _with_language, page)


def _with_language(found: re.Match[str]) -> str:
    return found[0] if found["said"] is None else f'<span lang="{PACKS_SPEAK}">{found["said"]}</span>'
