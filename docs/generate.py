"""Writes the generated parts of docs/running.md: `python -m docs.generate`, or `make docs`.

A part stands between `<!-- NAME -->` and `<!-- /NAME -->`; everything outside these markers is written by hand.
tests/test_docs.py fails while a part says something else than the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

RUNNING = Path(__file__).parent / "running.md"


def settings_table() -> str:
    """Every setting: its variable, its default, what it does."""
    from bot.settings import Settings, variable

    rows = [
        f"| `{variable(name)}` | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| Variable | Default | What it does |", "|---|---|---|", *rows])


def commands() -> str:
    """What `--help` says of every command."""
    from typer.main import get_command

    from bot.cli import app

    return "\n\n".join(_helps(get_command(app), ("hearout",)))


PARTS: Mapping[str, Callable[[], str]] = {"settings": settings_table, "commands": commands}


def with_parts(text: str, parts: Mapping[str, Callable[[], str]] = PARTS) -> str:
    """The text with every generated part written anew. ValueError names a part that has no place in it."""
    for name, write in parts.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not place.search(text):
            raise ValueError(f"no <!-- {name} --> ... <!-- /{name} --> to write between")
        body = write()
        text = place.sub(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", text)  # type: ignore[misc]
    return text


def _helps(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The command's own help, or that of each command below it."""
    below = getattr(command, "commands", None)
    if below is None:
        # A fixed width: the page must not depend on the terminal that it was made in.
        context = command.make_context(" ".join(path), [], resilient_parsing=True, terminal_width=100)
        yield f"```text\n{command.get_help(context).strip()}\n```"
        return
    for name in below:
        yield from _helps(below[name], (*path, name))


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value == () or value == "" or isinstance(value, SecretStr):
        return "none"
    return f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the page, and say so when it changed."""
    before = RUNNING.read_text(encoding="utf-8")
    after = with_parts(before)
    RUNNING.write_text(after, encoding="utf-8")
    print(f"{RUNNING.name}: {'written again' if after != before else 'was up to date'}")


if __name__ == "__main__":
    main()
