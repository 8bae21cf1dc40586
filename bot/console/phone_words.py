"""Spelling on the phone: a reference in spaced letters, an address letter by letter."""

from __future__ import annotations

from collections.abc import Iterator

# The alphabet of radio and telephone, as it is spelt internationally.
ALPHABET = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa "
            "Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
        ).split(),
        strict=True,
    )
)
SIGNS = {
    "@": "at",
    ".": "dot",
    "-": "hyphen",
    "_": "underscore",
    "+": "plus",
    "'": "apostrophe",
    "/": "slash",
    " ": "space",
    **dict(zip("0123456789", "zero one two three four five six seven eight nine".split(), strict=True)),
}


def spaced(reference: str) -> str:
    """C Q M, 7 K 3 F ...: a reference to be read out, its groups apart."""
    return ", ".join(" ".join(group) for group in reference.split("-"))


def spelled(text: str) -> list[str]:
    """Each letter with its word ("j for Juliett"), digits and signs by name; of a capital it is said that it is one."""
    return [*_spelled(text.strip())]


def _spelled(text: str) -> Iterator[str]:
    for letter in text:
        word = ALPHABET.get(letter.lower())
        if word is not None:
            yield f"{'capital ' if letter.isupper() else ''}{letter} for {word}"
        else:
            yield SIGNS.get(letter, letter)


def spelled_reference(reference: str) -> list[str]:
    """The letters of a reference, which are all capitals: that need not be said, nor where its groups end."""
    return [*_spelled_capitals(reference)]


def _spelled_capitals(reference: str) -> Iterator[str]:
    for letter in reference:
        if letter.isalnum():
            word = ALPHABET.get(letter.lower())
            yield SIGNS[letter] if word is None else f"{letter} for {word}"
