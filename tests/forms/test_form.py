"""The form against a running server: one question a page, saved at each step, and no page answers for another."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import httpx
import pytest

from tests.channels.servers import STRANGER, Running, running
from tests.forms.visitor import STORY, Visitor

XSS = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "{{7*7}}", "</textarea><b>x", "<svg/onload=alert(1)>"]  # fmt: skip


def draft_of(visitor: Visitor) -> dict[str, object]:
    """The answers that are kept of the visitor's conversation."""
    found: dict[str, object] = json.loads(row_of(visitor)["data"])
    return found


def row_of(visitor: Visitor) -> dict[str, str]:
    reference = re.findall(r"Reference ([A-Z0-9-]+)", visitor.page.text)[0]
    return visitor.server.row("conversations", f"reference = '{reference}'")


def record_of(visitor: Visitor) -> dict[str, object]:
    reference = re.findall(r"Reference ([A-Z0-9-]+)", visitor.page.text)[0]
    found: dict[str, object] = json.loads(visitor.server.row("cases", f"reference = '{reference}'")["record"])
    return found


class TestTheFirstPage:
    def test_it_says_what_becomes_of_the_words_before_any_are_asked_for(self, visitor: Visitor) -> None:
        before = visitor.server.stored()
        assert "automated" in visitor.text
        assert "only to look into your complaint" in visitor.text
        assert "textarea" not in visitor.page.text
        visitor.get(visitor.home)
        assert visitor.server.stored() == before
        visitor.start()
        assert visitor.at == "step/story"
        assert row_of(visitor)["privacy_version"] == "hearout-1"

    def test_its_button_pressed_twice_begins_one_conversation(self, visitor: Visitor) -> None:
        before, form = visitor.server.stored()["conversations"], visitor.form()
        for _ in range(3):
            visitor.post(form)
        assert visitor.server.stored()["conversations"] == before + 1

    def test_who_has_begun_is_led_on_and_may_begin_another(self, visitor: Visitor) -> None:
        visitor.tell()
        reference = row_of(visitor)["reference"]
        visitor.get(visitor.home)
        assert f"Your reference is {reference}" in visitor.text
        assert 'href="/cqm/complain/step/confirm_facts"' in visitor.page.text
        visitor.send()
        assert visitor.at == "step/story"
        assert row_of(visitor)["reference"] != reference

    def test_it_speaks_the_language_that_the_browser_is_set_to_if_it_is_offered(self, tmp_path: Path) -> None:
        (tmp_path / "organisations").mkdir()
        (tmp_path / "organisations" / "cqm.yml").write_text("languages: [en, cy]")
        with running(tmp_path) as server:
            for told, spoken in (
                ("cy-GB,cy;q=0.9,en;q=0.8", "cy"),
                ("fr, en", "en"),
                ("", "en"),
                ("x;;,,", "en"),
            ):
                page = server.http.get("/cqm/complain", headers={"Accept-Language": told})
                assert f'<html lang="{spoken}">' in page.text, told
            page = server.http.get("/cim/complain", headers={"Accept-Language": "cy"})
            assert '<html lang="en">' in page.text


class TestAnswers:
    def test_a_whole_complaint_is_filed_with_what_was_answered(self, visitor: Visitor) -> None:
        visitor.tell().go_to("effect").send(answer="I could not start my next unit.")
        visitor.go_to("complainant_name").send(answer="Jane Hartley")
        visitor.go_to("preferred_contact").send(answer="email")
        assert visitor.at == "step/contact_email"
        visitor.send(answer=" Jane at example dot org")
        visitor.go_to("check_answers")
        assert "I could not start my next unit." in visitor.text
        assert "jane@example.org" in visitor.text.lower()
        visitor.send(answer="send")
        assert visitor.at == "done"
        assert re.search(r"by (Mon|Tues|Wednes|Thurs|Fri)day \d+ \w+ 20\d\d", visitor.text)
        record = record_of(visitor)
        assert record["narrative"] == STORY
        assert record["effect"] == "I could not start my next unit."
        assert record["complainant"]["name"] == "Jane Hartley"  # type: ignore[index]
        assert record["state"] == "filed"

    @pytest.mark.parametrize(
        "words", ["help", "no", "back", "why do you ask?", "send", "undo", "/skip", "/human"]
    )
    def test_what_is_written_in_a_box_is_the_answer_and_never_a_command(
        self, visitor: Visitor, words: str
    ) -> None:
        visitor.tell().go_to("effect").send(answer=words)
        assert visitor.page.status_code == 200
        answers = draft_of(visitor)["answers"]
        assert answers["effect"] == words  # type: ignore[index]

    def test_what_cannot_be_read_comes_back_with_what_was_typed(self, visitor: Visitor) -> None:
        visitor.start().send(answer="  ")
        assert visitor.page.status_code == 422
        assert visitor.title.startswith("Error: ")
        assert 'href="#answer"' in visitor.page.text
        visitor.send(answer="hello")
        assert visitor.page.status_code == 422
        assert visitor.form().fields["answer"] == "hello"
        visitor.send(answer=STORY)
        visitor.go_to("preferred_contact").send(answer="email")
        messages = visitor.server.stored()["messages"]
        visitor.send(answer="jane at")
        assert "does not look like an e-mail address" in visitor.text
        assert visitor.form().fields["answer"] == "jane at"
        # What is told on the page itself is no message yet.
        assert visitor.server.stored()["messages"] == messages

    def test_an_answer_that_is_too_long_is_not_lost(self, visitor: Visitor) -> None:
        long = "Näher " * 4000
        visitor.start().send(answer=long)
        assert visitor.page.status_code == 422
        assert "too long by about" in visitor.text
        assert visitor.form().fields["answer"] == long

    def test_a_choice_has_a_way_to_say_that_one_does_not_know(self, server: Running) -> None:
        with Visitor(server, "cim") as visitor:
            visitor.start().send(
                answer="I am a member and my exam result was marked wrong. I want it marked again."
            )
            visitor.go_to("nation")
            visitor.send()
            assert "Choose one of the answers" in visitor.text
            visitor.send(answer="?")
            assert "we go by: England" in visitor.text

    def test_markup_and_templates_in_answers_are_only_words(self, visitor: Visitor) -> None:
        visitor.tell(" ".join(XSS))
        visitor.go_to("effect").send(answer="</dd><script>alert(2)</script>")
        visitor.go_to("complainant_name").send(answer=XSS[1])
        for page in ("step/check_answers", "step/story", "step/effect", "step/complainant_name"):
            visitor.get(page)
            assert visitor.page.status_code == 200
            assert not re.search(r"<(script|img|svg|b)[ >/]", visitor.page.text)
            assert "49" not in visitor.text
        visitor.go_to("check_answers")
        assert all(words in visitor.text for words in ("<script>alert(1)</script>", "{{7*7}}"))


class TestBackAndAgain:
    def test_an_old_page_sent_again_changes_its_own_answer_and_no_other(self, visitor: Visitor) -> None:
        visitor.tell().go_to("effect")
        old = visitor.form()
        effect = visitor.page
        visitor.send(answer="first")
        visitor.send(answer="a remedy")
        visitor.page = effect
        visitor.page = visitor.post(old, answer="second")
        answers = draft_of(visitor)["answers"]
        assert (answers["effect"], answers["desired_remedy"]) == ("second", "a remedy")  # type: ignore[index]

    def test_the_same_page_sent_twice_is_one_message(self, visitor: Visitor) -> None:
        visitor.tell().go_to("effect")
        form, page = visitor.form(), visitor.page
        visitor.post(form, answer="once")
        before = visitor.server.stored()["messages"]
        for _ in range(3):
            visitor.page = page
            assert visitor.post(form, answer="once").status_code == 200
        assert visitor.server.stored()["messages"] == before

    def test_an_old_page_can_set_an_answer_back_to_what_it_was(self, visitor: Visitor) -> None:
        visitor.tell().go_to("effect")
        form, page = visitor.form(), visitor.page
        visitor.post(form, answer="A")
        visitor.get("step/effect")
        visitor.send(answer="B")
        visitor.page = page
        visitor.page = visitor.post(form, answer="A")
        assert draft_of(visitor)["answers"]["effect"] == "A"  # type: ignore[index]

    def test_the_back_link_leads_through_the_answers_to_the_first_page(self, visitor: Visitor) -> None:
        visitor.tell().go_to("adjustments")
        seen = []
        for _ in range(20):
            back = re.search(r'class="back" href="([^"]+)"', visitor.page.text)
            if back is None:
                break
            seen.append(visitor.at)
            visitor.get(back[1])
            assert visitor.page.status_code == 200
        assert seen[-1] == "step/story"
        assert visitor.at == ""
        assert len(seen) == len(set(seen))

    def test_a_story_is_changed_where_it_was_told_and_first_told_stays(self, visitor: Visitor) -> None:
        visitor.tell()
        told = row_of(visitor)["first_told_at"]
        visitor.get("step/story")
        assert visitor.form().fields["answer"] == STORY
        visitor.send(answer=f"{STORY} And it cost me my place.")
        assert row_of(visitor)["first_told_at"] == told
        visitor.go_to("check_answers")
        assert "cost me my place" in visitor.text

    def test_a_question_that_was_never_asked_has_no_page(self, visitor: Visitor) -> None:
        visitor.tell()
        for name in ("check_answers", "contact_email", "serious", "nothing", "facts", "still_complain"):
            visitor.get(f"step/{name}")
            assert visitor.at == "step/confirm_facts", name

    def test_what_is_confirmed_or_sent_is_what_was_read(self, visitor: Visitor) -> None:
        visitor.tell().go_to("check_answers")
        stale, page = visitor.form(), visitor.page
        visitor.get("step/effect")
        visitor.send(answer="written in another window")
        visitor.page = page
        visitor.page = visitor.post(stale, answer="send")
        assert visitor.page.status_code == 422
        assert "changed in another window" in visitor.text
        assert "written in another window" in visitor.text
        assert row_of(visitor)["state"] == "draft"

    def test_a_page_left_open_adds_nothing_to_a_complaint_that_was_sent(self, visitor: Visitor) -> None:
        visitor.tell().go_to("effect")
        stale, page = visitor.form(), visitor.page
        visitor.finish()
        before = record_of(visitor)
        visitor.page = page
        visitor.page = visitor.post(stale, answer="This was written before it was sent")
        assert visitor.at == "done"
        assert record_of(visitor) == before


class TestUnderstanding:
    def test_each_proposal_has_its_own_change_and_the_others_stay_to_be_confirmed(
        self, visitor: Visitor
    ) -> None:
        visitor.start().send(answer="I am a learner. My certificate never came and nobody answers.")
        assert visitor.at == "step/confirm_facts"
        proposed = visitor.page.text.count(">Change<")
        assert proposed > 2
        visitor.get("step/subject")
        assert 'type="radio"' in visitor.page.text
        visitor.send(answer="service")
        assert visitor.at == "step/confirm_facts"
        assert visitor.page.text.count(">Change<") == proposed - 1
        visitor.send(answer="true")
        answers = draft_of(visitor)["answers"]
        assert (answers["subject"], answers["on_behalf_of"]) == ("service", "self")  # type: ignore[index]

    def test_a_matter_for_somebody_else_says_where_to_go_and_can_be_sent_all_the_same(
        self, server: Running
    ) -> None:
        with Visitor(server, "cim") as visitor:
            visitor.start().send(answer="My study centre lost my coursework and its tutor shouts at us.")
            visitor.go_to("still_complain")
            assert "study centre" in visitor.text.lower()
            assert "policy of CIM" in visitor.text
            visitor.send(answer="false")
            assert visitor.at == "done"
            assert "Nothing has been sent to CIM" in visitor.text
            visitor.send(button=("act", "complain"))
            assert visitor.at.startswith("step/")
            visitor.finish()
            assert record_of(visitor)["still_complain"] is True

    def test_a_second_matter_has_its_own_place_on_the_last_page(self, server: Running) -> None:
        with Visitor(server, "cipfa") as visitor:
            visitor.start().send(
                answer="My exam result was marked wrong. I also want to complain about a member of CIPFA, "
                "an accountant in my town, whose conduct was dishonest."
            )
            visitor.go_to("second_matter").send(answer="true")
            visitor.finish()
            assert "The second matter: CIPFA-" in visitor.text
            assert "Its place is with: Conduct and Ethics" in visitor.text

    def test_words_of_harm_show_help_above_the_next_question(self, visitor: Visitor) -> None:
        visitor.start().send(answer="After this result I want to kill myself. Nobody at the centre listens.")
        assert "116 123" in visitor.text
        assert visitor.at.startswith("step/")


class TestComingAndGoing:
    def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(self, server: Running) -> None:
        with Visitor(server) as visitor:
            sent = visitor.http.post(visitor.home, files={"lang": (None, "en")}, follow_redirects=False)
            cookie = sent.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert "Path=/cqm/" in cookie
            assert "Secure" not in cookie
            behind = {"x-forwarded-proto": "https"}
            proxied = visitor.http.post(
                visitor.home, files={"lang": (None, "en")}, follow_redirects=False, headers=behind
            )
            assert "Secure" in proxied.headers["set-cookie"]

    def test_the_private_link_opens_it_elsewhere_and_leaves_the_address_bar(
        self, visitor: Visitor, server: Running
    ) -> None:
        visitor.tell().go_to("effect")
        visitor.get("save")
        link = re.findall(r"/cqm/complain/[A-Za-z0-9_-]{22,}", visitor.page.text)[0]
        with Visitor(server) as elsewhere:
            assert elsewhere.get(link).status_code == 200
            assert elsewhere.at == "step/effect"
            assert visitor.key not in str(elsewhere.page.url)
            elsewhere.send(answer="written elsewhere")
        visitor.get("step/effect")
        assert visitor.form().fields["answer"] == "written elsewhere"

    def test_a_link_asks_before_it_takes_the_place_of_another_complaint(
        self, visitor: Visitor, server: Running
    ) -> None:
        visitor.tell()
        link = f"{visitor.home}/{visitor.key}"
        with Visitor(server) as other:
            other.tell()
            theirs = other.key
            other.get(link)
            assert "another complaint is open" in other.text
            assert other.key == theirs
            other.send()
            assert other.key == visitor.key
            assert other.at == "step/confirm_facts"

    def test_a_link_that_opens_nothing_says_so(self, visitor: Visitor) -> None:
        visitor.get(uuid.uuid4().hex)
        assert visitor.page.status_code == 404
        assert "does not work" in visitor.title
        assert visitor.get("x").status_code == 404

    def test_the_same_key_opens_the_conversation_in_every_face(
        self, visitor: Visitor, server: Running
    ) -> None:
        visitor.tell()
        entries = server.say(visitor.key, "yes")
        asked = entries[-1]["custom"]["question"]["id"]
        visitor.get(visitor.home)
        assert f"/cqm/complain/step/{asked}" in visitor.page.text

    def test_forgetting_it_on_this_device_keeps_what_was_written(self, visitor: Visitor) -> None:
        visitor.tell()
        key = visitor.key
        visitor.get("save")
        visitor.send()
        assert "no longer holds the key" in visitor.text
        visitor.get("step/effect")
        assert visitor.page.status_code == 404
        visitor.get(key)
        assert visitor.at == "step/confirm_facts"

    def test_the_quick_exit_drops_the_key_and_leads_away(self, tmp_path: Path) -> None:
        (tmp_path / "organisations").mkdir()
        (tmp_path / "organisations" / "cqm.yml").write_text("leave_to: https://www.example.org/weather")
        with running(tmp_path) as server, Visitor(server) as visitor:
            visitor.tell()
            left = visitor.http.get(f"{visitor.home}/leave", follow_redirects=False)
            assert left.headers["location"] == "https://www.example.org/weather"
            visitor.get("step/effect")
            assert visitor.page.status_code == 404

    def test_a_cookie_that_opens_nothing_is_dropped_and_said_so(self, visitor: Visitor) -> None:
        visitor.http.cookies.set("hearout-cqm", uuid.uuid4().hex, path="/cqm/")
        visitor.get("step/effect")
        assert "nothing to go on with" in visitor.title

    def test_the_key_and_the_words_are_in_no_log(
        self, visitor: Visitor, capfd: pytest.CaptureFixture[str]
    ) -> None:
        visitor.tell()
        visitor.get(visitor.key)
        logged = "".join(capfd.readouterr())
        assert "/cqm/complain/..." in logged
        assert visitor.key not in logged
        assert "six weeks late" not in logged


class TestWhoMaySend:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site", "Origin": "https://other.example"},
        ],
    )
    def test_a_form_of_another_site_changes_nothing(self, visitor: Visitor, headers: dict[str, str]) -> None:
        visitor.tell().go_to("effect")
        form, page = visitor.form(), visitor.page
        before = visitor.server.stored()
        refused = visitor.http.post(page.url, files={"answer": (None, "theirs"), **{k: (None, v) for k, v in form.fields.items() if k != "answer"}}, headers=headers)  # fmt: skip
        assert refused.status_code == 403
        assert "text/html" in refused.headers["content-type"]
        assert visitor.server.stored() == before

    def test_our_own_page_may_send(self, visitor: Visitor) -> None:
        own = {"Origin": visitor.server.url, "Sec-Fetch-Site": "same-origin"}
        visitor.http.headers.update(own)
        visitor.tell()
        assert visitor.at == "step/confirm_facts"

    def test_pages_run_nothing_and_are_framed_by_nobody(self, visitor: Visitor) -> None:
        visitor.tell()
        for path in ("", "/step/confirm_facts", "/person", "/save", "/withdraw"):
            headers = visitor.get(f"{visitor.home}{path}").headers
            assert "script-src" not in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["cache-control"] == "no-store"
            assert "<script" not in visitor.page.text
            assert "style=" not in visitor.page.text

    def test_a_stranger_who_sends_too_much_is_told_so_on_a_page(self, tmp_path: Path) -> None:
        with running(tmp_path, limit_address="5/minute") as server:
            with httpx.Client(base_url=server.url, headers={"X-Forwarded-For": STRANGER}) as http:
                pages = [http.get("/cqm/complain") for _ in range(7)]
            assert [page.status_code for page in pages][-2:] == [429, 429]
            assert "Too much was sent" in pages[-1].text
            assert pages[-1].headers["retry-after"]

    def test_an_organisation_that_does_not_exist_has_no_form(self, server: Running) -> None:
        assert server.http.get("/nobody/complain").status_code == 404


class TestEnds:
    def test_a_person_can_be_reached_from_every_page_and_asked_for(self, server: Running) -> None:
        with Visitor(server, "cim") as visitor:
            visitor.tell()
            assert "+44 (0)1628 427120" in visitor.page.text
            visitor.get("person")
            visitor.send()
            assert "is shown that you want to speak to a person" in visitor.text
            assert "asked_for_a_person" in draft_of(visitor)["flags"]  # type: ignore[operator]

    def test_withdrawing_asks_first_and_can_be_taken_back(self, visitor: Visitor) -> None:
        visitor.tell()
        visitor.get("withdraw")
        assert row_of(visitor)["state"] == "draft"
        visitor.send(button=("act", "withdraw"))
        assert visitor.at == "done"
        assert row_of(visitor)["state"] == "withdrawn"
        visitor.send(button=("act", "undo"))
        assert visitor.at == "step/confirm_facts"

    def test_words_can_be_added_to_a_complaint_that_was_sent(self, visitor: Visitor) -> None:
        visitor.tell().finish()
        form, page = visitor.form(), visitor.page
        visitor.send(answer="The tutor wrote to me this morning.")
        assert "is added to your case" in visitor.text
        visitor.page = page
        visitor.page = visitor.post(form, answer="The tutor wrote to me this morning.")
        assert record_of(visitor)["answers"]["added_words"] == "The tutor wrote to me this morning."  # type: ignore[index]
        visitor.send(answer=" ")
        assert visitor.page.status_code == 422

    def test_what_was_written_can_be_kept_as_a_text(self, visitor: Visitor) -> None:
        visitor.tell().finish()
        reference = row_of(visitor)["reference"]
        copy = visitor.http.get(f"{visitor.home}/copy.txt")
        assert copy.headers["content-type"] == "text/plain; charset=utf-8"
        assert reference in copy.headers["content-disposition"]
        assert STORY in copy.text
        assert re.search(r"by \w+day \d+ \w+ 20\d\d", copy.text)

    def test_while_staff_have_it_in_hand_the_pages_are_a_place_to_write_to_them(
        self, visitor: Visitor
    ) -> None:
        visitor.tell()
        reference = row_of(visitor)["reference"]
        act = f"/api/v1/conversations/{reference}/staff"
        visitor.server.http.post(act, json={"act": "takeover", "by": "Sam Field"})
        visitor.get("step/confirm_facts")
        assert visitor.at == "messages"
        assert "Sam Field" in visitor.text
        visitor.server.http.post(act, json={"act": "say", "by": "Sam Field", "text": "Which <unit> was it?"})
        visitor.send(answer="Unit 4, thank you.")
        assert "Which <unit> was it?" in visitor.text
        assert "Unit 4, thank you." in visitor.text
        visitor.server.http.post(act, json={"act": "giveback"})
        visitor.get("messages")
        assert visitor.at == "step/confirm_facts"
