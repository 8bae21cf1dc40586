"""A draft as a file: taken away with its comments, and brought back after its changes were looked at."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from bot.console.permissions import Permission
from bot.console.rules_bench import Bench, Opened
from bot.console.rules_merge import seen_of
from bot.console.rules_view import difference, entry, frame
from bot.console.rules_words import change_words
from bot.console.site import Page, Visit
from policy_rules.edits import Review, changes
from policy_rules.edits.shape import misshapen
from policy_rules.errors import BrokenPack
from policy_rules.loader import MAX_BYTES, read_yaml

MOST_LINES, MOST_CHANGES = 400, 60


class Files:
    """The pages of the file."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def pages(self) -> Sequence[Page]:
        """Taking it away, looking at one, and putting it in the draft's place."""
        return [
            Page("GET", "/rules/drafts/{draft}/file", Permission.SEE_RULES, self.show),
            Page("POST", "/rules/drafts/{draft}/file", Permission.EDIT_RULES, self.send),
            Page("GET", "/rules/drafts/{draft}/file.yml", Permission.SEE_RULES, self.take),
        ]

    async def take(self, visit: Visit) -> Response:
        """The text as it stands, comments and all."""
        draft = await self._bench.draft(visit)
        name = f"{visit.organisation}.yml"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(draft.text, 200, headers, "application/yaml")

    async def show(self, visit: Visit) -> Response:
        """How to take the file away and bring one in."""
        return await self._page(visit, await self._bench.open(visit))

    async def send(self, visit: Visit) -> Response:
        """What a file would change; with `replace`, it takes the draft's place."""
        here = await self._bench.open(visit)
        text, wrong = await _sent(visit)
        if wrong:
            return await self._page(visit, here, text, errors=[wrong])
        errors = await asyncio.to_thread(_unreadable, text, visit.organisation)
        if errors:
            return await self._page(visit, here, text, errors=errors[:MOST_CHANGES])
        found = await self._bench.checked(text, here.live)
        if visit.said("replace") == "yes":
            return await self._replace(visit, here, text)
        return await self._page(visit, here, text, found=found)

    async def _replace(self, visit: Visit, here: Opened, text: str) -> Response:
        draft = here.draft
        if seen_of(visit) != draft.revision:
            says = "Somebody else saved after you looked. Look again: the changes are shown against what is there now."
            return await self._page(
                visit, here, text, errors=[says], found=await self._bench.checked(text, here.live)
            )
        kept = await self._bench.save(visit, draft, text, "Brought in a file.")
        if kept is None:
            here = await self._bench.open(visit)
            return await self._page(visit, here, text, found=await self._bench.checked(text, here.live))
        return visit.go(f"/rules/drafts/{draft.id}?saved=1")

    async def _page(
        self,
        visit: Visit,
        here: Opened,
        text: str = "",
        *,
        errors: Sequence[str] = (),
        found: Review | None = None,
    ) -> Response:
        values: dict[str, Any] = {
            **await frame(visit, self._bench, here, "file"),
            "text": text,
            "errors": {f"text-{i}": says for i, says in enumerate(errors)} if errors else {},
            "findings": list(errors),
            "seen": here.draft.revision,
            "looked": found is not None,
        }
        if found is not None:
            values |= _compared(here, text, found)
        return visit.page("workshop_file.html", values, status=422 if errors else 200)


def _compared(here: Opened, text: str, found: Review) -> dict[str, Any]:
    """What a file would change: cell by cell, line by line, and for whom."""
    old, new = here.document, found.document
    differs = changes(old, new)
    lines = list(
        difflib.unified_diff(
            here.draft.text.splitlines(), text.splitlines(), "draft", "file", lineterm="", n=1
        )
    )[2:]
    other = Opened(here.draft, found, here.live, may_edit=False)
    return {
        "same_text": text == here.draft.text,
        "changes": [change_words(change, old, new) for change in differs[:MOST_CHANGES]],
        "more_changes": max(0, len(differs) - MOST_CHANGES),
        "lines": [(line[:1], line[1:]) for line in lines[:MOST_LINES]],
        "more_lines": max(0, len(lines) - MOST_LINES),
        "notes": [entry(other, note) for note in (*found.blocking, *found.warnings)],
        "differs": difference(found.difference),
    }


def _unreadable(text: str, organisation: str) -> list[str]:
    """Why a text cannot be taken into a draft, with its lines: it is no YAML, no pack, or another's."""
    try:
        document, lines = read_yaml(text, "file")
    except BrokenPack as broken:
        return [_of_file(says) for says in broken.findings]
    if not isinstance(document, dict) or not isinstance(document.get("organisation"), dict):
        return ["Line 1: rules begin with 'organisation:'."]
    wrong = misshapen(document, lines)
    own = str(document["organisation"].get("id"))
    if own != organisation:
        wrong.insert(0, f"These are rules of '{own[:60]}'. Here are those of '{organisation}'.")
    return wrong


async def _sent(visit: Visit) -> tuple[str, str]:
    """The text of the file, or of the field; and what is wrong with it."""
    sent = visit.sent.get("file")
    if isinstance(sent, UploadFile) and sent.filename:
        data = await sent.read(MAX_BYTES + 1)
    else:
        words = visit.sent.get("text", "")
        # A form sends the ends of its lines as CR LF, whatever they were.
        data = (words if isinstance(words, str) else "").replace("\r\n", "\n").encode()
    await visit.sent.close()
    if not data.strip():
        return "", "Choose a file, or put the text into the field."
    if len(data) > MAX_BYTES:
        return "", f"The file has more than {MAX_BYTES:,} bytes."
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return data.decode("utf-8", "replace"), f"Line {line}: it is not UTF-8 text. Save the file as UTF-8."


def _of_file(says: str) -> str:
    """A finding of the loader, with its line: `draft.yml:3 not readable` is Line 3: not readable."""
    place, _, rest = says.partition(" ")
    line = place.rpartition(":")[2]
    return f"Line {line}: {rest}" if line.isdecimal() else says
