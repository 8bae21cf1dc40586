"""Files are known by what is in them, and what could harm whoever opens it is none of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evidence.intake import display_name
from bot.evidence.kinds import EML, ENDINGS, HEIC, JPEG, KINDS, MP3, PDF, TXT, NotAccepted, kind_of, named
from tests.evidence import corpus


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", corpus.GOOD)
def test_every_kind_is_known_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, corpus.GOOD[name])
    expected = next(kind for kind in KINDS if name.endswith(kind.endings))
    assert kind_of(path, name) is expected
    if expected is not EML:
        assert kind_of(path, "x.bin") is expected


def test_the_good_ones_are_of_every_kind_that_is_offered() -> None:
    assert {f".{name.rpartition('.')[2]}" for name in corpus.GOOD} == {kind.endings[0] for kind in KINDS}
    assert len(set(ENDINGS)) == len(ENDINGS)


@pytest.mark.parametrize("name", [n for n in corpus.BAD if not n.startswith(("broken", "cut"))])
def test_what_is_none_of_ours_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotAccepted):
        kind_of(write(tmp_path, corpus.BAD[name]), name)


def test_a_bare_mp3_and_texts_of_other_letters_are_known(tmp_path: Path) -> None:
    assert kind_of(write(tmp_path, corpus.MP3_BARE), "a") is MP3
    assert kind_of(write(tmp_path, "Où est-il ?".encode("cp1252")), "a.txt") is TXT
    assert kind_of(write(tmp_path, "Ble mae o?".encode("utf-16")), "a.txt") is TXT
    assert kind_of(write(tmp_path, b"<script>alert(1)</script>"), "page.html") is TXT
    # A mail that is not called one is a text, and a text that is called one is no mail.
    assert kind_of(write(tmp_path, corpus.EML), "a.txt") is TXT
    assert kind_of(write(tmp_path, b"Dear all"), "a.eml") is TXT


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("letter.PDF", PDF, "letter.PDF"),
        ("photo.jpeg", JPEG, "photo.jpeg"),
        ("letter.pdf", JPEG, "letter.pdf.jpg"),
        ("page.html", TXT, "page.html.txt"),
        ("IMG_1", HEIC, "IMG_1.heic"),
    ],
)
def test_a_wrong_ending_is_followed_by_the_right_one(name: str, kind: object, shown: str) -> None:
    assert named(name, kind) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\jane\\letter.pdf", "letter.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\x00b\r\nSet-Cookie: x.txt", "abSet-Cookie: x.txt"),
        ("  two   words .txt ", "two words .txt"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ("...", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("x" * 300, "x" * 120),
        ("\ud800a.txt", "a.txt"),
    ],
)
def test_a_name_is_made_fit_to_be_shown(given: str, shown: str) -> None:
    assert display_name(given) == shown
