"""What people type at a question, and what is stored or asked again."""

from __future__ import annotations

import pytest

from bot.messages import Command, OpenQuestion
from bot.understanding.reader import Reader
from tests.understanding.questions import (
    BEHALF,
    CHECK,
    CONFIRM,
    EMAIL,
    EVIDENCE,
    EXHAUSTED,
    FACTS,
    HAPPENED_ON,
    NOW,
    PHONE,
    SUBJECT,
)

YES = """yes|Yes.|YES!!|yep|yeah|yup|ya|aye|y|correct|that's right|That is right|thats correct|right|true|sure|of course|
ok|okay|absolutely|definitely|exactly|indeed|yes please|yes it is|yes I did|I did|I have|it is|I think so|I believe so|
that's it|all correct|looks good|looks right|everything is correct|spot on|agreed|go ahead|yes, that is right|I agree|
yes, I went through all of it in June|yes I complained to them and they never replied|Yeah they turned me down|ie""".replace(
    "\n", ""
)
NO = """no|No.|NO|nope|nah|n|not really|not yet|no thanks|no thank you|never|not at all|no way|that's wrong|thats not right|
that is not correct|I don't think so|I do not think so|I haven't|I have not|I did not|no I didn't|no, I haven't|incorrect|
false|wrong|it isn't|it's not|certainly not|definitely not|afraid not|not exactly|no it's not|not quite|nope not yet|
no, I have not been to them yet|no because they ignored me|nothing like that|some of that is wrong|na""".replace(
    "\n", ""
)
NEITHER = """yes and no|yes no|no yes|no, yes|yeah but no|yes but only some of it|yes, except the date|no one told me|
no problem|the centre|perhaps on Tuesday|banana|42|?|👍👎|yes... actually no""".replace("\n", "")


@pytest.mark.parametrize("text", YES.split("|"))
def test_a_yes_is_true_in_any_wording(reader: Reader, text: str) -> None:
    understood = reader.read(text, EXHAUSTED, now=NOW, facts=FACTS)
    assert understood.answer == "true"
    assert understood.command is None


@pytest.mark.parametrize("text", NO.split("|"))
def test_a_no_is_false_in_any_wording(reader: Reader, text: str) -> None:
    assert reader.read(text, EXHAUSTED, now=NOW, facts=FACTS).answer == "false"


@pytest.mark.parametrize("text", NEITHER.split("|"))
def test_what_is_neither_yes_nor_no_is_asked_again(reader: Reader, text: str) -> None:
    understood = reader.read(text, EXHAUSTED, now=NOW, facts=FACTS)
    assert (understood.answer, understood.problem) == (None, "not_yes_no")


def test_a_sentence_that_states_the_fact_answers_its_yes_no_question(reader: Reader) -> None:
    said = "I have been through the centre's own complaints procedure"
    assert reader.read(said, EXHAUSTED, now=NOW, facts=FACTS).answer == "true"
    assert reader.read("I haven't complained to them", EXHAUSTED, now=NOW, facts=FACTS).answer == "false"


class TestConfirmation:
    def test_no_with_a_correction_is_no_and_a_proposal(self, reader: Reader) -> None:
        understood = reader.read("no, it is about my certificate", CONFIRM, now=NOW, facts=FACTS)
        assert understood.answer == "false"
        assert understood.proposals["subject"].value == "certificate"

    def test_a_correction_alone_is_a_proposal_and_no_problem(self, reader: Reader) -> None:
        understood = reader.read("it's about my exam result", CONFIRM, now=NOW, facts=FACTS)
        assert (understood.answer, understood.problem) == (None, None)
        assert understood.proposals["subject"].value == "exam_result"

    def test_yes_but_is_a_correction_and_not_a_yes(self, reader: Reader) -> None:
        understood = reader.read("yes but it is about my certificate", CONFIRM, now=NOW, facts=FACTS)
        assert understood.answer is None
        assert understood.proposals["subject"].value == "certificate"

    def test_what_corrects_nothing_is_asked_again(self, reader: Reader) -> None:
        assert reader.read("hmm well", CONFIRM, now=NOW, facts=FACTS).problem == "not_yes_no"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("exam_result", "exam_result"),
        ("exam result", "exam_result"),
        ("An exam result", "exam_result"),
        ("EXAM RESULT.", "exam_result"),
        ("exam results", "exam_result"),
        ("2", "exam_result"),
        ("2.", "exam_result"),
        ("two", "exam_result"),
        ("number 2", "exam_result"),
        ("option 2", "exam_result"),
        ("option b", "exam_result"),
        ("b", "exam_result"),
        ("B)", "exam_result"),
        ("the second one", "exam_result"),
        ("second", "exam_result"),
        ("2nd", "exam_result"),
        ("the first one please", "service"),
        ("1", "service"),
        ("the last one", "other"),
        ("7", "other"),
        ("number seven", "other"),
        ("something else", "other"),
        ("a member of staff", "staff_member"),
        ("staff", "staff_member"),
        ("my tutor", "staff_member"),
        ("it's about the study centre", "study_centre"),
        ("study centre", "study_centre"),
        ("the study center", "study_centre"),
        ("my certificate hasn't arrived", "certificate"),
        ("certificate", "certificate"),
        ("I think it is a certificate", "certificate"),
        ("it's not my tutor, it's about my certificate", "certificate"),
        ("my exam mark", "exam_result"),
        ("director", "director"),
    ],
)
def test_a_choice_is_read_by_value_label_place_or_cue(reader: Reader, text: str, value: str) -> None:
    assert reader.read(text, SUBJECT, now=NOW, facts=FACTS).answer == value


@pytest.mark.parametrize(
    "text",
    ["8", "0", "option z", "not the certificate", "an exam result or a certificate", "on the other hand", "hm", "🙂",
     "the ninth one", "-1", "2 and 3", "something", "neither the staff nor the exam result"],
)  # fmt: skip
def test_what_names_no_choice_or_two_is_asked_again(reader: Reader, text: str) -> None:
    understood = reader.read(text, SUBJECT, now=NOW, facts=FACTS)
    assert (understood.answer, understood.problem) == (None, "not_a_choice")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("not for myself", "other"),
        ("no, not for someone else", "self"),
        ("not the first one", "other"),
        ("it's not the second", "self"),
        ("not sure", None),
        ("not really either", None),
    ],
)
def test_of_two_choices_the_one_that_is_denied_leaves_the_other(
    reader: Reader, text: str, value: str | None
) -> None:
    assert reader.read(text, BEHALF, now=NOW, facts=FACTS).answer == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("just me", "self"),
        ("it's for me", "self"),
        ("me", "self"),
        ("it is about me", "self"),
        ("my own behalf", "self"),
        ("I am doing this for my dad", "other"),
        ("for a friend", "other"),
        ("my daughter", "other"),
        ("I'm her carer", "other"),
        ("the second", "other"),
        ("a", "self"),
        ("2", "other"),
    ],
)
def test_for_whom_somebody_writes_is_read_in_other_words(reader: Reader, text: str, value: str) -> None:
    assert reader.read(text, BEHALF, now=NOW, facts=FACTS).answer == value


CHOICES = {
    "preferred_contact": ("email", "phone", "post", "none"),
    "nature": ("complaint", "enquiry", "feedback", "compliment", "appeal"),
    "stage_reached": ("none", "informal", "stage_1", "final"),
    "representative_basis": ("consent", "deceased", "unable", "none"),
    "confidentiality": ("none", "asked", "anonymous"),
    "complainant_type": ("member", "learner", "apprentice", "employer_customer", "staff", "public"),
}
PARAPHRASES = {
    ("preferred_contact", "email"): "email please|by e-mail|send me an email|e-mail is best",
    ("preferred_contact", "phone"): "call me|give me a ring|on my mobile|a text please",
    ("preferred_contact", "post"): "a letter|by letter please|write to me|in writing",
    ("preferred_contact", "none"): "don't contact me|no reply needed|I'd rather not be contacted",
    (
        "nature",
        "complaint",
    ): "I want to complain|it's a complaint|I'm not happy about it|a formal complaint please",
    ("nature", "enquiry"): "just a question|I'm only asking|a query",
    ("nature", "feedback"): "a suggestion|just an idea",
    ("nature", "compliment"): "I just want to say thanks|praise|to thank someone",
    ("nature", "appeal"): "I want to appeal|to challenge the decision",
    (
        "stage_reached",
        "none",
    ): "no reply yet|nothing so far|I haven't had an answer|this is the first time|not a word",
    ("stage_reached", "informal"): "only by phone|just verbally|informally",
    ("stage_reached", "final"): "your final answer|yes, I have the final decision",
    (
        "representative_basis",
        "consent",
    ): "she agrees|he asked me to|I have their permission|they know about it",
    ("representative_basis", "deceased"): "she died|he has passed away|sadly my mother died",
    ("representative_basis", "unable"): "he is too ill|she can't do it herself|they lack capacity|too young",
    ("representative_basis", "none"): "not yet|I haven't asked her|she doesn't know",
    ("confidentiality", "none"): "you can use my name|I don't mind|no need",
    ("complainant_type", "staff"): "I work here|I work for you",
    ("complainant_type", "employer_customer"): "I'm the employer|my company",
    ("complainant_type", "public"): "none of these|just a member of the public",
}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [(*key, text) for key, texts in PARAPHRASES.items() for text in texts.split("|")],
)
def test_a_choice_is_read_from_other_words_than_its_label(
    reader: Reader, name: str, value: str, text: str
) -> None:
    offered = tuple((one, one.replace("_", " ")) for one in CHOICES[name])
    question = OpenQuestion(name, "choice", optional=True, choices=offered)
    assert reader.read(text, question, now=NOW, facts=FACTS).answer == value


def test_other_words_for_what_is_not_offered_choose_nothing(reader: Reader) -> None:
    two = OpenQuestion("nature", "choice", optional=False, choices=(("complaint", "A"), ("enquiry", "B")))
    assert reader.read("praise", two, now=NOW, facts=FACTS).answer is None


def test_a_choice_of_two_is_read_from_words(reader: Reader) -> None:
    for text, value in (
        ("myself", "self"),
        ("for someone else", "other"),
        ("on behalf of my mother", "other"),
    ):
        assert reader.read(text, BEHALF, now=NOW, facts=FACTS).answer == value


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12/03/2026", "2026-03-12"),
        ("12/3/26", "2026-03-12"),
        ("12.03.2026", "2026-03-12"),
        ("12-03-2026", "2026-03-12"),
        ("2026-03-12", "2026-03-12"),
        ("12 March 2026", "2026-03-12"),
        ("12th of March", "2026-03-12"),
        ("the 12th of march 2026", "2026-03-12"),
        ("March 12th, 2026", "2026-03-12"),
        ("12 March '26", "2026-03-12"),
        ("Thursday 12 March 2026", "2026-03-12"),
        ("Monday 12 March 2026", "2026-03-12"),  # the weekday is the slip; the echo shows it
        ("it was on 12 March I think", "2026-03-12"),
        ("12 December", "2025-12-12"),  # the last one there was
        ("1st sept 2025", "2025-09-01"),
        ("yesterday", "2026-11-19"),
        ("today", "2026-11-20"),
        ("this morning", "2026-11-20"),
        ("last night", "2026-11-19"),
        ("the day before yesterday", "2026-11-18"),
        ("last Tuesday", "2026-11-17"),
        ("on Monday", "2026-11-16"),
        ("Tuesday", "2026-11-17"),
        ("3 weeks ago", "2026-10-30"),
        ("three weeks ago", "2026-10-30"),
        ("a couple of weeks ago", "2026-11-06"),
        ("a fortnight ago", "2026-11-06"),
        ("2 months back", "2026-09-20"),
        ("a year ago", "2025-11-20"),
        ("Easter Monday", "2026-04-06"),
        ("Good Friday 2025", "2025-04-18"),
        ("Christmas Eve", "2025-12-24"),
        ("boxing day 2024", "2024-12-26"),
    ],
)
def test_a_date_is_read_day_first_and_in_the_past(reader: Reader, text: str, day: str) -> None:
    assert reader.read(text, HAPPENED_ON, now=NOW, facts=FACTS).answer == day


@pytest.mark.parametrize(
    "text",
    ["31/02/2026", "29 February 2025", "March 2026", "2024", "in the spring", "12 or 13 March 2026 or 14 March 2026",
     "I sat down and we may march on", "a while back", "40/40/4000", "99", "0000-00-00", "2026-13-45"],
)  # fmt: skip
def test_what_names_no_one_day_is_asked_again(reader: Reader, text: str) -> None:
    understood = reader.read(text, HAPPENED_ON, now=NOW, facts=FACTS)
    assert (understood.answer, understood.problem) == (None, "bad_date")


@pytest.mark.parametrize(
    "text", ["12 March 2027", "21/11/2026", "tomorrow", "next week", "in two weeks", "2030-01-01"]
)
def test_what_has_happened_did_not_happen_in_the_future(reader: Reader, text: str) -> None:
    assert reader.read(text, HAPPENED_ON, now=NOW, facts=FACTS).problem == "date_in_future"


def test_a_day_is_the_day_in_the_united_kingdom(reader: Reader) -> None:
    half_past_midnight_in_june = NOW.replace(
        month=6, day=9, hour=23, minute=30
    )  # 00:30 on the 10th in London
    assert (
        reader.read("today", HAPPENED_ON, now=half_past_midnight_in_june, facts=FACTS).answer == "2026-06-10"
    )


def test_a_date_to_come_is_an_answer_where_it_may_lie_ahead(reader: Reader) -> None:
    sitting = OpenQuestion("next_sitting", "date", optional=True)
    assert reader.read("12 March 2027", sitting, now=NOW, facts=FACTS).answer == "2027-03-12"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("jane.hartley@example.org", "jane.hartley@example.org"),
        ("  Jane.Hartley@EXAMPLE.org  ", "Jane.Hartley@example.org"),
        ("it's jane@example.org.", "jane@example.org"),
        ("my email is jane+cim@example.co.uk thanks", "jane+cim@example.co.uk"),
        ("mailto:jane@example.org", "jane@example.org"),
        ("<jane@example.org>", "jane@example.org"),
        ("pete at btinternet dot com", "pete@btinternet.com"),
        ("pete dot smith at example dot co dot uk", "pete.smith@example.co.uk"),
        ("jane @ example.org", "jane@example.org"),
        ("jane_o'neil@example.org", "jane_o'neil@example.org"),
    ],
)
def test_an_email_address_is_read_and_normalised(reader: Reader, text: str, address: str) -> None:
    assert reader.read(text, EMAIL, now=NOW, facts=FACTS).answer == address


@pytest.mark.parametrize(
    "text",
    [
        "jane@",
        "jane@example",
        "@example.org",
        "jane example.org",
        "a@example.org or b@example.org",
        "ja ne@@x.org",
    ],
)
def test_a_broken_or_second_address_is_asked_again(reader: Reader, text: str) -> None:
    understood = reader.read(text, EMAIL, now=NOW, facts=FACTS)
    assert (understood.answer, understood.problem) == (None, "bad_email")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("07700 900123", "+447700900123"),  # kept for fiction: possible, never valid
        ("07700900123", "+447700900123"),
        ("+44 7700 900123", "+447700900123"),
        ("+44 (0)1628 427120", "+441628427120"),
        ("(01628) 427120", "+441628427120"),
        ("01628-427-120", "+441628427120"),
        ("call me on 020 7946 0018 after five", "+442079460018"),
        ("0044 1628 427120", "+441628427120"),
        ("+353 1 496 0000", "+35314960000"),
    ],
)
def test_a_possible_number_is_kept_as_e164(reader: Reader, text: str, number: str) -> None:
    assert reader.read(text, PHONE, now=NOW, facts=FACTS).answer == number


@pytest.mark.parametrize(
    "text", ["12345", "my mobile", "07700", "1/2/2026", "01628 427120 or 07400 123456", "999"]
)
def test_what_is_no_number_or_two_is_asked_again(reader: Reader, text: str) -> None:
    understood = reader.read(text, PHONE, now=NOW, facts=FACTS)
    assert (understood.answer, understood.problem) == (None, "bad_phone")


@pytest.mark.parametrize("question", [EMAIL, PHONE, HAPPENED_ON, SUBJECT, EXHAUSTED, EVIDENCE])
@pytest.mark.parametrize(
    "text", ["I don't know", "not sure", "rather not say", "skip", "later", "prefer not to say"]
)
def test_nothing_optional_needs_an_answer(reader: Reader, question: OpenQuestion, text: str) -> None:
    assert reader.read(text, question, now=NOW, facts=FACTS).command is Command.SKIP


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (EMAIL, "I don't have one"),
        (EMAIL, "no email"),
        (PHONE, "I haven't got a phone"),
        (EVIDENCE, "none"),
        (EVIDENCE, "no"),
    ],
)
def test_having_none_is_a_skip(reader: Reader, question: OpenQuestion, text: str) -> None:
    assert reader.read(text, question, now=NOW, facts=FACTS).command is Command.SKIP


@pytest.mark.parametrize(
    "text", ["send", "Send it", "yes", "submit", "yes please", "that's all correct", "file my complaint"]
)
def test_the_checked_answers_are_sent_in_any_wording(reader: Reader, text: str) -> None:
    assert reader.read(text, CHECK, now=NOW, facts=FACTS).command is Command.SEND


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("change my email", "contact_email"),
        ("I want to change my e-mail address", "contact_email"),
        ("please correct the date", "happened_on"),
        ("change my phone number please", "contact_phone"),
        ("change the subject", "subject"),
        ("can I change my name", "complainant_name"),
        ("edit what happened", "story"),
    ],
)
def test_a_change_names_its_question(reader: Reader, text: str, target: str) -> None:
    understood = reader.read(text, CHECK, now=NOW, facts=FACTS)
    assert (understood.command, understood.target) == (Command.CHANGE, target)


def test_a_no_to_the_checked_answers_is_a_change_without_a_target(reader: Reader) -> None:
    understood = reader.read("no", CHECK, now=NOW, facts=FACTS)
    assert (understood.command, understood.target) == (Command.CHANGE, None)


@pytest.mark.parametrize("question", [EMAIL, PHONE, HAPPENED_ON, SUBJECT, EXHAUSTED, CHECK, EVIDENCE])
@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b "])
def test_an_empty_message_says_so(reader: Reader, question: OpenQuestion, text: str) -> None:
    understood = reader.read(text, question, now=NOW, facts=FACTS)
    assert (understood.answer, understood.problem) == (None, "empty")


REACH = OpenQuestion(
    "preferred_contact", "choice", True, (("email", "By e-mail"), ("phone", "By phone"), ("post", "By post"))
)


@pytest.mark.parametrize(
    ("said", "slots"),
    [
        ("jo.bell@example.org", {"preferred_contact": "email", "contact_email": "jo.bell@example.org"}),
        ("you can ring me on 01628 427120", {"preferred_contact": "phone", "contact_phone": "+441628427120"}),
        (
            "3 Mill Lane, Leicester LE1 2AB",
            {"preferred_contact": "post", "contact_post": "3 Mill Lane, Leicester LE1 2AB"},
        ),
        ("by pigeon", {}),
    ],
)
def test_an_address_says_how_to_be_reached(reader: Reader, said: str, slots: dict[str, str]) -> None:
    read = reader.read(said, REACH, now=NOW, facts={})
    assert read.slots == slots
    assert (read.problem is None) is bool(slots)


STAGES = OpenQuestion(
    "stage_reached",
    "choice",
    True,
    (
        ("none", "No, this is the first time"),
        ("stage_1", "Yes, one answer"),
        ("final", "Yes, the final answer"),
    ),
)


@pytest.mark.parametrize(
    ("said", "value"), [("no", "none"), ("Nope.", "none"), ("yes", None), ("not yet", "none")]
)
def test_a_bare_yes_or_no_is_the_one_choice_that_begins_with_it(
    reader: Reader, said: str, value: str | None
) -> None:
    read = reader.read(said, STAGES, now=NOW, facts={})
    assert read.answer == value
