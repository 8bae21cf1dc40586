"""Addresses and numbers that are read out over the telephone."""

from __future__ import annotations

from time import thread_time

import pytest

from bot.understanding.spans import find_emails, find_phones, read_phone

EMAILS = [
    ("my email is j dot smith at gmail dot com", "j.smith@gmail.com"),
    ("it's j smith at gmail dot com", "jsmith@gmail.com"),
    ("it's jo bell all one word at hot mail dot co dot uk", "jobell@hotmail.co.uk"),
    ("jo bell at gmail dot com all one word", "jobell@gmail.com"),
    ("jo hyphen bell at example dot org", "jo-bell@example.org"),
    ("jo dash bell at example dot org", "jo-bell@example.org"),
    ("jane underscore hartley seventy seven at outlook dot com", "jane_hartley77@outlook.com"),
    ("b for bravo o for oscar b as in bertie at g mail dot com", "bob@gmail.com"),
    ("m for mother a r k dot hill at example hyphen mail dot co dot uk", "mark.hill@example-mail.co.uk"),
    ("s m i t h at gmail dot com", "smith@gmail.com"),
    ("my email is s m i t h at gmail dot com", "smith@gmail.com"),
    ("double l j at example dot org", "llj@example.org"),
    ("smith one two three at b t internet dot com", "smith123@btinternet.com"),
    ("pete at btinternet.com", "pete@btinternet.com"),
    ("pete (at) btinternet (dot) com", "pete@btinternet.com"),
    ("pete[at]btinternet[dot]com", "pete@btinternet.com"),
    ("jane.hartley at example.org", "jane.hartley@example.org"),
    ("email me on Jo Dot Bell At Example Dot Org please", "jo.bell@example.org"),
    ("you can get me at jo bell nineteen at example dot org", None),
    ("jo bell at gmail dot com", None),
    ("I was at work", None),
    ("meet me at the office at ten", None),
    ("dot at example dot com", None),
]


@pytest.mark.parametrize(("said", "address"), EMAILS)
def test_an_address_that_is_read_out_is_written_down(said: str, address: str | None) -> None:
    found = find_emails(said, asked=True)
    assert [span.value for span in found] == ([address] if address else [])
    assert all(0 <= span.start < span.end <= len(said) for span in found)


@pytest.mark.parametrize(
    "text",
    ["I was at work dot com was down", "we met at example dot com headquarters", "look at managers dot org"],
)
def test_a_story_that_names_a_site_gives_no_address(text: str) -> None:
    assert find_emails(text) == []


def test_the_words_before_it_say_that_an_address_follows() -> None:
    text = "nobody rang me back my email address is jo dot bell at example dot org thanks"
    (span,) = find_emails(text)
    assert (span.value, text[span.start : span.end]) == (
        "jo.bell@example.org",
        "jo dot bell at example dot org",
    )


NUMBERS = [
    ("oh seven seven double oh nine hundred one two three", "+447700900123"),
    ("zero seven seven zero zero nine zero zero one two three", "+447700900123"),
    ("oh one six two eight, four two seven, one two oh", "+441628427120"),
    ("plus four four seven seven double oh nine hundred one two three", "+447700900123"),
    ("07700 nine hundred one two three", "+447700900123"),
    ("it's oh two oh seven nine four six double oh eighteen", "+442079460018"),
    ("oh seven four double one twenty three forty five sixty", "+447411234560"),
    ("eight hundred pounds and two hundred and fifty five pence", None),
    ("one two three", None),
    ("I waited one or two or three weeks, then four, then five", None),
]


@pytest.mark.parametrize(("said", "number"), NUMBERS)
def test_a_number_that_is_read_out_is_written_down(said: str, number: str | None) -> None:
    if number is None:
        assert find_phones(said) == []
    else:
        assert read_phone(said) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("my number is oh seven seven double oh nine hundred one two three thank you", "+447700900123"),
        ("ring me on 07700 900123", "+447700900123"),
        ("Mobile: 07700 900123", "+447700900123"),
        ("my landline is oh two oh seven nine four six double oh one eight", "+442079460018"),
        ("my number is 30412267", None),
        ("my number is 12345678901", None),
    ],
)
def test_in_a_story_a_number_must_exist_or_be_said_to_be_one(text: str, number: str | None) -> None:
    assert [span.value for span in find_phones(text)] == ([number] if number else [])


@pytest.mark.parametrize(
    "unit",
    [
        "at ",
        "a at b dot ",
        "dot ",
        "at a.",
        "double ",
        "seven ",
        "oh ",
        "b for bravo ",
        "one word ",
        "at (",
        "x.y ",
    ],
)
def test_sixteen_kilobytes_of_dictation_is_read_in_time(unit: str) -> None:
    text = (unit * 16384)[:16384]
    begun = thread_time()
    find_emails(text)
    find_emails(text, asked=True)
    find_phones(text)
    assert thread_time() - begun < 0.5
