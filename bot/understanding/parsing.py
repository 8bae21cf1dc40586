"""One message as Rasa's HTTP API tells it: the intent, the ranking, and the entities with their places.

The name of the intent is final: a word of harm comes first, then what the threshold leaves out of scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.messages import OpenQuestion
from bot.understanding.cues import Sighting, propose
from bot.understanding.details import find_entities
from bot.understanding.features import Floats
from bot.understanding.intents import HARM, Classifier, Ranking, allowed_at, classifier
from bot.understanding.reader import Reader


@dataclass(frozen=True, slots=True)
class Entity:
    """`value` was found at `text[start:end]`; `entity` is a kind of detail, or a fact of the vocabulary."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """One message. `ranking` begins with the intent itself; shares are between 0 and 1."""

    text: str
    intent: tuple[str, float]
    ranking: tuple[tuple[str, float], ...]
    entities: tuple[Entity, ...]

    def as_json(self) -> dict[str, object]:
        """The answer of Rasa's /model/parse."""
        return {
            "text": self.text,
            "intent": _intent(self.intent),
            "intent_ranking": [_intent(one) for one in self.ranking],
            "entities": [
                {"entity": e.entity, "value": e.value, "start": e.start, "end": e.end} for e in self.entities
            ],
        }


def _intent(scored: tuple[str, float]) -> dict[str, object]:
    return {"name": scored[0], "confidence": round(scored[1], 6)}


class Interpreter:
    """Reads whole messages outside any conversation; shares the reader's pipeline and cue book."""

    def __init__(self, reader: Reader, scorer: Classifier | None = None) -> None:
        self._pipeline = reader._pipeline
        self._book = reader._book
        self._classifier = scorer or classifier()

    def look(self, text: str) -> tuple[Sighting, Floats]:
        """The cues and the words of harm in a text, and the scores of its intents."""
        return self._pipeline.read(text)

    def rank(self, scores: Floats, question: OpenQuestion | None) -> Ranking:
        """The ranking of those scores among what `question` allows."""
        return self._classifier.rank(scores, allowed_at(question))

    def parse(
        self,
        text: str,
        *,
        now: datetime,
        facts: Mapping[str, tuple[str, ...]],
        question: OpenQuestion | None = None,
    ) -> Parsed:
        """What `text` says. `facts` are those of its organisation with their values; `question` narrows the intents.

        Never raises.
        """
        sighting, scores = self.look(text)
        ranking = self.rank(scores, question)
        intent = final(ranking, sighting)
        rest = (one for one in ranking.scores if one[0] != intent[0])
        entities = sorted(
            (*_of_facts(sighting, facts, self), *_of_details(text, now)),
            key=lambda e: (e.start, e.end, e.entity),
        )
        return Parsed(text, intent, (intent, *rest), tuple(entities))


# The danger model alone does not name a message; it takes the classifier's leaning too. Help is shown without it.
LIKELY = 0.5


def final(ranking: Ranking, sighting: Sighting) -> tuple[str, float]:
    """The name and its share, once harm and the threshold had their say."""
    likely = sighting.sure and dict(ranking.scores).get(HARM, 0.0) >= LIKELY
    return (HARM, 1.0) if sighting.outright or likely else (ranking.name, ranking.confidence)


def _of_facts(
    sighting: Sighting, facts: Mapping[str, tuple[str, ...]], reader: Interpreter
) -> Iterator[Entity]:
    for fact, seen in propose(sighting.seen, facts, reader._book).items():
        yield Entity(fact, seen.value, seen.start, seen.end)


def _of_details(text: str, now: datetime) -> Iterator[Entity]:
    for kind, spans in find_entities(text, now).items():
        for span in spans:
            yield Entity(kind, span.value, span.start, span.end)
