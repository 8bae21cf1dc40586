"""A letter as plain text, for the e-mail itself."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.letters.letter import Block, Contact, Dates, Heading, Letter, Link, Paragraph


def as_text(letter: Letter) -> str:
    """The letter, without the address and the day that an e-mail has of its own."""
    lines = [
        letter.organisation,
        f"{letter.labels['reference']}: {letter.reference}",
        "",
        letter.greeting,
        "",
        letter.title,
        "-" * len(letter.title),
    ]
    for block in letter.blocks:
        lines += ["", *_lines(block)]
    return "\n".join([*lines, "", letter.regards, letter.organisation]) + "\n"


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield block.text
    elif isinstance(block, Heading):
        yield from (block.text, "-" * len(block.text))
    elif isinstance(block, Dates):
        yield from (f"- {day}: {what}" for what, day in block.rows)
    elif isinstance(block, Contact):
        yield from (f"{label}: {', '.join(value.splitlines())}" for label, value, _ in block.rows)
    elif isinstance(block, Link):
        yield block.url
    else:
        yield from (f"> {line}".rstrip() for line in block.text.splitlines())
