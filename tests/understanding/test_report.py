"""The page of figures says what is measured, within what an edit of a cue may move; a page that does not is seen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from docs import report

# The lexicon of harm has a say in every name, and grows with its own tests: the page may lag by this much.
LAG = 0.03


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return report.measured()


def lagging(page: str, found: dict[str, Any]) -> list[str]:
    """The rows of the page's first table that are further off than they may be."""
    now = report.page(page, found, with_costs=False)
    old, new = (dict(re.findall(r"^\| (.+?) \| ([\d.]+) \|$", text, re.MULTILINE)) for text in (page, now))
    return [name for name, value in new.items() if abs(float(old.get(name, "9")) - float(value)) > LAG]


def test_the_page_says_what_is_measured(found: dict[str, Any]) -> None:
    assert lagging(report.PAGE.read_text(), found) == [], "run `make nlu`"


def test_a_page_with_an_old_figure_is_seen(found: dict[str, Any]) -> None:
    page = report.PAGE.read_text().replace(
        "| Read among all thirty intents | 0.", "| Read among all thirty intents | 1."
    )
    assert lagging(page, found) == ["Read among all thirty intents"]


def test_the_costs_name_the_day_and_both_lengths(found: dict[str, Any]) -> None:
    told = report.costs(found)
    assert "A message of 12 words" in told
    assert "A message of 120 words" in told
