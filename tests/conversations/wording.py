"""Names of responses: a key of the catalogue, a question's words, or utter_ask_<question id>."""

from __future__ import annotations

import re
from string import Formatter

from bot.dialogue.catalogue import Catalogue
from policy_rules.errors import nearest

ASK = "utter_ask_"
_FEWEST = 7  # letters of its own; a response with fewer could be found in almost any reply


class UnknownResponse(LookupError):
    """No response has this name, or it says too little to be told from others."""


def pattern_of(words: Catalogue, name: str) -> re.Pattern[str]:
    """What a text that was spoken under this name looks like. `questions.<id>.<part>` takes the pack's own words."""
    section, _, rest = name.partition(".")
    if section == "questions":
        question, _, part = rest.partition(".")
        text = words.question(question, part or "text")
        if text is None:
            raise UnknownResponse(f"no question '{question}' has a '{part or 'text'}'")
        return re.compile(re.escape(text))
    try:
        template = _template(words, section, rest)
    except (KeyError, TypeError):
        close = nearest(name, responses(words))
        hint = f"; did you mean '{close}'" if close else ""
        raise UnknownResponse(f"the catalogue has no '{name}'{hint}") from None
    return _as_pattern(words, template, name)


def responses(words: Catalogue) -> list[str]:
    """The names that `utter` knows, save those of questions."""
    catalogue = words._words
    return [
        f"{section}.{key}"
        for section, entries in catalogue.items()
        if isinstance(entries, dict) and section not in ("questions", "labels", "statements", "dates")
        for key in entries
    ]


def _template(words: Catalogue, section: str, key: str) -> str:
    if section in ("questions", "labels", "statements", "dates"):
        raise KeyError(key)
    template = words._words[section][key]
    if not isinstance(template, str):
        raise KeyError(key)
    return template


def _as_pattern(words: Catalogue, template: str, name: str) -> re.Pattern[str]:
    own, pieces = 0, []
    for literal, slot, _, _ in Formatter().parse(template):
        pieces.append(re.escape(literal))
        own += sum(char.isalpha() for char in literal)
        if slot in words._names:
            pieces.append(re.escape(words._names[slot]))
        elif slot is not None:
            pieces.append(r"[^\n]+?")
    if own < _FEWEST:
        raise UnknownResponse(f"'{name}' has no words of its own; match its text instead")
    return re.compile("".join(pieces))
