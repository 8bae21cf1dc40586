"""docs/new-organisation.md as somebody at a browser follows it: the Severn Valley Institute of Tuning, which is invented.

Its test holds every step; docs/screenshots.py takes its pictures on the same way. Nothing here looks into a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Locator, Page

from bot.cli.serving import own_server
from bot.settings import Settings
from policy_rules.edits import Add, Put, edited, empty_pack
from policy_rules.edits import names as words
from tests.console.office import PASSWORD, Clock

MONDAY = datetime(2026, 12, 21, 10, 0, tzinfo=UTC)
POLICY = """Severn Valley Institute of Tuning
Complaints policy, version 1

1. Send your complaint to care@svit.example. The office acknowledges it within three working days.
2. The office answers within twenty working days of receiving it.
3. If you are not content with the answer, you may appeal to the Council within ten working days of it.
4. We do not look into marks under this policy. A complaint about an exam mark is passed to our Examinations Board.
5. We cannot look into the conduct of members. Please write to the Tuners' Conduct Panel, panel@conduct.example.
"""
STORY = (
    "I booked a tuning course in September and it was cancelled twice. Nobody wrote to me about it, and my fee was not "
    "paid back. I would like my money back and an apology."
)
MOST_PAGES = 40
Picture = Callable[[Page, str], None]


@dataclass(frozen=True)
class Place:
    """A server with a clock that stands still until it is moved."""

    url: str
    clock: Clock
    settings: Settings

    def invitation(self, email: str, *roles: str, organisation: str = "cqm") -> str:
        """The address of an invitation, as `hearout staff invite` prints it."""
        wanted = {"organisation": organisation, "email": email, "roles": list(roles)}
        answer = httpx.post(f"{self.url}/api/v1/staff/invite", json=wanted, timeout=20)
        assert answer.status_code == 200, answer.text
        return f"{self.url}/{organisation}/staff/welcome?invitation={answer.json()['invitation']}"


@contextmanager
def place(folder: Path, **settings: Any) -> Iterator[Place]:
    """A server over an empty folder, on the Monday before Christmas."""
    clock = Clock(MONDAY)
    chosen = Settings(data_dir=folder, delivery="off", limits="off", **settings)
    with own_server(chosen, clock=clock) as url:
        yield Place(url, clock, chosen)


def no_picture(page: Page, name: str) -> None:
    """For whoever needs none."""


def send(page: Page, button: str) -> None:
    """Send a form, and wait for the page that answers: on a slow machine the next step must not overtake it."""
    pressed(page, page.get_by_role("button", name=button))


def pressed(page: Page, button: Locator) -> None:
    """Press a button that leads to another page, and wait for that page."""
    with page.expect_navigation():
        button.click()


def join(page: Page, link: str, name: str) -> None:
    """Use an invitation: step 1 of the guide for everybody."""
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    send(page, "Keep it and sign in")
    page.wait_for_url(re.compile(r"/staff(/rules)?$"))


def begin(page: Page, where: Place, picture: Picture = no_picture) -> tuple[str, str]:
    """Step 1: an editor of another organisation begins this one; the two links."""
    page.goto(f"{where.url}/cqm/staff/rules")
    page.get_by_role("link", name="A new organisation").click()
    page.get_by_label("Its name").fill("Severn Valley Institute of Tuning")
    page.get_by_label("Its short name").fill("SVIT")
    page.get_by_label("Its word in addresses").fill("svit")
    page.get_by_label("Their name").fill("Lee Warden")
    page.get_by_label("Their e-mail address").fill("lee@svit.example")
    picture(page, "new-organisation")
    send(page, "Begin it")
    ours = page.locator("#ours").get_attribute("href")
    theirs = page.locator("#theirs").text_content()
    assert ours
    assert theirs
    return ours, theirs


class Draft:
    """The pages of the draft, as the guide leads through them."""

    def __init__(self, page: Page, picture: Picture = no_picture) -> None:
        self.page = page
        self._picture = picture

    def steps(self) -> str:
        """Back to the list of steps; what it says of how many are left."""
        self.page.get_by_role("link", name="First steps").click()
        return self.page.locator("#steps + p").inner_text()

    def state(self, step: str) -> str:
        """How a step stands, on the list."""
        return self.page.locator(f"#step-{step} h3 .tag").inner_text()

    def open(self, link: str) -> None:
        """A link of the list of steps."""
        self.steps()
        self.page.locator(".steps").get_by_role("link", name=link, exact=True).click()

    def policy(self) -> None:
        """Steps 2 to 4: which policy, its text, whose bank holidays."""
        page = self.page
        self.steps()
        self._picture(page, "first-steps")
        self.open("Say which policy it is")
        page.get_by_label("Title of the policy").fill("Complaints policy")
        page.get_by_label("Its version").fill("1")
        page.get_by_label("England").check()
        page.get_by_label("Wales").check()
        send(page, "Save")
        self.steps()
        page.get_by_label("The policy's text").fill(POLICY)
        send(page, "Take its fingerprint")

    def contacts(self) -> None:
        """Step 5: where complaints are sent, and where people turn whom the policy sends elsewhere."""
        for name, email, clause, says in (
            ("SVIT", "care@svit.example", "1", "Complaints are sent to one address."),
            (
                "Tuners' Conduct Panel",
                "panel@conduct.example",
                "5",
                "The panel looks into the conduct of members.",
            ),
        ):
            self.open("Go to the contacts")
            self._add("contact", Name=name, **{"E-mail address": email}, clause=clause, says=says)

    def facts(self) -> None:
        """Step 6: what the policy tells apart."""
        page = self.page
        for fact, values in (
            ("What it is about", ("Service", "Exam result", "Member's conduct")),
            ("Stage reached before", ("Before any answer", "After one formal answer")),
        ):
            self.open("Go to the facts")
            page.get_by_role("link", name="Add a fact").click()
            page.get_by_label("Which one").select_option(label=fact)
            send(page, "Add it")
            page.get_by_role("heading", name=fact, exact=True).wait_for()
            for value in values:
                page.get_by_role("group", name="Values that these rules tell apart").get_by_label(
                    value
                ).check()
            send(page, "Save")

    def rules(self) -> None:
        """Step 7: who deals with what; the last rule first, each other one before it."""
        page = self.page
        self._rule(
            "The office",
            words.DISPOSITIONS["accept"],
            "2",
            "The office answers complaints.",
            who="The office",
            stage=words.STAGES["stage_1"],
        )
        self._rule(
            "Exam marks", words.DISPOSITIONS["refer_internal"], "4", "The Examinations Board looks at marks.",
            when=("What it is about", "Exam result"), who="Examinations Board",
        )  # fmt: skip
        self._rule(
            "Conduct of members", words.DISPOSITIONS["signpost"], "5", "A panel outside looks at conduct.",
            when=("What it is about", "Member's conduct"), who="Tuners' Conduct Panel", turns="Tuners' Conduct Panel",
        )  # fmt: skip
        self._rule(
            "Appeals", words.DISPOSITIONS["accept"], "3", "The Council hears appeals.",
            when=("Stage reached before", "After one formal answer"), who="The Council", stage=words.STAGES["appeal"],
        )  # fmt: skip
        self._picture(page, "first-rules")

    def times(self) -> None:
        """Step 8: each time, and the one that the policy does not give."""
        self._time(
            "Acknowledgement", words.KINDS["acknowledge"], "3", "1", "It is acknowledged in three working days.",
            rules=("The office", "Appeals"),
        )  # fmt: skip
        self._time(
            "Answer",
            words.KINDS["respond"],
            "20",
            "2",
            "The office answers in twenty working days.",
            rules=("The office",),
        )
        self._time(
            "To appeal", words.KINDS["escalate"], "10", "3", "An appeal comes in ten working days.",
            rules=("The office",), event=words.EVENTS["response_received"], theirs="Appeals",
        )  # fmt: skip
        self.open("Say that there is no time")
        self.page.get_by_role("link", name="Add a silence").click()
        self.page.get_by_label("Call it").fill("No time for the Council")
        self._tick("Only for these rules", "Appeals")
        self.page.get_by_label("What is not promised", exact=True).select_option(label=words.KINDS["respond"])
        self._cite("3", "No time is given for the Council's answer.")
        send(self.page, "Add it")

    def next_one(self) -> None:
        """Step 9: who is next."""
        page = self.page
        self.open("Go to who is next")
        page.get_by_role("link", name="Add a next step").click()
        page.get_by_label("Call it").fill("After the office")
        self._tick("Only for these rules", "The office")
        page.get_by_label("Who is next", exact=True).select_option(label="The Council")
        page.get_by_label("By when, in the policy's words").fill("ten working days")
        page.get_by_label("Where the person turns").select_option(label="SVIT")
        self._cite("3", "The Council is next.")
        send(page, "Add it")

    def examples(self) -> None:
        """Step 10: cases worked out on paper, tried, and kept."""
        page = self.page
        self._try("What it is about", "Service")
        self._picture(page, "first-example")
        self._keep(
            "A complaint before Christmas",
            "Day 1 is Tuesday the 22nd, day 3 Thursday the 24th. The 25th, 28th and 1 January are bank holidays, so "
            "day 20 is Thursday 21 January.",
        )
        self._try("What it is about", "Exam result")
        self._keep("An exam mark", "Item 4 passes it on, and promises no time.")
        self._try("What it is about", "Member's conduct")
        self._keep("A member's conduct", "Item 5 sends the person to the panel.")
        self._try("Stage reached before", "After one formal answer")
        self._keep(
            "An appeal", "Item 3: the Council hears it. It is acknowledged as item 1 says, by the 24th."
        )

    def submit(self) -> None:
        """Step 11: ask for approval."""
        page = self.page
        self.open("Ask for approval")
        page.get_by_label("What says so").fill("Complaints policy, version 1, as the Council adopted it.")
        send(page, "Ask for approval")
        page.get_by_text("Waits for approval").first.wait_for()

    # --- the controls ------------------------------------------------------------------------------------

    def _add(self, one: str, *, clause: str, says: str, **fields: str) -> None:
        page = self.page
        page.get_by_role("link", name=f"Add a {one}").click()
        for label, value in fields.items():
            page.get_by_label(label, exact=True).fill(value)
        self._cite(clause, says)
        send(page, "Add it")

    def _rule(
        self, name: str, done: str, clause: str, says: str, *, when: tuple[str, str] | None = None, who: str = "",
        stage: str = "", turns: str = "",
    ) -> None:  # fmt: skip
        page = self.page
        self.open("Go to the rules")
        page.get_by_role("link", name="Add a rule").click()
        page.get_by_label("Call it").fill(name)
        if when is not None:
            self._tick(*when)
        page.get_by_label("What is done").select_option(label=done)
        if who:
            self._new("Who deals with it", who)
        if stage:
            page.get_by_label("Stage", exact=True).select_option(label=stage)
        if turns:
            page.get_by_label("Where the person turns").select_option(label=turns)
        self._cite(clause, says)
        send(page, "Add it")

    def _time(
        self, name: str, kind: str, days: str, clause: str, says: str, *, rules: tuple[str, ...],
        event: str = words.EVENTS["received"], theirs: str = "",
    ) -> None:  # fmt: skip
        page = self.page
        self.open("Go to the times")
        page.get_by_role("link", name="Add a time").click()
        page.get_by_label("Call it").fill(name)
        self._tick("Only for these rules", *rules)
        page.get_by_label("What is promised", exact=True).select_option(label=kind)
        page.get_by_label("How many").first.fill(days)
        page.get_by_label("Of what").first.select_option(label=words.UNITS["working_day"])
        page.get_by_label("Counted from").select_option(label=event)
        page.get_by_label("How firm it is").select_option(label=words.FORCES["will"])
        if theirs:
            page.get_by_label("Who keeps it").select_option(label=words.WHO["complainant"])
            page.get_by_text("More about the time").click()
            self._tick("It is the time to go to these rules", theirs)
        self._cite(clause, says)
        send(page, "Add it")

    def _new(self, label: str, value: str) -> None:
        """Somebody who is in the list, or is new."""
        page = self.page
        known = page.get_by_label(label, exact=True).locator("option").all_inner_texts()
        if value in known:
            page.get_by_label(label, exact=True).select_option(label=value)
            return
        field = page.locator(".field").filter(has=page.get_by_label(label, exact=True))
        field.get_by_text("Somebody or something that is not in the list").click()
        page.get_by_label(f"{label}, new").fill(value)

    def _tick(self, group: str, *values: str) -> None:
        for value in values:
            self.page.get_by_role("group", name=group, exact=True).get_by_label(value, exact=True).check()

    def _cite(self, clause: str, says: str) -> None:
        self.page.get_by_label("Clause", exact=True).last.fill(f"Item {clause}")
        self.page.get_by_label("In our own words").last.fill(says)

    def _try(self, fact: str, value: str) -> None:
        page = self.page
        self.open("Try a case")
        page.get_by_label(fact).select_option(label=value)
        page.get_by_label("Received on").fill("2026-12-21")
        page.get_by_label("At", exact=True).fill("10:00")
        page.get_by_role("button", name="See what comes of it").click()
        page.get_by_role("heading", name="What comes of it").wait_for()

    def _keep(self, name: str, because: str) -> None:
        page = self.page
        page.get_by_label("Name of the example").fill(name)
        page.get_by_label("How the policy comes to it").fill(because)
        send(page, "Keep it as an example")
        page.get_by_role("rowheader", name=name).wait_for()


def write(page: Page, ours: str, picture: Picture = no_picture) -> Draft:
    """Steps 2 to 11: everything that the first editor does."""
    join(page, ours, "Jo Field")
    page.get_by_role("link", name="The first rules of SVIT", exact=True).click()
    draft = Draft(page, picture)
    for step in (
        draft.policy,
        draft.contacts,
        draft.facts,
        draft.rules,
        draft.times,
        draft.next_one,
        draft.examples,
    ):
        step()
    return draft


def approve(page: Page, theirs: str, picture: Picture = no_picture) -> None:
    """Step 12: the second person reads it and says yes."""
    join(page, theirs, "Lee Warden")
    page.get_by_role("link", name="Read and approve").click()
    page.get_by_label("I have read what changes").check()
    picture(page, "first-approval")
    send(page, "Approve and publish")
    page.wait_for_url(re.compile(r"/rules/versions/1"))


def complain(page: Page, where: Place) -> None:
    """Step 13: somebody complains by the form, as anybody does."""
    page.goto(f"{where.url}/svit/complain")
    pressed(page, page.locator("main form .button").last)
    page.locator("#answer").fill(STORY)
    pressed(page, page.locator("main form .button").first)
    for _ in range(MOST_PAGES):
        if page.url.endswith("/done"):
            return
        pressed(page, page.locator("main form .actions .button").last)
        if page.locator("input[type=radio]").count():
            page.locator("input[type=radio]").first.check()
            pressed(page, page.locator("main form .actions .button").first)
    raise AssertionError(f"the form did not end; at {page.url}")


@contextmanager
def somebody(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page in a browser of its own."""
    viewport = {"width": 1280, "height": 900}
    context = browser.new_context(viewport=viewport, reduced_motion="reduce", **options)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.set_default_timeout(60_000)
        yield page
    finally:
        context.close()


def text_of_a_small_policy() -> str:
    """A policy of one rule, as somebody else's file."""
    cited = {"clause": "Item 1", "says": "The office answers."}
    return edited(
        empty_pack("svit", "Severn Valley Institute of Tuning", "SVIT"),
        [
            Put(("source", "title"), "Complaints policy"),
            Put(("source", "version"), "1"),
            Add("contacts", "complaints", {"name": "SVIT", "email": "care@svit.example", **cited}),
            Add("routes", "office", {"disposition": "accept", "handler": "The office", **cited}),
            Add("silent", "no_days", {"kind": "acknowledge", **cited}),
            Add("silent", "no_limit", {"kind": "respond", **cited}),
        ],
    )
