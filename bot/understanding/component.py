"""The intent scores as a component of a spaCy pipeline.

    nlp.add_pipe("hearout_intents")
    nlp(text)._.intent_scores       # logits, in the order of the labels of `nlp.get_pipe("hearout_intents")`

The scores are those of the words as they were typed: `doc._.said`, where whoever made the Doc had to flatten them.
"""

from __future__ import annotations

from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from bot.understanding.intents import Classifier, classifier

FACTORY = "hearout_intents"

for _name in ("said", "intent_scores"):
    if not Doc.has_extension(_name):
        Doc.set_extension(_name, default=None)


class IntentScores:
    """Sets `doc._.intent_scores`, numpy float32 of the model's labels."""

    def __init__(self, scorer: Classifier) -> None:
        self.labels = scorer.model.labels
        self._model = scorer.model

    def __call__(self, doc: Doc) -> Doc:
        said = doc._.said
        doc._.intent_scores = self._model.logits(doc.text if said is None else said)
        return doc


@Language.factory(FACTORY, assigns=["doc._.intent_scores"])
def make_intent_scores(nlp: Language, name: str) -> Any:
    """The component with the shipped weights."""
    return IntentScores(classifier())
