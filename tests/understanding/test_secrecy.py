"""A wish that a name be kept back, told within a story; and what only sounds like one."""

from __future__ import annotations

from time import process_time

import pytest

from bot.understanding.reader import Reader
from bot.understanding.secrecy import find_wish
from tests.understanding.questions import FACTS, NOW, STORY

ASKED = [
    "My tutor marks the whole group down. Please don't let him find out it was me who told you.",
    "The centre is a shambles but they must not know that I complained.",
    "He fiddles his hours. This stays off the record, between us.",
    "I would ask that it be treated as strictly confidential.",
    "Could you leave my name out of it when you ring them about the invoices?",
    "She copied her portfolio, and nobody is to hear that it came from me.",
    "Kindly withhold my identity from the branch.",
]
ANONYMOUS = [
    "The exam room was unlocked all night. I would like to stay anonymous.",
    "I'd rather not give my name, but the results were on the desk for everyone to see.",
    "A Fellow of yours is selling essays. I do not want to be identified.",
    "can i do this anonymously, the tutor drinks in class",
    "annonymous please, my assessor lost the workbook",
]
NEITHER = [
    "You sent my confidential medical letter to the wrong address.",
    "An anonymous caller told me that my exam was cancelled.",
    "The marking is anonymous and still she knew it was mine.",
    "Nobody told me that the course had moved.",
    "I don't know who marked it and nobody will tell me.",
    "They gave my name to another company.",
    "I did not use my membership because the site was down.",
]


@pytest.mark.parametrize(
    ("text", "value"),
    [*((t, "asked") for t in ASKED), *((t, "anonymous") for t in ANONYMOUS), *((t, None) for t in NEITHER)],
)
def test_it_is_proposed_where_it_is_wished_for(reader: Reader, text: str, value: str | None) -> None:
    proposed = reader.read(text, STORY, now=NOW, facts=FACTS).proposals.get("confidentiality")
    assert (proposed.value if proposed is not None else None) == value
    if proposed is not None:
        assert 0 <= proposed.start < proposed.end <= len(text)


@pytest.mark.parametrize(
    "unit", ["not ", "keep my ", "anonymous ", "nothing let ", "without tell x ", "\n", "a"]
)
def test_sixteen_kilobytes_cost_little(unit: str) -> None:
    begun = process_time()
    find_wish((unit * 16384)[:16384])
    assert process_time() - begun < 0.2
