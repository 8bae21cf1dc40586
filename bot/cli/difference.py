"""`hearout diff`: two versions of a pack, and who would be treated differently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from policy_rules.compiled import CompiledPack
    from policy_rules.diff import Difference, Group

difference_commands = typer.Typer()
# Christmas Eve shows a changed day more often than most days do.
WORKED_RECEIPT = "2026-12-24T16:45:00+00:00"
MOST_CHANGES = 8


@difference_commands.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(help="The pack file as it was.", metavar="OLD")],
    new: Annotated[Path, typer.Argument(help="The pack file as it would be.", metavar="NEW")],
    as_json: Annotated[bool, typer.Option("--json", help="The difference as JSON.")] = False,
    received_at: Annotated[
        str, typer.Option(help="The receipt that dates the worked examples.")
    ] = WORKED_RECEIPT,
    seconds: Annotated[
        float, typer.Option(min=0.0, help="Stop after this long, with what was found so far.")
    ] = 5.0,
) -> None:
    """Compare two packs over every case: who would be treated differently, how many, and an example of each.

    Ends with 0 if nobody would be treated or asked differently (wording may differ), 1 if somebody would or it
    is undecided, 2 if a file cannot be used.
    """
    import json

    from bot.cli import FINDINGS, plainly, say
    from policy_rules.compiled import CompiledPack
    from policy_rules.decide import parse_instant
    from policy_rules.diff import diff as compare
    from policy_rules.limits import Budget
    from policy_rules.loader import load_pack

    with plainly():
        moment = parse_instant(received_at, "--received-at")
        packs = [CompiledPack(load_pack(path, name=str(path))) for path in (old, new)]
        found = compare(packs[0], packs[1], moment, Budget(seconds))
    if as_json:
        say(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in difference_lines(found, packs[1]):
            say(line)
    if not found.same_treatment:
        raise typer.Exit(FINDINGS)


def difference_lines(found: Difference, new: CompiledPack) -> Iterator[str]:
    """A Difference for a person at a terminal: the headline, each group, then what nobody is treated by."""
    yield f"{new.pack.organisation.name}: {_headline(found)}"
    for group in [*found.groups, *found.assumed]:
        yield ""
        yield from _group_lines(group)
    for title, lines in (
        ("Facts", found.facts),
        ("Asked differently", [part.as_text() for part in found.asking]),
        ("Rules that differ", [part.as_text() for part in found.rules]),
        ("Wording only", [part.as_text() for part in found.wording]),
    ):
        if lines:
            yield ""
            yield title
            yield from (f"  {line}" for line in lines)


def _headline(found: Difference) -> str:
    if found.undecided is not None:
        met = "differences were met, shown below" if found.groups else "no difference was met"
        return f"undecided, because {found.undecided}; {met}."
    if found.changed:
        return f"{found.changed:,} of {found.cases:,} combinations of facts would be treated differently."
    if not (found.facts or found.parts or found.assumed):
        return f"no difference ({found.cases:,} combinations of facts compared)."
    known = " whose facts are known" if found.assumed else ""
    return f"nobody{known} would be treated differently ({found.cases:,} combinations of facts compared)."


def _group_lines(group: Group) -> Iterator[str]:
    count = "" if group.count is None else f"{group.count:,}  "
    yield f"{count}{group.says}"
    for change in group.changes[:MOST_CHANGES]:
        share = "" if change.count == group.count else f"  [{change.count:,} of them]"
        yield f"    {change.field}: {change.was} -> {change.would_be}{share}"
    if len(group.changes) > MOST_CHANGES:
        yield f"    and {len(group.changes) - MOST_CHANGES} further changes (all with --json)"
    example = group.example
    if example is not None:
        facts = ", ".join(f"{fact}={value}" for fact, value in example.facts.items())
        yield f"    For example {facts}; received {example.received_at.isoformat()}:"
        for name, (was, would_be) in example.differs.items():
            yield f"      {name}: {_value(was)} -> {_value(would_be)}"
        if not example.differs:
            yield "      no receipt that was tried shows another date."


def _value(value: Any) -> str:
    """A field of a Decision on one line."""
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return "; ".join(_value(item) for item in value)
    if isinstance(value, dict):
        if "kind" in value:
            due = value.get("due") or value.get("last_day")
            return f"{value['kind']} {due}" if due else str(value["kind"])
        return ", ".join(str(inner) for inner in value.values() if inner) or "none"
    return str(value)
