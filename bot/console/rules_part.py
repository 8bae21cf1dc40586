"""One rule, contact, fact or other part: its cells as controls. Adding, copying, moving and deleting one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.refusals import NoSuchPage
from bot.console.rules_bench import Bench, Opened
from bot.console.rules_forms import Asked, Field, asked, field_of, grouped, path_in, typed
from bot.console.rules_implied import implied_edit, implied_rows
from bot.console.rules_merge import Merging
from bot.console.rules_table import used_by
from bot.console.rules_view import entry, frame
from bot.console.rules_words import address, id_of, key_of, part_title
from bot.console.site import Page, Visit
from policy_rules.edits import Add, Edit, EditRefused, Move, Put, Remove
from policy_rules.edits import names as words
from policy_rules.edits.cells import Cell, Sort, cells
from policy_rules.edits.editing import free_name
from policy_rules.edits.places import LISTS, Document, find, get, names
from policy_rules.edits.uses import fallout
from policy_rules.edits.values import new_name, refused, tidy
from policy_rules.facts import VOCABULARY

NEEDS_NAME = ("routes", "clocks", "silent", "escalations", "duties", "warnings", "readings", "properties")
# Made by other pages, or by their name alone.
NOT_ADDED = ("examples",)
OF_FACT, OWN = "fact", "own_name"


class Parts:
    """The pages of single parts."""

    def __init__(self, bench: Bench, merging: Merging) -> None:
        self._bench = bench
        self._merging = merging

    def pages(self) -> Sequence[Page]:
        """Those of every part of every section."""
        here = "/rules/drafts/{draft}"
        one = here + "/{section}/{name:path}"
        return [
            Page("GET", here + "/{section}/new", Permission.EDIT_RULES, self.new),
            Page("POST", here + "/{section}/new", Permission.EDIT_RULES, self.add),
            Page("GET", one, Permission.SEE_RULES, self.show),
            Page("POST", one, Permission.EDIT_RULES, self.send),
        ]

    # --- one part ----------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> Response:
        """A part's cells; those alone that `cell` names."""
        here = await self._bench.open(visit)
        section, name = _place(visit, here.document)
        fields = self._fields(here.document, section, name, visit.request.query_params.get("cell", ""))
        return await self._page(visit, here, section, name, fields)

    async def send(self, visit: Visit) -> Response:
        """Keep what was changed, or copy, move or delete the part."""
        here = await self._bench.open(visit)
        section, name = _place(visit, here.document, gone_too=True)
        act = visit.said("act")
        if act and act != "save":
            return await self._act(visit, here, section, name, act)
        base = await self._merging.base(visit, here)
        if find(base, section, name) is None and find(here.document, section, name) is None:
            raise NoSuchPage
        there = base if find(base, section, name) is not None else here.document
        fields = [typed(visit.sent, f) for f in self._fields(there, section, name, visit.said("cells"))]
        found = asked(section, name, fields, lambda cell: get(base, path_in(section, name, cell)))
        if section == "facts" and any(f.cell.sort is Sort.SPECIAL for f in fields):
            _take_implied(visit, there, name, found)
        if found.errors:
            return await self._page(visit, here, section, name, fields, found.errors)
        return await self._keep(visit, here, section, name, found.edits, fields)

    async def _keep(
        self, visit: Visit, here: Opened, section: str, name: str, edits: Sequence[Edit], fields: list[Field]
    ) -> Response:
        at = fields[0].id if fields and visit.said("cells") else id_of(section, name)
        try:
            return await self._merging.keep(visit, here, edits, address(here.draft.id, section), at)
        except EditRefused as refusal:
            errors = {_id_at(refusal, section, name, fields): refusal.detail}
            return await self._page(visit, here, section, name, fields, errors)

    async def _act(self, visit: Visit, here: Opened, section: str, name: str, act: str) -> Response:
        document, back = here.document, address(here.draft.id, section)
        if find(document, section, name) is None:
            raise NoSuchPage
        if act == "delete" and visit.said("sure") != "yes":
            return await self._ask(visit, here, section, name)
        edit = _edit_of(document, section, name, act)
        at = edit.name if isinstance(edit, Add) else name
        where = "" if isinstance(edit, Remove) else id_of(section, at)
        try:
            return await self._merging.keep(visit, here, [edit] if edit is not None else [], back, where)
        except EditRefused as refusal:
            fields = self._fields(document, section, name, "")
            return await self._page(visit, here, section, name, fields, {"acts": refusal.detail})

    async def _ask(self, visit: Visit, here: Opened, section: str, name: str) -> Response:
        """Before something is deleted: what goes with it, and what keeps it from being deleted."""
        users = used_by(here.document, section, name)
        gone = set(fallout(here.document, section, name))
        values = {
            **await frame(visit, self._bench, here, section),
            "one": words.ONE_OF[section],
            "name": name,
            "part": part_title(here.document, section, name),
            "address": address(here.draft.id, section, name),
            "back": address(here.draft.id, section, name),
            "with_it": [told for s, n, told in users if (s, n) in gone],
            "loses": [told for s, n, told in users if (s, n) not in gone],
            "stays": section in ("contacts", "facts") and bool(users),
        }
        return visit.page("workshop_delete.html", values)

    # --- another part ------------------------------------------------------------------------------------

    async def new(self, visit: Visit) -> Response:
        """The cells of a part that is not there yet."""
        here = await self._bench.open(visit)
        section = _section(visit, addable=True)
        fields = self._fields(here.document, section, "", "")
        return await self._new_page(visit, here, section, fields)

    async def add(self, visit: Visit) -> Response:
        """Make a part of what was chosen and typed."""
        here = await self._bench.open(visit)
        section = _section(visit, addable=True)
        fields = [typed(visit.sent, f) for f in self._fields(here.document, section, "", "")]
        found = asked(section, "", fields, lambda cell: None)
        name, wrong = _new_part_name(visit, here.document, section)
        if wrong:
            found.errors = {"title": wrong, **found.errors}
        # A fact that every pack may have brings its values; they are ticked on its own page, which comes next.
        shared = section == "facts" and name in VOCABULARY
        missing = {
            f.id: f"{f.cell.label}: say it here."
            for f in fields
            if f.cell.needed and not shared and not _given(found, f)
        }
        found.errors |= {key: says for key, says in missing.items() if key not in found.errors}
        if found.errors:
            return await self._new_page(visit, here, section, fields, found.errors)
        values: dict[str, Any] = {}
        for edit in found.edits:
            if isinstance(edit, Put):
                _nest(values, edit.path[2:], edit.value)
        add = Add(section, name, values, _after(visit, here.document, section))
        back = address(here.draft.id, section, name if shared else None)
        try:
            return await self._merging.keep(visit, here, [add], back, id_of(section, name))
        except EditRefused as refusal:
            return await self._new_page(visit, here, section, fields, {"title": refusal.detail})

    async def _new_page(
        self,
        visit: Visit,
        here: Opened,
        section: str,
        fields: list[Field],
        errors: dict[str, str] | None = None,
    ) -> Response:
        document = here.document
        asked_already = names(document, section)
        values = {
            **await frame(visit, self._bench, here, section),
            "one": words.ONE_OF[section],
            "groups": grouped([f for f in fields if f.cell.sort is not Sort.SPECIAL]),
            "errors": errors or {},
            "seen": here.draft.revision,
            "typed_title": visit.said("title"),
            "typed_own": visit.said(OWN),
            "chosen_fact": visit.said(OF_FACT),
            "places": [(n, part_title(document, section, n)) for n in names(document, section)]
            if section in ("routes", "escalations") else [],
            "place": visit.said("place") or (names(document, section) or [""])[-1],
            "known_facts": [(f, words.fact_name(f)) for f in VOCABULARY if f not in asked_already]
            if section in ("facts", "questions") else [],
            "address": address(here.draft.id, section, "new"),
            "back": address(here.draft.id, section),
        }  # fmt: skip
        return visit.page("workshop_new.html", values, status=422 if errors else 200)

    # --- shared ------------------------------------------------------------------------------------------

    def _fields(self, document: Document, section: str, name: str, only: str) -> list[Field]:
        """The controls of a part; `only` names some of its cells."""
        wanted = [key for key in only.split(",") if key]
        part = find(document, section, name) if name else None
        if wanted == ["source"]:
            wanted = ["clause", "says", "readings"]
        known = {key_of(cell.path): cell for cell in cells(document, section, name)}
        for key in wanted:
            if key not in known:
                path = (section, name, *key.split("."))
                raise refused(path, f"A {words.ONE_OF[section]} has no '{key[:60]}'.", key, known)
        own = [cell for key, cell in known.items() if not wanted or key in wanted]
        return [field_of(document, section, name, cell, _inner(part, cell)) for cell in own]

    async def _page(
        self, visit: Visit, here: Opened, section: str, name: str, fields: list[Field],
        errors: dict[str, str] | None = None,
    ) -> Response:  # fmt: skip
        document = here.document
        only = visit.said("cells") or visit.request.query_params.get("cell", "")
        shown = (
            document if find(document, section, name) is not None else await self._merging.base(visit, here)
        )
        values = {
            **await frame(visit, self._bench, here, section),
            "one": words.ONE_OF[section],
            "name": name,
            "part": part_title(shown, section, name),
            "groups": grouped([f for f in fields if f.cell.sort not in (Sort.SPECIAL, Sort.EXPECTED)]),
            "only": only if only and fields else "",
            "seen": visit.said("seen") or here.draft.revision,
            "errors": errors or {},
            "address": address(here.draft.id, section, name),
            "back": f"{address(here.draft.id, section)}#{id_of(section, name)}",
            "notes": [entry(here, note) for note in here.review.at(section, name)],
            "used": used_by(document, section, name),
            "can_move": section in LISTS or section == "facts",
            "implied": implied_rows(document, name)
            if section == "facts" and not only.replace("default_when", "")
            else None,
            "expected": _expected(document, name) if section == "examples" else None,
            "wrong": any(note.kind == "example" for note in here.review.at(section, name)),
        }
        if section == "facts" and "default_when" in only:
            values["implied"] = implied_rows(document, name)
        return visit.page("workshop_part.html", values, status=422 if errors else 200)


def _section(visit: Visit, *, addable: bool = False) -> str:
    section = str(visit.request.path_params["section"])
    if section not in words.SECTIONS or (addable and section in NOT_ADDED):
        raise NoSuchPage
    return section


def _place(visit: Visit, document: Document, *, gone_too: bool = False) -> tuple[str, str]:
    """The section and the name of an address. NoSuchPage (404); `gone_too`: a part that was deleted is no error."""
    section, name = _section(visit), str(visit.request.path_params["name"])
    if find(document, section, name) is None and not gone_too:
        raise NoSuchPage
    return section, name


def _inner(part: Any, cell: Cell) -> Any:
    found = part
    for step in cell.path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _edit_of(document: Document, section: str, name: str, act: str) -> Edit | None:
    """The edit of a button; NoSuchPage (404) for one that no page has."""
    order = (
        names(document, section) if section != "facts" else [str(n) for n in document.get("ask_order") or ()]
    )
    place = order.index(name) if name in order else 0
    moved = "ask_order" if section == "facts" else section
    if act == "top":
        return Move(moved, name, order[0]) if place else None
    if act == "up":
        return Move(moved, name, order[place - 1]) if place else None
    if act == "down":
        if place + 1 >= len(order):
            return None
        return Move(moved, name, order[place + 2] if place + 2 < len(order) else None)
    if act == "copy" and (section in NEEDS_NAME or section == "contacts"):
        part = dict(find(document, section, name) or {})
        part.pop(LISTS.get(section, ""), None)
        return Add(
            section, free_name(document, section, f"{name}_copy"), part, name if section in LISTS else None
        )
    if act == "delete":
        return Remove(section, name)
    raise NoSuchPage


def _id_at(refusal: EditRefused, section: str, name: str, fields: list[Field]) -> str:
    """The control that a refusal speaks of; the buttons where it speaks of none."""
    steps = tuple((refusal.where or "").removeprefix(f"{section}.{name}.").split("."))
    return next((f.id for f in fields if f.cell.path == steps), "acts")


def _nest(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        values = values.setdefault(step, {})
    values[path[-1]] = value


def _given(found: Asked, made: Field) -> bool:
    return found.values.get(made.cell.path) not in (None, "", [], {})


def _new_part_name(visit: Visit, document: Document, section: str) -> tuple[str, str]:
    """The name of a new part, and what is wrong with it."""
    title, chosen, own = visit.said("title"), visit.said(OF_FACT), visit.said(OWN)
    if section in ("facts", "questions"):
        name = new_name(own) if own else chosen
        if not name:
            return "", "Choose one, or give it a name of its own."
        if name in names(document, section):
            return "", "It is there already."
        return name, ""
    if section == "impossible":
        return tidy(visit.said("because")) or " ", ""
    if section == "contacts":
        if find(document, "contacts", "complaints") is None:
            return "complaints", ""
        return free_name(document, section, new_name(title or visit.said("name")) or "contact"), ""
    if not new_name(title):
        return "", "Give it a short name, such as “Late complaints”."
    return free_name(document, section, new_name(title)), ""


def _after(visit: Visit, document: Document, section: str) -> str | None:
    """The part behind which a new one stands: right before the one that was chosen."""
    order, place = names(document, section), visit.said("place")
    if section not in ("routes", "escalations") or place not in order:
        return order[-1] if section in LISTS and order else None
    found = order.index(place)
    return order[found - 1] if found else ""


def _expected(document: Document, name: str) -> dict[str, Any]:
    part = find(document, "examples", name) or {}
    expect = part.get("expect") or {}
    return {
        "facts": [
            (words.fact_name(str(f)), words.value_name(str(f), str(v))) for f, v in (part.get("facts") or {}).items()
        ],
        "received": part.get("received_at") or "",
        "expect": [
            (words.title(str(key)), _flat(value)) for key, value in expect.items() if value != {}
        ],
    }  # fmt: skip


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{words.title(str(k))}: {_flat(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(words.title(str(item)) for item in value) or "none"
    return "none" if value is None else str(value)


def _take_implied(visit: Visit, document: Document, name: str, found: Asked) -> None:
    """`default_when` as it was chosen, among the edits."""
    edit, wrong = implied_edit(visit.sent, document, name)
    if wrong:
        found.errors[id_of("facts", name, "default_when")] = wrong
    elif edit is not None:
        found.edits.append(edit)
