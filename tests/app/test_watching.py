"""A server that runs writes to people and to staff: real conversations, a real mail server, a clock that is moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from bot.api.privacy import Erase
from bot.api.staff import Consent, Counter
from bot.app import House, compose, create_app
from bot.app.watching import WatchLoop
from bot.settings import Settings
from cases import events, outbox, watch
from tests.desk import Clock, Person
from tests.handoff.letters import read
from tests.handoff.smtp import Mailbox, mail_server

START = datetime(2026, 12, 21, 10, 0, tzinfo=UTC)
STORY = "Nobody marked my assignment for six weeks, and my two e-mails about it were never answered."
SETTLED = "/SetSlots(nature=complaint, subject=service, complainant_type=learner, stage_reached=none, on_behalf_of=self)"
FOR_ANOTHER = (
    "/SetSlots(nature=complaint, subject=service, complainant_type=learner, stage_reached=none, on_behalf_of=other,"
    " representative_basis={basis}, representative_name=Rhys Jones, complainant_name=Ann Evans)"
)
BY_POST = "/SetSlots(preferred_contact=post, contact_post=4 Mill Lane Llandeilo SA19 6AB)"
MAIL = "/SetSlots(preferred_contact=email, contact_email=ann@example.org)"
OVERLAY = """
handlers: {"Member of staff who dealt with you, or their manager": handler@cqm.example,
           "Managing Director (MD)": handler@cqm.example}
alarm: {name: A. Larm, email: alarm@cqm.example}
languages: [en, cy]
"""
pytestmark = pytest.mark.anyio


@dataclass
class Post:
    """A server's parts, a mailbox, and a clock."""

    house: House
    mailbox: Mailbox
    clock: Clock

    async def file(self, organisation: str, *said: str, channel: str = "chat", by: str | None = None) -> str:
        """A whole interview; the reference, once everything that is due has gone out."""
        person = Person(self.house.desk, organisation, channel=channel, recorded_by=by)
        await person.says(STORY, *said)
        await person.skip_to("check_answers")
        await person.say("send")
        assert person.outcome["state"] == "filed", person.texts
        await self.settle()
        return str(person.outcome["reference"])

    async def days(self, days: int) -> None:
        """Let days go by, with one look at the clocks on each."""
        for _ in range(days):
            self.clock.forward(days=1)
            await self.house.watches.look("cqm")
            await self.settle()

    async def settle(self) -> None:
        """Wait until everything that is due has gone out."""
        self.house.deliveries.wake()
        async with asyncio.timeout(20):
            while (now := self.waiting()).due or now.leased:  # noqa: ASYNC110 - a row sets no event
                await asyncio.sleep(0.01)

    def waiting(self) -> outbox.Waiting:
        return self.house.store.read_sync(lambda conn: outbox.waiting(conn, self.clock.now))

    @property
    def sent(self) -> list[tuple[list[str], EmailMessage]]:
        """(to whom, what), in the order in which it came in."""
        return list(zip(map(sorted, self.mailbox.recipients), self.mailbox.messages, strict=True))

    def clocks(self, reference: str) -> dict[str, str]:
        """The state of each of the organisation's clocks."""
        where = (reference[:3].lower(), reference)
        found = self.house.store.read_sync(lambda conn: watch.standing(conn, *where))
        return {row["kind"]: row["state"] for row in found if row["by"] == "organisation"}

    def events(self, reference: str) -> list[dict[str, Any]]:
        """What has become of the case."""
        return self.house.store.read_sync(lambda conn: events.listing(conn, reference[:3].lower(), reference))

    def rows(self) -> list[str]:
        """The kinds of what went, or goes, to people and staff."""
        found = self.house.store.read_sync(outbox.listing)
        return sorted(row["kind"] for row in found if "-" in row["target"])


@pytest.fixture
async def post(tmp_path: Path, free_port: int) -> AsyncIterator[Post]:
    overlays = tmp_path / "organisations"
    overlays.mkdir()
    (overlays / "cqm.yml").write_text(OVERLAY)
    settings = Settings(
        data_dir=tmp_path, smtp_host="127.0.0.1", smtp_port=free_port, smtp_security="none",
        smtp_from="complaints@cqm.example", delivery_seconds=0.05, public_url="https://cases.example/",
    )  # fmt: skip
    clock = Clock(START)
    house = compose(settings, clock=clock)
    delivering = asyncio.create_task(house.deliveries.run())
    with mail_server(free_port) as mailbox:
        yield Post(house, mailbox, clock)
        house.deliveries.stop()
        await delivering
    house.close()


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def pdfs(mail: EmailMessage) -> list[bytes]:
    return [
        bytes(part.get_payload(decode=True) or b"")
        for part in mail.iter_attachments()
        if part.get_content_type() == "application/pdf"
    ]


class TestAtFiling:
    async def test_the_acknowledgement_arrives_as_text_and_as_the_same_letter_in_pdf(
        self, post: Post
    ) -> None:
        reference = await post.file("cqm", SETTLED, MAIL)
        ((to, mail),) = post.sent
        assert to == ["ann@example.org"]
        assert mail["Subject"] == f"Your reference with CQM: {reference}"
        assert "We send you our answer." in words(mail)
        assert STORY not in words(mail)
        (pdf,) = pdfs(mail)
        found = read(pdf)
        assert (found.title, found.language) == ("We have received your complaint", "en-GB")
        assert "We received your complaint on Monday 21\u00a0December\u00a02026." in found.text
        assert post.clocks(reference)["acknowledge"] == "running", "a person still has to acknowledge it"
        assert "https://cases.example/cqm/case" in words(mail).splitlines()
        assert "https://cases.example/cqm/case" in [url for _, url in found.links]

    async def test_a_mail_server_that_is_away_gets_it_later_once(self, post: Post) -> None:
        post.mailbox.refusals.append("451 later")
        await post.file("cqm", SETTLED, MAIL)
        assert post.sent == []
        post.clock.forward(seconds=10)
        await post.settle()
        post.clock.forward(days=1)
        await post.settle()
        assert len(post.sent) == 1

    async def test_it_speaks_the_language_that_they_spoke(self, post: Post) -> None:
        await post.file("cqm", "Cymraeg", SETTLED, MAIL)
        ((_, mail),) = post.sent
        assert "Annwyl" in words(mail)
        assert "https://cases.example/cqm/case?lang=cy" in words(mail).splitlines()
        assert read(pdfs(mail)[0]).language == "cy-GB"

    async def test_an_automatic_one_keeps_the_promise_where_the_organisation_says_so(
        self, post: Post
    ) -> None:
        path = post.house.settings.overlays_dir / "cqm.yml"
        path.write_text(path.read_text() + "letters: {acknowledge: true}\n")
        post.house.overlays.refresh()
        reference = await post.file("cqm", SETTLED, MAIL)
        assert post.clocks(reference)["acknowledge"] == "met"
        assert "We confirm to you" not in words(post.sent[0][1])
        (event,) = post.events(reference)
        assert (event["kind"], event["by"], event["clocks"][0]["state"]) == ("acknowledged", "Hearout", "met")

    async def test_it_keeps_the_promise_when_it_leaves_and_not_when_it_was_written(self, post: Post) -> None:
        path = post.house.settings.overlays_dir / "cqm.yml"
        path.write_text(path.read_text() + "letters: {acknowledge: true}\n")
        post.house.overlays.refresh()
        post.mailbox.refusals += ["451 later"] * 8
        reference = await post.file("cqm", SETTLED, MAIL)
        assert post.clocks(reference)["acknowledge"] == "running"
        post.clock.forward(days=20)
        post.mailbox.refusals.clear()
        await post.settle()
        assert post.clocks(reference)["acknowledge"] == "missed"
        (event,) = [event for event in post.events(reference) if event["kind"] == "acknowledged"]
        assert event["at"] == post.clock.now.isoformat()

    async def test_unless_it_does_a_person_acknowledges_and_the_letter_is_no_event(self, post: Post) -> None:
        reference = await post.file("cqm", SETTLED, MAIL)
        assert post.events(reference) == []
        (mail,) = [mail for _, mail in post.sent]
        assert "We confirm to you that we are dealing with your complaint." in words(mail)

    @pytest.mark.parametrize(
        "reach",
        [
            ("/SetSlots(preferred_contact=phone, contact_phone=01632 960001)",),
            ("/SetSlots(preferred_contact=none)",),
            (),
        ],
        ids=["by phone", "no contact", "nothing said"],
    )
    async def test_who_gave_no_address_gets_no_letter(self, post: Post, reach: tuple[str, ...]) -> None:
        await post.file("cqm", SETTLED, *reach)
        assert (post.sent, post.rows()) == ([], [])

    async def test_a_letter_instead_of_an_e_mail_is_put_where_the_handler_gets_it(self, post: Post) -> None:
        reference = await post.file("cqm", SETTLED, BY_POST)
        ((to, mail),) = post.sent
        assert to == ["handler@cqm.example"]
        assert mail["Subject"] == f"{reference}: a letter to print and send"
        assert "4 Mill Lane" in read(pdfs(mail)[0]).text
        assert "Mill Lane" not in words(mail)

    async def test_without_a_mailbox_it_is_a_file(self, post: Post) -> None:
        (post.house.settings.overlays_dir / "cqm.yml").unlink()
        post.house.overlays.refresh()
        reference = await post.file("cqm", SETTLED, BY_POST)
        folder = post.house.settings.data_dir / "letters" / "cqm"
        (pdf,) = folder.glob("*.pdf")
        assert pdf.name.startswith(f"{reference}.letter-acknowledgement-")
        assert read(pdf.read_bytes()).is_ua
        assert len(list(folder.iterdir())) == 2
        await post.house.office.do(Erase(act="erase", references=[reference]))
        assert list(folder.iterdir()) == []

    async def test_a_layout_that_cannot_be_set_does_not_keep_a_letter_back(self, post: Post) -> None:
        own = post.house.settings.overlays_dir / "cqm" / "letters"
        own.mkdir(parents=True)
        (own / "letter.typ").write_text("#nonsense")
        (own / "en.yml").write_text("labels: {regard: x}\n")
        await post.file("cqm", SETTLED, MAIL)
        assert "Yours faithfully," in read(pdfs(post.sent[0][1])[0]).text


class TestOral:
    async def test_what_was_said_by_phone_comes_in_writing_and_that_meets_its_clock(self, post: Post) -> None:
        reference = await post.file("cqm", SETTLED, MAIL, channel="phone", by="R. Ahmed")
        (record,) = [mail for to, mail in post.sent if STORY in words(mail) and to == ["ann@example.org"]]
        assert STORY in read(pdfs(record)[0]).text.replace("\n", " ")
        assert post.clocks(reference)["written_record"] == "met"
        (event,) = post.house.store.read_sync(lambda conn: events.listing(conn, "cqm", reference))
        assert (event["kind"], event["by"]) == ("recorded", "Hearout")

    async def test_without_an_address_staff_have_it_to_print_and_the_clock_runs(self, post: Post) -> None:
        reference = await post.file("cqm", SETTLED, channel="phone", by="R. Ahmed")
        ((to, mail),) = post.sent
        assert to == ["handler@cqm.example"]
        assert "written record of what was said" in words(mail)
        assert STORY in read(pdfs(mail)[0]).text.replace("\n", " ")
        assert post.clocks(reference)["written_record"] == "running"


class TestConsent:
    async def test_until_it_is_given_the_representative_is_told_that_it_arrived_and_no_more(
        self, post: Post
    ) -> None:
        reference = await post.file("cqm", FOR_ANOTHER.format(basis="none"), MAIL)
        sent = {to[0]: mail for to, mail in post.sent}
        told = words(sent["ann@example.org"]) + read(pdfs(sent["ann@example.org"])[0]).text
        assert "has arrived" in told
        for secret in ("Ann Evans", "Managing", "manager", "assignment", "/consent/", "January", "complaint"):
            assert secret not in told
        assert sent["ann@example.org"]["Reply-To"] is None
        request = read(pdfs(sent["handler@cqm.example"])[0])
        assert any("/consent/" in url for url, _ in request.links)
        assert reference in request.text

    async def test_who_does_not_answer_is_asked_for_twice_and_then_staff_take_it_up(self, post: Post) -> None:
        await post.file("cqm", FOR_ANOTHER.format(basis="none"), MAIL)
        chased: dict[int, list[str]] = {}
        for day in range(1, 31):
            before = len(post.sent)
            await post.days(1)
            for (to,), mail in [(to, mail) for to, mail in post.sent[before:] if len(to) == 1]:
                if to == "ann@example.org" or "consent" in mail["Subject"]:
                    chased.setdefault(day, []).append(to)
        assert chased == {7: ["ann@example.org"], 14: ["ann@example.org"], 21: ["handler@cqm.example"]}

    async def test_an_answer_ends_the_reminders(self, post: Post) -> None:
        reference = await post.file("cqm", FOR_ANOTHER.format(basis="none"), MAIL)

        async def nobody(*_: object) -> None:
            return

        given = Consent(act="consent", by="R. Ahmed", answer="given")
        await Counter(post.house.desk, nobody).do(reference, given)
        await post.days(8)
        assert not {"letter.reminder", "consent.unanswered"} & {*post.rows()}

    async def test_for_somebody_who_died_the_letter_says_that_we_are_sorry(self, post: Post) -> None:
        await post.file("cqm", FOR_ANOTHER.format(basis="deceased"), MAIL)
        said = words(post.sent[0][1])
        assert "We are sorry for your loss." in said
        assert "Dear Rhys Jones," in said


class TestClocks:
    async def test_the_handler_is_warned_and_once_it_is_missed_so_is_the_person_to_alarm(
        self, post: Post
    ) -> None:
        reference = await post.file("cqm", SETTLED)
        await post.days(30)
        told = [
            (mail["Subject"].strip().removeprefix(f"{reference}: ").split(",")[0], to)
            for to, mail in post.sent
        ]
        soon, both = ["handler@cqm.example"], ["alarm@cqm.example", "handler@cqm.example"]
        assert told == [("due", soon), ("due", soon), ("missed", both)] * 2
        assert "assignment" not in "".join(str(mail) for _, mail in post.sent)

    async def test_two_that_look_together_warn_once(self, post: Post) -> None:
        await post.file("cqm", SETTLED)
        post.clock.forward(days=40)
        loops = [WatchLoop(post.house.desk, can_mail=lambda: True) for _ in range(2)]
        assert sum(await asyncio.gather(*(loop.look("cqm") for loop in loops))) == 2
        assert post.rows() == ["clock.missed", "clock.missed"]

    async def test_a_look_that_fails_is_told_without_a_word_and_tried_again(
        self, post: Post, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        looks: list[str] = []

        def failing(conn: object, organisation: str, *_: object) -> object:
            looks.append(organisation)
            raise RuntimeError("the assignment of Jane Hartley")

        monkeypatch.setattr(watch, "to_warn", failing)
        task = asyncio.create_task(WatchLoop(post.house.desk, can_mail=lambda: True, every=0.001).run())
        async with asyncio.timeout(10):
            while looks.count("cqm") < 2:  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.001)
        task.cancel()
        told = "".join(capfd.readouterr())
        assert "watch_failed" in told
        assert "Hartley" not in told


def test_a_server_that_runs_looks_by_itself(tmp_path: Path) -> None:
    """Without a mail server or a mailbox, what staff have to know is a file."""
    clock = Clock(START)
    settings = Settings(data_dir=tmp_path, delivery_seconds=0.05)

    async def run() -> None:
        app = create_app(settings, clock=clock)
        person = Person(app.state.house.desk, "cqm")
        await person.says(STORY, SETTLED)
        await person.skip_to("check_answers")
        await person.say("send")
        clock.forward(days=40)
        folder = tmp_path / "letters" / "cqm"
        async with app.router.lifespan_context(app), asyncio.timeout(20):
            while not (folder.is_dir() and len(list(folder.glob("*clock-missed*.txt"))) == 2):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    asyncio.run(run())
