"""One-time codes: whom they open a case to, how often they may be tried, and what nobody can learn by asking."""

from __future__ import annotations

import statistics
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cases import codes, erasure, outbox
from cases.codes import ASKED_LASTS, CODE_LASTS, SESSION_LASTS, TRIES, Asking, Checked, TooManyCodes
from cases.models import audit, case_codes, case_sessions
from cases.models import outbox as outbox_rows
from cases.store import Store
from tests.cases.builders import NOW, REFERENCE, file_a_case

KEY, TOKEN, CODE = "k" * 64, "t" * 64, "12345678"


def ask(
    store: Store,
    asking_id: str = "a1",
    reference: str = REFERENCE,
    address: str | None = "ann@example.org",
    now: datetime = NOW,
    settle: bool = True,
) -> bool:
    """Ask for a code; whether anybody was to be sent one."""
    asking = Asking("cqm", asking_id, reference, KEY, address, "en")
    store.write_sync(lambda conn: codes.ask(conn, asking, now))
    return settle and store.write_sync(lambda conn: codes.settle(conn, "cqm", asking_id, now))


def issue(store: Store, code: str = CODE, asking_id: str = "a1", now: datetime = NOW) -> bool:
    hashed = codes.code_hash(asking_id, code)
    return store.write_sync(lambda conn: codes.issue(conn, "cqm", asking_id, hashed, now)) is not None


def attempt(
    store: Store,
    code: str = CODE,
    asking_id: str = "a1",
    now: datetime = NOW,
    key: str = KEY,
    token: str = TOKEN,
) -> Checked:
    hashed = codes.code_hash(asking_id, code)
    return store.write_sync(lambda conn: codes.check(conn, "cqm", asking_id, key, hashed, token, now))


def mails(store: Store) -> list[Any]:
    query = sa.select(outbox_rows).where(outbox_rows.c.kind == codes.KIND)
    return store.read_sync(lambda conn: list(conn.execute(query)))


class TestOpening:
    def test_the_code_that_was_sent_opens_the_case_for_an_hour(self, store: Store) -> None:
        file_a_case(store)
        assert ask(store)
        assert issue(store)
        assert attempt(store).reference == REFERENCE
        seen = store.read_sync(lambda conn: codes.opened(conn, "cqm", TOKEN, NOW))
        later = store.read_sync(lambda conn: codes.opened(conn, "cqm", TOKEN, NOW + SESSION_LASTS))
        assert (seen, later) == (REFERENCE, None)

    def test_it_may_be_typed_with_spaces(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        assert attempt(store, " 1234 5678 ").reference == REFERENCE

    @pytest.mark.parametrize("typed", ["ANN@Example.org", "  ann@example.org "])
    def test_the_address_may_be_written_in_any_case(self, store: Store, typed: str) -> None:
        file_a_case(store)
        assert ask(store, address=typed)

    def test_the_address_on_file_can_be_chosen_instead(self, store: Store) -> None:
        file_a_case(store)
        assert ask(store, address=None)
        (mail,) = mails(store)
        assert (mail.target, mail.case_reference, mail.detail) == ("to-person", REFERENCE, {"asking": "a1"})

    def test_leaving_ends_it(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        attempt(store)
        store.write_sync(lambda conn: codes.end_session(conn, "cqm", TOKEN))
        assert store.read_sync(lambda conn: codes.opened(conn, "cqm", TOKEN, NOW)) is None

    def test_an_erased_case_takes_its_codes_and_sessions_along(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        attempt(store)
        erased = store.write_sync(lambda conn: erasure.erase(conn, "cqm", [f"c-{REFERENCE}"], "request", NOW))
        assert (erased.rows["case_codes"], erased.rows["case_sessions"]) == (1, 1)
        assert store.read_sync(lambda conn: codes.opened(conn, "cqm", TOKEN, NOW)) is None


class TestRefused:
    def test_a_code_opens_once(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        assert attempt(store).reference == REFERENCE
        assert attempt(store, token="u" * 64) == Checked(None, 0)

    def test_a_code_that_is_not_burnt_is_caught(self, store: Store) -> None:
        """The fault that the test above is for, planted."""
        file_a_case(store)
        ask(store)
        issue(store)
        attempt(store)
        unburnt = case_codes.update().values(used_at=None, code_hash=codes.code_hash("a1", CODE))
        store.write_sync(lambda conn: conn.execute(unburnt))
        assert attempt(store, token="u" * 64).reference == REFERENCE

    def test_after_five_tries_the_right_code_opens_nothing(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        left = [attempt(store, f"0000000{n}").left for n in range(TRIES)]
        assert left == [4, 3, 2, 1, 0]
        assert attempt(store) == Checked(None, 0)

    def test_a_code_ends_after_ten_minutes(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        assert attempt(store, now=NOW + CODE_LASTS).reference is None
        assert attempt(store, now=NOW + CODE_LASTS - timedelta(seconds=1)).reference == REFERENCE

    def test_it_opens_nothing_in_another_browser(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        assert attempt(store, key="e" * 64).reference is None
        assert attempt(store).reference == REFERENCE

    def test_the_code_of_one_asking_opens_no_other(self, store: Store) -> None:
        file_a_case(store)
        ask(store, "a1")
        ask(store, "a2")
        issue(store, CODE, "a1")
        issue(store, "87654321", "a2")
        assert attempt(store, "87654321", "a1").reference is None
        assert attempt(store, "87654321", "a2").reference == REFERENCE

    def test_a_second_mail_of_the_same_asking_replaces_the_first_code(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store, "11111111")
        issue(store, "22222222")
        assert attempt(store, "11111111").reference is None
        assert attempt(store, "22222222").reference == REFERENCE

    def test_mail_that_comes_too_late_has_no_code(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        assert not issue(store, now=NOW + ASKED_LASTS)

    def test_nothing_is_tried_against_an_empty_hash(self, store: Store) -> None:
        file_a_case(store)
        ask(store, address="mallory@example.org")
        no_code = store.write_sync(lambda conn: codes.check(conn, "cqm", "a1", KEY, "", TOKEN, NOW))
        assert no_code.reference is None

    def test_of_two_at_once_one_opens(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        found: list[Checked] = []
        both = [
            threading.Thread(target=lambda name=name: found.append(attempt(store, token=name * 64)))
            for name in "vw"
        ]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert sorted(each.reference is not None for each in found) == [False, True]


class TestNobodyLearnsAnything:
    """Asking says the same, writes the same and takes the same, whatever there is."""

    CASES = (
        (REFERENCE, "ann@example.org"),
        (REFERENCE, "mallory@example.org"),
        (REFERENCE, None),
        ("CQM-ZZZZ-ZZZZ-Z", "ann@example.org"),
        ("CQM-ZZZZ-ZZZZ-Z", None),
    )

    def test_the_database_is_asked_the_same(self, store: Store) -> None:
        file_a_case(store)
        spoken: list[list[str]] = []
        for number, (reference, address) in enumerate(self.CASES):
            said: list[str] = []

            def listen(conn: Any, cursor: Any, statement: str, *rest: Any, said: list[str] = said) -> None:
                said.append(statement.replace("address_hash IS NULL", "address_hash = ?"))

            def work(
                conn: sa.Connection,
                number: int = number,
                reference: str = reference,
                address: str | None = address,
            ) -> None:
                sa.event.listen(conn, "before_cursor_execute", listen)
                try:
                    codes.ask(conn, Asking("cqm", f"b{number}", reference, KEY, address, "en"), NOW)
                finally:
                    sa.event.remove(conn, "before_cursor_execute", listen)

            store.write_sync(work)
            spoken.append([_shape(statement) for statement in said])
        assert all(said == spoken[0] for said in spoken)
        assert not any("FROM cases" in statement for statement in spoken[0])

    def test_a_wrong_try_is_answered_the_same(self, store: Store) -> None:
        file_a_case(store)
        answers = []
        for number, (reference, address) in enumerate(self.CASES):
            if ask(store, f"b{number}", reference, address):
                issue(store, CODE, f"b{number}")
            answers.append([attempt(store, "00000000", f"b{number}") for _ in range(TRIES + 1)])
        assert all(answer == answers[0] for answer in answers)

    def test_only_who_is_on_file_is_written_to(self, store: Store) -> None:
        file_a_case(store)
        sent = [ask(store, f"b{n}", reference, address) for n, (reference, address) in enumerate(self.CASES)]
        assert sent == [True, False, True, False, False]
        assert len(mails(store)) == 2

    def test_a_case_without_an_address_is_like_none(self, store: Store) -> None:
        file_a_case(store, complainant={"name": "Ann Evans", "phone": "01234 567890"})
        assert not ask(store, "a1", address=None)
        assert not ask(store, "a2", address="ann@example.org")
        assert mails(store) == []

    def test_the_limit_counts_what_was_asked(self, store: Store) -> None:
        file_a_case(store)
        for reference in (REFERENCE, "CQM-ZZZZ-ZZZZ-Z"):
            for number in range(3):
                ask(store, f"{reference[-1]}{number}", reference)
            with pytest.raises(TooManyCodes):
                ask(store, f"{reference[-1]}9", reference)

    def test_who_does_not_know_the_address_keeps_nobody_out(self, store: Store) -> None:
        file_a_case(store)
        for number in range(3):
            ask(store, f"m{number}", address=f"mallory{number}@example.org")
            ask(store, f"f{number}", address=None)
        assert ask(store, "mine")

    def test_the_limit_passes(self, store: Store) -> None:
        file_a_case(store)
        for number in range(3):
            ask(store, f"b{number}")
        assert ask(store, "later", now=NOW + timedelta(minutes=16))

    def test_asking_takes_as_long_for_what_there_is(self, sqlite_url: str) -> None:
        from cases.store import open_store

        store = open_store(sqlite_url)
        try:
            file_a_case(store)
            took: dict[str, list[float]] = {REFERENCE: [], "CQM-ZZZZ-ZZZZ-Z": []}
            for number in range(60):
                for reference, times in took.items():
                    began = time.perf_counter()
                    ask(store, f"{reference[-1]}{number}", reference, f"a{number}@example.org", settle=False)
                    times.append(time.perf_counter() - began)
            one, other = (statistics.median(times) for times in took.values())
            assert 0.5 < one / other < 2, (one, other)
        finally:
            store.close()


class TestAtRest:
    def test_no_code_and_no_address_is_kept_in_the_clear(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        row = store.read_sync(lambda conn: conn.execute(sa.select(case_codes)).one())
        kept = " ".join(str(value) for value in row)
        assert CODE not in kept
        assert "ann@" not in kept
        assert all(CODE not in str(mail) for mail in mails(store))

    def test_what_is_over_is_forgotten(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        attempt(store)
        ask(store, "a2", now=NOW + timedelta(days=2))
        left = store.read_sync(lambda conn: list(conn.execute(sa.select(case_codes.c.id)).scalars()))
        open_now = store.read_sync(lambda conn: conn.execute(sa.select(case_sessions)).all())
        assert (left, open_now) == (["a2"], [])

    def test_the_trail_tells_of_a_code_and_an_opening_and_of_no_stranger(self, store: Store) -> None:
        file_a_case(store)
        ask(store)
        issue(store)
        attempt(store)
        ask(store, "a2", "CQM-ZZZZ-ZZZZ-Z")
        query = sa.select(audit.c.action, audit.c.reference).order_by(audit.c.number)
        told = store.read_sync(lambda conn: [tuple(row) for row in conn.execute(query)])
        assert told[-2:] == [("code.asked", REFERENCE), ("case.opened", REFERENCE)]

    def test_what_a_crash_left_is_settled_later(self, store: Store) -> None:
        file_a_case(store)
        ask(store, settle=False)
        left = store.read_sync(lambda conn: codes.unsettled(conn, "cqm", NOW + timedelta(minutes=1)))
        assert left == ["a1"]
        assert store.write_sync(lambda conn: codes.settle(conn, "cqm", "a1", NOW))
        # Twice is once.
        assert not store.write_sync(lambda conn: codes.settle(conn, "cqm", "a1", NOW))
        assert store.read_sync(lambda conn: codes.unsettled(conn, "cqm", NOW)) == []

    def test_the_row_can_be_claimed(self, store: Store) -> None:
        file_a_case(store, targets=())
        ask(store)
        (item,) = store.write_sync(lambda conn: outbox.claim(conn, NOW, 10, timedelta(minutes=1)))
        assert (item.kind, item.record["reference"]) == (codes.KIND, REFERENCE)


def _shape(statement: str) -> str:
    """A statement without the names of its parameters."""
    return " ".join(statement.replace("%(address_hash_1)s::VARCHAR", "?").split())
