"""Wordings of the phrase book as training lines: `python -m bot.understanding.phrasings` writes nlu_data/phrasings.yml.

The phrase book holds the short ways to say a thing, which writers of varied lines pass over. The file is committed, so
that an edit of a phrase does not make the weights stale; write it anew when the phrase book has grown.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.understanding.examples import Example
from bot.understanding.intents import PHRASINGS
from bot.understanding.phrases import DATA, expand, read_yaml

# What each list of the phrase book means; those of no intent are left out.
_COMMANDS = {
    "skip": "dont_know_skip",
    "back": "correct_previous_answer",
    "human": "speak_to_human",
    "withdraw": "withdraw_cancel",
    "restart": "restart",
    "pause": "save_and_come_back_later",
}
_ASIDES = {
    "why_asked": "ask_why_needed",
    "deadline": "ask_deadline",
    "process": "ask_policy_process",
    "status": "ask_status_of_my_complaint",
}
_ANSWERS = {"yes": "affirm", "no": "deny", "unknown": "dont_know_skip"}
_OF_ONE_PHRASE = 30
# Said to pause, these are as often meant otherwise.
_DOUBTFUL = frozenset("stop quit exit cancel bye goodbye later next".split())
_HEAD = """\
# Wordings of the phrase book, written by `python -m bot.understanding.phrasings`: the short ways to say a thing.
# They are training lines beside nlu_data/intents; what a person wrote stands there.
version: "3.1"
nlu:
"""


def phrasings(book: Mapping[str, Any]) -> dict[str, list[str]]:
    """Wordings by intent, at most thirty of one phrase; the same every time, and none under two intents."""
    chance = random.Random(1)  # noqa: S311 - the same lines every time
    found: dict[str, dict[str, None]] = {}
    for intent, phrase in _phrases(book):
        wordings = list(dict.fromkeys(expand(phrase, book["words"])))
        chance.shuffle(wordings)
        kept = [wording for wording in wordings[:_OF_ONE_PHRASE] if not _DOUBTFUL & set(wording.split())]
        found.setdefault(intent, {}).update(dict.fromkeys(kept))
    owners: dict[str, int] = {}
    for wordings_of in found.values():
        for wording in wordings_of:
            owners[wording] = owners.get(wording, 0) + 1
    return {intent: [w for w in wordings if owners[w] == 1] for intent, wordings in found.items()}


def _phrases(book: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    groups: Iterable[tuple[Mapping[str, list[str]], Mapping[str, str]]] = (
        (book["commands"], _COMMANDS),
        (book["asides"], _ASIDES),
        (book, _ANSWERS),
    )
    for lists, meanings in groups:
        for name, intent in meanings.items():
            yield from ((intent, phrase) for phrase in lists[name])


def without(lines: Iterable[Example], others: Iterable[Example]) -> list[Example]:
    """The lines whose text is none of the others': what a person wrote stands, with the intent it was given."""
    taken = {" ".join(other.text.casefold().split()) for other in others}
    return [line for line in lines if " ".join(line.text.casefold().split()) not in taken]


def main() -> int:
    """Write the file."""
    made = phrasings(read_yaml(DATA / "phrases.yml"))
    with PHRASINGS.open("w", encoding="utf-8") as file:
        file.write(_HEAD)
        for intent, wordings in sorted(made.items()):
            file.write(f"  - intent: {intent}\n    examples: |\n")
            file.writelines(f"      - {wording}\n" for wording in wordings)
    sys.stdout.write(f"{PHRASINGS.name}: {sum(map(len, made.values()))} wordings\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
