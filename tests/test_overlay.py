"""What an organisation decides for itself: all optional, and a fault names its file, line and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.overlay import (
    BrokenOverlay,
    Colours,
    EmailHandoff,
    FolderHandoff,
    Overlay,
    Overlays,
    load_overlay,
    parse_overlay,
)
from bot.receivers import KINDS

WHOLE = """
privacy_notice: {version: "2026-11", text: Ours., url: https://www.example.org/privacy}
alarm: {name: A. Person, email: a@example.org}
handoff:
  - target: folder
    path: cases
  - target: email
    to: [complaints@example.org]
help_lines:
  - {name: A line, phone: "0800 1111"}
handlers: {Managing Director: md@example.org}
languages: [en, cy]
colours: {accent: "#123456"}
"""


def test_no_file_and_an_empty_file_are_all_defaults(tmp_path: Path) -> None:
    assert load_overlay(tmp_path / "cim.yml") == parse_overlay("", "cim.yml") == Overlay()


def test_without_a_file_what_was_given_otherwise_holds_and_a_file_counts_before_it(tmp_path: Path) -> None:
    blue = Overlay(colours=Colours(accent="#123456"))
    overlays = Overlays(tmp_path, lambda org: blue if org == "cim" else Overlay())
    assert (overlays("cim"), overlays("cqm")) == (blue, Overlay())
    (tmp_path / "cim.yml").write_text("help_lines: []")
    assert Overlays(tmp_path, lambda _: blue)("cim").colours == Overlay().colours
    assert Overlay().targets == ("folder",)


def test_a_whole_file_is_read() -> None:
    overlay = parse_overlay(WHOLE, "cim.yml")
    assert overlay.targets == ("folder", "email")
    assert overlay.handoff == (
        FolderHandoff(target="folder", path=Path("cases")),
        EmailHandoff(target="email", to=("complaints@example.org",)),
    )
    assert overlay.handlers == {"Managing Director": "md@example.org"}


TARGETS = ", ".join(KINDS)
FAULTS = [
    ("privacy: x", "cim.yml:1 unknown setting 'privacy'; did you mean 'privacy_notice'?"),
    ("alarm:\n  name: x", "cim.yml:1 'email' is missing here; add it."),
    (
        "handoff:\n  - target: mail",
        f"cim.yml:2 'mail' is not a target; allowed: {TARGETS}. Did you mean 'email'?",
    ),
    (
        "handoff:\n  - folder",
        f"cim.yml:2 each entry of 'handoff' begins with its target, such as 'target: folder'; allowed: {TARGETS}.",
    ),
    (
        "handoff:\n  - target: email\n    to: [a@example.org]\n    cc: b",
        "cim.yml:4 unknown setting 'cc'; allowed: attach_bytes, name, target, to.",
    ),
    (
        "handoff:\n  - target: webhook\n    url: https://a.example.org",
        "cim.yml:2 handoff.0: say where the secret is: either 'secret_file' or 'secret_env'.",
    ),
    (
        "handoff:\n  - target: webhook\n    url: http://a.example.org\n    secret_env: A",
        "cim.yml:2 handoff.0: 'url' begins with https://; plain http needs 'allow_private: true'.",
    ),
    (
        "handoff:\n  - target: webhook\n    url: https://a.example.org\n    secret_env: HEAROUT_A",
        "cim.yml:2 handoff.0: 'secret_env' begins with HEAROUT_, which only Hearout's own settings do.",
    ),
    (
        "handoff:\n  - target: folder\n  - target: folder",
        "cim.yml:1 handoff: two entries have the same name; give each a 'name' of its own.",
    ),
    ("x", "cim.yml:1 an organisation's settings are 'name: value' lines; see the documentation."),
    ("alarm: [", "cim.yml:2 not readable as YAML"),
    ("colours: {}\ncolours: {}", "cim.yml:2 'colours' stands twice here"),
]


@pytest.mark.parametrize(("text", "finding"), FAULTS, ids=[text.splitlines()[0] for text, _ in FAULTS])
def test_a_fault_names_its_line_and_the_cure(text: str, finding: str) -> None:
    with pytest.raises(BrokenOverlay) as broken:
        parse_overlay(text, "cim.yml")
    assert broken.value.findings[0].startswith(finding)
    assert len(broken.value.findings) == 1


@pytest.mark.parametrize(
    "text",
    [
        "alarm: {name: x, email: nobody}",
        "colours: {accent: red}",
        "languages: [fr]",
        "handoff: []",
        "privacy_notice: {url: 'javascript:alert(1)'}",
    ],
)
def test_a_value_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(BrokenOverlay, match=r"^cim\.yml:1 "):
        parse_overlay(text, "cim.yml")


def test_a_file_that_is_no_text_or_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cim.yml"
    path.write_bytes(b"colours:\n  accent: \xff")
    with pytest.raises(BrokenOverlay, match=r"cim\.yml:2 is not UTF-8"):
        load_overlay(path)
    path.write_bytes(b"#" * 100_001)
    with pytest.raises(BrokenOverlay, match="at most"):
        load_overlay(path)


class TestUnderARunningServer:
    def test_a_change_is_read_and_a_fault_leaves_the_last_good_one(self, tmp_path: Path) -> None:
        overlays, path = Overlays(tmp_path), tmp_path / "cim.yml"
        assert overlays("cim").languages == ("en",)
        path.write_text("languages: [en, cy]")
        assert overlays.refresh() == []
        assert overlays("cim").languages == ("en", "cy")
        path.write_text("languages: [en, cy, fr]")
        assert overlays.refresh()[0].startswith("cim.yml:1 languages.2")
        assert overlays("cim").languages == ("en", "cy")
        path.unlink()
        assert overlays.refresh() == []
        assert overlays("cim") == Overlay()

    def test_a_fault_at_the_start_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "cim.yml").write_text("nonsense: 1")
        with pytest.raises(BrokenOverlay):
            Overlays(tmp_path)("cim")
