"""A conversation's answers so far: plain values that are stored with the conversation and read back whole."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

How = Literal["said", "chosen", "confirmed", "proposed", "skipped"]
State = Literal["draft", "filed", "signposted", "informal", "withdrawn", "abandoned"]


class Undo(BaseModel):
    """A draft as it stood before a command; `said` is the command's text where it could have been an answer."""

    before: dict[str, Any]
    said: str | None = None


# What somebody should see before the complaint is sent,
RISK_OF_HARM, ASKED_FOR_A_PERSON = "risk_of_harm", "asked_for_a_person"
# and what they should look at when it is.
POSSIBLE_HARM, FUTURE_RECEIPT = "possible_harm", "received_in_the_future"


class Draft(BaseModel):
    """Everything that the interview remembers. Instants are RFC 3339 text, dates ISO text.

    `answers` are by question id, null where the person could not or would not say; `how` says where each is from.
    `proposed` are facts read from free text that the person has not confirmed yet; `reasks` counts how often the
    open question was put again; `history` is the order of answers, for going back. `relation` is the word for whom
    the person writes ("daughter"), `represented_name` their name, `own_name` the writer's;
    `second` is the subject of a second matter that the story names. `undo` is the
    draft before the last command, and what was said if it could have been an answer. `taken_over_by` names the
    member of staff who has the conversation in hand; `missing` are the questions that were open when a draft was
    abandoned. `escalated_from` is the case that is taken further, `original_received_at` when the first of them came.
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
    represented_name: str | None = None
    relation: str | None = None
    changing: str | None = None
    undo: Undo | None = None
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
    escalated_from: str | None = None
    original_received_at: str | None = None

    def whom(self) -> str:
        """Of whom the questions speak, as was said or is proposed: `self`, `other` or `deceased`."""
        known = {**self.proposed, **self.answers}
        if known.get("on_behalf_of") != "other":
            return "self"
        return "deceased" if known.get("representative_basis") == "deceased" else "other"

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

    def undo_of(self, said: str | None) -> Undo:
        """The draft as it stands, so that the command that follows can be undone."""
        return Undo(before=self.model_dump(mode="json", exclude_defaults=True, exclude={"undo"}), said=said)

    def go_back(self) -> str | None:
        """Be the draft that was remembered; what was said then, if it could have been an answer."""
        if self.undo is None:
            return None
        said, before = self.undo.said, Draft.model_validate(self.undo.before)
        for name in Draft.model_fields:
            setattr(self, name, getattr(before, name))
        return said
