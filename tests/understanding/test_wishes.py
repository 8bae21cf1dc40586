"""What a story says of its effect and of what is wanted is found in the person's own words, and nothing is made up."""

from __future__ import annotations

import time

import pytest

from bot.understanding.wishes import find_wishes

TOLD = [
    (
        "I bought a course in May and it never came. I have lost £400 and two weeks of leave. I want a refund and an "
        "apology. My name is Jo Bell.",
        "I have lost £400 and two weeks of leave",
        "I want a refund and an apology",
    ),
    (
        "I want to complain about my tutor. He never turned up. It has made me ill and I had to take unpaid leave. All I "
        "want is a new assessor.",
        "It has made me ill and I had to take unpaid leave",
        "All I want is a new assessor",
    ),
    (
        "my cert never came and i need it for a job i lost the offer because of it can you send it asap my number is "
        "07700 900123",
        "i need it for a job i lost the offer because of it",
        "can you send it asap",
    ),
    ("The portal is down. Someone should apologise. This is causing me a lot of stress.",
     "This is causing me a lot of stress", "Someone should apologise"),
    ("The invoice is wrong. Please send a corrected one.", None, "Please send a corrected one"),
    ("I would like to make a formal complaint. I'd like to know why nobody replied, and I expect compensation. Regards, Tom",
     None, "I'd like to know why nobody replied, and I expect compensation"),
    ("The promised call never came, which means I lost my place. I demand my money back!", "which means I lost my place",
     "I demand my money back"),
]  # fmt: skip
TOLD.append(
    (
        "I lost my job over it and want it re-marked. Nobody replied.",
        "I lost my job over it",
        "want it re-marked",
    )
)
NOTHING = [
    "it's rubbish",
    "I want to complain",
    "I would like to make a formal complaint about your invigilator",
    "i want to speak to someone",
    "I just want to say thank you to Bethan.",
    "My assessor lost my workbook.",
    "I wish to report a member.",
    "I want you to know that the course was excellent",
    "",
    "?",
    "😡😡",
]


@pytest.mark.parametrize(("text", "effect", "remedy"), TOLD)
def test_the_persons_own_words_are_found_with_their_place(
    text: str, effect: str | None, remedy: str | None
) -> None:
    found = find_wishes(text)
    for name, words in (("effect", effect), ("desired_remedy", remedy)):
        if words is None:
            assert name not in found
            continue
        assert words in found[name].value
        assert text[found[name].start : found[name].end] == found[name].value
        assert len(found[name].value) <= len(words) + 30


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_made_of_what_tells_neither(text: str) -> None:
    assert find_wishes(text) == {}


@pytest.mark.parametrize(
    "text", ["i want " * 2000, "it has " * 3000, "a" * 16000, "my " * 8000, "please can you " * 1500]
)
def test_no_text_takes_long(text: str) -> None:
    began = time.thread_time()
    find_wishes(text)
    assert time.thread_time() - began < 0.5
