"""What a message is about: the thirty intents, which of them an open question allows, and their ranking.

A flat choice among thirty is wrong too often to decide anything by itself, so a message is read among the intents that
make sense at the question that is open. `QUESTIONS` is that table; serving and evaluation share it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.messages import OpenQuestion
from bot.understanding.features import Floats
from bot.understanding.linear import LinearModel, softmax
from bot.understanding.phrases import DATA

WEIGHTS = DATA / "intents.npz"
TRAINING_LINES = DATA / "intents"
PHRASINGS = DATA / "phrasings.yml"
OUT_OF_SCOPE: Final = "out_of_scope"
HARM: Final = "distress_risk_of_harm"

# How somebody begins: each may send the story another way.
OPENINGS = (
    "make_complaint",
    "make_complaint_about_member_conduct",
    "complaint_about_study_centre",
    "dispute_exam_result",
    "staff_grievance",
    "enquiry",
    "compliment",
    "suggestion",
    "data_protection_request",
    "legal_threat",
    "on_behalf_of_someone",
)
# What somebody may turn to at any question after the story.
DIGRESSIONS = (
    "ask_why_needed",
    "ask_deadline",
    "ask_policy_process",
    "ask_status_of_my_complaint",
    "speak_to_human",
    "make_it_anonymous_confidential",
    "withdraw_cancel",
    "restart",
    "save_and_come_back_later",
    "greeting",
    "goodbye",
    "thanks",
    "abuse_insult",
    HARM,
)
ANSWERS = ("affirm", "deny", "dont_know_skip", "correct_previous_answer")
INTENTS = (*OPENINGS, *ANSWERS, *DIGRESSIONS, OUT_OF_SCOPE)

# By the id of the question, else by its kind; OUT_OF_SCOPE is possible at every one.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "story": OPENINGS,
    "on_behalf_of": ("on_behalf_of_someone", "dont_know_skip", "correct_previous_answer", *DIGRESSIONS),
    "yes_no": (*ANSWERS, *DIGRESSIONS),
    "confirm": (*ANSWERS, *DIGRESSIONS),
    "check": ("affirm", "deny", "correct_previous_answer", *DIGRESSIONS),
    "file": ("deny", "dont_know_skip", "correct_previous_answer", *DIGRESSIONS),
    "text": ("dont_know_skip", "correct_previous_answer", *DIGRESSIONS),
    "date": ("dont_know_skip", "correct_previous_answer", *DIGRESSIONS),
    "email": ("dont_know_skip", "correct_previous_answer", *DIGRESSIONS),
    "phone": ("dont_know_skip", "correct_previous_answer", *DIGRESSIONS),
    "choice": ("dont_know_skip", "correct_previous_answer", *DIGRESSIONS),
}


def allowed_at(question: OpenQuestion | None) -> tuple[str, ...]:
    """The intents that the open question allows; all when none is open, or its kind is not in the table."""
    row = None if question is None else QUESTIONS.get(question.id) or QUESTIONS.get(question.kind)
    return INTENTS if row is None else (*row, OUT_OF_SCOPE)


@dataclass(frozen=True, slots=True)
class Ranking:
    """How a message reads: the allowed intents with their shares among the allowed (0 to 1), best first.

    `covered` is how much of the share among all thirty fell to the allowed: where it is small, the message is likely
    something else altogether, such as the answer itself.
    """

    scores: tuple[tuple[str, float], ...]
    covered: float

    @property
    def name(self) -> str:
        """The best; OUT_OF_SCOPE where that is."""
        return self.scores[0][0]

    @property
    def confidence(self) -> float:
        """The share of the best among the allowed."""
        return self.scores[0][1]

    @property
    def margin(self) -> float:
        """How far the best stands before the second, 0 to 1."""
        return self.scores[0][1] - (self.scores[1][1] if len(self.scores) > 1 else 0.0)


class Classifier:
    """Ranks intents; built once, shared by every thread, keeps nothing of what it reads."""

    def __init__(self, model: LinearModel) -> None:
        self._model = model
        self._places: dict[tuple[str, ...], NDArray[np.intp]] = {}

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Classifier:
        """Read the weights (50 ms); raises OSError, or ValueError when they are of another version."""
        return cls(LinearModel.load(path))

    @property
    def model(self) -> LinearModel:
        """The weights and what they were made from."""
        return self._model

    def classify(self, text: str, question: OpenQuestion | None = None) -> Ranking:
        """The ranking among what `question` allows. Never raises on any text."""
        return self.rank(self._model.logits(text), allowed_at(question))

    def rank(self, logits: Floats, allowed: Iterable[str]) -> Ranking:
        """The ranking of scores that the model gave, among the `allowed`."""
        places = self._of(tuple(allowed))
        shares = softmax(logits[places])
        order = np.argsort(-shares, kind="stable")
        scores = tuple((self._model.labels[places[i]], float(shares[i])) for i in order)
        return Ranking(scores, float(softmax(logits)[places].sum()))

    def _of(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        found = self._places.get(names)
        if found is None:
            labels = self._model.labels
            met = [i for i, label in enumerate(labels) if label in names]
            # Weights of other labels than ours know nothing of the table: then all are allowed.
            found = np.array(met or range(len(labels)), np.intp)
            self._places[names] = found
        return found


@cache
def classifier() -> Classifier:
    """The shipped classifier, read at its first use."""
    return Classifier.load()


def classify(text: str, question: OpenQuestion | None = None) -> Ranking:
    """`Classifier.classify` of the shipped classifier."""
    return classifier().classify(text, question)
