"""The packs that the actions decide with: the server hands over its own; alone, the shipped ones are used."""

from __future__ import annotations

from datetime import datetime

from policy_rules.compiled import CompiledPack
from policy_rules.questions import Questions
from policy_rules.shelf import PackShelf

_shelf: PackShelf | None = None
_questions: dict[str, Questions] = {}


def use(shelf: PackShelf) -> None:
    """Decide with this shelf from now on."""
    global _shelf
    _shelf = shelf


def pack(organisation: str, at: datetime | None) -> CompiledPack:
    """The pack that governs what was received `at` an instant, None for now; UnknownOrganisation names the nearest."""
    global _shelf
    if _shelf is None:
        _shelf = PackShelf()
    return _shelf.get(organisation, at)


def questions(compiled: CompiledPack) -> Questions:
    """The questions of a pack, worked out once for each version of it."""
    found = _questions.get(compiled.sha256)
    if found is None:
        if len(_questions) > 256:
            _questions.clear()
        found = _questions[compiled.sha256] = Questions(compiled)
    return found
