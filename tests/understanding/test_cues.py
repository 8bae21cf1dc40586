"""What a person's words suggest, and, more of it, what they do not."""

from __future__ import annotations

import pytest

from bot.understanding.reader import Reader
from tests.understanding.questions import FACTS, NOW, STORY

SUGGESTS = [
    ("I want to make a formal complaint about the way I was spoken to.", "nature=complaint"),
    ("I'm complaining because nobody listens.", "nature=complaint"),
    ("I WISH TO COMPLAIN.", "nature=complaint"),
    ("Just a quick question: could you tell me when the next sitting is?", "nature=enquiry"),
    ("I have a quick question about fees.", "nature=enquiry"),
    ("I'd like to give some feedback on Monday's event.", "nature=feedback"),
    ("I just wanted to say thank you for the help.", "nature=compliment"),
    ("I want to appeal against the decision.", "nature=appeal"),
    ("I complained in May and now I wish to appeal.", "nature=appeal"),
    ("I am a member and my journal never came.", "complainant_type=member"),
    ("I'm a registered student in my second year.", "complainant_type=registered_student"),
    ("I am currently doing a level 3 with you.", None),
    ("I am an apprentice at a garage.", "complainant_type=apprentice"),
    ("I was a delegate at the spring conference.", "complainant_type=delegate"),
    ("We are an employer in Hull.", "complainant_type=employer_customer"),
    ("We are an approved centre.", "complainant_type=learning_organisation"),
    ("I am a member of staff at the office.", None),
    ("I am a member of your staff.", "complainant_type=staff"),
    ("I'm one of your assessors and I have not been paid.", "complainant_type=staff"),
    ("I am just a member of the public.", "complainant_type=public"),
    ("My tutor was rude to me.", "subject=staff_member"),
    ("The assessor swore at us.", "subject=staff_member"),
    ("The woman on the phone was dismissive.", "subject=staff_member"),
    ("I want to complain about my tutor.", "subject=staff_member"),
    ("My certificate has not arrived.", "subject=certificate"),
    ("my certificate hasnt come yet", "subject=certificate"),
    ("I still haven’t received my certificate.", "subject=certificate"),
    ("We are still waiting for our certificates.", "subject=certificate"),
    ("There is a mistake on my certificate.", "subject=certificate"),
    ("I disagree with my exam mark.", "subject=exam_result"),
    ("My exam was marked wrongly.", "subject=exam_result"),
    ("I want a re-mark.", "subject=exam_result"),
    ("My study centre cancelled the class.", "subject=study_centre"),
    ("A tutor at my study centre was rude to me.", "subject=study_centre"),
    ("One of your members lied to my father.", "subject=member_conduct"),
    ("It is a breach of the code of conduct.", "subject=member_conduct"),
    ("My complaint is about a director.", "subject=director"),
    ("The meeting room at the business centre was filthy.", "subject=business_centre"),
    ("My membership application was lost.", "subject=membership_application"),
    ("The portal has been down all week.", "subject=system_delivery"),
    ("Nobody answered our process support enquiry.", "subject=process_support"),
    ("You sent my details to a stranger.", "subject=data_protection"),
    ("The workbook was damaged.", "subject=product"),
    ("The exam was cancelled with an hour to go.", "subject=qualification_assessment"),
    ("You charged me twice.", "subject=service"),
    ("I am writing on behalf of my mother.", "on_behalf_of=other"),
    ("My daughter is a learner with you.", "on_behalf_of=other"),
    ("My son's exam was cancelled.", "on_behalf_of=other"),
    ("my sons exam was cancelled", "on_behalf_of=other"),
    ("My client was told nothing.", "on_behalf_of=other"),
    ("As her mother I am very worried.", "on_behalf_of=other"),
    ("I am complaining on my own behalf.", "on_behalf_of=self"),
    ("She has given me permission to write.", "representative_basis=consent"),
    ("I have my client's written consent.", "representative_basis=consent"),
    ("My late husband was a member for years.", "representative_basis=deceased"),
    ("I am the executor of her estate.", "representative_basis=deceased"),
    ("My mother cannot complain herself.", "representative_basis=unable"),
    ("He lacks capacity.", "representative_basis=unable"),
    ("She does not know that I am writing.", "representative_basis=none"),
    ("I have been through the centre's complaints procedure.", "centre_procedure_exhausted=true"),
    ("My study centre rejected my complaint.", "centre_procedure_exhausted=true"),
    ("I have not complained to the centre.", "centre_procedure_exhausted=false"),
    ("I haven't used their complaints procedure yet.", "centre_procedure_exhausted=false"),
    ("They ignored me at the centre and I haven't complained to them.", "centre_procedure_exhausted=false"),
    ("This is my first complaint.", "stage_reached=none"),
    ("I had a quiet word with my trainer.", "stage_reached=informal"),
    ("I had a reply from the managing director.", "stage_reached=stage_1"),
    ("I am not satisfied with the reply I got.", None),
    ("I disagree with your reply to my complaint.", "stage_reached=stage_1"),
    ("The chief executive replied last week.", "stage_reached=stage_2"),
    ("I have a letter from the chair.", "stage_reached=final"),
    ("I had your final response and I still disagree.", None),
    ("The managing director replied.", "previous_response_by=md"),
    ("A reply from the chief executive came.", "previous_response_by=chief_executive"),
    ("I am on an apprenticeship.", "apprenticeship=true"),
    ("It is not an apprenticeship.", "apprenticeship=false"),
    ("She was injured at your centre.", "serious=true"),
    ("I was sexually harassed.", "serious=true"),
    ("This is discrimination.", "serious=true"),
    ("It is being dealt with under the disciplinary scheme.", "under_disciplinary_scheme=true"),
    ("Please keep my name out of it.", "confidentiality=asked"),
    ("Please don't tell him it was me.", "confidentiality=asked"),
    ("I want to remain anonymous.", "confidentiality=anonymous"),
    ("I live in Scotland.", "nation=scotland"),
    ("My centre is in Wales.", "nation=wales"),
    ("We are based in Northern Ireland.", "nation=northern_ireland"),
    ("My name is Jane Hartley.", "complainant_name=Jane Hartley"),
    ("my name is Dr Siân O'Neil-Jones and I teach", "complainant_name=Dr Siân O'Neil-Jones"),
    ("Membership number 123456.", "member_number=123456"),
    ("my member no. is ab-123456", "member_number=AB-123456"),
    ("Write to me at jane@example.org please", "contact_email=jane@example.org"),
    ("my email is pete at btinternet dot com", "contact_email=pete@btinternet.com"),
    ("You can reach me at jane@example.org or on 020 7946 0018.", "contact_phone=+442079460018"),
    (
        "Nobody rang back.\n\nJane Hartley\njane@example.org\nTel: 07400 123456",
        "contact_email=jane@example.org",
    ),
    ("Nobody rang back.\n\nJane Hartley\njane@example.org\nTel: 07400 123456", "contact_phone=+447400123456"),
    ("Ring me on 07400 123456", "contact_phone=+447400123456"),
    ("It happened on 12 March 2026.", "happened_on=2026-03-12"),
    ("The course on 3/10/2026 was cancelled.", "happened_on=2026-10-03"),
    ("I got the reply on 2 November.", "previous_response_at=2026-11-02"),
]


@pytest.mark.parametrize(("text", "expected"), [case for case in SUGGESTS if case[1]])
def test_words_suggest_a_fact(reader: Reader, text: str, expected: str) -> None:
    name, value = expected.split("=")
    proposals = reader.read(text, STORY, now=NOW, facts=FACTS).proposals
    assert name in proposals, proposals
    assert proposals[name].value == value
    assert 0 <= proposals[name].start < proposals[name].end <= len(text)


# Text, and the facts (or fact=value) that it must not suggest.
DOES_NOT_SUGGEST = [
    ("my daughter's teacher was great", "on_behalf_of subject=service nature=complaint"),
    ("I do not want to complain about the exam", "nature=complaint subject"),
    ("I don't want to complain about my tutor, he is lovely", "nature=complaint subject"),
    ("I have no complaint about my tutor", "nature subject"),
    ("This is not about my certificate", "subject"),
    ("It has nothing to do with the study centre", "subject"),
    ("There is nothing wrong with my certificate", "subject"),
    ("It was not my tutor", "subject"),
    ("I am not a member", "complainant_type=member"),
    ("I have never been an apprentice", "complainant_type=apprentice apprenticeship=true"),
    ("I am not an apprentice", "complainant_type=apprentice apprenticeship=true"),
    ("My son was ill, so I missed the webinar", "on_behalf_of"),
    ("My husband was in hospital and I asked for more time", "on_behalf_of representative_basis"),
    ("My mother died in March and I asked to defer my exam", "on_behalf_of representative_basis"),
    ("My grandmother passed away, so I could not come to the course", "on_behalf_of representative_basis"),
    ("My daughter told me about your courses", "on_behalf_of"),
    ("I have a son and a daughter", "on_behalf_of"),
    ("She has not agreed to anything", "representative_basis=consent"),
    ("He has not given me permission", "representative_basis=consent"),
    ("I agreed to the terms", "representative_basis"),
    ("I asked my tutor for my certificate", "subject"),
    ("My tutor told me to write to you", "subject"),
    ("I received my certificate in June, thank you", "subject nature=complaint"),
    ("I have not complained before", "nature=complaint stage_reached=stage_1 stage_reached=final"),
    ("I have not had a reply from the managing director", "previous_response_by stage_reached=stage_1"),
    ("The chief executive has not replied", "previous_response_by stage_reached=stage_2"),
    ("I never had a letter from the chair", "previous_response_by stage_reached=final"),
    ("The centre gave me their final answer", "stage_reached=final"),
    ("My final exam is in June", "stage_reached"),
    ("I am in the final year", "stage_reached"),
    ("I went to the centre and they were busy", "centre_procedure_exhausted"),
    ("The centre of Reading is hard to park in", "subject=study_centre"),
    ("I have not been through the centre's procedure", "centre_procedure_exhausted=true"),
    ("Nobody was injured", "serious"),
    ("I am not saying this is discrimination", "serious"),
    ("I took a course on safeguarding", "serious"),
    ("It was a serious mistake on my invoice", "serious"),
    ("I am not under any disciplinary investigation", "under_disciplinary_scheme"),
    ("It is a disciplined team", "under_disciplinary_scheme"),
    ("I don't want to stay anonymous", "confidentiality=asked"),
    ("You may use my name", "confidentiality"),
    ("My name is on the list", "complainant_name"),
    ("My name is spelled wrongly", "complainant_name"),
    ("Her name is Jane Hartley", "complainant_name"),
    ("The tutor, this is Bob, was kind", "complainant_name"),
    ("I paid 123456 pounds and 20 pence", "contact_phone member_number"),
    ("My order number is 123456", "member_number contact_phone"),
    ("The fictional 07700 900123 is in your advert", "contact_phone"),
    ("Write to me at a@example.org. My work address: my b@example.org", "contact_email"),
    ("I emailed comments@example.org and had no reply", "contact_email"),
    ("He emailed me from bob@example.org", "contact_email"),
    ("I rang 01628 427120 four times", "contact_phone"),
    ("Your helpline 01628 427120 is never answered", "contact_phone"),
    ("They gave me the number 01628 427120", "contact_phone"),
    ("I was at work dot com was down", "contact_email"),
    ("We sat in march on a Tuesday", "happened_on"),
    ("I wrote to you on 3 March", "happened_on"),
    ("It happened on 12 March or 14 March 2026", "happened_on"),
    ("The course on 12 March 2027 is full", "happened_on"),
    ("I watched a match in Wales once", "nation=england"),
    ("I enjoy the level of detail", "subject nature"),
    ("The service charge on my flat", "subject"),
    ("My partner company in Leeds", "on_behalf_of"),
    ("I do not work for you", "complainant_type=staff"),
    ("The member of staff was very helpful", "subject=member_conduct complainant_type nature=complaint"),
    ("I was happy with my tutor", "subject nature=complaint"),
    ("Your director of studies wrote a nice note", "subject=director"),
]


@pytest.mark.parametrize(("text", "unwanted"), DOES_NOT_SUGGEST)
def test_words_do_not_suggest_what_they_do_not_say(reader: Reader, text: str, unwanted: str) -> None:
    seen = {name: one.value for name, one in reader.read(text, STORY, now=NOW, facts=FACTS).proposals.items()}
    for name in unwanted.split():
        fact, _, value = name.partition("=")
        assert fact not in seen or (value and seen[fact] != value), seen


class TestTwoValuesOfOneFact:
    def test_neither_is_proposed_where_they_are_equally_plain(self, reader: Reader) -> None:
        said = "The portal has been down and my exam was marked wrongly."
        assert "subject" not in reader.read(said, STORY, now=NOW, facts=FACTS).proposals

    def test_what_is_said_beats_what_only_comes_up(self, reader: Reader) -> None:
        said = "I asked my tutor, but my certificate has not arrived."
        assert reader.read(said, STORY, now=NOW, facts=FACTS).proposals["subject"].value == "certificate"

    def test_the_cue_file_says_which_value_takes_the_other_with_it(self, reader: Reader) -> None:
        said = "Your service is terrible: my certificate has not arrived."
        assert reader.read(said, STORY, now=NOW, facts=FACTS).proposals["subject"].value == "certificate"

    def test_a_value_that_the_organisation_does_not_know_is_not_in_the_running(self, reader: Reader) -> None:
        said = "The portal has been down and my exam was marked wrongly."
        facts = {"subject": ("exam_result", "other")}
        assert reader.read(said, STORY, now=NOW, facts=facts).proposals["subject"].value == "exam_result"

    def test_an_organisation_without_the_fact_gets_no_proposal(self, reader: Reader) -> None:
        assert reader.read("My certificate has not arrived.", STORY, now=NOW, facts={}).proposals == {}


def test_a_death_or_consent_means_that_it_is_for_someone_else(reader: Reader) -> None:
    proposals = reader.read("My late husband was a member.", STORY, now=NOW, facts=FACTS).proposals
    assert proposals["on_behalf_of"].value == "other"


def test_the_span_is_the_words_as_they_were_typed(reader: Reader) -> None:
    said = "Well \u200b —  MY   TUTOR\nwas   RUDE   to\tme."
    proposal = reader.read(said, STORY, now=NOW, facts=FACTS).proposals["subject"]
    assert said[proposal.start : proposal.end] == "MY   TUTOR\nwas   RUDE"


HARM = """I want to kill myself|i dont want to be here anymore|I can't go on|thinking about suicide|I have been self-harming|
I feel suicidal because of this|i want to die|better off dead|no reason to live|he hits me|I was assaulted by the trainer|
my tutor touched me inappropriately|a learner is being abused|child abuse|I took an overdose|im going to end it all|
I'm going to hurt him|I'm scared of my husband|this is a safeguarding issue|she was raped|I WANT TO DIE|
kill my self|end my life|I don’t want to live|he threatened to kill me|I cannot cope any more|thoughts of ending it|
he is hurting a child|I'd be better off dead|kms|I keep cutting myself|somebody punched me in class""".replace(
    "\n", ""
)
NO_HARM = """this wait is killing me|I'm dying to hear back|I had to kill time in the lobby|I took the safeguarding course|
the fee hit me with a shock|I want a refund|he beat me to it|
shoot me an email|I hit my target|I don't want to go on the course|the portal was attacked by hackers|
I could not carry on with my studies|my module on safeguarding was cancelled|die hard fan of your magazine|
the deadline hit us|I was cut off twice|overdue by a week|hanging on the phone""".replace("\n", "")


@pytest.mark.parametrize("text", HARM.split("|"))
def test_words_of_harm_are_seen_whatever_question_is_open(reader: Reader, text: str) -> None:
    assert reader.read(text, STORY, now=NOW, facts=FACTS).harm
    assert reader.read(text, None, now=NOW, facts=FACTS).harm


@pytest.mark.parametrize("text", NO_HARM.split("|"))
def test_turns_of_phrase_are_not_harm(reader: Reader, text: str) -> None:
    assert not reader.read(text, STORY, now=NOW, facts=FACTS).harm


def test_a_harmless_turn_of_phrase_does_not_hide_harm_elsewhere(reader: Reader) -> None:
    assert reader.read("This wait is killing me. I want to die.", STORY, now=NOW, facts=FACTS).harm


def test_harm_is_seen_in_what_a_form_sends(reader: Reader) -> None:
    assert reader.read("/SetSlots(effect=I want to die)", STORY, now=NOW, facts=FACTS).harm
    assert not reader.read("/SetSlots(effect=I lost my place)", STORY, now=NOW, facts=FACTS).harm
