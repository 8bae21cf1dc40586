"""The pages of a filed case: opened by a code, shown as it stands, and what the person can do there."""

from __future__ import annotations

import json
import re
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bot.forms.after import coming
from tests.channels.servers import STRANGER, Running, running, soon
from tests.evidence import corpus
from tests.forms.visitor import Form, Visitor
from tests.forms.visitor import _Reader as FormReader
from tests.handoff.smtp import Mailbox, mail_server

STORY = "Nobody marked the assignment for six weeks, and two e-mails about it were never answered."
SELF = (
    "/SetSlots(nature=complaint, subject=service, stage_reached=none, complainant_type=learner, "
    "on_behalf_of=self, complainant_name=Ann Evans, preferred_contact=email, contact_email={email})"
)
OTHER = (
    "/SetSlots(nature=complaint, subject=service, stage_reached=none, complainant_type=learner, "
    "on_behalf_of=other, representative_basis=none, representative_name=Bob Evans, complainant_name=Ann Evans, "
    "preferred_contact=email, contact_email={email})"
)


@dataclass
class House:
    """A server with a real mail server behind it."""

    server: Running
    mailbox: Mailbox

    def file(self, slots: str = SELF, email: str | None = None, organisation: str = "cqm") -> Case:
        """File a complaint in the chat."""
        email = email or f"{uuid.uuid4().hex[:12]}@example.org"
        sender, entries = uuid.uuid4().hex, list[dict[str, Any]]()
        for text in [STORY, slots.format(email=email), *["/skip"] * 30]:
            entries = self.server.say(sender, text, organisation)
            if entries[-1]["custom"].get("question", {}).get("id") == "check_answers":
                break
        entries = self.server.say(sender, "/SetSlots(check_answers=send)", organisation)
        return Case(self, entries[-1]["custom"]["outcome"]["reference"], email, sender)

    def mails_to(self, address: str) -> list[Any]:
        pairs = zip(self.mailbox.messages, self.mailbox.recipients, strict=True)
        return [message for message, to in pairs if to == [address]]

    def row(self, table: str, where: str) -> dict[str, Any]:
        return self.server.row(table, where)


@dataclass
class Case:
    """A case that was filed, and what its register says of it."""

    house: House
    reference: str
    email: str
    sender: str

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.house.row("cases", f"reference = '{self.reference}'")["record"]
        )
        return found

    @property
    def row(self) -> dict[str, Any]:
        return self.house.row("cases", f"reference = '{self.reference}'")

    def tell(self, kind: str, **more: Any) -> None:
        at = f"/api/v1/cases/{self.reference}"
        seen = self.house.server.http.get(at)
        headers = {"Idempotency-Key": uuid.uuid4().hex, "If-Match": seen.headers["etag"]}
        said = self.house.server.http.post(f"{at}/events", json={"kind": kind, **more}, headers=headers)
        assert said.status_code == 201, said.text

    def handed_over(self) -> list[str]:
        path = self.house.server.settings.data_dir / "hearout.db"
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            query = (
                "SELECT kind FROM outbox WHERE case_reference = ? AND target = 'folder' ORDER BY created_at"
            )
            return [row[0] for row in database.execute(query, (self.reference,))]


@dataclass
class Guest:
    """Somebody with a browser of their own on the pages of a case."""

    house: House
    organisation: str = "cqm"
    http: httpx.Client = field(init=False)
    page: httpx.Response = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.house.server.url, timeout=20, follow_redirects=True)
        self.page = self.http.get(self.home)

    @property
    def home(self) -> str:
        return f"/{self.organisation}/case"

    @property
    def text(self) -> str:
        main = self.page.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main))).strip()

    def get(self, path: str) -> httpx.Response:
        self.page = self.http.get(f"{self.home}{path}")
        return self.page

    def ask(self, reference: str, email: str | None = None) -> httpx.Response:
        where = {"where": "on_file"} if email is None else {"where": "typed", "email": email}
        self.page = self.http.post(self.home, data={"reference": reference, **where})
        return self.page

    def type(self, code: str) -> httpx.Response:
        self.page = self.http.post(urlsplit(str(self.page.url)).path, data={"answer": code})
        return self.page

    def open(self, case: Case) -> Guest:
        before = len(self.codes_to(case.email))
        self.ask(case.reference, case.email)
        soon(lambda: len(self.codes_to(case.email)) > before)
        self.type(self.codes_to(case.email)[-1])
        assert case.reference in self.text, self.text
        return self

    def codes_to(self, address: str) -> list[str]:
        found = []
        for mail in self.house.mails_to(address):
            if match := re.search(
                r"Your code is: (\d{4} \d{4})", mail.get_content() if not mail.is_multipart() else ""
            ):
                found.append(match[1])
        return found

    def form(self, at: int = -1, having: str = "") -> Form:
        reader = FormReader()
        reader.feed(self.page.text.partition("<main")[2])
        return next(form for form in reader.forms if having in form.fields) if having else reader.forms[at]

    def send(self, form: Form, files: Any = None, **fields: str) -> httpx.Response:
        values = {name: value for name, value in {**form.fields, **fields}.items() if name}
        action = form.action or urlsplit(str(self.page.url)).path
        body = {name: (None, value) for name, value in values.items()}
        self.page = self.http.post(action, files=files or body, data=values if files else None)
        return self.page

    def close(self) -> None:
        self.http.close()


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, patched: pytest.MonkeyPatch) -> Iterator[House]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("data")
    patched.setattr(coming, "JITTER_SECONDS", 0.0)
    with (
        mail_server(port) as mailbox,
        running(folder, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none") as server,
    ):
        yield House(server, mailbox)


@pytest.fixture
def guest(house: House) -> Iterator[Guest]:
    somebody = Guest(house)
    yield somebody
    somebody.close()


@pytest.fixture(scope="module")
def shared(house: House) -> Case:
    """A case that tests may look at and not change."""
    return house.file()


class TestComingIn:
    def test_a_code_by_email_opens_the_case(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        assert "received it on" in guest.text
        assert re.search(r"You have an answer by [A-Z][a-z]+day \d", guest.text)
        (mail,) = [m for m in house.mails_to(case.email) if m["Subject"] == "Your code from CQM"]
        assert case.reference not in mail.as_string()
        assert "complain" not in mail.get_content()

    def test_the_address_on_file_can_be_chosen(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.ask(case.reference)
        soon(lambda: bool(guest.codes_to(case.email)))
        guest.type(guest.codes_to(case.email)[0])
        assert case.reference in guest.text

    def test_a_reference_may_be_typed_as_it_was_heard(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.ask(case.reference.lower().replace("-", " "))
        soon(lambda: bool(guest.codes_to(case.email)))

    @pytest.mark.parametrize(
        "reference", ["", "CQM", "CQM-1234-5678-?", "' OR 1=1 --", "CQM-0000\x00-0000-0"]
    )
    def test_what_is_no_reference_is_said_at_once(self, guest: Guest, reference: str) -> None:
        assert guest.ask(reference).status_code == 422
        assert "not a whole reference" in guest.text

    def test_an_address_is_asked_for_where_one_is_to_be_typed(self, guest: Guest, shared: Case) -> None:
        guest.page = guest.http.post(
            guest.home, data={"reference": shared.reference, "where": "typed", "email": "x"}
        )
        assert guest.page.status_code == 422
        assert shared.reference in guest.page.text

    def test_whoever_has_no_address_is_told_how_to_reach_a_person(self, guest: Guest) -> None:
        assert "If you gave no e-mail address" in guest.text

    def test_without_a_mail_server_nobody_is_promised_a_code(self, tmp_path: Path) -> None:
        with running(tmp_path) as server:
            page = server.http.get("/cqm/case").text
        assert "Send me a code" not in page
        assert "If you gave no e-mail address" in page


class TestInTheBrowserOfTheForm:
    def test_whoever_made_the_complaint_there_needs_no_code(self, house: House) -> None:
        person = Visitor(house.server)
        person.send()
        person.send(answer=STORY)
        person.finish()
        person.get("/cqm/case")
        assert "You have sent a complaint from here" in person.text
        person.page = person.http.post("/cqm/case/mine", data={"mine": "1"})
        assert "Where it stands" in person.text
        person.http.close()

    def test_a_draft_is_no_case(self, house: House) -> None:
        person = Visitor(house.server)
        person.send()
        person.send(answer=STORY)
        person.get("/cqm/case")
        assert "You have sent" not in person.text
        person.page = person.http.post("/cqm/case/mine", data={"mine": "1"})
        assert "Send me a code" in person.text
        person.http.close()


class TestNobodyLearnsAnything:
    def test_the_answer_is_the_same_word_for_word(self, house: House, shared: Case) -> None:
        asked = [
            (shared.reference, shared.email),
            (shared.reference, "mallory@example.org"),
            (UNKNOWN_REFERENCE, shared.email),
            (UNKNOWN_REFERENCE, None),
        ]
        pages = []
        for reference, email in asked:
            somebody = Guest(house)
            first = somebody.ask(reference, email)
            texts = [(first.status_code, somebody.text)]
            for _ in range(6):
                answer = somebody.type("00000000")
                texts.append((answer.status_code, somebody.text))
            pages.append(texts)
            somebody.close()
        assert all(texts == pages[0] for texts in pages)

    def test_a_code_that_nobody_asked_for_opens_nothing(self, guest: Guest) -> None:
        guest.page = guest.http.post(f"{guest.home}/code/{'0' * 32}", data={"answer": "12345678"})
        assert "can no longer be used" in guest.text
        guest.page = guest.http.post(f"{guest.home}/code/%00' OR 1", data={"answer": "12345678"})
        assert guest.page.status_code in (404, 422)

    def test_too_many_are_refused_alike(self, house: House) -> None:
        said = []
        for reference in (house.file().reference, _other_reference(1)):
            somebody = Guest(house)
            answers = [somebody.ask(reference).status_code for _ in range(4)]
            said.append((answers, somebody.text))
            somebody.close()
        assert said[0] == said[1]
        assert said[0][0] == [200, 200, 200, 429]


class TestHostile:
    def test_one_address_may_not_try_for_ever(self, house: House, guest: Guest) -> None:
        stranger = {"X-Forwarded-For": STRANGER}
        at = f"{guest.home}/code/{'1' * 32}"
        answers = [guest.http.post(at, data={"answer": ""}, headers=stranger).status_code for _ in range(61)]
        assert answers == [422] * 60 + [429]

    def test_a_code_opens_once_and_the_back_button_leads_to_the_case(
        self, house: House, guest: Guest
    ) -> None:
        case = house.file()
        guest.ask(case.reference, case.email)
        soon(lambda: bool(guest.codes_to(case.email)))
        at, code = urlsplit(str(guest.page.url)).path, guest.codes_to(case.email)[0]
        guest.type(code)
        guest.page = guest.http.post(at, data={"answer": code})
        assert urlsplit(str(guest.page.url)).path == guest.home
        stranger = Guest(house)
        stranger.http.cookies.update(
            {n: v for n, v in guest.http.cookies.items() if n.startswith("hearout-asks")}
        )
        stranger.page = stranger.http.post(at, data={"answer": code})
        assert "can no longer be used" in stranger.text
        stranger.close()

    def test_the_code_opens_nothing_in_another_browser(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.ask(case.reference, case.email)
        soon(lambda: bool(guest.codes_to(case.email)))
        stranger = Guest(house)
        at = urlsplit(str(guest.page.url)).path
        stranger.page = stranger.http.post(at, data={"answer": guest.codes_to(case.email)[0]})
        assert "does not open it" in stranger.text
        stranger.close()

    def test_two_tabs_each_use_their_own_code(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.ask(case.reference, case.email)
        first = guest.page
        soon(lambda: len(guest.codes_to(case.email)) == 1)
        guest.ask(case.reference, case.email)
        soon(lambda: len(guest.codes_to(case.email)) == 2)
        guest.page = first
        guest.type(guest.codes_to(case.email)[0])
        assert case.reference in guest.text

    def test_a_form_of_another_site_changes_nothing(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        form = guest.form(having="once")
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            answer = guest.http.post(
                f"{guest.home}/add", data={**form.fields, "answer": "x"}, headers=headers
            )
            assert answer.status_code == 403
        answer = guest.http.post(f"{guest.home}/add", data={"answer": "x", "once": "1", "form": "guess"})
        assert answer.status_code == 403
        assert case.record["answers"].get("added_words") is None

    def test_a_page_of_another_case_changes_nothing_and_keeps_the_words(
        self, house: House, guest: Guest
    ) -> None:
        one, other = house.file(), house.file()
        guest.open(one)
        form = guest.form(having="once")
        guest.get("?another=1")
        guest.open(other)
        guest.send(form, answer="These words are for the first one.")
        assert guest.page.status_code == 403
        assert "These words are for the first one." in guest.text
        assert other.record["answers"].get("added_words") is None

    def test_the_cookies_are_out_of_reach_and_short_lived(self, house: House) -> None:
        case, guest = house.file(), Guest(house)
        guest.http.follow_redirects = False
        asked = guest.ask(case.reference, case.email)
        soon(lambda: bool(guest.codes_to(case.email)))
        opened = guest.http.post(asked.headers["location"], data={"answer": guest.codes_to(case.email)[0]})
        cookie = opened.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/cqm/case" in cookie
        assert "Max-Age=3600" in cookie
        guest.close()

    def test_pages_are_kept_by_no_browser(self, house: House, guest: Guest) -> None:
        guest.open(house.file())
        assert guest.page.headers["cache-control"] == "no-store"

    def test_signing_out_takes_the_key_of_the_form_along(self, house: House) -> None:
        person = Visitor(house.server)
        person.send()
        person.send(answer=STORY)
        person.finish()
        person.page = person.http.post("/cqm/case/mine", data={"mine": "1"})
        person.page = person.http.post("/cqm/case/left", data={"form": "x"})
        assert "signed out" in person.text
        assert "holds no complaint" in person.get("/cqm/complain/done").text
        person.http.close()

    def test_signing_out_ends_it_on_our_side_too(self, house: House, guest: Guest) -> None:
        guest.open(house.file())
        kept = dict(guest.http.cookies)
        guest.send(guest.form())
        assert "signed out" in guest.text
        guest.http.cookies.update(kept)
        guest.get("")
        assert "Send me a code" in guest.page.text

    def test_a_case_that_is_erased_meanwhile_is_gone(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        form = guest.form(having="once")
        gone = house.server.http.post(
            "/api/v1/privacy", json={"act": "erase", "references": [case.reference]}
        )
        assert gone.json()["references"] == [case.reference]
        assert guest.send(form, answer="Are you there?").status_code == 403
        assert "Are you there?" in guest.text


class TestWhereItStands:
    def test_what_has_happened_is_shown_with_its_days(self, house: House, guest: Guest) -> None:
        case = house.file()
        case.tell("acknowledged")
        guest.open(case)
        assert "has told you that it arrived, and is looking into it" in guest.text
        assert "CQM told you that it arrived" in guest.text
        assert "Done on" in guest.text

    def test_an_answer_opens_the_persons_window(self, house: House, guest: Guest) -> None:
        case = house.file()
        case.tell("responded")
        guest.open(case)
        assert "you can take it further until" in guest.text
        assert "Take it further" in guest.text

    def test_how_it_ended_is_said(self, house: House, guest: Guest) -> None:
        case = house.file()
        case.tell("closed", closing={"outcome": "partly_upheld", "cause": "delay"})
        guest.open(case)
        assert "upheld in part" in guest.text

    def test_the_words_of_the_complaint_and_notes_are_not_on_the_page(
        self, house: House, guest: Guest
    ) -> None:
        case = house.file()
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        note = {"text": "He seems difficult."}
        house.server.http.post(f"/api/v1/cases/{case.reference}/notes", json=note, headers=headers)
        guest.open(case)
        assert STORY not in guest.text
        assert "difficult" not in guest.page.text
        for name in ("/copy.txt", "/transcript.txt"):
            assert "difficult" not in guest.get(name).text

    def test_until_consent_is_given_nothing_is_told(self, house: House, guest: Guest) -> None:
        case = house.file(OTHER)
        guest.open(case)
        assert "until the person you write for has agreed" in guest.text
        assert "by " not in guest.text.partition("Add to your complaint")[0].lower().replace("by the", "")
        for name in ("/copy.txt", "/transcript.txt"):
            kept = guest.get(name).text
            assert "2026" not in kept.partition("agreed")[2]
            assert "Stage" not in kept
        assert "You" in guest.get("/transcript.txt").text
        assert STORY in guest.get("/transcript.txt").text
        assert guest.get("/further").url.path == guest.home

    def test_in_welsh(self, tmp_path: Path) -> None:
        (tmp_path / "organisations").mkdir()
        (tmp_path / "organisations" / "cim.yml").write_text("languages: [en, cy]\n")
        with running(tmp_path, smtp_host="127.0.0.1") as server:
            page = server.http.get("/cim/case", headers={"Accept-Language": "cy"}).text
        assert 'lang="cy"' in page
        assert "Anfonwch god ataf" in page


class TestAdding:
    def test_words_are_added_handed_over_and_kept_through_the_chat(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        due = case.row["respond_by"]
        guest.send(guest.form(having="once"), answer="The second e-mail was of 3 November.")
        assert "That is added to your complaint" in guest.text
        assert case.record["answers"]["added_words"] == "The second e-mail was of 3 November."
        assert case.handed_over() == ["case.filed", "case.updated"]
        assert case.row["respond_by"] == due
        house.server.say(case.sender, "And one more thing: the tutor has left since then.")
        assert "3 November" in case.record["answers"]["added_words"]
        assert "tutor has left" in case.record["answers"]["added_words"]

    def test_pressed_twice_it_is_added_once(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        form = guest.form(having="once")
        guest.send(form, answer="Only once, please.")
        guest.send(form, answer="Only once, please.")
        assert case.record["answers"]["added_words"] == "Only once, please."

    def test_many_tabs_at_once_lose_no_word(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        fields = guest.form(having="once").fields

        def send(number: int) -> int:
            data = {**fields, "once": f"tab{number}", "answer": f"Words of tab {number}."}
            with httpx.Client(base_url=house.server.url, cookies=guest.http.cookies, timeout=20) as tab:
                return tab.post(f"{guest.home}/add", data=data).status_code

        with ThreadPoolExecutor(8) as tabs:
            answers = list(tabs.map(send, range(8)))
        kept = case.record["answers"]["added_words"].split("\n\n")
        said = {f"Words of tab {number}." for number, status in enumerate(answers) if status == 303}
        # Whoever could not be heard was told so, and whoever was told is kept: each once.
        assert set(answers) <= {303, 409}
        assert sorted(kept) == sorted(said)

    def test_a_file_joins_the_case(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        files = {"files": ("letter.png", corpus.png(), "image/png")}
        guest.send(guest.form(having="once"), files=files, answer="")
        assert "Received: letter.png" in guest.text
        assert [entry["name"] for entry in case.record["evidence"]] == ["letter.png"]

    def test_a_file_of_no_kind_is_refused_in_words(self, house: House, guest: Guest) -> None:
        guest.open(house.file())
        files = {"files": ("run.exe", b"MZ\x00\x00", "image/png")}
        guest.send(guest.form(having="once"), files=files, answer="")
        assert "not a kind of file" in guest.text

    def test_nothing_at_all_is_said_to_be_nothing(self, house: House, guest: Guest) -> None:
        guest.open(house.file())
        guest.send(guest.form(having="once"), answer="  ")
        assert guest.page.status_code == 422
        assert "Write something, or choose a file" in guest.text

    def test_words_that_are_too_long_come_back(self, house: House, guest: Guest) -> None:
        guest.open(house.file())
        guest.send(guest.form(having="once"), answer="word " * 5000)
        assert guest.page.status_code == 422
        assert "word word" in guest.page.text

    def test_words_of_harm_show_help_and_mark_the_case(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        guest.send(guest.form(having="once"), answer="I cannot go on like this, I want to kill myself.")
        assert "116 123" in guest.text
        assert "risk_of_harm" in case.record["flags"]
        assert case.record["restricted"]


class TestAPerson:
    def test_somebody_to_get_in_touch_is_asked_for_once(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        guest.get("/person")
        guest.send(guest.form())
        assert "want to speak to a person" in guest.text
        assert "asked_for_a_person" in case.record["flags"]
        assert case.handed_over() == ["case.filed", "case.updated"]

    def test_without_a_case_the_nearest_address_is_shown(self, guest: Guest) -> None:
        guest.get("/person")
        assert "Market Harborough" in guest.text
        assert guest.http.get("/cqm/case/leave").status_code == 200


class TestContacts:
    def test_an_address_is_put_right_and_both_sides_are_told(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        guest.get("/contact")
        new = f"new-{case.email}"
        guest.send(guest.form(), email=new, phone="01792 123456")
        assert "uses this from now on" in guest.text
        assert case.record["complainant"]["email"] == new
        assert case.record["complainant"]["phone"] == "01792 123456"
        change = house.row("contact_changes", f"case_reference = '{case.reference}' AND field = 'email'")
        assert (change["old"], change["new"]) == (case.email, new)
        soon(lambda: any("changed" in m["Subject"] for m in house.mails_to(case.email)))
        told = house.row("outbox", f"case_reference = '{case.reference}' AND kind = 'case.contact_corrected'")
        assert told["target"] == "to-staff"
        assert new not in str(told["detail"])
        # The next code goes to the new address, and the old one gets none.
        somebody = Guest(house)
        somebody.ask(case.reference, new)
        soon(lambda: bool(somebody.codes_to(new)))
        somebody.close()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"email": "nobody"}, "looks like"),
            ({"phone": "call me"}, "made of digits"),
            ({"email": ""}, "at least one"),
        ],
    )
    def test_what_cannot_be_used_is_said(
        self, house: House, guest: Guest, given: dict[str, str], said: str
    ) -> None:
        case = house.file()
        guest.open(case)
        guest.get("/contact")
        guest.send(guest.form(), **given)
        assert guest.page.status_code == 422
        assert said in guest.text
        assert case.record["complainant"]["email"] == case.email

    def test_nothing_changed_is_nothing_told(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        guest.get("/contact")
        guest.send(guest.form())
        assert "Nothing was changed" in guest.text
        assert case.handed_over() == ["case.filed"]


class TestWithdrawing:
    def test_it_is_withdrawn_and_opened_again_with_the_same_days(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        guest.get("/withdraw")
        assert "you need not" in guest.text
        guest.send(guest.form(), reason="It was settled on the phone.")
        assert "You withdrew it" in guest.text
        assert (case.row["state"], case.row["progress"]) == ("withdrawn", "closed")
        assert (
            house.row("clocks", f"case_reference = '{case.reference}' AND kind = 'respond'")["state"]
            == "stopped"
        )
        guest.send(guest.form(0))
        assert "It is open again" in guest.text
        assert (case.row["state"], case.row["progress"]) == ("filed", "received")
        assert (
            house.row("clocks", f"case_reference = '{case.reference}' AND kind = 'respond'")["state"]
            == "running"
        )
        assert case.handed_over() == ["case.filed", "case.withdrawn", "case.reopened"]

    def test_twice_is_once(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        guest.get("/withdraw")
        form, at = guest.form(), guest.page
        guest.send(form)
        guest.page = at
        guest.send(form)
        assert case.handed_over() == ["case.filed", "case.withdrawn"]

    def test_what_the_organisation_closed_is_not_opened_here(self, house: House, guest: Guest) -> None:
        case = house.file()
        guest.open(case)
        case.tell("closed", closing={"outcome": "not_pursued"})
        fields = guest.form(having="once").fields
        guest.page = guest.http.post(f"{guest.home}/withdraw", data={"form": fields["form"]})
        assert guest.page.status_code == 409
        assert "Nothing was changed" in guest.text
        assert case.row["state"] == "filed"


class TestFurther:
    def test_an_answered_case_goes_to_the_next_stage(self, house: House, guest: Guest) -> None:
        case = house.file()
        case.tell("responded")
        guest.open(case)
        guest.get("/further")
        assert "next step is" in guest.text
        form = guest.form()
        assert form.fields["year"]
        guest.send(form, answer="The answer says nothing about the refund that I asked for.")
        assert "/complain" in str(guest.page.url)
        person = Visitor(house.server)
        person.http.cookies.update(guest.http.cookies)
        person.get("")
        person.get(urlsplit(str(guest.page.url)).path)
        person.finish()
        reference = re.search(r"CQM-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]", person.text)
        assert reference is not None
        later = Case(house, reference[0], case.email, "").record
        assert later["escalated_from"] == case.reference
        assert later["linked"] == [case.reference]
        assert later["decision"]["stage"] == "stage_2"
        assert later["complainant"]["email"] == case.email
        assert later["narrative"].startswith("The answer says nothing")
        assert case.record["linked"] == [reference[0]]
        assert later["possible_duplicates"] == []
        guest.get("")
        assert f"You took it further as {reference[0]}" in guest.text
        assert guest.get("/further").url.path == guest.home
        person.http.close()

    def test_an_overall_time_runs_on_from_the_first_complaint(self, house: House) -> None:
        case = house.file(organisation="cipfa")
        (aim,) = [each["due"] for each in case.record["decision"]["clocks"] if each["kind"] == "resolve_aim"]
        case.tell("responded")
        guest = Guest(house, "cipfa")
        guest.open(case)
        guest.get("/further")
        guest.send(guest.form(), answer="The answer says nothing about the refund that I asked for.")
        person = Visitor(house.server, "cipfa")
        person.http.cookies.update(guest.http.cookies)
        person.get(urlsplit(str(guest.page.url)).path)
        person.finish()
        reference = re.search(r"CIPFA-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]", person.text)
        assert reference is not None
        later = Case(house, reference[0], case.email, "").record["decision"]
        assert later["stage"] == "stage_2"
        (now,) = [each["due"] for each in later["clocks"] if each["kind"] == "resolve_aim"]
        assert aim is not None
        assert now == aim
        guest.close()
        person.http.close()

    def test_a_case_without_an_answer_is_not_taken_further(self, house: House, guest: Guest) -> None:
        guest.open(house.file())
        assert "Take it further" not in guest.text
        assert guest.get("/further").url.path == guest.home

    def test_what_is_missing_is_said(self, house: House, guest: Guest) -> None:
        case = house.file()
        case.tell("responded")
        guest.open(case)
        guest.get("/further")
        guest.send(guest.form(), answer="", day="31", month="2")
        assert guest.page.status_code == 422
        assert "no such day" in guest.text
        assert "what is still wrong" in guest.text

    def test_after_the_last_day_it_is_warned_of_and_still_sent(self, house: House, guest: Guest) -> None:
        case = house.file()
        case.tell("responded")
        guest.open(case)
        guest.get("/further")
        # The person says that the answer came long before we were told of it.
        guest.send(guest.form(), answer="Still wrong.", day="1", month="3", year="2026")
        person = Visitor(house.server)
        person.http.cookies.update(guest.http.cookies)
        person.get(urlsplit(str(guest.page.url)).path)
        person.finish()
        assert "The last day to take this further was" in person.text
        person.http.close()


def _other_reference(number: int) -> str:
    from cases.references import new_reference

    return new_reference("cqm", bytes([9, 9, 9, 9, number]))


UNKNOWN_REFERENCE = _other_reference(7)
