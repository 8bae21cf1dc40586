"""A process is killed between delivering and noting it: the case arrives again, under the same id."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from cases import outbox
from cases.store import Store, open_store
from handoff.deliver import DeliveryLoop, Pace
from handoff.mail import MailServer
from handoff.targets.email import EmailTarget
from tests.cases.builders import file_a_case
from tests.handoff.builders import Bell, Clock, always, until
from tests.handoff.smtp import Mailbox, mail_server


def _file(url: str) -> None:
    store = open_store(url)
    file_a_case(store, targets=("email",))
    store.close()


def _kill_in_the_middle(url: str, port: int, mode: str) -> None:
    courier = subprocess.Popen(
        [sys.executable, "-m", "tests.handoff.courier", url, str(port), mode],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert courier.stdout is not None
    assert courier.stdout.readline() == "here\n"
    courier.kill()
    courier.stdout.close()
    courier.wait()


def _deliver_the_rest(url: str, port: int) -> list[str]:
    """Run the loop until nothing waits, with the leases of the dead process over; the states at the end."""
    store = open_store(url)
    clock = Clock()
    clock.now += Pace().lease
    target = EmailTarget(MailServer("127.0.0.1", port, "none"), ("cases@example.org",))
    loop = DeliveryLoop(store, always(email=target), clock, Bell(), pace=Pace(poll=0.01))

    async def run() -> None:
        task = asyncio.create_task(loop.run())
        await until(lambda: _states(store) == ["delivered"])
        loop.stop()
        await task

    asyncio.run(run())
    states = _states(store)
    store.close()
    return states


def _states(store: Store) -> list[str]:
    return [row["state"] for row in store.read_sync(outbox.listing)]


def _kept_the_promise(mailbox: Mailbox) -> bool:
    """At least one arrival, and all of them under one id."""
    return len({message["Message-ID"] for message in mailbox.messages}) == 1


def test_a_case_whose_courier_is_killed_arrives_again_under_the_same_id(
    store_url: str, free_port: int
) -> None:
    _file(store_url)
    with mail_server(free_port) as mailbox:
        _kill_in_the_middle(store_url, free_port, "settle")
        assert len(mailbox.messages) == 1
        assert _deliver_the_rest(store_url, free_port) == ["delivered"]
    assert len(mailbox.messages) == 2
    assert _kept_the_promise(mailbox)


def test_a_courier_that_notes_before_it_delivers_is_caught(store_url: str, free_port: int) -> None:
    _file(store_url)
    with mail_server(free_port) as mailbox:
        _kill_in_the_middle(store_url, free_port, "settle_first")
        assert _deliver_the_rest(store_url, free_port) == ["delivered"]
    assert not _kept_the_promise(mailbox)


def test_on_sqlite_the_next_start_does_not_wait_for_the_dead_ones_lease(
    sqlite_url: str, free_port: int
) -> None:
    _file(sqlite_url)
    with mail_server(free_port) as mailbox:
        _kill_in_the_middle(sqlite_url, free_port, "settle")
        store = open_store(sqlite_url)
        loop = DeliveryLoop(
            store,
            always(email=EmailTarget(MailServer("127.0.0.1", free_port, "none"), ("cases@example.org",))),
            Clock(),
            Bell(),
            pace=Pace(poll=0.01),
        )

        async def run() -> None:
            task = asyncio.create_task(loop.run())
            await until(lambda: _states(store) == ["delivered"])
            loop.stop()
            await task

        asyncio.run(run())
        store.close()
    assert len(mailbox.messages) == 2
