"""`hearout letter` prints any letter, and says plainly which one cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from cases.store import migrate, open_store
from tests.cases.builders import REFERENCE, file_a_case
from tests.handoff.letters import bereaved, pending, read

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    url = f"sqlite:///{tmp_path / 'hearout.db'}"
    monkeypatch.setenv("HEAROUT_DATA_DIR", str(tmp_path))
    migrate(url)
    store = open_store(url)
    record = {
        key: value for key, value in bereaved().items() if key not in ("reference", "conversation_reference")
    }
    held = {
        key: value
        for key, value in pending().items()
        if key not in ("reference", "conversation_reference", "organisation")
    }
    file_a_case(store, **record)
    file_a_case(store, **{**held, "reference": "CQM-HELD", "conversation_reference": "CQM-HELD"})
    store.close()
    return lambda *words: CliRunner().invoke(app, ["letter", *words])


def test_a_letter_is_a_pdf_to_print(run: Run, tmp_path: Path) -> None:
    done = run(REFERENCE, "written_record", "-o", str(tmp_path / "letter.pdf"))
    assert done.exit_code == 0, done.output
    assert "A record of what you told us." in done.output
    assert "He died on 3 March." in read((tmp_path / "letter.pdf").read_bytes()).text


def test_without_a_file_it_is_text_with_the_note_in_it(run: Run) -> None:
    done = run(REFERENCE, "closure", "--note", "We have put it right.")
    assert done.exit_code == 0, done.output
    assert "We have put it right." in done.output
    assert done.output.startswith("CQM")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((REFERENCE, "closur"), "did you mean 'closure'?"),
        ((REFERENCE, "extension"), "extend its clock first"),
        (("CQM-HELD", "closure"), "has not agreed"),
        (("CQM-NONE", "closure"), "conversation or case CQM-NONE"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_sentence(run: Run, words: tuple[str, ...], says: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert says in done.output


def test_an_organisations_own_words_are_used(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "organisations" / "cqm" / "letters"
    own.mkdir(parents=True)
    (own / "en.yml").write_text("labels: {regards: With every good wish}\n")
    assert "With every good wish" in run(REFERENCE, "closure").output
