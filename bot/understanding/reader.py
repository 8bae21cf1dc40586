"""The order in which a message is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bot.messages import OpenQuestion, Understood


class Reader:
    """Reads one message beside the open question; built once, shared by every conversation."""

    @classmethod
    def load(cls, cues: Path | None = None) -> Reader:
        """Read the phrase files and build the pipeline; `cues` replaces the cue file."""
        return cls()

    def read(
        self,
        text: str,
        question: OpenQuestion | None,
        *,
        now: datetime,
        facts: Mapping[str, tuple[str, ...]],
    ) -> Understood:
        """What `text` says, given `question`; `facts` maps each fact to the values its organisation knows."""
        if question is not None and text.strip():
            return Understood(text, answer=text)
        return Understood(text)
