"""What a writer says beside a request: which version it has seen (If-Match), and by which key it is known again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.door import Malformed
from policy_rules.errors import Refusal

KEY_LENGTH = 255
_TAG = re.compile(r'\s*(W/)?"([^"]*)"\s*')
# The draft asks for a quoted string; what others send without the quotes is taken as well.
_KEY = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]+)"|([\x21\x23-\x5b\x5d-\x7e]+)')


class NeedsVersion(Refusal):
    status = 428
    kind = "if-match-needed"
    title = "Say which version you have seen"


class NeedsKey(Refusal):
    status = 400
    kind = "idempotency-key-needed"
    title = "This needs an Idempotency-Key"


def etag_of(version: int) -> str:
    """The ETag of a case at that version."""
    return f'"{version}"'


def versions_seen(headers: Mapping[str, str], *, needed: bool) -> frozenset[int] | None:
    """The versions that If-Match names; None when any will do. Malformed (400), NeedsVersion (428)."""
    given = headers.get("if-match")
    if given is None:
        if needed:
            raise NeedsVersion(
                "This could undo what somebody else has just done: send the ETag of the case, as you read it, "
                "as 'If-Match'. 'If-Match: *' does it whatever the version.",
                where="if-match",
            )
        return None
    if given.strip() == "*":
        return None
    return frozenset(int(tag) for weak, tag in _tags(given, "if-match") if not weak and _is_version(tag))


def is_known(headers: Mapping[str, str], version: int) -> bool:
    """Whether If-None-Match names the version, so that the client has the case as it stands."""
    given = headers.get("if-none-match")
    return given is not None and str(version) in {tag for _, tag in _tags(given, "if-none-match")}


def idempotency_key(headers: Mapping[str, str]) -> str:
    """The key by which the request is known again. NeedsKey (400) without one, Malformed (400) when it is none."""
    given = headers.get("idempotency-key")
    if given is None:
        raise NeedsKey(
            "Send an 'Idempotency-Key' of your own, a new one for each thing that you tell, such as a UUID in quotes: "
            "the same request sent again is then done once.",
            where="idempotency-key",
        )
    found = _KEY.fullmatch(given.strip())
    if found is None or len(given) > KEY_LENGTH:
        raise Malformed(
            f"An Idempotency-Key is one word of at most {KEY_LENGTH} characters, in quotes.",
            where="idempotency-key",
        )
    return found[1] or found[2]


def _tags(given: str, where: str) -> list[tuple[str, str]]:
    parts = [_TAG.fullmatch(part) for part in given.split(",")]
    if not all(parts):
        raise Malformed('An ETag stands in quotes, such as "7".', where=where)
    return [(part[1] or "", part[2]) for part in parts if part is not None]


def _is_version(tag: str) -> bool:
    return tag.isascii() and tag.isdigit() and len(tag) <= 9
