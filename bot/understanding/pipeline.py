"""spaCy's tokeniser over a text, and the cue file's phrases over its tokens. The only module with spaCy.

A blank English pipeline: no downloaded model. Tokens are compared by their norm, so "hasn't", "hasnt" and "has not"
are one phrase. Texts are read inside a memory zone: a server that kept every word it ever saw would both grow without
end and hold complaints in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any
from unicodedata import combining

from bot.understanding.lean import spacy  # isort: skip - before the modules of spaCy: it sees to what they load
from spacy.attrs import IS_PUNCT, NORM  # type: ignore[import-not-found]
from spacy.tokens import Doc

from bot.understanding.automaton import GAP, STOP, Automaton
from bot.understanding.component import FACTORY
from bot.understanding.cues import CueBook, Seen, Sighting
from bot.understanding.features import Floats
from bot.understanding.harm import outright, without
from bot.understanding.harm_model import HarmModel
from bot.understanding.phrases import INVISIBLE, parts

_REACH = {"deny": 4, "about": 5, "not": 5}  # tokens between a guard and the cue that it bears on

_NEGATIONS = frozenset("not no never without nor neither nobody hardly barely".split())
_CLAUSE_ENDS = frozenset("but because although though however whereas".split())
# spaCy's norms for these differ from the norms of the words written out.
_SPECIAL = {
    "didn't": "did not", "didnt": "did not", "hadn't": "had not", "hadnt": "had not", "im": "i am", "ive": "i have",
    "hes": "he 's", "shes": "she 's", "thats": "that 's", "theyre": "they are", "weve": "we have",
}  # fmt: skip
_STOPS = ".,;:!?'"
_ODD = re.compile(r"[^a-z0-9 .,;:!?']|  |^ |[.,;:!?']{2}")

Label = tuple[str, str, bool]  # fact ("" for a guard), value (or the guard's name), said plainly


class Pipeline:
    """Finds the cues of a book in a text. One a process; `see` may be called from any thread."""

    def __init__(self, book: CueBook, danger: HarmModel | None = None) -> None:
        """Without `danger` only the phrases of the lexicon tell of harm."""
        self._danger = danger
        self._strict = book.strict
        self._spelling = book.spelling
        # While the phrases load: the same few words stand in most of them.
        self._known: dict[str, list[str]] = {}
        self._groups: dict[tuple[str, ...], list[list[str]]] = {}
        self._nlp = spacy.blank("en")
        _forget_what_is_not_asked(self._nlp.vocab)
        _mend_norms(self._nlp.tokenizer)
        self._nlp.add_pipe(FACTORY)
        self._automaton: Automaton[Label] = Automaton()
        self._lock = Lock()  # a memory zone belongs to one text at a time
        for cue in book.cues:
            self._add(cue.phrase, (cue.fact, cue.value, cue.plain), book.words)
        guards = {"deny": book.deny, "about": book.about, "harm": book.harm, "harmless": book.harmless}
        for name, phrases in guards.items():
            for phrase in phrases:
                self._add(phrase, ("", name, False), book.words)
        self._known.clear()
        self._groups.clear()

    def see(self, text: str) -> Sighting:
        """Every cue in `text` that no guard denies, and whether a word of harm is there. Never raises on any text."""
        plain, places = flatten(text)
        if not plain:
            return Sighting()
        with self._lock, self._nlp.memory_zone():
            sighting = self._sighting(self._nlp.make_doc(plain), places)
        return self._weighed(text, sighting)

    def read(self, text: str) -> tuple[Sighting, Floats]:
        """What `see` finds, and the score of each intent (`intents.Classifier.rank` takes it). Never raises."""
        plain, places = flatten(text)
        with self._lock, self._nlp.memory_zone():
            doc = self._nlp.make_doc(plain)
            doc._.said = text
            scores: Floats = self._nlp(doc)._.intent_scores
            sighting = self._sighting(doc, places)
        return self._weighed(text, sighting), scores

    def _weighed(self, text: str, sighting: Sighting) -> Sighting:
        """A danger that no phrase speaks of is for the model to find."""
        if sighting.outright or self._danger is None:
            return sighting
        score = self._danger.score(without(text, sighting.idle))
        return replace(sighting, harm=score >= self._danger.threshold, sure=score >= self._danger.sure)

    def _sighting(self, doc: Doc, places: list[int] | None) -> Sighting:
        words = _words(doc, self._spelling)
        matches = self._automaton.find(words)
        return _judge(doc, words, matches, self._strict, places) if matches else Sighting()

    def _add(self, phrase: str, label: Label, words: dict[str, str]) -> None:
        self._automaton.add([self._wordings(tuple(options)) for options in parts(phrase, words)], label)

    def _wordings(self, options: tuple[str, ...]) -> list[list[str]]:
        """Each wording of one part of a phrase, as norms."""
        found = self._groups.get(options)
        if found is None:
            found = self._groups[options] = [
                [norm for word in option.split() for norm in self._norms(word)] for option in options
            ]
        return found

    def _norms(self, word: str) -> list[str]:
        """A word of a phrase, as `find` meets it in a text: "hasn't" is two; `*` is a gap."""
        norms = self._known.get(word)
        if norms is None:
            doc = self._nlp.make_doc(flatten(word)[0].strip())
            norms = self._known[word] = [GAP] if word == GAP else _words(doc, self._spelling)
        return norms


def _words(doc: Doc, spelling: dict[str, str]) -> list[str]:
    """The norm of each token, spelt as the phrases are; punctuation is STOP."""
    # At once: spaCy makes a token anew each time that it is asked for one.
    strings, found = doc.vocab.strings, doc.to_array([NORM, IS_PUNCT]).tolist()
    norms = (STOP if stops else strings[norm] for norm, stops in found)
    return [spelling.get(norm, norm) for norm in norms]


def _forget_what_is_not_asked(vocab: Any) -> None:
    """Work out of a new word only what is read of it: its shape, and whether it is like a number or an address, are
    three quarters of the time that a word takes which no phrase holds."""
    vocab.lex_attr_getters = {name: vocab.lex_attr_getters[name] for name in (NORM, IS_PUNCT)}


def _mend_norms(tokenizer: Any) -> None:
    for said, norms in _SPECIAL.items():
        first, second = norms.split()
        tail = next(t for t in ("n't", "nt", "m", "ve", "s", "re") if said.endswith(t))
        head = said.removesuffix(tail)
        tokenizer.add_special_case(said, [{"ORTH": head, "NORM": first}, {"ORTH": tail, "NORM": second}])


def flatten(text: str) -> tuple[str, list[int] | None]:
    """Lower case words, with white space, hyphens and odd signs as one space, and at most one stop after another.

    With it, for each character its place in `text`; None where nothing moved. Runs of signs must go before spaCy sees
    them: its tokeniser takes them off one by one, and 16 KiB of brackets would hold a server for 20 seconds.
    """
    if not _ODD.search(text):
        return text, None
    if text.isascii():
        # Most messages need no more than this: one character for one, and no run of signs among them.
        same_places = text.translate(_ASCII)
        if not _RUNS.search(same_places):
            return same_places, None
    kept: list[str] = []
    places: list[int] = []
    last = " "  # as if a space stood before: leading white space goes
    for place, char in enumerate(text):
        if INVISIBLE.match(char) or combining(char):
            continue
        plain = _plain(char)
        if plain == last == " " or (plain in _STOPS and last in _STOPS):
            continue
        kept.append(plain)
        places.append(place)
        last = plain
    return "".join(kept), places


def _plain(char: str) -> str:
    """One character for one: a lower-case letter or digit, a stop, an apostrophe or a space."""
    if char.isalnum():
        low = char.lower()
        return low if len(low) == 1 else char
    return char if char in _STOPS else "'" if char in "’‘ʼ" else " "


# What the loop makes of each ASCII character; one that it would leave out is marked, and sends the text there.
_MARK = "\x00"
_ASCII = {
    code: _MARK if INVISIBLE.match(chr(code)) or combining(chr(code)) else _plain(chr(code))
    for code in range(128)
}
_RUNS = re.compile(rf"{_MARK}|^ |  |[{re.escape(''.join(_STOPS))}]{{2}}")


def _judge(
    doc: Doc,
    words: Sequence[str],
    matches: list[tuple[Label, int, int]],
    strict: frozenset[str],
    places: list[int] | None,
) -> Sighting:
    """Apply the guards: denials, "complain about" before a mention, and harmless turns of phrase."""
    guards: dict[str, list[tuple[int, int]]] = {"deny": [], "about": [], "harm": [], "harmless": []}
    cues: set[tuple[str, str, bool, int, int]] = set()
    for (fact, value, plain), start, end in matches:
        if fact:
            cues.add((fact, value, plain, start, end))
        else:
            guards[value].append((start, end))
    denied, about = dict(_by_end(guards["deny"])), dict(_by_end(guards["about"]))
    negated = {place + 1: place for place, word in enumerate(words) if word in _NEGATIONS}
    seen = []
    for fact, value, plain, start, end in sorted(cues):
        if _before(denied, start, words, _REACH["deny"]):
            continue
        if fact in strict and _before(negated, start, words, _REACH["not"]):
            continue
        stated = plain or _before(about, start, words, _REACH["about"])
        seen.append(Seen(fact, value, stated, *_range(doc, start, end, places)))
    said = outright(words, guards["harm"], guards["harmless"])
    idle = (_range(doc, start, end, places) for start, end in guards["harmless"])
    return Sighting(tuple(seen), harm=said, sure=said, outright=said, idle=tuple(idle))


def _by_end(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where each guard ends, and where it begins: of those that end together, the longest."""
    return ((end, start) for start, end in sorted(spans, reverse=True))


def _before(guards: dict[int, int], start: int, words: Sequence[str], reach: int) -> bool:
    """Whether a guard ends at most `reach` words before `start`, or on its first word ("not the"), in one clause."""
    for end in range(start + 1, max(start - reach, 0) - 1, -1):
        if guards.get(end, start) < start:
            return True
        if end <= start and end > 0 and (words[end - 1] == STOP or words[end - 1] in _CLAUSE_ENDS):
            return False
    return False


def _range(doc: Doc, first: int, after: int, places: list[int] | None) -> tuple[int, int]:
    """The characters of the message that the tokens [first, after) stand at."""
    last = doc[after - 1]
    start, end = doc[first].idx, last.idx + len(last)
    return (start, end) if places is None else (places[start], places[end - 1] + 1)
