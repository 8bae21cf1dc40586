"""Versions of the rules on both databases: a second person, a day that is not over, never a silent overwrite."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from cases import drafts, editions, rulebook
from cases.audit_check import verify
from cases.drafts import About, Base, NotOpen, OutOfDate, sha256_of
from cases.events import Writer
from cases.models import rule_versions
from cases.rulebook import BadDay, First, NotOnTop, SamePerson, Shown, ShownOther, Version
from cases.store import Store
from policy_rules.shelf import SHIPPED, PackShelf
from tests import published
from tests.cases.builders import NOW

US = "cim"
JO, SAM = Writer("Jo Bloggs", "staff", "jo-id"), Writer("Sam Smith", "staff", "sam-id")
ALI = Writer("Ali Khan", "staff", "ali-id")
FIRST = First("the file\n", "f" * 64)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2027, 2, 1, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def submitted(store: Store, draft_id: str, text: str, base: int = 1, base_text: str = FIRST.text) -> Shown:
    """A draft of Jo's that waits for approval, and what whoever approves it was shown."""
    about = About(f"Draft {draft_id}", "The board said so.", "Minute 7")

    def work(conn: sa.Connection) -> Shown:
        made_from = Base(base, sha256_of(base_text))
        drafts.create_draft(conn, US, draft_id, about, text, made_from, JO, NOW)
        return Shown(drafts.submit(conn, US, draft_id, 1, JO, NOW), sha256_of(text))

    return store.write_sync(work)


def publish(store: Store, draft_id: str, shown: Shown, at: datetime = NEW_YEAR, **changes: Any) -> Version:
    writer, now = changes.get("writer", SAM), changes.get("now", NOW)
    return store.write_sync(
        lambda conn: rulebook.publish(
            conn, US, draft_id, shown, "a" * 64, at, writer, now, first=changes.get("first", FIRST)
        )
    )


def versions(store: Store) -> list[Version]:
    return store.read_sync(lambda conn: rulebook.versions(conn, US))


def test_a_published_draft_is_the_next_version_and_the_file_stays_as_the_first(store: Store) -> None:
    made = publish(store, "d1", submitted(store, "d1", "second\n"))
    first, second = versions(store)
    assert (first.number, first.text, first.effective_from, first.sha256) == (1, "the file\n", None, "f" * 64)
    assert second == made
    assert (made.number, made.author, made.approver) == (2, "jo-id", "sam-id")
    assert (made.effective_from, made.approved_at, made.base) == (NEW_YEAR, NOW, 1)
    assert first.intact
    assert made.intact
    found = store.read_sync(lambda conn: drafts.read_draft(conn, US, "d1"))
    assert found.state == "published"
    with pytest.raises(NotOpen, match="was published"):
        publish(store, "d1", Shown(found.revision, found.text_sha256))


def test_by_time_the_version_of_each_instant_governs(store: Store) -> None:
    publish(store, "d1", submitted(store, "d1", "second\n"))
    known = versions(store)

    def number(at: datetime) -> int:
        found = rulebook.governing(known, at)
        assert found is not None
        return found.number

    assert number(NEW_YEAR - timedelta(microseconds=1)) == 1
    assert number(NEW_YEAR) == 2
    assert number(datetime(1990, 1, 1, tzinfo=UTC)) == 1
    assert [v.number for v in rulebook.coming(known, NOW)] == [2]
    assert rulebook.coming(known, NEW_YEAR) == []


@pytest.mark.parametrize("writer", [JO, Writer("Nobody", "staff", None)])
def test_nobody_approves_their_own(store: Store, writer: Writer) -> None:
    shown = submitted(store, "d1", "second\n")
    with pytest.raises(SamePerson):
        publish(store, "d1", shown, writer=writer)
    assert versions(store) == []


def test_nobody_approves_what_they_have_edited(store: Store) -> None:
    shown = submitted(store, "d1", "second\n")

    def edited(conn: sa.Connection) -> int:
        back = drafts.take_back(conn, US, "d1", shown.revision, JO, NOW)
        saved = drafts.save_draft(conn, US, "d1", back, "third\n", "Changed it.", SAM, NOW)
        return drafts.submit(conn, US, "d1", saved, JO, NOW)

    again = Shown(store.write_sync(edited), sha256_of("third\n"))
    with pytest.raises(SamePerson):
        publish(store, "d1", again, writer=SAM)
    assert publish(store, "d1", again, writer=ALI).approver == "ali-id"


def test_what_is_approved_is_what_was_shown(store: Store) -> None:
    shown = submitted(store, "d1", "second\n")
    with pytest.raises(ShownOther):
        publish(store, "d1", Shown(shown.revision, sha256_of("another\n")))

    def changed(conn: sa.Connection) -> None:
        back = drafts.take_back(conn, US, "d1", shown.revision, JO, NOW)
        saved = drafts.save_draft(conn, US, "d1", back, "third\n", "Changed it.", JO, NOW)
        drafts.submit(conn, US, "d1", saved, JO, NOW)

    store.write_sync(changed)
    with pytest.raises(OutOfDate):
        publish(store, "d1", shown)
    assert versions(store) == []


def test_no_version_begins_before_it_is_approved(store: Store) -> None:
    shown = submitted(store, "d1", "second\n")
    with pytest.raises(BadDay):
        publish(store, "d1", shown, NOW - timedelta(seconds=1))


def test_a_second_draft_from_the_same_version_is_told_of_the_first(store: Store) -> None:
    one, two = submitted(store, "d1", "second\n"), submitted(store, "d2", "other\n")
    publish(store, "d1", one)
    for day in (NEW_YEAR, FEBRUARY):
        with pytest.raises(NotOnTop, match=r"made from version 1.*follow version 2"):
            publish(store, "d2", two, day)
    assert len(versions(store)) == 2


def test_a_version_that_follows_on_the_same_day_takes_the_place_of_the_one_before(store: Store) -> None:
    publish(store, "d1", submitted(store, "d1", "second\n"))
    publish(store, "d2", submitted(store, "d2", "third\n", 2, "second\n"))
    known = versions(store)
    assert [v.number for v in rulebook.coming(known, NOW)] == [3]
    found = rulebook.governing(known, NEW_YEAR)
    assert found is not None
    assert found.number == 3


def test_a_change_before_one_that_is_coming_must_have_been_shown_it(store: Store) -> None:
    publish(store, "d1", submitted(store, "d1", "second\n"), FEBRUARY)
    shown = submitted(store, "d2", "urgent\n")
    with pytest.raises(ShownOther, match="Another version was published meanwhile"):
        publish(store, "d2", shown)
    publish(store, "d2", Shown(shown.revision, shown.text_sha256, (2,)))
    known = versions(store)
    assert [v.number for v in rulebook.coming(known, NOW)] == [3, 2]


def test_a_file_that_was_changed_since_the_draft_was_begun_is_not_overwritten(store: Store) -> None:
    shown = submitted(store, "d1", "second\n")
    with pytest.raises(NotOnTop, match="changed since in their file"):
        publish(store, "d1", shown, first=First("edited by hand\n", "e" * 64))
    assert versions(store) == []


def test_the_first_version_of_a_new_organisation_follows_nothing(store: Store) -> None:
    shown = submitted(store, "d1", "new\n", 0, "")
    made = publish(store, "d1", shown, first=None)
    assert (made.number, made.base) == (1, 0)
    assert rulebook.governing(versions(store), NOW) is None


def test_an_old_version_is_published_again_by_a_second_person_too(store: Store) -> None:
    publish(store, "d1", submitted(store, "d1", "second\n"))
    old = versions(store)[0]

    def again(conn: sa.Connection) -> Shown:
        about = About("Back to version 1", "It did not work.", "Minute 8")
        base = Base(2, sha256_of("second\n"))
        drafts.create_draft(conn, US, "d2", about, old.text, base, JO, NOW, again_of=old.number)
        return Shown(drafts.submit(conn, US, "d2", 1, JO, NOW), sha256_of(old.text))

    shown = store.write_sync(again)
    with pytest.raises(SamePerson):
        publish(store, "d2", shown, FEBRUARY, writer=JO)
    made = publish(store, "d2", shown, FEBRUARY)
    assert (made.number, made.again_of, made.text) == (3, 1, old.text)


def test_of_two_approvals_at_the_same_moment_one_is_published(store: Store) -> None:
    shown = {name: submitted(store, name, f"{name}\n") for name in ("d1", "d2", "d3")}

    def attempt(name: str) -> int | None:
        try:
            return publish(store, name, shown[name]).number
        except (NotOnTop, ShownOther):
            return None

    with ThreadPoolExecutor(3) as pool:
        made = [number for number in pool.map(attempt, shown) if number is not None]
    assert made == [2]
    assert [v.number for v in versions(store)] == [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        rule_versions.update().values(text="other"),
        rule_versions.update().values(effective_from=NOW),
        rule_versions.delete(),
    ],
)
def test_the_database_refuses_to_change_a_version(store: Store, change: sa.Executable) -> None:
    publish(store, "d1", submitted(store, "d1", "second\n"))
    with pytest.raises(DBAPIError, match="append-only"):
        store.write_sync(lambda conn: conn.execute(change))
    assert all(v.intact for v in versions(store))


def test_sqlite_refuses_to_replace_a_version_too(store: Store) -> None:
    publish(store, "d1", submitted(store, "d1", "second\n"))
    if store.dialect == "sqlite":
        words = "INSERT OR REPLACE INTO rule_versions SELECT * FROM rule_versions"
    else:
        words = "TRUNCATE rule_versions"
    with pytest.raises(DBAPIError, match="append-only"):
        store.write_sync(lambda conn: conn.exec_driver_sql(words))


def without_guard(conn: sa.Connection, change: sa.Executable) -> None:
    """What somebody with all rights on the database can do."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("DROP TRIGGER rule_versions_no_update")
    else:
        conn.exec_driver_sql("ALTER TABLE rule_versions DISABLE TRIGGER USER")
    conn.execute(change)


@pytest.mark.parametrize(
    "change", [{"text": "tampered\n"}, {"effective_from": NOW}, {"approver": "jo-id"}, {"sha256": "c" * 64}]
)
def test_whoever_changes_a_version_behind_our_back_is_found_out(
    fresh_store: Store, change: dict[str, Any]
) -> None:
    publish(fresh_store, "d1", submitted(fresh_store, "d1", "second\n"))
    assert fresh_store.read_sync(verify).breaks == []
    planted = rule_versions.update().where(rule_versions.c.number == 2).values(**change)
    fresh_store.write_sync(lambda conn: without_guard(conn, planted))
    assert [v.intact for v in versions(fresh_store)] == [True, False]
    (found,) = fresh_store.read_sync(verify).breaks
    assert "the version of rules/2 is not what was published then" in found.as_text()


def test_whoever_makes_the_digest_fit_is_found_out_by_the_audit_trail(fresh_store: Store) -> None:
    publish(fresh_store, "d1", submitted(fresh_store, "d1", "second\n"))
    made = versions(fresh_store)[1]
    values = {name: getattr(made, name) for name in Version.__dataclass_fields__} | {"text": "tampered\n"}
    planted = (
        rule_versions.update()
        .where(rule_versions.c.number == 2)
        .values(text="tampered\n", digest=rulebook.digest_of(values))
    )
    fresh_store.write_sync(lambda conn: without_guard(conn, planted))
    assert all(v.intact for v in versions(fresh_store))
    (found,) = fresh_store.read_sync(verify).breaks
    assert "rules/2" in found.as_text()


def test_a_server_reads_only_the_versions_that_it_does_not_know(store: Store) -> None:
    assert store.read_sync(lambda conn: rulebook.unknown_to(conn, {})) == []
    publish(store, "d1", submitted(store, "d1", "second\n"))
    for known, numbers in (({}, [1, 2]), ({US: 1}, [2]), ({US: 2}, [])):
        found = store.read_sync(lambda conn, k=known: rulebook.unknown_to(conn, k))  # type: ignore[misc]
        assert [v.number for v in found] == numbers


def test_another_server_takes_it_at_its_next_look_and_has_it_in_force_in_time(store: Store) -> None:
    """Two servers over one database: what the one publishes, the other knows of before it is in force."""
    text = (SHIPPED / "cms.yml").read_text("utf-8")
    one, other = (PackShelf(clock=lambda: NOW) for _ in range(2))
    made = published.publish(store, one, "cms", f"{text}\n# changed\n", NEW_YEAR, NOW)
    assert one.newest == {"cms": made.number}
    assert other.newest == {}
    assert editions.adopt(other, store, NOW) == []
    assert other.number_of(other.get("cms", NEW_YEAR)) == 2
    assert other.number_of(other.get("cms", NOW)) == 1
    assert editions.adopt(other, store, NOW) == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2027, 1, 1), datetime(2027, 1, 1, tzinfo=UTC)),
        # Midnight in London is 23:00 UTC of the day before while the clocks are forward.
        (date(2027, 6, 1), datetime(2027, 5, 31, 23, tzinfo=UTC)),
        (date(2026, 12, 24), NOW + timedelta(minutes=1)),
        (None, NOW + timedelta(minutes=1)),
    ],
)
def test_a_day_begins_at_local_midnight_and_today_at_the_approval(
    day: date | None, expected: datetime
) -> None:
    assert rulebook.starts_at(day, LONDON, NOW, timedelta(minutes=1)) == expected


def test_a_day_that_is_over_is_refused() -> None:
    with pytest.raises(BadDay, match="keeps the rules of then"):
        rulebook.starts_at(date(2026, 12, 23), LONDON, NOW)


def test_just_before_midnight_the_next_day_leaves_other_servers_their_time() -> None:
    late = datetime(2026, 12, 24, 23, 59, 50, tzinfo=UTC)
    begins = rulebook.starts_at(date(2026, 12, 25), LONDON, late, timedelta(minutes=1))
    assert begins == late + timedelta(minutes=1)
