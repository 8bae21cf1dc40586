"""The phone page without a script: a draft, what it asks, and what is said at the end."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from bot.console import phone_draft
from bot.console.phone_draft import ZONE
from bot.console.phone_words import spaced, spelled
from cases import register
from tests.console.office import FIRST, OTHER, Colleague, Office

STORY = "I am an apprentice and my tutor never came to the last three sessions. Nobody answers my letters."


def form_of(who: Colleague) -> dict[str, Any]:
    """The form of the page that was last read, as a browser would send it untouched."""
    html = who.page.text.partition('<form id="call"')[2].partition("</form>")[0]
    fields: dict[str, Any] = {"q": re.findall(r'name="q" value="([^"]*)"', html)}
    for tag in re.findall(r"<input[^>]*>", html):
        at = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if at.get("name") in (None, "q") or (
            at.get("type") in ("radio", "checkbox") and " checked" not in tag
        ):
            continue
        fields[at["name"]] = unescape(at.get("value", ""))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', html, re.S):
        fields[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = unescape(chosen[1]) if chosen else ""
    return fields


def send(who: Colleague, path: str, do: str = "save", **changed: str) -> Any:
    """Send the form of the last page with these fields changed, and follow to where it leads."""
    fields = {**form_of(who), **changed, "do": do}
    answer = who.post(path, **fields)
    while answer.status_code == 303:
        answer = who.get(answer.headers["location"].removeprefix(who.home).partition("#")[0])
    return answer


def read(who: Colleague, path: str) -> dict[str, Any]:
    """The form of this page."""
    who.get(path)
    return form_of(who)


def begin(who: Colleague, **changed: str) -> str:
    """A draft; its address under the console."""
    who.get("/phone/new")
    send(who, "/phone/new", story=STORY, **changed)
    found = re.search(r'data-reference="(\w+-\w{4}-\w{4}-\w)"', who.page.text)
    assert found is not None, who.text
    return f"/phone/{found[1]}"


def record(here: Office, path: str) -> dict[str, Any]:
    return here.store.read_sync(lambda conn: register.show(conn, path.rpartition("/")[2]))


@pytest.fixture
def who(here: Office) -> Colleague:
    return here.signed_in("staff")


class TestTheDraft:
    def test_it_is_on_disk_with_the_callers_words_and_the_name_of_who_wrote_them(
        self, here: Office, who: Colleague
    ) -> None:
        path = begin(who, caller_name="Ann Lee")
        kept = record(here, path)
        assert (kept["state"], kept["channel"], kept["narrative"]) == ("draft", "phone", STORY)
        assert kept["recorded_by"]
        assert kept["complainant"]["name"] == "Ann Lee"

    def test_an_empty_page_stores_nothing(self, here: Office, who: Colleague) -> None:
        before = len(here.trail())
        who.get("/phone/new")
        who.get("/phone")
        assert "None. What you begin" in who.text
        assert len(here.trail()) == before

    def test_what_the_story_suggests_is_chosen_and_marked_to_be_checked(self, who: Colleague) -> None:
        begin(who)
        fields = form_of(who)
        assert (fields["subject"], fields["about_whom"]) == ("staff_member", "my tutor")
        assert "From their words: check" in who.text

    def test_what_matters_no_more_is_not_asked(self, who: Colleague) -> None:
        path = begin(who)
        assert "representative_basis" not in form_of(who)["q"]
        send(who, path, on_behalf_of="other")
        assert "representative_basis" in form_of(who)["q"]
        send(who, path, on_behalf_of="self")
        assert "representative_basis" not in form_of(who)["q"]

    def test_the_caller_is_the_representative_once_it_is_for_somebody_else(
        self, here: Office, who: Colleague
    ) -> None:
        path = begin(who, caller_name="Ann Lee")
        send(who, path, on_behalf_of="other")
        kept = record(here, path)
        assert kept["representation"]["representative_name"] == "Ann Lee"
        assert kept["complainant"]["name"] is None
        send(who, path, complainant_name="Tom Lee")
        send(who, path)
        kept = record(here, path)
        assert (kept["complainant"]["name"], kept["representation"]["representative_name"]) == (
            "Tom Lee",
            "Ann Lee",
        )

    def test_several_callers_are_open_at_once_and_each_sees_their_own(self, here: Office) -> None:
        mine, other = here.signed_in("staff"), here.signed_in("staff")
        paths = [begin(mine, caller_name=name) for name in ("First Caller", "Second Caller")]
        mine.get("/phone")
        assert all(name in mine.text for name in ("First Caller", "Second Caller"))
        other.get("/phone")
        own, _, theirs = other.text.partition("Open drafts of your colleagues")
        assert "First Caller" not in own
        assert "First Caller" in theirs
        mine.get(paths[0])
        assert form_of(mine)["story"] == STORY
        also = re.search(r'aria-label="Other open callers">(.*?)</nav>', mine.page.text, re.S)
        assert also is not None
        assert "Second Caller" in also[1]
        assert "First Caller" not in also[1]

    def test_the_page_sent_twice_is_one_draft(self, who: Colleague) -> None:
        who.get("/phone/new")
        fields = {**form_of(who), "story": STORY, "do": "save"}
        first = who.post("/phone/new", **fields)
        second = who.post("/phone/new", **fields)
        assert first.headers["location"] == second.headers["location"]

    def test_nobody_elses_conversation_opens_here(self, who: Colleague) -> None:
        for reference in (FIRST, OTHER, "CQM-0000-0000-0", "%00"):
            assert who.get(f"/phone/{reference}").status_code in (404, 422), reference

    def test_a_draft_of_another_organisation_does_not_open(self, here: Office, who: Colleague) -> None:
        path = begin(who)
        assert here.signed_in("staff", organisation="cim").get(path).status_code == 404

    def test_call_software_fills_in_the_page(self, who: Colleague) -> None:
        who.get("/phone/new?name=Ann+Lee&phone=020+7946+0000&member=M-17&channel=voicemail")
        fields = form_of(who)
        assert [fields[n] for n in ("caller_name", "caller_phone", "member_number", "channel")] == [
            "Ann Lee", "020 7946 0000", "M-17", "voicemail",
        ]  # fmt: skip

    def test_a_restricted_draft_is_for_who_began_it_and_for_those_who_deal_with_such_cases(
        self, here: Office, who: Colleague
    ) -> None:
        path = begin(who)
        colleague = here.signed_in("staff")
        assert colleague.get(path).status_code == 200
        for _ in range(2):
            send(who, path, confidentiality="anonymous")
        assert who.get(path).status_code == 200
        # Whoever had it in hand before goes on with it.
        assert colleague.get(path).status_code == 200
        stranger = here.signed_in("staff")
        for asked in (path, f"{path}?kept=1"):
            assert stranger.get(asked).status_code == 404
        assert stranger.post(path, story="x", csrf=stranger.token).status_code == 404
        assert stranger.post(f"{path}/give-up", csrf=stranger.token).status_code == 404
        assert path.rpartition("/")[2] not in stranger.get("/phone").text
        assert here.signed_in("staff", "restricted_cases").get(path).status_code == 200

    def test_the_same_name_opens_nothing(self, here: Office) -> None:
        """People choose their own names."""
        one = here.signed_in("staff", email="sam@example.org")
        other = here.signed_in("staff", email="sam@example.com")
        path = begin(one)
        for _ in range(2):
            send(one, path, confidentiality="anonymous")
        assert other.get(path).status_code == 404
        send(one, path, "file", agreed="yes")
        assert one.get(path).status_code == 200
        assert other.get(path).status_code == 404

    def test_no_address_opens_it_past_the_trail(self, here: Office, who: Colleague) -> None:
        path = begin(who)
        account = here.account("quiet@example.org")
        assert here.signed_in(account=account).get(f"{path}?kept=1").status_code == 200
        assert ("draft.opened", path.rpartition("/")[2], account.id) in here.trail()

    def test_one_that_was_begun_by_mistake_is_given_up_and_can_be_taken_up(
        self, here: Office, who: Colleague
    ) -> None:
        path = begin(who, caller_name="Wrong Number")
        assert who.post(f"{path}/give-up").headers["location"] == "/cqm/staff/phone?given-up=1"
        who.get("/phone?given-up=1")
        assert "It was sent to nobody" in who.text
        assert "Wrong Number" not in who.text
        who.get(path)
        assert "This draft was given up" in who.text
        assert STORY in who.text
        assert who.post(f"{path}/give-up").status_code == 409
        assert who.post(f"{path}/take-up", csrf=who.token).status_code == 303
        assert read(who, path)["story"] == STORY
        send(who, path, "file", agreed="no")
        assert who.post(f"{path}/give-up", csrf=who.token).status_code == 409

    def test_who_did_it_stands_in_the_trail(self, here: Office, who: Colleague) -> None:
        path = begin(who)
        who.get(path)
        told = [action for action, reference, caller in here.trail() if reference in path and caller]
        assert told[:2] == ["draft.begun", "draft.opened"]

    def test_somebody_who_may_be_in_danger_is_told_of_help_first(self, who: Colleague) -> None:
        begin(who)
        assert "Say this now" not in who.text
        who.get("/phone/new")
        send(who, "/phone/new", story="I cannot go on and I want to kill myself over this exam.")
        assert "Say this now" in who.text

    def test_a_death_is_met_with_one_sentence_and_nobody_on_the_phone_is_writing(
        self, who: Colleague
    ) -> None:
        path = begin(who)
        send(who, path, on_behalf_of="other")
        send(who, path, representative_basis="deceased")
        assert who.text.count("We are sorry for your loss.") == 1
        assert "Are you calling for yourself or for someone else?" in who.text


class TestWhatIsWrong:
    def test_a_receipt_that_is_still_to_come_is_refused_and_the_rest_is_kept(
        self, here: Office, who: Colleague
    ) -> None:
        path = begin(who)
        later = (here.clock() + timedelta(days=365)).astimezone(ZONE).date().isoformat()
        answer = send(who, path, received_on=later, effect="I missed my exam")
        assert answer.status_code == 422
        assert "It cannot have come then" in who.text
        assert record(here, path)["effect"] == "I missed my exam"
        assert form_of(who)["received_on"] == later

    def test_a_complaint_of_the_future_is_not_filed(self, here: Office, who: Colleague) -> None:
        path = begin(who)
        later = (here.clock() + timedelta(days=365)).astimezone(ZONE).date().isoformat()
        send(who, path, "file", received_on=later, agreed="yes")
        assert record(here, path)["state"] == "draft"

    def test_an_address_that_is_none_stays_on_the_page_with_what_is_wrong(self, who: Colleague) -> None:
        path = begin(who, caller_name="Ann")
        send(who, path, preferred_contact="email")
        answer = send(who, path, contact_email="jane at example")
        assert answer.status_code == 422
        assert form_of(who)["contact_email"] == "jane at example"
        assert "does not look like an e-mail address" in who.text

    def test_it_is_not_filed_with_a_question_that_nobody_has_seen(self, here: Office, who: Colleague) -> None:
        path = begin(who)
        answer = send(who, path, "file", on_behalf_of="other", agreed="yes")
        assert answer.status_code == 422
        assert "This has come up since" in who.text
        send(who, path, "file", agreed="yes")
        assert record(here, path)["state"] == "filed", who.text

    def test_it_is_not_filed_before_it_was_read_back(self, here: Office, who: Colleague) -> None:
        path = begin(who)
        assert send(who, path, "file").status_code == 422
        assert "Read it back to the caller" in who.text
        assert record(here, path)["state"] == "draft"

    def test_what_changes_after_the_caller_agreed_must_be_read_back_again(self, who: Colleague) -> None:
        path = begin(who)
        send(who, path, agreed="yes")
        assert form_of(who)["agreed"] == "yes"
        fields = form_of(who)
        del fields["agreed"], fields["agreed-shown"]
        who.post(path, **{**fields, "effect": "Something else", "do": "save"})
        who.get(path)
        assert "agreed" not in form_of(who)

    def test_what_is_logged_is_what_the_caller_agreed_to(self, here: Office, who: Colleague) -> None:
        path = begin(who)
        send(who, path, agreed="yes")
        assert send(who, path, "file", effect="Something that was never read back").status_code == 422
        assert record(here, path)["state"] == "draft"
        send(who, path, "file", agreed="yes")
        assert record(here, path)["state"] == "filed", who.text

    def test_without_the_check_a_receipt_of_the_future_would_pass(
        self, here: Office, who: Colleague, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The fault: nobody looks at the year. It shows that the refusal above is this check's."""
        path = begin(who)
        monkeypatch.setattr(phone_draft, "AHEAD", timedelta(days=3650))
        later = (here.clock() + timedelta(days=365)).astimezone(ZONE).date().isoformat()
        assert send(who, path, received_on=later).status_code == 200


class TestFiling:
    def test_an_oral_complaint_is_filed_with_its_own_time_and_its_written_record_is_owed(
        self, here: Office, who: Colleague
    ) -> None:
        path = begin(who, caller_name="Ann Lee")
        called = here.clock().astimezone(ZONE) - timedelta(days=1)
        send(who, path, preferred_contact="post")
        send(
            who,
            path,
            "file",
            received_on=called.date().isoformat(),
            received_time="10:15",
            contact_post="1 High Street, Leeds",
            agreed="yes",
        )
        kept = record(here, path)
        assert kept["state"] == "filed", who.text
        assert kept["received_at"].startswith(called.date().isoformat())
        assert kept["answers"]["agreed_by_caller_at"]
        assert kept["facts"]["channel"] == "phone"
        said = who.text
        assert spaced(kept["reference"]) in said
        assert "Send the caller a written record" in said
        assert re.search(r"You should have an answer by \w+day \d+ \w+ 20\d\d", said)
        assert kept["decision"]["handler"] in said
        told = [action for action, reference, caller in here.trail() if reference in path and caller]
        assert "complaint.logged" in told

    def test_it_opens_again_at_its_end_and_takes_no_more(self, here: Office, who: Colleague) -> None:
        path = begin(who)
        before = form_of(who)
        send(who, path, "file", agreed="no")
        assert record(here, path)["state"] == "filed", who.text
        who.post(path, **{**before, "story": "Other words", "do": "file", "csrf": who.token})
        assert record(here, path)["narrative"] == STORY
        who.get(path)
        assert "The complaint is logged" in who.text
        assert f'href="/cqm/staff/cases/{path.rpartition("/")[2]}"' in who.page.text

    def test_the_end_of_a_restricted_case_opens_for_who_wrote_it_down_and_not_for_others(
        self, here: Office, who: Colleague
    ) -> None:
        path = begin(who)
        for _ in range(2):
            send(who, path, confidentiality="anonymous")
        send(who, path, "file", agreed="yes")
        assert record(here, path)["restricted"] is True, who.text
        assert who.get(path).status_code == 200
        assert "The case is restricted" in who.text
        assert "/cases/" not in who.page.text
        assert here.signed_in("staff").get(path).status_code == 404
        assert here.signed_in("staff", "restricted_cases").get(path).status_code == 200

    @pytest.mark.parametrize("channel", ["in_person", "post", "email", "via_staff", "voicemail"])
    def test_it_may_come_in_other_ways(self, here: Office, channel: str) -> None:
        who = here.signed_in("staff")
        path = begin(who, channel=channel)
        send(who, path, "file", **({"agreed": "yes"} if channel == "in_person" else {}))
        kept = record(here, path)
        assert (kept["state"], kept["channel"]) == ("filed", channel), who.text

    def test_a_caller_who_is_sent_elsewhere_is_asked_whether_to_send_it_all_the_same(
        self, here: Office
    ) -> None:
        who = here.signed_in("staff", organisation="cim")
        path = begin(who)
        known = {"nature": "complaint", "subject": "study_centre", "complainant_type": "member"}
        for _ in range(2):
            # What a choice makes relevant is there after it.
            send(who, path, **known, centre_procedure_exhausted="false", nation="england")
        assert "still_complain" in form_of(who)["q"], who.text
        assert send(who, path, "file", agreed="yes").status_code == 422
        send(who, path, "file", agreed="yes", still_complain="false")
        assert record(here, path)["state"] == "signposted", who.text
        assert "nothing was sent" in who.text


def test_letters_are_spelt() -> None:
    assert spelled("J.o-1@x") == [
        "capital J for Juliett", "dot", "o for Oscar", "hyphen", "one", "at", "x for X-ray",
    ]  # fmt: skip
    assert spaced("CQM-7K3F-9M2P-X") == "C Q M, 7 K 3 F, 9 M 2 P, X"
