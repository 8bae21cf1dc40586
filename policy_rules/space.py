"""Decision diagrams over a pack's facts: exact answers about every case at once.

A diagram is a directed graph with one level per fact, in the pack's asking order. Values that no rule tells
apart share a class, and equal parts are shared, so a space of millions of cases stays a few hundred nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from math import prod

from policy_rules.levels import Level as Level
from policy_rules.levels import accepts as accepts
from policy_rules.levels import levels_for as levels_for
from policy_rules.limits import Budget
from policy_rules.pack import Condition

Node = int


class Space:
    """A manager of diagrams over the same levels. Nodes are ints; two equal functions are the same node.

    With a budget, whatever builds or walks a diagram raises `limits.Undecided` once the time has run out.
    """

    def __init__(self, levels: tuple[Level, ...], budget: Budget | None = None) -> None:
        self.levels = levels
        self.budget = budget
        self.bottom = len(levels)
        self.level: list[int] = []
        self.kids: list[tuple[Node, ...]] = []
        self.values: list[Hashable] = []
        self._inner: dict[tuple[int, tuple[Node, ...]], Node] = {}
        self._leaves: dict[Hashable, Node] = {}
        self.false = self.leaf(False)
        self.true = self.leaf(True)

    def leaf(self, value: Hashable) -> Node:
        # True == 1 in Python, so the type is part of the key.
        key = (type(value), value)
        node = self._leaves.get(key)
        if node is None:
            node = self._leaves[key] = self._new(self.bottom, (), value)
        return node

    def node(self, level: int, kids: tuple[Node, ...]) -> Node:
        first = kids[0]
        if kids.count(first) == len(kids):
            return first
        found = self._inner.get((level, kids))
        if found is None:
            found = self._inner[level, kids] = self._new(level, kids, None)
        return found

    def _new(self, level: int, kids: tuple[Node, ...], value: Hashable) -> Node:
        if self.budget is not None:
            self.budget.step()
        self.level.append(level)
        self.kids.append(kids)
        self.values.append(value)
        return len(self.level) - 1

    def condition(self, when: Condition) -> Node:
        """The diagram that is True exactly where the condition holds.

        ValueError for a condition that tells apart values which no rule does: the levels cannot express it.
        """
        node = self.true
        for depth in range(self.bottom - 1, -1, -1):
            level = self.levels[depth]
            test = when.get(level.fact)
            if test is not None:
                if any(len({accepts(test, value) for value in group}) > 1 for group in level.classes):
                    raise ValueError(
                        f"no rule tells apart the values of '{level.fact}' that this condition does"
                    )
                kids = tuple(node if accepts(test, group[0]) else self.false for group in level.classes)
                node = self.node(depth, kids)
        return node

    def first_match(self, rules: Sequence[tuple[Hashable, Node]], otherwise: Hashable) -> Node:
        """The value of the first rule whose diagram is True, else `otherwise`."""
        result = self.leaf(otherwise)
        for value, condition in reversed(rules):
            chosen = self.leaf(value)
            result = self.choose(condition, chosen, result)
        return result

    def decision_list(self, rules: Sequence[tuple[Hashable, Condition]], otherwise: Hashable) -> Node:
        """The value of the first rule whose condition holds, else `otherwise`: `first_match`, only quicker.

        A rule is a bit. Walking down the facts, what is left alive is all that matters, so equal sets of rules
        are walked once; a rule with nothing left to test hides those below it.
        """
        leaves = [self.leaf(value) for value, _ in rules]
        other = self.leaf(otherwise)
        masks, tests = self._masks([when for _, when in rules])
        free = [(1 << len(rules)) - 1]
        for tested in reversed(tests):
            free.insert(0, free[0] & ~tested)
        memo: dict[tuple[int, int], Node] = {}

        def walk(depth: int, alive: int) -> Node:
            while True:
                certain = alive & free[depth]
                if certain:
                    first = certain & -certain
                    alive &= (first << 1) - 1
                    if alive == first:
                        return leaves[first.bit_length() - 1]
                elif not alive:
                    return other
                if alive & tests[depth]:
                    break
                depth += 1
            found = memo.get((depth, alive))
            if found is None:
                if self.budget is not None:
                    self.budget.step()
                kids = tuple([walk(depth + 1, alive & mask) for mask in masks[depth]])
                found = memo[depth, alive] = self.node(depth, kids)
            return found

        return walk(0, free[self.bottom])

    def _masks(self, conditions: Sequence[Condition]) -> tuple[list[list[int]], list[int]]:
        """For each level: the rules that each class leaves alive, and the rules that test it at all."""
        masks, tests = [], []
        for level in self.levels:
            cells = [when.get(level.fact) for when in conditions]
            masks.append(
                [sum(1 << i for i, c in enumerate(cells) if accepts(c, g[0])) for g in level.classes]
            )
            tests.append(sum(1 << i for i, cell in enumerate(cells) if cell is not None))
        return masks, tests

    def differing(self, first: Node, second: Node) -> Node:
        """The pair of outcomes where two diagrams differ, None where they agree."""
        memo: dict[tuple[Node, Node], Node] = {}

        def walk(a: Node, b: Node) -> Node:
            if a == b:
                return self.leaf(None)
            found = memo.get((a, b))
            if found is None:
                if self.budget is not None:
                    self.budget.step()
                depth = min(self.level[a], self.level[b])
                if depth == self.bottom:
                    found = self.leaf((self.values[a], self.values[b]))
                else:
                    pairs = zip(self._at(a, depth), self._at(b, depth), strict=True)
                    found = self.node(depth, tuple([walk(*pair) for pair in pairs]))
                memo[a, b] = found
            return found

        return walk(first, second)

    def combine(self, join: Callable[..., Hashable], *nodes: Node) -> Node:
        """The diagram of `join` of the outcomes of several diagrams, case by case."""
        memo: dict[tuple[Node, ...], Node] = {}

        def walk(parts: tuple[Node, ...]) -> Node:
            found = memo.get(parts)
            if found is None:
                if self.budget is not None:
                    self.budget.step()
                depth = min([self.level[part] for part in parts])
                if depth == self.bottom:
                    found = self.leaf(join(*[self.values[part] for part in parts]))
                else:
                    split = zip(*[self._at(part, depth) for part in parts], strict=True)
                    found = self.node(depth, tuple([walk(kids) for kids in split]))
                memo[parts] = found
            return found

        return walk(nodes)

    def choose(self, condition: Node, then: Node, otherwise: Node) -> Node:
        """`then` where the condition is True, `otherwise` elsewhere."""
        memo: dict[tuple[Node, Node, Node], Node] = {}

        def walk(c: Node, t: Node, e: Node) -> Node:
            if c == self.true or t == e:
                return t
            if c == self.false:
                return e
            key = (c, t, e)
            found = memo.get(key)
            if found is None:
                if self.budget is not None:
                    self.budget.step()
                depth = min(self.level[c], self.level[t], self.level[e])
                parts = zip(self._at(c, depth), self._at(t, depth), self._at(e, depth), strict=True)
                found = memo[key] = self.node(depth, tuple(walk(*part) for part in parts))
            return found

        return walk(condition, then, otherwise)

    def _at(self, node: Node, depth: int) -> tuple[Node, ...]:
        if self.level[node] == depth:
            return self.kids[node]
        return (node,) * len(self.levels[depth].classes)

    def both(self, *nodes: Node) -> Node:
        result = self.true
        for node in nodes:
            result = self.choose(result, node, self.false)
        return result

    def either(self, nodes: Iterable[Node]) -> Node:
        result = self.false
        for node in nodes:
            result = self.choose(result, self.true, node)
        return result

    def negate(self, node: Node) -> Node:
        return self.choose(node, self.false, self.true)

    def map(self, node: Node, change: Callable[[Hashable], Hashable]) -> Node:
        """The same diagram with each outcome replaced."""
        memo: dict[Node, Node] = {}

        def walk(n: Node) -> Node:
            found = memo.get(n)
            if found is None:
                if self.budget is not None:
                    self.budget.step()
                if self.level[n] == self.bottom:
                    found = self.leaf(change(self.values[n]))
                else:
                    found = self.node(self.level[n], tuple([walk(kid) for kid in self.kids[n]]))
                memo[n] = found
            return found

        return walk(node)

    def outcomes(self, node: Node) -> set[Hashable]:
        """Every outcome that some case has."""
        seen: set[Node] = set()
        found: set[Hashable] = set()
        stack = [node]
        while stack:
            n = stack.pop()
            if n in seen:
                continue
            seen.add(n)
            if self.level[n] == self.bottom:
                found.add(self.values[n])
            stack.extend(self.kids[n])
        return found

    def witness(self, node: Node, outcome: Hashable = True) -> dict[str, str] | None:
        """One case with this outcome (only the facts that it depends on), or None if there is none."""
        target = self.leaf(outcome)
        dead: set[Node] = set()

        def walk(n: Node) -> dict[str, str] | None:
            if n == target:
                return {}
            if n in dead or self.level[n] == self.bottom:
                return None
            level = self.levels[self.level[n]]
            for kid, group in zip(self.kids[n], level.classes, strict=True):
                rest = walk(kid)
                if rest is not None:
                    return {level.fact: group[0], **rest}
            dead.add(n)
            return None

        return walk(node)

    def count(self, node: Node, outcome: Hashable = True) -> int:
        """How many whole cases (one value for each level's fact) have this outcome."""
        return self._reach(node).get(self.leaf(outcome), 0)

    def counts(self, node: Node) -> dict[Hashable, int]:
        """How many whole cases have each outcome, of those that some case has; all in one walk."""
        return {self.values[leaf]: cases for leaf, cases in self._reach(node).items()}

    def _reach(self, node: Node) -> dict[Node, int]:
        """For each leaf, how many whole cases lead to it."""
        weights = [sum(len(group) for group in level.classes) for level in self.levels]
        waiting: dict[Node, int] = {node: prod(weights[: self.level[node]])}
        found: dict[Node, int] = {}
        # Every edge leads down, so by level each node is met once, with all that reaches it.
        for depth, nodes in enumerate(self._by_level(node)):
            for n in nodes:
                reach = waiting.pop(n)
                if depth == self.bottom:
                    found[n] = reach
                    continue
                for kid, group in zip(self.kids[n], self.levels[depth].classes, strict=True):
                    skipped = prod(weights[depth + 1 : self.level[kid]])
                    waiting[kid] = waiting.get(kid, 0) + reach * len(group) * skipped
        return found

    def _by_level(self, root: Node) -> list[list[Node]]:
        levels: list[list[Node]] = [[] for _ in range(self.bottom + 1)]
        seen = {root}
        stack = [root]
        while stack:
            n = stack.pop()
            if self.budget is not None:
                self.budget.step()
            levels[self.level[n]].append(n)
            fresh = set(self.kids[n]) - seen
            seen |= fresh
            stack.extend(fresh)
        return levels


def restrict(space: Space, roots: Sequence[Node], known: Mapping[int, int]) -> Restricted:
    """The diagrams with some facts fixed (level -> class), reduced again, so that what is left is what matters."""
    return Restricted(space, roots, known)


class Restricted:
    """Diagrams under partial knowledge. `roots` are nodes of this object's own, small tables."""

    def __init__(self, space: Space, roots: Sequence[Node], known: Mapping[int, int]) -> None:
        self._space = space
        self._known = known
        self._memo: dict[Node, Node] = {}
        self._level: list[int] = []
        self._kids: list[tuple[Node, ...]] = []
        self._values: list[Hashable] = []
        self._unique: dict[object, Node] = {}
        self.roots = [self._walk(root) for root in roots]

    def _walk(self, n: Node) -> Node:
        found = self._memo.get(n)
        if found is not None:
            return found
        space, depth = self._space, self._space.level[n]
        if depth == space.bottom:
            found = self._intern((depth, n), depth, (), space.values[n])
        elif depth in self._known:
            found = self._walk(space.kids[n][self._known[depth]])
        else:
            kids = tuple([self._walk(kid) for kid in space.kids[n]])
            first = kids[0]
            found = (
                first if kids.count(first) == len(kids) else self._intern((depth, kids), depth, kids, None)
            )
        self._memo[n] = found
        return found

    def _intern(self, key: object, level: int, kids: tuple[Node, ...], value: Hashable) -> Node:
        found = self._unique.get(key)
        if found is None:
            found = self._unique[key] = len(self._level)
            self._level.append(level)
            self._kids.append(kids)
            self._values.append(value)
        return found

    def settled(self, root: Node) -> bool:
        return self._level[root] == self._space.bottom

    def value(self, root: Node) -> Hashable:
        """The outcome of a settled root."""
        return self._values[root]

    def outcomes(self, root: Node) -> set[Hashable]:
        return {self._values[n] for n in self._reachable([root]) if self._level[n] == self._space.bottom}

    def support(self, roots: Iterable[Node]) -> set[str]:
        """The facts on which some of the roots still depend."""
        levels = {self._level[n] for n in self._reachable(roots)}
        levels.discard(self._space.bottom)
        return {self._space.levels[depth].fact for depth in levels}

    def _reachable(self, roots: Iterable[Node]) -> set[Node]:
        seen: set[Node] = set()
        stack = list(roots)
        while stack:
            n = stack.pop()
            if n not in seen:
                seen.add(n)
                stack.extend(self._kids[n])
        return seen
