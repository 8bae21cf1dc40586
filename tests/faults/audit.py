"""The books against what people were told: nothing acknowledged is missing, nothing is there twice."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.servers import hearout_command
from cases import outbox
from cases.store import open_store
from tests.faults.people import Held

DELIVERY_SECONDS = 30.0
# A receiver that failed three times in a row rests for a minute, and what it stalled comes back after that.
RECEIVER_SECONDS = 150.0
# What is handed over; what is only signposted is kept and handed to nobody.
HANDED_OVER = ("filed", "informal")


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of the promise. `kind` is lost, doubled, changed, cases, handover, files or stuck."""

    kind: str
    reference: str
    says: str

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}: {self.says}"


def audit(
    held: Sequence[Held], environment: Mapping[str, str], received: Mapping[str, list[str]] | None = None
) -> list[Finding]:
    """Every breach, from what the commands say, the outbox, and the folders that cases were delivered to.

    `received` stands in for the folders where there was a receiver: the ids under which it had each reference.
    """
    listed = json.loads(_hearout(environment, "case", "list", "--json"))
    references = sorted({row["reference"] for row in listed})
    shown: dict[str, Any] = {}
    # In portions: a command line holds only so many arguments.
    for start in range(0, len(references), 200):
        lines = _hearout(environment, "case", "show", *references[start : start + 200], "--json").splitlines()
        shown |= {record["reference"]: record for record in map(json.loads, lines)}
    found = [finding for one in held for finding in _told(one, listed, shown)]
    return [*found, *_strangers(held, listed), *_handed_over(listed, environment, received)]


def _told(one: Held, listed: Sequence[Mapping[str, Any]], shown: Mapping[str, Any]) -> Iterator[Finding]:
    """What one person was told against what is kept."""
    if not one.said:
        return
    reference = one.reference or "(none)"
    rows = [row for row in listed if row["reference"] == reference]
    if len(rows) != 1:
        yield Finding("cases", reference, f"{len(rows)} cases or conversations have this reference")
    if reference not in shown:
        yield Finding("lost", reference, "the conversation is not kept")
        return
    record = shown[reference]
    kept = [line["text"] for line in record["messages"] if line["role"] == "complainant"]
    yield from _compared(reference, one, kept)
    replies = sum(line["role"] == "assistant" for line in record["messages"])
    if replies != len(kept):
        yield Finding("doubled", reference, f"{replies} replies to {len(kept)} messages")
    if one.outcome is not None:
        if one.outcome["reference"] != reference:
            yield Finding("cases", reference, f"it ended as {one.outcome['reference']}")
        if record["state"] != one.outcome["state"]:
            yield Finding("lost", reference, f"told {one.outcome['state']}, kept as {record['state']}")


def _compared(reference: str, one: Held, kept: list[str]) -> Iterator[Finding]:
    """Acknowledged messages against the transcript: each verbatim, once, in order."""
    acknowledged, there = Counter(one.said), Counter(kept)
    for text, count in (acknowledged - there).items():
        yield Finding("lost", reference, f"{count} x {text[:40]!r}")
    extra = there - acknowledged
    if one.outcome is None and len(kept) == len(one.said) + 1:
        # The last message of a person who gave up may be kept without their knowing.
        extra -= Counter(kept[-1:])
    for text, count in extra.items():
        yield Finding("doubled", reference, f"{count} x {text[:40]!r}")
    if acknowledged == there and kept != one.said:
        yield Finding("changed", reference, "the messages are in another order")


def _strangers(held: Sequence[Held], listed: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Cases that nobody was told of: a conversation that was made twice."""
    told = {one.reference for one in held}
    unfinished = sum(not one.said for one in held)
    strangers = [row["reference"] for row in listed if row["conversation_reference"] not in told]
    if len(strangers) > unfinished:
        yield Finding("doubled", strangers[0], f"{len(strangers)} conversations that nobody holds")


def _handed_over(
    listed: Sequence[Mapping[str, Any]],
    environment: Mapping[str, str],
    received: Mapping[str, list[str]] | None,
) -> Iterator[Finding]:
    """Every case has its one outbox row, and its one file, or its one id at the receiver."""
    rows = Counter(row["case_reference"] for row in outbox_rows(environment))
    files: dict[str, list[Any]] = (
        {**delivered_files(Path(environment["HEAROUT_DATA_DIR"]))}
        if received is None
        else {reference: list(ids) for reference, ids in received.items()}
    )
    for case in listed:
        reference = case["reference"]
        wanted = int(case["state"] in HANDED_OVER)
        if rows.pop(reference, 0) != wanted:
            yield Finding("handover", reference, f"a {case['state']} case has not {wanted} outbox rows")
        names = files.pop(reference, [])
        if len(names) != wanted:
            yield Finding("files", reference, f"{len(names)} were delivered, not {wanted}")
    for reference in (*rows, *files):
        yield Finding("handover", reference, "handed over, but no case")


def delivered_files(data: Path) -> dict[str, list[Path]]:
    """The delivered files by the reference that each one holds; a half-written one counts, under its name."""
    found: dict[str, list[Path]] = {}
    for path in (data / "delivered").glob("*/*"):
        whole = path.suffix == ".json"
        reference = json.loads(path.read_bytes())["reference"] if whole else path.name
        found.setdefault(reference, []).append(path)
    return found


def outbox_rows(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every row of the outbox."""
    url = f"sqlite:///{environment['HEAROUT_DATA_DIR']}/hearout.db"
    with closing(open_store(url, read_only=True)) as store:
        return store.read_sync(outbox.listing)


def wait_for_delivery(environment: Mapping[str, str], seconds: float = DELIVERY_SECONDS) -> None:
    """Return when nothing waits in the outbox, or when the time for it is over: the audit will tell."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(row["state"] == "delivered" for row in outbox_rows(environment)):
            return
        time.sleep(0.05)


def _hearout(environment: Mapping[str, str], *arguments: str) -> str:
    """What the command prints on standard output."""
    done = subprocess.run(
        hearout_command(*arguments), env=dict(environment), capture_output=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode()[-500:])
    return done.stdout.decode()
