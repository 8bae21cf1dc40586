"""The faults that the crash test and the order of syncs must catch, planted by replacing one function of the running program.

python -m tests.faults.planted FAULT [--port N]        `hearout serve` with that fault
"""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any


def acknowledge_before_commit() -> None:
    """The writer tells of success once its SQL has run, and commits afterwards."""
    from cases import writer

    def commit(self: writer.GroupCommitWriter, batch: list[writer._Job]) -> None:
        writer._tell(batch)
        time.sleep(
            0.01
        )  # what a sync takes on a busy disk; on an idle one a kill would hardly ever fall between
        self._raw.execute("COMMIT")

    writer.GroupCommitWriter._commit = commit  # type: ignore[method-assign]


def forget_message_ids() -> None:
    """Every message counts as a new one, whatever id the client gave it."""
    from bot.channels import hearing
    from bot.turn import take_turn

    async def take_anew(desk: Any, incoming: Any) -> Any:
        return await take_turn(desk, replace(incoming, message_id=uuid.uuid4().hex))

    vars(hearing)["take_turn"] = take_anew


def outbox_after_commit() -> None:
    """The rows that hand a case over are written in a transaction of their own, after the case's."""
    from cases import conversations, filing
    from cases.store import _Sqlite

    write = _Sqlite.write
    commit_turn = conversations.commit_turn
    late: list[conversations.TurnWrite] = []

    def commit_without(conn: Any, turn: conversations.TurnWrite) -> conversations.CommittedTurn:
        committed = commit_turn(conn, replace(turn, targets=()))
        if turn.cases and turn.targets:
            late.append(turn)
        return committed

    async def write_and_then(self: _Sqlite, work: Callable[[Any], Any], *, brief: bool = False) -> Any:
        result = await write(self, work, brief=brief)
        while late:
            turn = late.pop()
            for case in turn.cases:
                what = (case.record.organisation, case.record.reference, case.kind, turn.targets, turn.at)
                await write(self, lambda conn: filing.hand_over(conn, *what))  # noqa: B023 - awaited
        return result

    vars(conversations)["commit_turn"] = commit_without
    _Sqlite.write = write_and_then  # type: ignore[method-assign]


def no_sync() -> None:
    """The writer's connection does not sync at a commit: a kill forgives that, a power cut does not."""
    from cases import writer

    made = writer.GroupCommitWriter.__init__

    def init(self: writer.GroupCommitWriter, connection: Any) -> None:
        connection.connection.driver_connection.execute("PRAGMA synchronous=NORMAL")
        made(self, connection)

    writer.GroupCommitWriter.__init__ = init  # type: ignore[method-assign]


def new_id_each_attempt() -> None:
    """Each attempt goes out under an id of its own, so that no receiver can know it again."""
    from handoff.targets.webhook import WebhookTarget

    deliver = WebhookTarget.deliver

    async def renamed(self: WebhookTarget, item: Any) -> None:
        await deliver(self, replace(item, id=uuid.uuid4().hex))

    WebhookTarget.deliver = renamed  # type: ignore[method-assign]


def settle_first() -> None:
    """A delivery is noted as arrived before it is tried."""
    from cases import outbox
    from handoff.deliver import DeliveryLoop

    async def hand_over(self: DeliveryLoop, item: Any) -> None:
        await self._store.write(lambda conn: outbox.delivered(conn, item, self._clock()))
        # The gap is there without this; it only takes longer to be hit.
        await asyncio.sleep(0.05)
        await self._attempt(item)

    DeliveryLoop._hand_over = hand_over  # type: ignore[method-assign]


def lease_never_expires() -> None:
    """What a dead server had claimed stays claimed."""
    from datetime import timedelta

    from cases import outbox

    claim = outbox.claim

    def for_ever(conn: Any, now: Any, limit: int, lease: timedelta) -> Any:
        return claim(conn, now, limit, timedelta(days=3650))

    vars(outbox)["claim"] = for_ever
    vars(outbox)["give_back"] = lambda conn: 0


def nothing() -> None:
    """The server is sound; the receiver is not: it counts a case as often as it comes."""


FAULTS: dict[str, Callable[[], None]] = {
    "acknowledge-before-commit": acknowledge_before_commit,
    "no-idempotency": forget_message_ids,
    "outbox-after-commit": outbox_after_commit,
    "no-sync": no_sync,
    "new-id-each-attempt": new_id_each_attempt,
    "settle-first": settle_first,
    "lease-never-expires": lease_never_expires,
    "receiver-forgets": nothing,
}


def serve(fault: str | None, arguments: list[str]) -> None:
    """Run `hearout serve` in this process, with a fault or none; ends the process."""
    from bot import cli

    if fault is not None:
        FAULTS[fault]()
    sys.argv = ["hearout", "serve", *arguments]
    cli.main()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])
