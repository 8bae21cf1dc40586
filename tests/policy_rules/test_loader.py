"""A pack that cannot be used is refused with the file, the line, what is allowed and the nearest right name."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_rules.errors import BrokenPack
from policy_rules.loader import load_pack, parse_pack, read_yaml

# (what stands in the small pack, what the slip makes of it, what the finding must say)
SLIPS = [
    ("nature: [enquiry]}", "natur: [enquiry]}", "unknown fact 'natur'; did you mean 'nature'?"),
    (
        "nature: [enquiry]}",
        "nature: [enquirry]}",
        "unknown value 'enquirry' of nature; did you mean 'enquiry'?",
    ),
    ("    handler: The Body", "    handle: The Body", "unknown field 'handle'; did you mean 'handler'?"),
    (
        "routes: [first], from: received",
        "routes: [frist], from: received",
        "unknown route 'frist'; did you mean 'first'?",
    ),
    ("    contact: centre", "    contact: center", "unknown contact 'center'; did you mean 'centre'?"),
    ("readings: [ten_days]", "readings: [ten_dais]", "unknown reading 'ten_dais'; did you mean 'ten_days'?"),
    ("amount: 2, unit: working_day", "amount: 2, unit: workin_day", "Did you mean 'working_day'?"),
    ("amount: 2, unit: working_day", "amount: two, unit: working_day", "valid integer"),
    ("disposition: refer_internal", "disposition: refer", "Did you mean 'refer_internal'?"),
    ("  subject: {values: [service", "  subjekt: {values: [service", "subjekt"),
    ("    handler: Mini\n    clause: Enquiries", "    clause: Enquiries", "'handler' is missing"),
    ("id: to_director", "id: to_body", "already names"),
    ("  - nature\n", "", "'nature' is not in 'ask_order'"),
    ("complaints: {name: Mini, email", "complaint: {name: Mini, email", "'complaints' is missing"),
    ("opens: [second]", "opens: [second]\n    bye: now", "unknown field 'bye'"),
]


@pytest.mark.parametrize(("old", "new", "says"), SLIPS, ids=[s[2][:40] for s in SLIPS])
def test_a_slip_is_refused_with_its_cure(mini_text: str, old: str, new: str, says: str) -> None:
    assert mini_text.count(old) == 1
    line = mini_text[: mini_text.index(old)].count("\n") + 1
    with pytest.raises(BrokenPack) as caught:
        parse_pack(mini_text.replace(old, new), "mini.yml")
    text = str(caught.value)
    assert says in text
    first = caught.value.findings[0]
    assert first.startswith("mini.yml:")
    if "missing" not in says and "ask_order" not in says:
        near = int(first.split(":")[1].split(" ")[0])
        assert abs(near - line) <= 3, first


def test_every_scalar_is_text() -> None:
    document, _ = read_yaml("a: no\nb: 10:30\nc: 010\nd: 2026-01-01\ne: null\nf: ''\ng:\n", "x.yml")
    assert document == {"a": "no", "b": "10:30", "c": "010", "d": "2026-01-01", "e": None, "f": "", "g": None}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a: [1\nb: 2", "x.yml:2"),
        (b"a: 1\na: 2", "'a' stands twice"),
        (b"- 1", "a pack is a mapping"),
        (b"", "a pack is a mapping"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a: \x00", "NUL"),
        (b"a" * 1_000_001, "at most"),
    ],
)
def test_a_file_that_is_no_pack_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes(data)
    with pytest.raises(BrokenPack, match=says):
        load_pack(path)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BrokenPack, match="cannot be read"):
        load_pack(tmp_path / "none.yml")


def test_examples_and_comments_do_not_change_the_hash(mini_text: str) -> None:
    plain = parse_pack(mini_text, "mini.yml").sha256
    assert parse_pack("# a comment\n" + mini_text, "mini.yml").sha256 == plain
    assert parse_pack(mini_text.replace("A late parcel", "A lost parcel"), "mini.yml").sha256 == plain
    assert parse_pack(mini_text.replace("amount: 2,", "amount: 3,"), "mini.yml").sha256 != plain


def test_a_file_nested_beyond_reason_is_refused() -> None:
    with pytest.raises(BrokenPack, match="nested"):
        read_yaml("[" * 5000 + "]" * 5000, "x.yml")


def test_a_file_that_repeats_itself_without_end_is_refused() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    with pytest.raises(BrokenPack, match="repeat"):
        read_yaml("\n".join(lines), "x.yml")
