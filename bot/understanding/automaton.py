"""Finds phrases with alternatives in a list of words, in time that does not grow with the number of phrases.

Why not spaCy's matchers: the cue file's phrases have so many wordings that PhraseMatcher needed 22 s and 2 GB to load
them, and Matcher 9 ms a story for the twentieth part. Here a phrase stays a small graph; the graphs are walked
together, and each step taken is remembered (a deterministic automaton, built as texts ask for it). What is remembered
is keyed by the phrases' own words: a word that makes no difference to where one stands is `OTHER`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from threading import Lock
from typing import Generic, TypeVar

OTHER = ""
STOP = "\0"  # punctuation: no phrase crosses it
GAP = "*"  # in a phrase: any words of one clause, or none
_LONGEST_GAP = 6

L = TypeVar("L", bound=Hashable)


# Then all are forgotten: some 30 MiB. With fewer, a few long texts would throw out what others need.
_MOST_STATES = 40_000


class Automaton(Generic[L]):
    """Add phrases, then `find` or `match`, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()  # steps are remembered while texts are read
        # A step is taken by any word of a set, so that a group of fifty words costs one step and not fifty.
        self._sets: dict[frozenset[str], int] = {}
        self._sets_of: dict[str, set[int]] = {}
        self._steps: list[tuple[tuple[int, int], ...]] = []  # node -> (set of words, node)
        self._any: dict[int, int] = {}  # node -> node reached by any word
        self._free: dict[int, list[int]] = {}  # node -> nodes reached by no word
        self._label: dict[int, list[L]] = {}
        self._start = self._node()
        self._states: dict[frozenset[int], int] = {}
        self._moves: list[dict[str, int]] = []
        self._heeds: list[frozenset[int]] = []  # state -> sets of words that it tells from all other words
        self._accepts: list[tuple[L, ...]] = []
        self._nodes: list[frozenset[int]] = []

    def add(self, phrase: Sequence[Sequence[Sequence[str]]], label: L) -> None:
        """A phrase is its parts in order: each a list of wordings (lists of words and GAPs, maybe empty)."""
        node = self._node()
        self._free.setdefault(self._start, []).append(node)
        for part in phrase:
            end = self._node()
            self._add_wordings(node, part, end)
            node = end
        self._label.setdefault(node, []).append(label)
        self._states.clear()

    def find(self, words: Sequence[str]) -> list[tuple[L, int, int]]:
        """Every (label, first word, word after the last) in `words`."""
        found: list[tuple[L, int, int]] = []
        with self._lock:
            self._ready()
            accepts, after = self._accepts, self._after
            for first in range(len(words)):
                state = 0
                for place in range(first, len(words)):
                    state = after(state, words[place])
                    if state < 0:
                        break
                    if accepts[state]:
                        found.extend((label, first, place + 1) for label in accepts[state])
        return found

    def match(self, words: Sequence[str]) -> tuple[L, ...]:
        """The labels of the phrases that all of `words` together are."""
        with self._lock:
            self._ready()
            state = 0
            for word in words:
                state = self._after(state, word)
                if state < 0:
                    return ()
            return self._accepts[state]

    def _ready(self) -> None:
        if not self._states or len(self._states) > _MOST_STATES:
            self._states.clear()
            self._moves, self._heeds, self._accepts, self._nodes = [], [], [], []
            self._state(self._closed({self._start}))

    def _after(self, state: int, word: str) -> int:
        """The state that a word leads to, -1 for none."""
        moves = self._moves[state]
        after = moves.get(word)
        if after is None:
            if word != STOP and self._heeds[state].isdisjoint(self._sets_of.get(word, ())):
                word = OTHER
                after = moves.get(word)
            if after is None:
                after = moves[word] = self._move(state, word)
        return after

    def _node(self) -> int:
        self._steps.append(())
        return len(self._steps) - 1

    def _set(self, words: frozenset[str]) -> int:
        number = self._sets.get(words)
        if number is None:
            number = self._sets[words] = len(self._sets)
            for word in words:
                self._sets_of.setdefault(word, set()).add(number)
        return number

    def _add_wordings(self, node: int, wordings: Iterable[Sequence[str]], end: int) -> None:
        """Steps from `node` to `end` for each wording; those that begin alike share their beginning."""
        last: set[str] = set()
        more: dict[str, list[Sequence[str]]] = {}
        for wording in wordings:
            if not wording:
                self._free.setdefault(node, []).append(end)
            elif len(wording) == 1 and wording[0] != GAP:
                last.add(wording[0])
            else:
                more.setdefault(wording[0], []).append(wording[1:])
        steps = [(self._set(frozenset(last)), end)] if last else []
        for word, rest in more.items():
            after = self._node()
            if word == GAP:
                self._add_gap(node, after)
            else:
                steps.append((self._set(frozenset((word,))), after))
            self._add_wordings(after, rest, end)
        self._steps[node] += tuple(steps)

    def _add_gap(self, node: int, end: int) -> None:
        inner = self._node()  # a node of its own: no other wording may take up in the middle of the gap
        self._free.setdefault(node, []).append(inner)
        for _ in range(_LONGEST_GAP):
            self._free.setdefault(inner, []).append(end)
            after = self._any[inner] = self._node()
            inner = after
        self._free.setdefault(inner, []).append(end)

    def _closed(self, nodes: set[int]) -> frozenset[int]:
        todo = list(nodes)
        while todo:
            for after in self._free.get(todo.pop(), ()):
                if after not in nodes:
                    nodes.add(after)
                    todo.append(after)
        return frozenset(nodes)

    def _state(self, nodes: frozenset[int]) -> int:
        state = self._states.get(nodes)
        if state is None:
            state = self._states[nodes] = len(self._moves)
            self._moves.append({})
            self._nodes.append(nodes)
            self._heeds.append(frozenset(words for node in nodes for words, _ in self._steps[node]))
            labels = [label for node in sorted(nodes) for label in self._label.get(node, ())]
            self._accepts.append(tuple(dict.fromkeys(labels)))
        return state

    def _move(self, state: int, word: str) -> int:
        mine = self._sets_of.get(word, ())
        reached: set[int] = set()
        for node in self._nodes[state]:
            reached.update(after for words, after in self._steps[node] if words in mine)
            if word != STOP and node in self._any:
                reached.add(self._any[node])
        return self._state(self._closed(reached)) if reached else -1
