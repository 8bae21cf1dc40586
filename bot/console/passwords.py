"""Passwords of break-glass accounts: chosen by length and by how easily they are guessed, kept as argon2id.

No rules of composition, no change by the calendar (NIST SP 800-63B, ASVS 5.0 V6.2). A second factor is the identity
provider's business: these accounts are for the day on which it is away, and for small organisations without one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256
# What zxcvbn looks at: more of it would only take time.
_LOOKED_AT = 72
# The best of its five marks: more than ten thousand million guesses. Three words that do not belong together have it.
_HARD_ENOUGH = 4
# RFC 9106, the second recommended option: 64 MiB, and a tenth of a second here.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
# Verified where there is no such account, so that it takes as long: the hash of what nobody knows.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$/5QT2CE2N64TBLGWnnACeQ$7KvprMDBRAc2unxKWfnjVKgifvpTBz1naejeV0z3ODc"

# Each takes 64 MiB for its tenth of a second: two at once, and the others wait.
_room = asyncio.Semaphore(2)


def fault_of(password: str, about: Sequence[str]) -> str | None:
    """What is wrong with a password that somebody chooses, as a sentence; None where nothing is.

    `about` are words that are easily guessed of them: their name and address, the organisation's name.
    """
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters; this one has {len(password)}."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    # It reads lists of millions of passwords: only where one is chosen.
    from zxcvbn import zxcvbn

    guessed = zxcvbn(password[:_LOOKED_AT], user_inputs=list(about))
    if int(guessed["score"]) < _HARD_ENOUGH:
        return "This one is guessed too easily: it is on lists of passwords, or follows a pattern. Choose another."
    return None


async def hashed(password: str) -> str:
    """The hash of a password, with all that is needed to verify it."""
    async with _room:
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify(kept: str | None, password: str) -> bool:
    """Whether this is the password of that hash. With None it is not, and that takes as long to say."""
    async with _room:
        return await asyncio.to_thread(_verify, kept, password)


def _verify(kept: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(kept or _NOBODY, password[:LONGEST]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
