"""The only door to the actions: rasa-sdk's own executor, run inside our process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rasa_sdk.executor import ActionExecutor

from actions import packs
from policy_rules.compiled import CompiledPack
from policy_rules.questions import Questions
from policy_rules.shelf import PackShelf

# The executor keeps one domain; ours is never read, but an empty one is taken for a missing one.
_DOMAIN: dict[str, Any] = {"version": "3.1", "actions": []}


@dataclass(frozen=True, slots=True)
class Ran:
    """What an action returned: the slots it set, and the messages it asked to be sent."""

    slots: dict[str, Any]
    responses: list[dict[str, Any]]


class Runner:
    """Runs actions by name. They return events and keep nothing; the caller commits."""

    def __init__(self, shelf: PackShelf | None = None) -> None:
        if shelf is not None:
            packs.use(shelf)
        self._executor = ActionExecutor()
        self._executor.register_package("actions")

    def questions(self, compiled: CompiledPack) -> Questions:
        """The questions of a pack, as the actions know them."""
        return packs.questions(compiled)

    async def run(self, action: str, slots: Mapping[str, Any], *, sender: str = "") -> Ran:
        """Run one action over a copy of the slots."""
        call = {
            "next_action": action,
            "sender_id": sender,
            "tracker": {"sender_id": sender, "slots": dict(slots), "events": [], "latest_message": {}},
            "domain": _DOMAIN,
        }
        result = await self._executor.run(call)
        if result is None:
            return Ran({}, [])
        found = {e["name"]: e["value"] for e in result.events if e.get("event") == "slot"}
        return Ran(found, list(result.responses))
