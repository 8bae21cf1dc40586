"""Conversations as they are held, written down: `python -m tests.conversations.transcript FILE[:CASE] ...`

Each file is played (so that what is shown has been checked) and printed as Markdown. Without a file, docs/transcripts.md
is written anew from the list below; references differ from one run to the next, so they are shown by a fixed one.
"""

from __future__ import annotations

import asyncio
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tests.conversations.playing import desk_for
from tests.conversations.reading import Case, read

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent.parent / "docs" / "transcripts.md"
SHOWN = (
    "a_bereaved_mother_is_never_asked_for_consent.yml",
    "a_study_centre_that_was_not_asked_first_is_named_with_the_way_back.yml",
    "two_matters_in_one_story_become_two_linked_cases.yml",
    "answers_can_be_changed_at_any_turn_and_going_back_takes_one_step.yml",
)
HEAD = """# Conversations, as they were held

Each is a file of tests/conversations, played by the tests at every run; this page is written from them by
`python -m tests.conversations.transcript`. Lines after `>` are the person's; `/SetSlots(...)` is what a page sends for a
choice or for several answers at once. References are made up for this page.
"""
_REFERENCE = re.compile(r"\b([A-Z]{2,5})-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]\b")


def written(case: Case) -> str:
    """One case as text: what was said, and each reply, wrapped at 100 columns."""
    return asyncio.run(_held(case))


async def _held(case: Case) -> str:
    lines = [
        f"## {case.name}",
        "",
        f"At {case.settings['organisation'].upper()}, {case.settings['mocked_datetime']}",
        "",
    ]
    with desk_for(case) as played:
        for step in case.steps:
            await played.say(step)
            lines += ["", *_wrapped(step.text or "(an empty message)", "    > ", "    > ")]
            assert played.person.last is not None
            for entry in played.person.last.entries:
                if "text" in entry:
                    lines += ["", *_paragraphs(entry["text"])]
    return _REFERENCE.sub(r"\1-7K2M-Q4XD-8", "\n".join(lines)) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from _wrapped(line, "    ", "    ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent=first, subsequent_indent=rest, break_long_words=False)


def page() -> str:
    """docs/transcripts.md: the first case of each file shown."""
    return "\n".join([HEAD, *(written(read(FOLDER / name)[0]) for name in SHOWN)])


def main(files: list[str]) -> None:
    """Print the cases of `files`, or write the page."""
    if not files:
        PAGE.write_text(page(), encoding="utf-8")
        return
    for name in files:
        for case in read(Path(name)):
            sys.stdout.write(written(case) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
