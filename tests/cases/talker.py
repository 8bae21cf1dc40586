"""A process that writes without end and says each number only when it is told that it is kept.

    python -m tests.cases.talker URL [early]

`early` plants the fault that the writer must not have: it tells before it commits.
"""

from __future__ import annotations

import asyncio
import sys
import time

from cases import writer
from cases.conversations import commit_turn
from cases.store import Store, open_store
from tests.cases.builders import a_turn


class EarlyWriter(writer.GroupCommitWriter):
    """Tells first and commits later, as a writer would that saves on syncs."""

    def _commit(self, batch: list[writer._Job]) -> None:
        writer._tell(batch)
        time.sleep(0.02)
        self._raw.execute("COMMIT")


async def talk(store: Store, client: int) -> None:
    """One conversation; `client turn` on stdout means that the turn was acknowledged."""
    for number in range(10_000):
        turn = a_turn(
            conversation_id=f"c{client}",
            key_hash=f"k{client}",
            reference=f"r{client}",
            expected_version=number,
            message_id=f"m{number}",
        )
        # Both ways of writing beside each other.
        brief = (client + number) % 3 != 0
        await store.write(lambda conn: commit_turn(conn, turn), brief=brief)  # noqa: B023 - awaited before the next turn
        sys.stdout.write(f"{client} {number}\n")
        sys.stdout.flush()


async def main(url: str) -> None:
    store = open_store(url)
    await asyncio.gather(*(talk(store, client) for client in range(8)))


if __name__ == "__main__":
    if sys.argv[2:] == ["early"]:
        writer.GroupCommitWriter._commit = EarlyWriter._commit  # type: ignore[method-assign, assignment]
    asyncio.run(main(sys.argv[1]))
