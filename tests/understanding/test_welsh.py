"""Welsh words that answer, command and ask: whole messages, read beside questions in Welsh or in English."""

from __future__ import annotations

import pytest

from bot.messages import Aside, Command, OpenQuestion
from bot.understanding.reader import Reader
from tests.understanding.questions import CHECK, CONFIRM, EXHAUSTED, FACTS, NOW, REMEDY

STAGE = OpenQuestion(
    "stage_reached",
    "choice",
    optional=True,
    choices=(
        ("none", "Nac ydw, dyma'r tro cyntaf"),
        ("informal", "Dim ond yn anffurfiol"),
        ("final", "Ydw, yr ateb terfynol"),
    ),
)
RELATED = OpenQuestion(
    "relation", "choice", optional=True, choices=(("grandson", "Fy ŵyr"), ("other", "Rhywun arall"))
)
YES = "ie|Ie.|ydw|ydy|oes|do|cywir|mae hynny'n gywir|iawn|Ydw, diolch|cewch|wrth gwrs|Ie, mae hynny'n wir amdanaf i"
NO = "nage|na|nac ydw|Nac ydy.|nac oes|nag oes|naddo|ddim eto|anghywir|nid yw hynny'n gywir|Nac ydw, dim o gwbl"
COMMANDS = {
    Command.SKIP: "hepgor|Hepgor y cwestiwn hwn|dydw i ddim yn gwybod|Dwi ddim yn siŵr|dwi ddim yn siwr|ddim yn gwybod|"
    "dim syniad|nesaf|nes ymlaen|gwell gen i beidio â dweud|wn i ddim",
    Command.BACK: "nôl|yn ôl|yn ol|mynd yn ôl|y cwestiwn blaenorol",
    Command.HUMAN: "person|siarad â pherson|dw i eisiau siarad â rhywun|hoffwn siarad gyda pherson|cymorth",
    Command.WITHDRAW: "tynnu'n ôl|tynnu fy nghwyn yn ôl|hoffwn dynnu fy nghwyn yn ôl",
    Command.RESTART: "dechrau eto|ailddechrau",
    Command.PAUSE: "cadw|cadw a dod yn ôl|hwyl|gorffen nes ymlaen",
    Command.UNDO: "dadwneud|Dadwneud hynny",
    Command.REPEAT: "ailadroddwch|beth oedd y cwestiwn?",
}
ASIDES = {
    Aside.WHY_ASKED: "pam?|Pam ydych chi'n gofyn?",
    Aside.DEADLINE: "pryd fydda i'n clywed?|faint o amser fydd hyn yn ei gymryd?",
    Aside.PROCESS: "beth sy'n digwydd nesaf?|beth yw'r broses?",
    Aside.STATUS: "beth yw fy nghyfeirnod?|ble mae fy nghwyn?",
    Aside.WHO_HANDLES: "pwy fydd yn delio â hyn?|pwy sy'n delio â hyn?",
}


@pytest.mark.parametrize("question", [CONFIRM, EXHAUSTED], ids=lambda q: q.id)
@pytest.mark.parametrize(
    ("text", "value"),
    [(text, "true") for text in YES.split("|")] + [(text, "false") for text in NO.split("|")],
)
def test_yes_and_no_in_every_form(reader: Reader, question: OpenQuestion, text: str, value: str) -> None:
    assert reader.read(text, question, now=NOW, facts=FACTS).answer == value


@pytest.mark.parametrize("text", ["ie a nage", "ydw, ond nid y rhan olaf", "hwyrach"])
def test_what_is_both_or_neither_is_asked_again(reader: Reader, text: str) -> None:
    assert reader.read(text, CONFIRM, now=NOW, facts=FACTS).answer is None


@pytest.mark.parametrize("question", [REMEDY, EXHAUSTED, STAGE], ids=lambda q: q.id)
@pytest.mark.parametrize(("command", "text"), [(c, t) for c, ts in COMMANDS.items() for t in ts.split("|")])
def test_a_command_is_heard_at_any_question(
    reader: Reader, question: OpenQuestion, command: Command, text: str
) -> None:
    understood = reader.read(text, question, now=NOW, facts=FACTS)
    assert (understood.command, understood.answer) == (command, None)


@pytest.mark.parametrize("question", [REMEDY, STAGE], ids=lambda q: q.id)
@pytest.mark.parametrize(("aside", "text"), [(a, t) for a, ts in ASIDES.items() for t in ts.split("|")])
def test_a_question_to_us_is_heard(reader: Reader, question: OpenQuestion, aside: Aside, text: str) -> None:
    understood = reader.read(text, question, now=NOW, facts=FACTS)
    assert (understood.aside, understood.answer) == (aside, None)


@pytest.mark.parametrize("text", ["anfon", "Anfonwch.", "anfon nawr", "cewch", "ie"])
def test_the_last_question_is_answered(reader: Reader, text: str) -> None:
    assert reader.read(text, CHECK, now=NOW, facts=FACTS).command is Command.SEND


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("newid fy e-bost", "contact_email"),
        ("newid fy nghyfeiriad e-bost", "contact_email"),
        ("newid fy rhif ffôn os gwelwch yn dda", "contact_phone"),
        ("newid fy nghyfeiriad", "contact_post"),
        ("newid fy enw", "complainant_name"),
        ("newid y dyddiad", "happened_on"),
        ("newid y prif bwnc", "subject"),
    ],
)
def test_an_answer_is_changed_by_its_welsh_name(reader: Reader, text: str, target: str) -> None:
    understood = reader.read(text, CHECK, now=NOW, facts=FACTS)
    assert (understood.command, understood.target) == (Command.CHANGE, target)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Nac ydw, dyma'r tro cyntaf", "none"),
        ("nac ydw", "none"),
        ("naddo", "none"),
        ("ydw", "final"),
        ("dim ond yn anffurfiol", "informal"),
        ("3", "final"),
    ],
)
def test_a_choice_is_read_by_its_welsh_label(reader: Reader, text: str, value: str) -> None:
    assert reader.read(text, STAGE, now=NOW, facts=FACTS).answer == value


@pytest.mark.parametrize("text", ["Fy ŵyr", "fy wyr", "FY ŴYR"])
def test_a_label_is_read_without_its_accents(reader: Reader, text: str) -> None:
    assert reader.read(text, RELATED, now=NOW, facts=FACTS).answer == "grandson"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Cymraeg", "cy"),
        ("cymraeg os gwelwch yn dda", "cy"),
        ("In Welsh, please", "cy"),
        ("English", "en"),
        ("Saesneg", "en"),
        ("/language(cy)", "cy"),
        ('/language{"target": "en"}', "en"),
    ],
)
def test_a_language_is_asked_for_by_its_name(reader: Reader, text: str, language: str) -> None:
    for question in (REMEDY, EXHAUSTED, CHECK, None):
        understood = reader.read(text, question, now=NOW, facts=FACTS)
        assert (understood.command, understood.target) == (Command.LANGUAGE, language)
    assert reader.language(text) == language
    assert reader.read(text, REMEDY, now=NOW, facts=FACTS).exact is not text.startswith("/")


@pytest.mark.parametrize(
    "text",
    [
        "My Welsh is poor",
        "I study English",
        "Tiwtor Cymraeg newydd, os gwelwch yn dda",
        "I want a reply in Welsh",
    ],
)
def test_a_language_in_passing_is_an_answer(reader: Reader, text: str) -> None:
    assert reader.read(text, REMEDY, now=NOW, facts=FACTS).answer == text
    assert reader.language(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Do not reply to me by post",
        "I need a person who speaks Welsh to call me",
        "Hoffwn i rywun siarad â pherson yn y ganolfan am hyn",
        "Na, nid dyna oedd y broblem ond y marcio",
    ],
)
def test_a_longer_answer_is_not_taken_for_a_command(reader: Reader, text: str) -> None:
    assert reader.read(text, REMEDY, now=NOW, facts=FACTS).answer == text


@pytest.mark.parametrize(
    "text",
    ["dwi ddim eisiau byw", "mae hi'n sôn am hunanladdiad", "rwyf am niweidio fy hun", "dw i eisiau marw"],
)
def test_words_of_harm_are_seen(reader: Reader, text: str) -> None:
    assert reader.read(text, REMEDY, now=NOW, facts=FACTS).harm
