"""Errors that a person can act on: what was wrong, where, what is allowed, and the nearest right thing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like `word`, or None when nothing is close."""
    names = list(allowed)
    found = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    if not found and len(word) >= 3:
        found = [name for name in names if name.startswith(word.lower())][:1]
    return found[0] if found else None


def hint(word: str, allowed: Iterable[str]) -> str:
    """The cure for a wrong name in a file: the nearest right one, or all that are allowed."""
    names = list(allowed)
    meant = nearest(word, names)
    return f"did you mean '{meant}'?" if meant else f"allowed: {', '.join(names)}."


class Refusal(Exception):
    """A request that cannot be taken as it stands; nothing has been stored.

    `status` is the HTTP status, `kind` a stable slug for the problem type, `where` the place in the request
    ("facts.subject"), `found` what stood there, `allowed` what may stand there, `nearest` the likeliest meant.
    """

    status = 422
    kind = "invalid"
    title = "The request cannot be taken as it stands"

    def __init__(
        self,
        detail: str,
        *,
        where: str | None = None,
        found: str | None = None,
        allowed: Iterable[str] = (),
        meant: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.where = where
        self.found = found
        self.allowed = tuple(allowed)
        self.nearest = meant

    def problem(self) -> dict[str, object]:
        """The RFC 9457 members, ready for application/problem+json."""
        members: dict[str, object] = {
            "type": f"https://hearout.example/problems/{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail.encode("utf-8", "replace").decode(),
        }
        for name, value in (("where", self.where), ("found", self.found), ("nearest", self.nearest)):
            if value is not None:
                # A lone surrogate cannot be written as UTF-8, and must not turn a refusal into a failure.
                members[name] = value.encode("utf-8", "replace").decode()
        if self.allowed:
            members["allowed"] = list(self.allowed)
        return members


def unknown(kind: type[Refusal], what: str, found: str, allowed: Iterable[str], where: str) -> Refusal:
    """A `kind` refusal saying that `found` is not one of the allowed `what`s, with the nearest name."""
    names = sorted(allowed)
    meant = nearest(found, names)
    hint = f" Did you mean '{meant}'?" if meant else f" Allowed: {', '.join(names)}."
    shown = found if len(found) <= 60 else found[:57] + "..."
    return kind(f"Unknown {what} '{shown}'.{hint}", where=where, found=shown, allowed=names, meant=meant)


class UnknownOrganisation(Refusal):
    status = 404
    kind = "unknown-organisation"
    title = "No such organisation"


class UnknownFact(Refusal):
    kind = "unknown-fact"
    title = "No such fact"


class UnknownValue(Refusal):
    kind = "unknown-value"
    title = "No such value for this fact"


class UnknownEvent(Refusal):
    kind = "unknown-event"
    title = "No such event"


class ExtensionRefused(Refusal):
    kind = "extension-refused"
    title = "The policy does not allow this extension"


class BadInstant(Refusal):
    kind = "bad-instant"
    title = "The instant cannot be used"


class BrokenPack(Exception):
    """A policy pack that cannot be loaded; `findings` are full sentences with file and line."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings
