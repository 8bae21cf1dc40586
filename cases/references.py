"""References that people read out, type and mistype: CQM-7K3F-9M2P-X.

Eight letters of 40 random bits and one check letter, from an alphabet without I, L, O and U. The check is a
weighted sum over the field of 32 elements with a different weight at each place, which finds every single wrong
letter and every two letters exchanged, wherever they stand, those of the organisation's prefix included.
"""

from __future__ import annotations

import re

from policy_rules.errors import Refusal

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ENTROPY_BYTES = 5

# A prefix may hold the letters that the alphabet leaves out: each shares its value with a digit, no two letters do.
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 2, "U": 3, "_": 4}
_SHAPE = re.compile(rf"([A-Z0-9_]+)-([{ALPHABET}]{{4}})-([{ALPHABET}]{{4}})-([{ALPHABET}])")


class UnknownReference(Refusal):
    """No conversation and no case has this reference, or none of which whoever asks may know."""

    status = 404
    kind = "unknown-reference"
    title = "No such reference"


def _powers() -> tuple[int, ...]:
    """The 31 powers of x modulo x^5 + x^2 + 1: every element but zero, each once."""
    found, value = [], 1
    for _ in range(31):
        found.append(value)
        value <<= 1
        if value & 32:
            value ^= 0b100101
    return tuple(found)


_POWERS = _powers()
_LOG = {value: power for power, value in enumerate(_POWERS)}


def new_reference(organisation: str, entropy: bytes) -> str:
    """The reference that `entropy` (five random bytes) stands for, led by the organisation's id in capitals."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"a reference needs {ENTROPY_BYTES} random bytes, not {len(entropy)}")
    number = int.from_bytes(entropy, "big")
    body = "".join(ALPHABET[(number >> shift) & 31] for shift in range(35, -1, -5))
    prefix = organisation.upper().replace("-", "_")
    return f"{prefix}-{body[:4]}-{body[4:]}-{_check(prefix, body)}"


def is_reference(text: str) -> bool:
    """Whether `text` is a reference as we write it, its check letter right."""
    found = _SHAPE.fullmatch(text)
    return bool(found) and _check(found[1], found[2] + found[3]) == found[4] if found else False


def read_reference(text: str) -> str | None:
    """The reference that a person meant: any case, spaces for hyphens, O for 0, I and L for 1; None when none."""
    parts = re.split(r"[\s-]+", text.strip().upper())
    if len(parts) < 2:
        return None
    tail = "".join(parts[1:]).translate(str.maketrans("OIL", "011"))
    if len(tail) != 9:
        return None
    meant = f"{parts[0]}-{tail[:4]}-{tail[4:8]}-{tail[8]}"
    return meant if is_reference(meant) else None


def _check(prefix: str, body: str) -> str:
    values = [_VALUE[letter] for letter in reversed(prefix + body)]
    total = 0
    for place, value in enumerate(values, start=1):
        if value:
            total ^= _POWERS[(_LOG[value] + place) % 31]
    return ALPHABET[total]
