"""The shapes that pass between a channel, the turn, understanding and the dialogue.

Everything here is plain data: a channel builds an `Incoming`, the turn hands back a `TurnReply`, and nothing
in between knows which face the person is using.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Command(StrEnum):
    """What a person may ask for at any question, whatever that question is."""

    SKIP = "skip"
    BACK = "back"
    HUMAN = "human"
    WITHDRAW = "withdraw"
    RESTART = "restart"
    PAUSE = "pause"
    SEND = "send"
    CHANGE = "change"
    REPEAT = "repeat"
    UNDO = "undo"
    LANGUAGE = "language"
    ANOTHER = "another"


class Aside(StrEnum):
    """A question that the person puts to us, or a courtesy; it is answered and the pending question returns."""

    WHY_ASKED = "why_asked"
    DEADLINE = "deadline"
    PROCESS = "process"
    STATUS = "status"
    WHO_HANDLES = "who_handles"
    MACHINE = "machine"
    POLICY = "policy"
    MEANING = "meaning"
    PRIVACY = "privacy"
    THANKS = "thanks"
    HELLO = "hello"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fact seen in free text: `value` is a vocabulary string, `text[start:end]` is what suggested it."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understood:
    """One message, read beside the open question.

    At most one of `answer`, `command` and `aside` is set. `slots` holds what SetSlots or a button set, by
    question id, still as text (None clears). `proposals` are facts that free text suggests for other
    questions; `second` is the subject of a second matter in the same story. `problem` is a wording key that
    says why the text could not be read as an answer. `corrections` are earlier answers that the message puts right, by
    question id, as they are stored.

    `harm` says that a danger to somebody may be told, and `sure_of_harm` that it surely is.
    `exact` marks a message to a free-text question that was taken as something else although it could have been the
    answer: it is echoed with a way to undo it. `guessed` marks a command or an aside that no phrase but a likelihood
    speaks for; it can be undone too. `wanted` is a command that the message seems to ask for, and that is only named
    to the person: what ends or restarts a complaint is never done on a guess. `language` is the code of another
    language than English that the message is in. `complains` says of a story whether it likely is a complaint; None
    where nothing is known.
    """

    text: str
    answer: str | None = None
    command: Command | None = None
    aside: Aside | None = None
    target: str | None = None
    slots: dict[str, str | None] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    second: Proposal | None = None
    problem: str | None = None
    harm: bool = False
    sure_of_harm: bool = False
    exact: bool = False
    corrections: dict[str, str] = field(default_factory=dict)
    guessed: bool = False
    wanted: Command | None = None
    language: str | None = None
    complains: bool | None = None


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What understanding needs to know of the question that is open.

    `kind` is text, choice, yes_no, date, email, phone, file, check or confirm; `choices` pairs the value that is
    stored with the label that was shown; `unsure` is the one that "I don't know" stands for, if there is one.
    """

    id: str
    kind: str
    optional: bool
    choices: tuple[tuple[str, str], ...] = ()
    unsure: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given before, or is put to be confirmed: as it is stored, and as it is read back."""

    question: OpenQuestion
    value: str
    shown: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message from a person or from staff on a person's behalf.

    `sender` is the secret that names the conversation within the organisation. `received_at` (aware) and
    `recorded_by` are given by staff only. `text` is verbatim. `answers` is the question whose page it was written on:
    then it is read beside that question, whichever is open, and free text is never taken for a command. `language`
    changes the language of the conversation from this message on; whoever gives it has seen that it is offered.
    `begin_in` is the language that a new conversation begins in, where it is offered.
    """

    organisation: str
    sender: str
    text: str
    message_id: str
    channel: str = "chat"
    received_at: datetime | None = None
    recorded_by: str | None = None
    answers: str | None = None
    language: str | None = None
    begin_in: str | None = None


@dataclass(frozen=True, slots=True)
class TurnReply:
    """What goes back once the turn is on disk.

    `entries` are Rasa response dicts without `recipient_id`: {"text", "buttons"?} or {"custom": {...}}.
    `seq` is the number of this reply in the conversation; `replayed` says that the message id was seen before.
    `said` is the message that it answers, as (its id, its text), where the reply is one that was missed.
    """

    seq: int
    reference: str
    state: str
    entries: list[dict[str, Any]]
    replayed: bool = False
    said: tuple[str, str] | None = None
