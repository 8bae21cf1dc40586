"""Two matters in one story are noticed; one matter with an "and" in it is never split."""

from __future__ import annotations

import pytest

from bot.messages import OpenQuestion
from bot.understanding.reader import Reader
from policy_rules.facts import VOCABULARY
from tests.understanding.questions import NOW

STORY = OpenQuestion("story", "text", False)
KNOWN = {name: fact.values for name, fact in VOCABULARY.items() if fact.values}

TWO = [
    (
        "I want to complain about a fellow member who lied to my client. "
        "Also, my certificate has not arrived after five months.",
        ("member_conduct", "certificate"),
    ),
    (
        "The mark for my June exam is wrong and I want it re marked. "
        "Separately, your adviser was rude to me on the phone.",
        ("exam_result", "staff_member"),
    ),
    (
        "Two complaints. My certificate has not arrived. "
        "And another member behaved in a threatening way at the branch meeting.",
        ("certificate", "member_conduct"),
    ),
    (
        "My certificate has not arrived. A second matter: you sent my personal data to another learner by mistake.",
        ("certificate", "data_protection"),
    ),
]

ONE = [
    "My certificate is late and nobody answers my e-mails.",
    "The exam mark is wrong and the certificate is late because of it.",
    "Your trainer was rude and shouted at me and then hung up.",
    "My tutor at the study centre was late and also never marked my work.",
    "My study centre closed and also kept my fees.",
    "I was charged twice and also had to wait on hold for an hour.",
    "My daughter failed her exam and also lost her place because of the wrong mark.",
    "Another member behaved badly and also posted lies about me.",
    "The materials came late, and the course was poor as well.",
    "My membership application was refused and the service was also poor.",
    "The website is down and also the booking system.",
    "I paid my subscription and also the exam fee, and my exam was cancelled.",
    "The member of staff was rude and also lost my letter.",
    "The certificate has my name wrong and also the wrong date.",
    "My result was wrong and the remark also took three months.",
    "I complained in May, and also in June, about my late certificate.",
    "My employer and also my tutor say that the certificate should have come by now.",
    "Your director was rude and on top of that he refused to shake my hand.",
    "The service has been appalling and in addition nobody has apologised.",
    "My son and also my daughter are on the course, and the trainer never turns up.",
]


@pytest.mark.parametrize(("text", "subjects"), TWO, ids=[" + ".join(s) for _, s in TWO])
def test_two_matters_are_noticed(reader: Reader, text: str, subjects: tuple[str, str]) -> None:
    read = reader.read(text, STORY, now=NOW, facts=KNOWN)
    assert read.second is not None
    assert (read.proposals["subject"].value, read.second.value) == subjects
    assert read.answer == text


@pytest.mark.parametrize("text", ONE, ids=[text[:40] for text in ONE])
def test_one_matter_is_not_split(reader: Reader, text: str) -> None:
    assert reader.read(text, STORY, now=NOW, facts=KNOWN).second is None


def test_a_second_matter_is_looked_for_in_the_story_alone(reader: Reader) -> None:
    question = OpenQuestion("effect", "text", True)
    assert reader.read(TWO[0][0], question, now=NOW, facts=KNOWN).second is None
