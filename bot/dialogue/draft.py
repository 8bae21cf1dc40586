"""A conversation's answers so far: plain values that are stored with the conversation and read back whole."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

How = Literal["said", "chosen", "confirmed", "proposed", "skipped"]
State = Literal["draft", "filed", "signposted", "informal", "withdrawn", "abandoned"]


class Draft(BaseModel):
    """Everything that the interview remembers. Instants are RFC 3339 text, dates ISO text.

    `answers` are by question id, null where the person could not or would not say; `how` says where each is from.
    `proposed` are facts read from free text that the person has not confirmed yet; `reasks` counts how often the
    open question was put again; `history` is the order of answers, for going back. `second` is the subject of a
    second matter that the story names. `taken_over_by` names the member of staff who has the conversation in hand;
    `missing` are the questions that were open when a draft was abandoned.
    """

    model_config = ConfigDict(extra="forbid")
    state: State = "draft"
    answers: dict[str, str | None] = {}
    how: dict[str, How] = {}
    proposed: dict[str, str] = {}
    declined: list[str] = []
    pending: str | None = None
    reasks: int = 0
    history: list[str] = []
    flags: list[str] = []
    added_words: list[str] = []
    own_name: str | None = None
    changing: str | None = None
    second: str | None = None
    second_reference: str | None = None
    taken_over_by: str | None = None
    missing: list[str] = []
    first_told_at: str | None = None
    received_at: str | None = None
    channel: str = "chat"
    recorded_by: str | None = None
    privacy_version: str | None = None
    language: str = "en"

    def skipped(self) -> tuple[str, ...]:
        return tuple(name for name, value in self.answers.items() if value is None)

    def set(self, name: str, value: str | None, how: How) -> None:
        """Keep an answer and its place in the order; a newer answer to the same question replaces it."""
        self.answers[name], self.how[name] = value, how
        self.proposed.pop(name, None)
        if name in self.history:
            self.history.remove(name)
        self.history.append(name)

    def clear(self, name: str) -> None:
        """Forget an answer, so that its question is asked again."""
        self.answers.pop(name, None)
        self.how.pop(name, None)
        if name in self.history:
            self.history.remove(name)
