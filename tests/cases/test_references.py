"""References survive a telephone: a slip is noticed, and what only looks different is understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.references import ALPHABET, is_reference, new_reference, read_reference

entropy = st.binary(min_size=5, max_size=5)
organisation = st.sampled_from(["cim", "cipfa", "cmi", "cqm", "cms", "trade_body_7", "city-guild"])


@given(organisation, entropy)
def test_a_new_reference_is_one(name: str, random: bytes) -> None:
    assert is_reference(new_reference(name, random))


@given(entropy, entropy)
def test_different_entropy_gives_different_references(one: bytes, other: bytes) -> None:
    assert (one == other) == (new_reference("cqm", one) == new_reference("cqm", other))


@given(organisation, entropy)
def test_every_single_wrong_letter_is_caught(name: str, random: bytes) -> None:
    reference = new_reference(name, random)
    for place, right in enumerate(reference):
        if right in "-_":
            continue
        in_prefix = place < reference.index("-")
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if in_prefix and right.isalpha() else ALPHABET
        if in_prefix and right.isdigit():
            letters = "0123456789"
        for wrong in letters:
            if wrong != right:
                assert not is_reference(reference[:place] + wrong + reference[place + 1 :])


@given(organisation, entropy)
def test_any_two_letters_exchanged_are_caught(name: str, random: bytes) -> None:
    reference = new_reference(name, random)
    places = [place for place, letter in enumerate(reference) if letter not in "-_"]
    for one in places:
        for other in places:
            if one < other and reference[one] != reference[other]:
                letters = list(reference)
                letters[one], letters[other] = letters[other], letters[one]
                assert not is_reference("".join(letters))


@pytest.mark.parametrize(
    "style", [str.lower, lambda text: text.replace("-", " "), lambda text: f"  {text}\n"]
)
def test_what_a_person_types_is_understood(style: object) -> None:
    assert callable(style)
    reference = new_reference("cqm", b"\x01\x02\x03\x04\x05")
    assert read_reference(style(reference)) == reference


def test_letters_that_look_alike_are_read_as_the_digit() -> None:
    reference = new_reference("cim", bytes(5))
    assert reference == "CIM-0000-0000-" + reference[-1]
    assert read_reference("cim-OOOO-oooo-" + reference[-1]) == reference


@pytest.mark.parametrize(
    "text", ["", "CQM", "CQM-7K3F", "CQM-7K3F-9M2P-", "hello there", "CQM-UUUU-UUUU-U", "-----"]
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    assert read_reference(text) is None
    assert not is_reference(text)


def test_the_entropy_must_be_whole() -> None:
    with pytest.raises(ValueError, match="needs 5 random bytes"):
        new_reference("cqm", b"abc")
