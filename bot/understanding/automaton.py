"""Finds phrases with alternatives in a list of words, in time that does not grow with the number of phrases.

Why not spaCy's matchers: the cue file's phrases have so many wordings that PhraseMatcher needed 22 s and 2 GB to load
them, and Matcher 9 ms a story for the twentieth part. Here a phrase stays a small graph; the graphs are walked
together, and each step taken is remembered (a deterministic automaton, built as texts ask for it). What is remembered
is keyed by the phrases' own words: a word of the text that stands in no phrase is `OTHER`.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from threading import Lock
from typing import Generic, TypeVar

OTHER = ""
STOP = "\0"  # punctuation: no phrase crosses it
GAP = 6  # words that `*` may stand for

L = TypeVar("L", bound=Hashable)


class Automaton(Generic[L]):
    """Add phrases, then `find` or `match`, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()  # steps are remembered while texts are read
        self._steps: list[dict[str, list[int]]] = []  # node -> word -> nodes
        self._any: list[list[int]] = []  # node -> nodes reached by any word
        self._free: list[list[int]] = []  # node -> nodes reached by no word
        self._label: dict[int, list[L]] = {}
        self._words: set[str] = {OTHER, STOP}
        self._start = self._node()
        self._states: dict[frozenset[int], int] = {}
        self._moves: list[dict[str, int]] = []
        self._accepts: list[tuple[L, ...]] = []
        self._nodes: list[frozenset[int]] = []

    def add(self, phrase: Sequence[list[list[str]] | None], label: L) -> None:
        """A phrase is its parts in order: each a list of wordings (lists of words, maybe empty), or None for `*`."""
        node = self._node()
        self._free[self._start].append(node)
        for part in phrase:
            end = self._node()
            if part is None:
                self._add_gap(node, end)
            else:
                for wording in part:
                    self._add_wording(node, wording, end)
            node = end
        self._label.setdefault(node, []).append(label)
        self._states.clear()

    def find(self, words: Sequence[str]) -> list[tuple[L, int, int]]:
        """Every (label, first word, word after the last) in `words`."""
        known = [word if word in self._words else OTHER for word in words]
        found: list[tuple[L, int, int]] = []
        with self._lock:
            self._ready()
            accepts = self._accepts
            for first in range(len(known)):
                state = 0
                for place in range(first, len(known)):
                    state = self._after(state, known[place])
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
                state = self._after(state, word if word in self._words else OTHER)
                if state < 0:
                    return ()
            return self._accepts[state]

    def _ready(self) -> None:
        if not self._states:
            self._moves, self._accepts, self._nodes = [], [], []
            self._state(self._closed({self._start}))

    def _after(self, state: int, word: str) -> int:
        """The state that a word leads to, -1 for none."""
        after = self._moves[state].get(word)
        if after is None:
            after = self._moves[state][word] = self._move(state, word)
        return after

    def _node(self) -> int:
        self._steps.append({})
        self._any.append([])
        self._free.append([])
        return len(self._steps) - 1

    def _add_wording(self, node: int, wording: list[str], end: int) -> None:
        if not wording:
            self._free[node].append(end)
            return
        for place, word in enumerate(wording):
            after = end if place == len(wording) - 1 else self._node()
            self._steps[node].setdefault(word, []).append(after)
            self._words.add(word)
            node = after

    def _add_gap(self, node: int, end: int) -> None:
        self._free[node].append(end)
        for _ in range(GAP):
            after = self._node()
            self._any[node].append(after)
            self._free[after].append(end)
            node = after

    def _closed(self, nodes: set[int]) -> frozenset[int]:
        todo = list(nodes)
        while todo:
            for after in self._free[todo.pop()]:
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
            labels = [label for node in sorted(nodes) for label in self._label.get(node, ())]
            self._accepts.append(tuple(dict.fromkeys(labels)))
        return state

    def _move(self, state: int, word: str) -> int:
        reached: set[int] = set()
        for node in self._nodes[state]:
            reached.update(self._steps[node].get(word, ()))
            if word != STOP:
                reached.update(self._any[node])
        return self._state(self._closed(reached)) if reached else -1
