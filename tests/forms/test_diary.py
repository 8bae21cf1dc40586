"""The promised days as a calendar file: what the page says, no more, and nothing where nothing may be told."""

from __future__ import annotations

import re
from datetime import date, timedelta

from icalendar import Calendar, Event

from tests.channels.servers import Running
from tests.forms.visitor import Visitor


def test_each_promise_of_the_page_is_a_day_of_the_calendar(server: Running) -> None:
    with Visitor(server) as visitor:
        visitor.tell().finish()
        assert "days.ics" in visitor.page.text
        answer = visitor.http.get(f"{visitor.home}/days.ics")
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        events = Calendar.from_ical(answer.text).walk("VEVENT")
        said = [str(event["summary"]).removeprefix("CQM: ") for event in events]
        promised = re.findall(r"You should [^.]+ by \w+day \d+ \w+ \d{4}\.", visitor.text)
        assert promised
        assert said == promised
        for event, sentence in zip(events, promised, strict=True):
            assert isinstance(event, Event)
            day = event.start
            assert isinstance(day, date)
            assert f"{day:%A} {day.day} {day:%B} {day:%Y}" in sentence
            assert event.duration == timedelta(days=1)
        uids = [str(event["uid"]) for event in events]
        assert len(set(uids)) == len(uids)


def test_an_unfinished_complaint_has_no_days(server: Running) -> None:
    with Visitor(server) as visitor:
        visitor.tell()
        answer = visitor.http.get(f"{visitor.home}/days.ics")
        assert "calendar" not in answer.headers["content-type"]


def test_a_policy_that_promises_no_day_offers_no_calendar(server: Running) -> None:
    with Visitor(server, "cmi") as visitor:
        visitor.start().send(answer="A suggestion: put the dates of the sittings on one page.")
        visitor.finish()
        assert ("days.ics" in visitor.page.text) == bool(re.search(r"by \w+day \d+ \w+ \d{4}", visitor.text))
