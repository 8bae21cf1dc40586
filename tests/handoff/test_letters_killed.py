"""A server that is killed between any two steps of a letter sends it under one id, and no more than once it was taken."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from cases import outbox
from cases.outgoing import TO_PERSON
from cases.store import Store
from handoff.letters.post import Mail
from handoff.mail import MailServer
from handoff.target import Delivery, TransientFailure
from handoff.targets.person import PersonTarget
from handoff.targets.staff import StaffTarget
from tests.cases.builders import NOW, REFERENCE, a_filing, say
from tests.handoff.builders import a_delivery, run
from tests.handoff.smtp import mail_server

LEASE = timedelta(seconds=60)


def write(item: Delivery) -> Mail:
    return Mail("Your reference", "We have it.\n", (("letter.pdf", b"%PDF-1.7"),))


def file(store: Store) -> None:
    letters = (("letter.acknowledgement", TO_PERSON),)
    filing = a_filing()
    filing = type(filing)(filing.record, letters=letters)
    say(store, reference=REFERENCE, state="filed", cases=(filing,), targets=("folder",))


def claim(store: Store, after: timedelta = timedelta()) -> list[outbox.Claimed]:
    found = store.write_sync(lambda conn: outbox.claim(conn, NOW + after, 10, LEASE))
    return [item for item in found if item.target == TO_PERSON]


def test_the_letter_is_in_the_outbox_as_soon_as_the_case_is_and_has_its_record(store: Store) -> None:
    file(store)
    (item,) = claim(store)
    assert (item.kind, item.case_reference) == ("letter.acknowledgement", REFERENCE)
    assert item.record["complainant"]["email"] == "ann@example.org"


def test_killed_after_the_claim_or_after_the_sending_it_comes_again_under_the_same_id(
    store: Store, free_port: int
) -> None:
    file(store)
    (first,) = claim(store)
    # Killed here; the lease runs out, and whoever comes next sends it.
    (second,) = claim(store, LEASE)
    target = PersonTarget(MailServer("127.0.0.1", free_port, security="none"), write)
    with mail_server(free_port) as mailbox:
        for item in (first, second):
            given = Delivery(item.id, item.kind, item.organisation, item.case_reference, item.record)
            run(target.deliver(given))
    store.write_sync(lambda conn: outbox.delivered(conn, second, NOW + LEASE))
    assert first.id == second.id
    assert len({str(mail["Message-ID"]) for mail in mailbox.messages}) == 1
    assert claim(store, 5 * LEASE) == []


def test_a_letter_that_was_not_taken_tells_nobody_that_it_was(free_port: int) -> None:
    told: list[str] = []

    async def sent(item: Delivery) -> None:
        told.append(item.id)

    target = PersonTarget(MailServer("127.0.0.1", free_port, security="none"), write, sent)
    item = a_delivery()
    with pytest.raises(TransientFailure):
        run(target.deliver(item))
    assert told == []
    with mail_server(free_port):
        run(target.deliver(item))
    assert told == [item.id]


def test_a_file_for_staff_is_whole_or_not_there_and_twice_is_once(tmp_path: Path) -> None:
    target = StaffTarget(MailServer(""), write, lambda item: (), tmp_path)
    for _ in range(2):
        asyncio.run(target.deliver(a_delivery()))
    names = sorted(path.name for path in (tmp_path / "cqm").iterdir())
    assert names == [f"{REFERENCE}.case-filed-{'d' * 8}.pdf", f"{REFERENCE}.case-filed-{'d' * 8}.txt"]
