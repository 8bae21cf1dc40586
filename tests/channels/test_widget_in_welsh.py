"""What the widget says by itself stands in Welsh beside English, under the same rules as the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot
from bot.dialogue.catalogue import words_of
from policy_rules.loader import read_yaml
from tests.dialogue.test_welsh import Words, compared

PAGES = Path(bot.__file__).parent / "pages"


def table(language: str) -> Words:
    path = PAGES / f"widget.{language}.yml"
    document, _ = read_yaml(path.read_text("utf-8"), path.name)
    found: Words = document
    return found


def test_the_welsh_table_has_every_name_of_the_english_one() -> None:
    assert compared(table("en"), table("cy")) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("send", None, "missing: send"),
        ("cyfarch", "Helo.", "extra: cyfarch"),
        ("title", "Cwyno wrth CIM", "placeholders: title"),
        ("gone", " ".join(["gair"] * 26) + ".", "26 words"),
        ("why", "Pam? Beth?", "more than one question"),
    ],
)
def test_each_fault_of_it_is_seen(name: str, text: str | None, says: str) -> None:
    english, welsh = table("en"), table("cy")
    before = compared(english, welsh)
    if text is None:
        del welsh[name]
    else:
        welsh[name] = text
    (wrong,) = [found for found in compared(english, welsh) if found not in before]
    assert says in wrong


def test_its_dates_have_the_names_of_the_catalogue() -> None:
    source = (Path(bot.__file__).parents[1] / "web_widget" / "src" / "words.ts").read_text("utf-8")
    for language in ("en", "cy"):
        dates = words_of(language)["dates"]
        days = [day.removeprefix("dydd ") for day in dates["days"]]
        assert f'"{" ".join(dates["months"])}"' in source
        assert f'"{" ".join([days[6], *days[:6]])}"' in source
