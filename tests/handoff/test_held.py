"""What is held of a person, as a PDF: all of it, tagged, whatever was written."""

from __future__ import annotations

from typing import Any

from handoff.letters.held import as_pdf, rows_of
from tests.cases.builders import a_record


def held(**changes: Any) -> dict[str, Any]:
    return {
        "exported_at": "2026-12-24T10:00:00+00:00",
        "conversations": [
            {
                "reference": "CQM-1",
                "records": [a_record(**changes).as_json()],
                "messages": [
                    {"role": "complainant", "text": "One\n\ntwo #let x = 1", "at": "2026-12-24T10:00:00"}
                ],
                "rest": {"outbox": [{"target": "rt", "state": "delivered"}], "new_table": [{"a": [1, 2]}]},
            }
        ],
    }


def test_it_is_a_tagged_pdf_and_the_same_each_time() -> None:
    pdf = as_pdf(held())
    assert pdf.startswith(b"%PDF")
    assert b"/StructTreeRoot" in pdf
    assert as_pdf(held()) == pdf


def test_words_are_placed_as_text_and_signs_without_a_font_do_not_stop_it() -> None:
    assert as_pdf(held(narrative="#panic() $x$ *b* \u0e01\u0e02 \U0001f600 <b>")).startswith(b"%PDF")


def test_every_value_has_a_row_and_nothing_empty_has_one() -> None:
    rows = dict(rows_of({"a_b": {"c": "d", "none": None}, "list": [{"x": 1}, {"x": 2}], "words": ["y", "z"]}))
    assert rows == {"A b, C": "d", "List, 1, X": "1", "List, 2, X": "2", "Words": "y, z"}
