"""What comes first: a payload, the pending answer, then a command or a question to us."""

from __future__ import annotations

import string
from time import process_time

import pytest
from hypothesis import Phase, example, find, given, settings
from hypothesis import strategies as st

from bot.messages import Aside, Command, OpenQuestion, Understood
from bot.understanding.reader import Reader, Said
from tests.understanding.questions import (
    BEHALF,
    CHECK,
    CONFIRM,
    EMAIL,
    EVIDENCE,
    EXHAUSTED,
    FACTS,
    HAPPENED_ON,
    NAME,
    NOW,
    PHONE,
    REMEDY,
    STORY,
    SUBJECT,
)

EVERY_QUESTION = [
    None,
    STORY,
    REMEDY,
    NAME,
    EMAIL,
    PHONE,
    HAPPENED_ON,
    EVIDENCE,
    CHECK,
    CONFIRM,
    EXHAUSTED,
    SUBJECT,
]


class TestWhatAnIntentFirstBotLost:
    """Three failures that were measured on a form bot which classified before it listened."""

    def test_a_story_that_mentions_time_and_return_is_the_story(self, reader: Reader) -> None:
        said = "They billed me two times and nobody will return it"
        understood = reader.read(said, STORY, now=NOW, facts=FACTS)
        assert (understood.answer, understood.aside, understood.command) == (said, None, None)

    def test_a_question_to_us_is_not_filed_as_the_story(self, reader: Reader) -> None:
        understood = reader.read("how long will it take", STORY, now=NOW, facts=FACTS)
        assert (understood.answer, understood.aside) == (None, Aside.DEADLINE)

    def test_an_email_address_is_not_a_cry_for_help(self, reader: Reader) -> None:
        understood = reader.read("jane.hartley@example.org", EMAIL, now=NOW, facts=FACTS)
        assert (understood.answer, understood.command) == ("jane.hartley@example.org", None)


FREE_TEXT = [
    "help",  # could be the whole story; a person is one clear phrase away
    "I was told to go back and skip the next step",
    "send my certificate",
    "change my email address on your records",
    "I want to speak to a person who knows the syllabus, not another call handler reading a script",
    "withdraw my complaint? never",
    "How long it took to get an answer was the problem",
    "why do you need my passport every time I ring the helpline",
    "who is going to pay for this",
    "Nobody told me what happens next",
    "I do not know why they did this",
    "stop charging me",
    "cancel my membership",
    "a full refund please",
    "yes",
    "no",
    "2",
    "/ I put a slash first",
    "No idea who to ask but my tutor has vanished",
    "Human error, they said",
    "start over with a new assessor",
    "an apology",
    "when will they learn to answer the phone",
    "What is the point of a helpline nobody answers?",
]


@pytest.mark.parametrize("text", FREE_TEXT)
@pytest.mark.parametrize("question", [STORY, REMEDY])
def test_free_text_is_taken_word_for_word(reader: Reader, text: str, question: OpenQuestion) -> None:
    understood = reader.read(text, question, now=NOW, facts=FACTS)
    assert understood.answer == text
    assert (understood.command, understood.aside, understood.problem) == (None, None, None)


COMMANDS = {
    Command.SKIP: "skip|Skip.|skip this|skip this question|I don't know|dont know|not sure|rather not say|I'd rather not|"
    "prefer not to say|no idea|later|pass|can I skip this?|I can't remember|I would rather not say",
    Command.BACK: "back|go back|Go back please|previous question|undo the last answer|change my last answer|I made a mistake",
    Command.HUMAN: "speak to a person|I want to speak to a human|can I talk to someone?|human|talk to a real person|"
    "put me through to someone|agent please|can someone call me|I need help",
    Command.WITHDRAW: "withdraw|withdraw my complaint|I want to withdraw my complaint|cancel my complaint|forget it|"
    "please drop my complaint|delete my complaint",
    Command.RESTART: "start over|start again|restart|can I start again?|begin again",
    Command.PAUSE: "save and come back later|pause|finish later|I have to go|stop|cancel|bye|can I finish this later",
    Command.UNDO: "undo|Undo that|please undo",
    Command.ANOTHER: "I have another complaint|can I make a second complaint?|"
    "start a new complaint|how do I make another complaint?",
    Command.REPEAT: "repeat|say that again|what was the question?|can you repeat that?",
}
ASIDES = {
    Aside.WHY_ASKED: "why do you need that?|why?|Why do you want to know that|why are you asking me this?|"
    "what do you need that for|why do you need my phone number?|why is that necessary?|do I have to answer?",
    Aside.DEADLINE: "how long will it take?|how long does it take|how long will this take|when will I hear?|"
    "when will you reply?|how soon will I hear|what's the deadline?|when will someone contact me?|"
    "how long will it take to get an answer?",
    Aside.PROCESS: "what happens next?|what happens then|what will happen next|what's the process?|how does this work?|"
    "how do I complain?|what happens after I send it?",
    Aside.POLICY: "what is your complaints policy?|can I see the policy|which version is this?|where can I read your policy?|"
    "what are the stages?|have you got a copy of the policy?",
    Aside.MEANING: "what do you mean?|I don't understand the question|can you explain that?|what are my options?",
    Aside.THANKS: "thank you|Thanks!|thanks a lot|many thanks|diolch|thanks for your help",
    Aside.HELLO: "hello|are you there?|hello?|hi there|is anyone there?",
    Aside.STATUS: "what's the status of my complaint?|where is my complaint?|any update?|did you get my complaint?|"
    "what is my reference number?",
    Aside.WHO_HANDLES: "who will handle this?|who will deal with my complaint?|who reads this?|who is dealing with it",
    Aside.MACHINE: "am I talking to a person?|are you a robot?",
}


@pytest.mark.parametrize(
    ("command", "text"), [(command, text) for command, texts in COMMANDS.items() for text in texts.split("|")]
)
def test_a_whole_message_command_is_heard_at_any_question(
    reader: Reader, command: Command, text: str
) -> None:
    for question in (None, STORY, REMEDY, EMAIL, PHONE, HAPPENED_ON, SUBJECT, EXHAUSTED):
        understood = reader.read(text, question, now=NOW, facts=FACTS)
        assert (understood.command, understood.answer) == (command, None), question


@pytest.mark.parametrize(
    ("aside", "text"), [(aside, text) for aside, texts in ASIDES.items() for text in texts.split("|")]
)
def test_a_question_to_us_is_heard_at_any_question(reader: Reader, aside: Aside, text: str) -> None:
    for question in (None, STORY, REMEDY, EMAIL, SUBJECT, EXHAUSTED, CHECK):
        understood = reader.read(text, question, now=NOW, facts=FACTS)
        assert (understood.aside, understood.answer) == (aside, None), question


PAYLOADS: list[tuple[str, dict[str, str | None]]] = [
    ("/SetSlots(subject=exam_result)", {"subject": "exam_result"}),
    (
        "/SetSlots(subject=exam_result, on_behalf_of=other)",
        {"subject": "exam_result", "on_behalf_of": "other"},
    ),
    ("  /SetSlots( subject = exam_result ,on_behalf_of=null )\n", {"subject": "exam_result", "on_behalf_of": None}),
    ("/SetSlots(desired_remedy=a full refund please)", {"desired_remedy": "a full refund please"}),
    ("/SetSlots(contact_email=jane@example.org)", {"contact_email": "jane@example.org"}),
    ('/SetSlots(complainant_name="Jane Hartley")', {"complainant_name": "Jane Hartley"}),
    ("/setslots(serious=true)", {"serious": "true"}),
    ('/inform{"subject": "certificate"}', {"subject": "certificate"}),
    ('/make_complaint {"serious": true, "nation": null, "n": 2}', {"serious": "true", "nation": None, "n": "2"}),
    ("/greet", {}),
    ("/session_start", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "slots"), PAYLOADS)
@pytest.mark.parametrize("question", [None, STORY, SUBJECT])
def test_a_payload_sets_slots_and_answers_nothing(
    reader: Reader, text: str, slots: dict[str, str | None], question: OpenQuestion | None
) -> None:
    understood = reader.read(text, question, now=NOW, facts=FACTS)
    assert (understood.slots, understood.answer, understood.problem) == (slots, None, None)


@pytest.mark.parametrize(
    "text",
    ["/SetSlots(", "/SetSlots()", "/SetSlots(subject)", "/SetSlots(subject=)", "/SetSlots(=x)", "/SetSlots subject=x",
     "/SetSlots(a=b, a=c)", "/SetSlots(a=b))", "/SetSlots(a=b=c)", "/SetSlots(a=(b))", "/SetSlots(a=b,)", "/SetSlots",
     '/inform{"a": ', '/inform{"a": [1]}', '/inform{"a": {"b": 1}}', "/no_such_intent", "/skip(", "/inform{}}",
     "/SetSlots(a=b) and also my tutor was rude", "/change()", "/" + "a{" * 3000],
)  # fmt: skip
@pytest.mark.parametrize("question", [None, STORY, REMEDY, SUBJECT])
def test_a_malformed_payload_is_never_an_answer(
    reader: Reader, text: str, question: OpenQuestion | None
) -> None:
    understood = reader.read(text, question, now=NOW, facts=FACTS)
    assert (understood.problem, understood.answer, understood.slots) == ("bad_payload", None, {})


@pytest.mark.parametrize("command", list(Command))
def test_every_command_is_a_bare_payload(reader: Reader, command: Command) -> None:
    assert reader.read(f"/{command}", STORY, now=NOW, facts=FACTS).command is command


def test_asides_changes_and_affirmations_are_payloads(reader: Reader) -> None:
    assert reader.read("/why", STORY, now=NOW, facts=FACTS).aside is Aside.WHY_ASKED
    assert reader.read("/ask_deadline", None, now=NOW, facts=FACTS).aside is Aside.DEADLINE
    assert reader.read("/change(contact_email)", CHECK, now=NOW, facts=FACTS).target == "contact_email"
    assert reader.read("/affirm", EXHAUSTED, now=NOW, facts=FACTS).answer == "true"
    assert reader.read("/deny", EXHAUSTED, now=NOW, facts=FACTS).answer == "false"
    assert reader.read("/affirm", CHECK, now=NOW, facts=FACTS).command is Command.SEND
    assert reader.read("/affirm", STORY, now=NOW, facts=FACTS).problem == "bad_payload"


# Words that are themselves commands, questions, negations and cues: what is most likely to be mistaken for one.
_LOADED = st.sampled_from(
    "skip back human withdraw stop cancel yes no why how long will it take what happens next who send it change my email "
    "not n't never I don't know 12/03/2026 a@b.org 07700900123 certificate tutor died /skip - , . ? ! \n \u200f é 🙂".split(
        " "
    )
)
_WORD = st.one_of(_LOADED, st.text(alphabet=string.ascii_letters, min_size=1, max_size=8))


@given(words=st.lists(_WORD.filter(str.strip), min_size=13, max_size=60))
@example(words=["how", "long", "will", "it", "take", "?", "?", "?", "?", "?", "?", "?", "?"])
@settings(deadline=None, max_examples=300)
def test_no_story_of_more_than_twelve_words_is_ever_lost(reader: Reader, words: list[str]) -> None:
    text = " ".join(words)
    if text.startswith("/"):
        text = f"and {text}"
    understood = reader.read(text, STORY, now=NOW, facts=FACTS)
    assert understood.answer == text
    assert (understood.command, understood.aside, understood.problem) == (None, None, None)
    for proposal in understood.proposals.values():
        assert 0 <= proposal.start < proposal.end <= len(text)


@given(text=st.text(max_size=200))
@example(text="\u0301")
@example(text="\u202eabc\u202c")
@example(text="İİİ my tutor was rude")
@example(text="👩‍👩‍👧‍👦")
@example(text="999 years ago")
@example(text="12/12/0000")
@example(text="31/12/9999")
@example(text="/SetSlots(\ud83d=x)")
@settings(deadline=None, max_examples=300)
def test_no_text_makes_it_raise(reader: Reader, text: str) -> None:
    for question in EVERY_QUESTION:
        understood = reader.read(text, question, now=NOW, facts=FACTS)
        assert understood.text == text
        said = (understood.answer, understood.command, understood.aside)
        assert sum(one is not None for one in said) <= 1


SIXTEEN_KIB = 16 * 1024


@pytest.mark.parametrize(
    "unit",
    ["a", "1", "1 ", "a@", "a@a.", "@", " ", "\n", "(", "not ", "my ", "1/1/", "12 March ", "a dot ", "a at ", "'", "-",
     "my name is ", "member number ", "+44 ", "\u0301", "ا", "\u200b", "the reply the reply ", "A.", "1 week ago ", "(a", "a'", ".,", "http://", "don't", "…",
     "my tutor ", "killing ", "not my tutor was rude "],
)  # fmt: skip
def test_sixteen_kilobytes_of_anything_is_read_in_time(reader: Reader, unit: str) -> None:
    text = (unit * SIXTEEN_KIB)[:SIXTEEN_KIB]
    for question in (STORY, EMAIL, PHONE, HAPPENED_ON, SUBJECT, EXHAUSTED, BEHALF):
        # Processor time, so that a busy machine does not count against it; usually about a tenth of this.
        begun = process_time()
        reader.read(text, question, now=NOW, facts=FACTS)
        assert process_time() - begun < 0.6, question.kind


def test_many_threads_read_as_one(reader: Reader) -> None:
    from concurrent.futures import ThreadPoolExecutor

    texts = [
        f"My tutor was rude to me {n} times and my certificate for unit {n} has not arrived"
        for n in range(200)
    ]
    alone = [reader.read(text, STORY, now=NOW, facts=FACTS) for text in texts]
    fresh = Reader.load()  # nothing remembered yet: the automaton grows while eight threads walk it
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: fresh.read(text, STORY, now=NOW, facts=FACTS), texts))
    assert together == alone


class IntentFirst(Reader):
    """The fault that the property above is there to catch: a command is looked for before the answer is taken."""

    def _free_text(self, said: Said) -> Understood:
        for part in said.text.split():
            command = self._phrases.command(part)
            if command is not None:
                return Understood(said.text, command=command)
        return super()._free_text(said)


def test_the_property_catches_a_reader_that_classifies_before_it_listens(reader: Reader) -> None:
    faulty = IntentFirst(reader._pipeline, reader._book, reader._phrases)

    def loses(words: list[str]) -> bool:
        return faulty.read("and " + " ".join(words), STORY, now=NOW, facts=FACTS).answer is None

    assert find(
        st.lists(_WORD.filter(str.strip), min_size=12, max_size=60),
        loses,
        settings=settings(max_examples=300, phases=[Phase.generate]),
    )


@pytest.mark.parametrize("question_id", ["adjustments", "evidence"])
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no", None),
        ("None.", None),
        ("no thanks", None),
        ("No, but I need large print", "No, but I need large print"),
    ],
)
def test_a_bare_no_is_nothing_to_keep_and_a_no_that_goes_on_is(
    reader: Reader, question_id: str, said: str, kept: str | None
) -> None:
    question = OpenQuestion(question_id, "file" if question_id == "evidence" else "text", True)
    read = reader.read(said, question, now=NOW, facts=FACTS)
    assert read.answer == kept
    assert (read.command is Command.SKIP) is (kept is None)
