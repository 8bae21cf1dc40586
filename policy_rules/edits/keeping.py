"""A YAML text changed so that it reads as a given document: what reads the same keeps its bytes, comments and order.

The text and the document are walked side by side. Where they differ, the smallest part that does is written anew; a
rule that moves takes its own comment along. What comes out is read again: should it ever not read as the document,
the whole section is written anew, and its comments are the price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from policy_rules.edits import rendering
from policy_rules.edits.places import identity
from policy_rules.loader import TextLoader, read_yaml

WIDEST = 120


class CannotKeepError(Exception):
    """The text is laid out in a way that is not changed in place."""


@dataclass(frozen=True, slots=True)
class Splice:
    """Text in place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


def rewritten(text: str, document: Mapping[str, Any], was: Any = None) -> str:
    """The text, reading as the document; `was` is what it reads as now. BrokenPack where the text is not YAML."""
    if was is None:
        was, _ = read_yaml(text, "pack")
    if was == document:
        return text
    line_end = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    if plain and not plain.endswith("\n"):
        plain += "\n"
    for attempt in (_in_place, _by_section):
        try:
            found = attempt(plain, was, document)
        except (CannotKeepError, RecursionError):
            continue
        if _reads_as(found, document):
            return found.replace("\n", line_end)
    return rendering.document(document).replace("\n", line_end)


def _reads_as(text: str, document: Mapping[str, Any]) -> bool:
    try:
        return bool(read_yaml(text, "pack")[0] == document)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not used
        return False


def _root(text: str) -> yaml.MappingNode:
    root = yaml.compose(text, Loader=TextLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style or not root.value:
        raise CannotKeepError
    return root


def _in_place(text: str, was: Any, document: Mapping[str, Any]) -> str:
    root = _root(text)
    return applied(text, 0, len(text), list(Walk(text).mapping(root, was, document, 0)))


def _by_section(text: str, was: Any, document: Mapping[str, Any]) -> str:
    """Every section that differs as a whole."""
    root, walk = _root(text), Walk(text)
    return applied(text, 0, len(text), list(walk.mapping(root, was, document, 0, whole=True)))


def applied(text: str, start: int, end: int, splices: Sequence[Splice]) -> str:
    """A piece of the text with the splices that lie in it."""
    found, at = [], start
    for splice in sorted(splices, key=lambda s: (s.start, s.end)):
        if splice.start < at or splice.end > end:
            raise CannotKeepError
        found += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join([*found, text[at:end]])


class Walk:
    """Splices for one text; positions are characters from its beginning."""

    def __init__(self, text: str) -> None:
        self.text = text

    # --- where things stand ------------------------------------------------------------------------------

    def end_of(self, node: yaml.Node) -> int:
        """The end of what a node says, without the comments and empty lines after it."""
        if isinstance(node, yaml.ScalarNode):
            start, end = node.start_mark.index, node.end_mark.index
            return start + len(self.text[start:end].rstrip()) if node.style in ("|", ">") else end
        if _is_flow(node) or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self.end_of(last[1] if isinstance(last, tuple) else last)

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def with_comments(self, at: int, floor: int) -> int:
        """The start of the line of `at`, and of the comment lines right above it that lie after `floor`."""
        start = self.line_start(at)
        while start > floor:
            above = self.line_start(start - 1)
            if above < floor or not self.text[above:start].lstrip().startswith("#"):
                break
            start = above
        return start

    def _colon(self, key: yaml.Node) -> int:
        at = self.text.find(":", key.end_mark.index)
        if at < 0 or self.text[key.end_mark.index : at].strip():
            raise CannotKeepError
        return at + 1

    def _entry_end(self, key: yaml.Node, value: yaml.Node) -> int:
        return max(self.end_of(value), self._colon(key))

    # --- any value ---------------------------------------------------------------------------------------

    def value(self, key: yaml.Node, node: yaml.Node, was: Any, now: Any, indent: int) -> Iterator[Splice]:
        """A value after its key within a block mapping."""
        if was == now:
            return
        both = bool(was and now) and type(was) is type(now)
        if both and isinstance(node, yaml.MappingNode) and not node.flow_style:
            yield from self.mapping(node, was, now, node.value[0][0].start_mark.column)
            return
        if both and isinstance(node, yaml.SequenceNode) and not node.flow_style:
            yield from self.sequence(node, was, now)
            return
        if both and isinstance(node, yaml.CollectionNode):
            found = self.flow(node, was, now)
            if "\n" not in found and node.start_mark.column + len(found) <= WIDEST:
                yield Splice(node.start_mark.index, node.end_mark.index, found)
                return
        yield self._anew(key, node, now, indent)

    def _anew(self, key: yaml.Node, node: yaml.Node, now: Any, indent: int) -> Splice:
        start, end = self._colon(key), self._entry_end(key, node)
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        shown = rendering.after_key(now, start - self.line_start(start) + 1, indent, style=style)
        if style in ("|", ">") and "\n" not in shown and isinstance(now, str) and len(now) > 60:
            # What was folded stays folded, unless it has become short.
            shown = " " + rendering.folded(now, indent + 2)
        rest = self.text[end : self.line_end(end)].strip()
        lost = self._comments(node)
        if "\n" in shown and rest:
            # A comment at the end of the line stays on the line of its key.
            first, _, more = shown.partition("\n")
            return Splice(start, self.line_end(end) - 1, f"{first} {rest}\n{more}".replace("  #", " #"))
        if lost:
            above = self.line_start(key.start_mark.index)
            pad = " " * key.start_mark.column
            if not self.text[above : key.start_mark.index].strip():
                before = "".join(f"{pad}{comment}\n" for comment in lost)
                return Splice(above, end, before + self.text[above:start] + shown)
        return Splice(start, end, shown)

    def _comments(self, node: yaml.Node) -> list[str]:
        """The comments within a part that is written anew: they go above it."""
        if isinstance(node, yaml.ScalarNode):
            return []
        spans = sorted(self._leaves(node))
        at, found = node.start_mark.index, []
        for start, end in [*spans, (self.end_of(node), 0)]:
            gap = self.text[at:start]
            found += [line[line.index("#") :].rstrip() for line in gap.split("\n") if "#" in line]
            at = max(at, end)
        return found

    def _leaves(self, node: yaml.Node) -> Iterator[tuple[int, int]]:
        if isinstance(node, yaml.ScalarNode):
            yield node.start_mark.index, node.end_mark.index
            return
        for child in node.value:
            for inner in child if isinstance(child, tuple) else (child,):
                yield from self._leaves(inner)

    # --- a block mapping ---------------------------------------------------------------------------------

    def mapping(
        self, node: yaml.MappingNode, was: Mapping[str, Any], now: Mapping[str, Any], indent: int,
        *, whole: bool = False,
    ) -> Iterator[Splice]:  # fmt: skip
        """A block mapping: its entries one by one. `whole`: an entry that differs is written anew."""
        inner: dict[str, list[Splice]] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in now and was[name] != now[name]:
                here = iter([self._anew(key, value, now[name], indent)])
                inner[name] = list(here if whole else self.value(key, value, was[name], now[name], indent))
        if was.keys() == now.keys():
            for splices in inner.values():
                yield from splices
            return
        starts, ends = self._entries(node)
        names = [str(key.value) for key, _ in node.value]
        pieces = {
            name: applied(self.text, start, end, inner.get(name, []))
            for name, start, end in zip(names, starts, ends, strict=True)
            if name in now
        }
        order = _merged([name for name in names if name in now], list(now))
        shown = self._put_together(
            order, pieces, now, indent, joined=names[0] if starts else "", start=starts[0]
        )
        yield Splice(starts[0], ends[-1], shown)

    def _entries(self, node: yaml.MappingNode) -> tuple[list[int], list[int]]:
        """Where the lines of each entry begin and end; those of the first may begin after a dash."""
        first = node.value[0][0].start_mark.index
        floor = 0
        starts = []
        for place, (key, value) in enumerate(node.value):
            at = key.start_mark.index
            own_line = not self.text[self.line_start(at) : at].strip()
            if place == 0:
                starts.append(self.with_comments(at, at) if own_line else first)
            elif not own_line:
                raise CannotKeepError
            else:
                starts.append(self.with_comments(at, floor))
            floor = self.line_end(self._entry_end(key, value))
        return starts, [*starts[1:], floor]

    def _put_together(
        self, order: Sequence[str], pieces: Mapping[str, str], now: Mapping[str, Any], indent: int,
        *, joined: str, start: int,
    ) -> str:  # fmt: skip
        after_dash = start != self.line_start(start)
        pad, found = " " * indent, ""
        for place, name in enumerate(order):
            piece = pieces.get(name)
            if piece is None:
                piece = f"{pad}{rendering.pair(name, now[name], indent)}\n"
                if indent == 0 and "\n" in piece[:-1]:
                    # Sections are apart by an empty line.
                    piece = ("" if found.endswith("\n\n") or not found else "\n") + piece
                    piece += "\n" if place + 1 < len(order) else ""
            elif name == joined and after_dash and place:
                piece = pad + piece
            if after_dash and place == 0 and name != joined:
                if piece.lstrip(" ").startswith("#"):
                    raise CannotKeepError
                piece = piece.removeprefix(pad)
            found += piece
        return found

    # --- a block list ------------------------------------------------------------------------------------

    def sequence(self, node: yaml.SequenceNode, was: list[Any], now: list[Any]) -> Iterator[Splice]:
        """A block list: its items are known again by their names."""
        starts, ends = self._items(node)
        indent = node.start_mark.column
        places = _matched(was, now)
        inner = {
            old: list(self._item(node.value[old], was[old], now[new], indent))
            for new, old in enumerate(places)
            if old is not None and was[old] != now[new]
        }
        if places == list(range(len(was))):
            for splices in inner.values():
                yield from splices
            return
        found = []
        for new, old in enumerate(places):
            if old is None:
                found.append(f"{' ' * indent}{rendering.item(now[new], indent)}\n")
            else:
                found.append(applied(self.text, starts[old], ends[old], inner.get(old, [])))
        yield Splice(starts[0], ends[-1], "".join(found))

    def _item(self, node: yaml.Node, was: Any, now: Any, indent: int) -> Iterator[Splice]:
        both = isinstance(was, Mapping) and isinstance(now, Mapping) and was and now
        if both and isinstance(node, yaml.MappingNode) and not node.flow_style:
            yield from self.mapping(node, was, now, node.value[0][0].start_mark.column)
        elif both and _is_flow(node):
            found = self.flow(node, was, now)
            if "\n" in found or node.start_mark.column + len(found) > WIDEST:
                found = rendering.item(now, indent)[2:]
            yield Splice(node.start_mark.index, node.end_mark.index, found)
        else:
            yield Splice(node.start_mark.index, self.end_of(node), rendering.item(now, indent)[2:])

    def _items(self, node: yaml.SequenceNode) -> tuple[list[int], list[int]]:
        column, floor = node.start_mark.column, node.start_mark.index
        starts = []
        for place, child in enumerate(node.value):
            dash = node.start_mark.index if place == 0 else self._dash(child, column, floor)
            if self.text[self.line_start(dash) : dash].strip():
                raise CannotKeepError
            starts.append(self.with_comments(dash, self._above(dash) if place == 0 else floor))
            floor = self.line_end(self.end_of(child))
        return starts, [*starts[1:], floor]

    def _above(self, dash: int) -> int:
        """How far up a comment may be the first item's own: to the line of the list's key."""
        start = self.line_start(dash)
        while start > 0:
            above = self.line_start(start - 1)
            line = self.text[above:start]
            if (
                not line.lstrip().startswith("#")
                or line[: line.index("#")] != self.text[self.line_start(dash) : dash]
            ):
                break
            start = above
        return start

    def _dash(self, child: yaml.Node, column: int, floor: int) -> int:
        start = self.line_start(child.start_mark.index)
        while start >= floor:
            if self.text[start + column : start + column + 1] == "-":
                return start + column
            start = self.line_start(start - 1) if start else -1
        raise CannotKeepError

    # --- on one line -------------------------------------------------------------------------------------

    def flow(self, node: yaml.Node, was: Any, now: Any) -> str:
        """A part on one line, with the words of it that stay as they were written."""
        if not _is_flow(node) or type(was) is not type(now):
            if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"') and isinstance(now, str):
                return rendering.quoted(now)
            return rendering.on_one_line(now)
        if self._comments(node):
            raise CannotKeepError
        if isinstance(node, yaml.SequenceNode):
            places = _matched(was, now)
            found = [
                rendering.on_one_line(item) if old is None else self._kept(node.value[old], was[old], item)
                for item, old in zip(now, places, strict=True)
            ]
            return "[" + ", ".join(found) + "]"
        entries = {str(key.value): (key, value) for key, value in node.value}
        shown = []
        for name in _merged([name for name in entries if name in now], list(now)):
            if name in entries:
                key, value = entries[name]
                written = self.text[key.start_mark.index : key.end_mark.index]
                shown.append(f"{written}: {self._kept(value, was[name], now[name])}")
            else:
                shown.append(f"{rendering.word(name, flow=True)}: {rendering.on_one_line(now[name])}")
        return "{" + ", ".join(shown) + "}"

    def _kept(self, node: yaml.Node, was: Any, now: Any) -> str:
        if was != now:
            return self.flow(node, was, now)
        return self.text[node.start_mark.index : node.end_mark.index] or "null"


def _is_flow(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _merged(kept: list[str], wanted: list[str]) -> list[str]:
    """The kept names in their order, each new one after the name that it follows in `wanted`."""
    found = list(kept)
    for place, name in enumerate(wanted):
        if name not in found:
            before = next((w for w in reversed(wanted[:place]) if w in found), None)
            found.insert(found.index(before) + 1 if before is not None else 0, name)
    return found


def _matched(was: list[Any], now: list[Any]) -> list[int | None]:
    """For each new item the old one that it was, by name; None for one that is new."""
    old: dict[str, list[int]] = {}
    for place, item in enumerate(was):
        old.setdefault(identity(item), []).append(place)
    places: list[int | None] = []
    for item in now:
        found = old.get(identity(item))
        places.append(found.pop(0) if found else None)
    left = {place for rest in old.values() for place in rest}
    return [
        # One that was renamed keeps its place, and with it its comments.
        new
        if place is None and new in left and len(was) == len(now) and isinstance(now[new], dict)
        else place
        for new, place in enumerate(places)
    ]
