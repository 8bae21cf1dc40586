"""Two people at one draft: what both changed is shown to the second, who chooses; nothing that was typed is lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.rules_bench import Bench, Met, Opened
from bot.console.rules_view import frame
from bot.console.rules_words import cell_of, change_words, part_title, shown
from bot.console.site import Page, Visit
from cases.drafts import Revision
from policy_rules.edits import Add, Conflict, Edit, EditRefused, Move, Put, Remove, applied, changes, read
from policy_rules.edits import names as words
from policy_rules.edits.changes import as_json, from_json
from policy_rules.edits.editing import path_of
from policy_rules.edits.places import LISTS, Document, Path, find, names
from policy_rules.errors import Refusal

MOST_EDITS, MOST_STEPS = 400, 20


class NotAPage(Refusal):
    kind = "not-an-edit"
    title = "This cannot be read"


class Merging:
    """Keeping edits, and the page on which one of two values is chosen."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def pages(self) -> Sequence[Page]:
        """Where a choice between two values is sent."""
        return [Page("POST", "/rules/drafts/{draft}/edits", Permission.EDIT_RULES, self.choose)]

    async def base(self, visit: Visit, here: Opened) -> Document:
        """The document of the page that was sent: of the revision that it names."""
        seen = seen_of(visit)
        if seen == here.draft.revision:
            return here.document
        steps = await self._bench.history(here.draft)
        found = next((step for step in steps if step.number == seen), None)
        return here.document if found is None else read(found.text)

    async def keep(self, visit: Visit, here: Opened, edits: Sequence[Edit], back: str, at: str) -> Response:
        """Keep the edits and go `back` to the cell `at`; or show what they met. EditRefused as of Bench.keep."""
        seen = seen_of(visit)
        if not edits:
            return visit.go(f"{back}{'#' + at if at else ''}")
        kept = await self._bench.keep(visit, here.draft, seen, edits)
        if isinstance(kept, Met):
            return await self._show(visit, kept, seen, back, at)
        query: dict[str, Any] = {"saved": 1}
        if kept.others:
            query |= {"since": seen, "until": kept.revision - 1}
        if at:
            query["at"] = at
        return visit.go(f"{back}?{urlencode(query)}{'#' + at if at else ''}")

    async def _show(self, visit: Visit, met: Met, seen: int, back: str, at: str) -> Response:
        here = await self._bench.open(visit)
        steps = [step for step in await self._bench.history(met.draft) if step.number >= seen]
        base, newest = read(steps[0].text), read(met.draft.text)
        edits = _brought_back(met, base)
        asked = [one for one in met.conflicts if _first_of_its_part(one, met)]
        values = {
            **await frame(visit, self._bench, here, ""),
            "met": [_conflict(one, base, newest, steps, _place_of(one, edits)) for one in asked],
            "others": list(dict.fromkeys(step.by_name for step in met.others)),
            "kept_too": len(edits) - len(asked),
            "edits": json.dumps([as_json(edit) for edit in edits]),
            "seen": met.draft.revision,
            "back": back,
            "at": at,
        }
        return visit.page("workshop_merge.html", values, status=409)

    async def choose(self, visit: Visit) -> Response:
        """Keep my edits but those for which theirs was chosen."""
        here = await self._bench.open(visit)
        edits = _edits_of(visit.said("edits"))
        chosen = [edit for place, edit in enumerate(edits) if visit.said(f"keep-{place}") != "theirs"]
        back, at = visit.said("back").partition("?")[0].partition("#")[0], visit.said("at")
        if not back.startswith(f"/rules/drafts/{here.draft.id}"):
            back = f"/rules/drafts/{here.draft.id}"
        try:
            return await self.keep(visit, here, chosen, back, at if at.startswith("c-") else "")
        except EditRefused as refusal:
            raise NotAPage(refusal.detail, where=refusal.where) from refusal


def seen_of(visit: Visit) -> int:
    """The revision that the page shows which was sent. NotAPage (422) where it names none."""
    text = visit.said("seen")
    if not text.isdecimal() or len(text) > 8:
        raise NotAPage(
            "The form does not say which step of the draft it shows. Load the page again.", where="seen"
        )
    return int(text)


def _edits_of(text: str) -> list[Edit]:
    try:
        found = json.loads(text)
        if not isinstance(found, list) or len(found) > MOST_EDITS:
            raise ValueError("no list of edits")
        return [from_json(said) for said in found]
    except (ValueError, RecursionError) as error:
        raise NotAPage("What was sent is no list of edits.", where="edits") from error


# --- a choice ----------------------------------------------------------------------------------------------------


def _gone(one: Conflict) -> bool:
    """Whether the part of which a cell was changed here was deleted there."""
    return one.theirs.change == "removed" and isinstance(one.edit, Put)


def _first_of_its_part(one: Conflict, met: Met) -> bool:
    """Of several cells of one deleted part, the first: they are kept or lost together."""
    part = path_of(one.edit)[:2]
    same = [other for other in met.conflicts if _gone(other) and path_of(other.edit)[:2] == part]
    return not _gone(one) or same[0] is one


def _brought_back(met: Met, base: Document) -> list[Edit]:
    """My edits, with the parts that somebody deleted meanwhile as I would have them."""
    gone: dict[Path, list[Edit]] = {}
    for one in met.conflicts:
        if _gone(one):
            gone.setdefault(path_of(one.edit)[:2], []).append(one.edit)
    found: list[Edit] = [edit for edit in met.edits if path_of(edit)[:2] not in gone]
    for (section, name), edits in gone.items():
        part = dict(find(applied(base, edits), section, name) or {})
        part.pop(LISTS.get(section, ""), None)
        order = names(base, section)
        before = order[order.index(name) - 1] if section in LISTS and order.index(name) else None
        found.append(Add(section, name, part, before))
    return found


def _place_of(one: Conflict, edits: Sequence[Edit]) -> int:
    part = path_of(one.edit)[:2]
    return next(
        i for i, edit in enumerate(edits) if edit == one.edit or (_gone(one) and path_of(edit) == part)
    )


def _conflict(
    one: Conflict, base: Document, newest: Document, steps: Sequence[Revision], place: int
) -> dict[str, Any]:
    """Both values of a cell, and who put theirs there."""
    path = path_of(one.edit)
    cell = cell_of(newest, path) or cell_of(base, path)
    there = newest if len(path) < 2 or find(newest, path[0], path[1]) is not None else base
    title = part_title(there, path[0], path[1]) if path[0] in words.SECTIONS else words.ONE_OF[path[0]]
    found = {"place": place, "who": _who(one.theirs.path, steps), "was": "", "label": title}
    if isinstance(one.edit, Put) and cell is not None:
        found |= {
            "label": f"{title}, {cell.label}",
            "mine": shown(cell, one.mine),
            "was": shown(cell, one.was),
        }
        found["theirs"] = "it is deleted" if _gone(one) else shown(cell, one.now)
        if _gone(one):
            found["label"] = title
            found["mine"] = f"bring it back, with {cell.label}: {shown(cell, one.mine)}"
    else:
        found["mine"] = {Remove: "delete it", Move: "move it"}.get(type(one.edit), "add it")
        found["theirs"] = change_words(one.theirs, base, newest)
    return found


def _who(path: Path, steps: Sequence[Revision]) -> str:
    """Who was the last to change what stands at a path."""
    # Whoever saved long ago among many is not worth reading all their texts for.
    steps = steps[-MOST_STEPS:]
    texts = [read(step.text) for step in steps]
    for place in range(len(steps) - 1, 0, -1):
        if any(change.path == path for change in changes(texts[place - 1], texts[place])):
            return steps[place].by_name
    return "Somebody else"
