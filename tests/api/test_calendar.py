"""The feed of open clocks: proper iCalendar, behind the key, and nobody's name in it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar, Component

from bot.api.calendar import feed
from tests.api.registered import FIRST, OTHER, RESTRICTED, SECOND, SOON, Register, register

PATH = "/api/v1/organisations/{}/clocks.ics"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    with register(tmp_path_factory.mktemp("calendar")) as found:
        yield found


def get(kept: Register, key: str | None = "all", org: str = "cqm", **headers: str) -> httpx.Response:
    with kept.client(key, **headers) as client:
        return client.get(PATH.format(org))


def events(answer: httpx.Response) -> dict[str, Component]:
    assert answer.status_code == 200, answer.text
    return {str(event["SUMMARY"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}


def row(**changes: Any) -> dict[str, Any]:
    values = {
        "case_reference": "CQM-1", "kind": "respond", "day": date(2027, 1, 26), "due": date(2027, 1, 26),
        "promised": None, "state": "running", "force": "will", "clause": "Stage 1", "handler": "Centre manager",
        "stage": "stage_1", "version": 3, "created_at": datetime(2026, 12, 24, 16, 45, tzinfo=UTC),
    }  # fmt: skip
    return {**values, **changes}


def test_each_open_promise_is_an_all_day_event_on_its_last_day(kept: Register) -> None:
    answer = get(kept)
    assert answer.headers["content-type"].startswith("text/calendar")
    event = events(answer)[f"{FIRST}: acknowledge the complaint"]
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (SOON, SOON + timedelta(days=1))
    assert f"{SECOND}: answer the complaint" in events(answer)
    assert "Ann" not in answer.text


def test_restricted_cases_need_their_scope(kept: Register) -> None:
    assert f"{RESTRICTED}: answer the complaint" in events(get(kept))
    assert f"{RESTRICTED}: answer the complaint" not in events(get(kept, "reader"))


def test_it_is_behind_the_key_and_each_key_sees_its_own(kept: Register) -> None:
    assert get(kept, None).status_code == 401
    assert get(kept, "revoked").status_code == 401
    assert events(get(kept, "cim")) == {}
    assert set(events(get(kept, "cim", "cim"))) == {
        f"{OTHER}: acknowledge the complaint",
        f"{OTHER}: answer the complaint",
    }
    assert "did you mean 'cqm'" in get(kept, "all", "cqn").text.lower()


def test_a_calendar_program_may_sign_in_with_the_key_as_its_password(kept: Register) -> None:
    given = base64.b64encode(f"staff:{kept.keys['reader']}".encode()).decode()
    assert events(get(kept, None, Authorization=f"Basic {given}"))
    assert get(kept, None, Authorization="Basic ???").status_code == 401


def test_what_has_not_changed_is_not_sent_again(kept: Register) -> None:
    first = get(kept)
    assert get(kept, "all", **{"If-None-Match": first.headers["etag"]}).status_code == 304


def test_a_promise_that_was_kept_leaves_the_calendar(kept: Register) -> None:
    kept.tell(SECOND, "acknowledged")
    assert f"{SECOND}: acknowledge the complaint" not in events(get(kept))


class TestTheFormat:
    def test_lines_are_folded_text_is_escaped_and_the_same_rows_are_the_same_bytes(self) -> None:
        rows = [row(handler="A; B, C\\D\nBEGIN:VEVENT\r\nSUMMARY:planted " + "x" * 200)]
        made = feed("cqm", "CQM", rows)
        assert made == feed("cqm", "CQM", rows)
        assert made.startswith(b"BEGIN:VCALENDAR\r\n")
        assert made.endswith(b"END:VCALENDAR\r\n")
        assert max(len(line) for line in made.split(b"\r\n")) <= 75
        read = Calendar.from_ical(made)
        (event,) = read.walk("VEVENT")
        assert "planted" in str(event["DESCRIPTION"])
        assert str(read["VERSION"]) == "2.0"
        assert event.errors == []

    def test_a_missed_one_says_so_and_a_proclaimed_day_is_told(self) -> None:
        made = feed("cqm", "CQM", [row(state="missed", due=date(2027, 1, 27))])
        (event,) = Calendar.from_ical(made).walk("VEVENT")
        assert str(event["SUMMARY"]).startswith("MISSED: CQM-1")
        assert "27/01/2027" in str(event["DESCRIPTION"])

    def test_no_clocks_are_a_calendar_all_the_same(self) -> None:
        assert Calendar.from_ical(feed("cqm", "CQM", [])).walk("VEVENT") == []
