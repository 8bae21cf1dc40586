"""The packs that the tests of the engine stand on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policy_rules.compiled import CompiledPack
from policy_rules.loader import parse_pack

MINI = Path(__file__).parent / "packs" / "mini.yml"


@pytest.fixture(scope="session")
def mini_text() -> str:
    return MINI.read_text("utf-8")


@pytest.fixture(scope="session")
def mini(mini_text: str) -> CompiledPack:
    return CompiledPack(parse_pack(mini_text, "mini.yml"))


@pytest.fixture
def edited(mini_text: str) -> Callable[[str, str], CompiledPack]:
    """The small pack with one piece of its text replaced."""

    def edit(old: str, new: str) -> CompiledPack:
        assert mini_text.count(old) == 1, f"{old!r} stands {mini_text.count(old)} times"
        return CompiledPack(parse_pack(mini_text.replace(old, new), "mini.yml"))

    return edit
