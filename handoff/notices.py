"""What staff are told by e-mail: a promise that runs out, a letter to print. References and days, nobody's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from handoff.letters.letter import Letter
from handoff.letters.post import Mail
from handoff.letters.wording import our_words
from handoff.target import Delivery

_PROMISES = {
    "acknowledge": "acknowledge the complaint",
    "respond": "answer the complaint",
    "resolve_aim": "settle the whole matter",
    "written_record": "send the written record",
    "inform_of_action": "tell the complainant what will be done",
}
_LETTERS = {
    "acknowledgement": "acknowledgement",
    "receipt": "receipt",
    "written_record": "written record of what was said",
    "consent_request": "request for consent, to the person represented",
    "reminder": "reminder that consent is awaited",
}


def promise(kind: str) -> str:
    """What the organisation has to do by the day of a clock of this kind."""
    return _PROMISES.get(kind, kind.replace("_", " "))


def clock_notice(item: Delivery) -> Mail:
    """That a clock runs out soon, or has run out."""
    detail = item.detail
    what = promise(str(detail["clock"]))
    day, days = our_words("en").date(str(detail["day"])), int(detail["days"])
    missed = days < 0
    subject = f"{item.reference}: {'missed' if missed else 'due'}, {what} by {day}"
    return Mail(subject, "\n".join(_about_clock(item, what, day, days, missed=missed)) + "\n")


def _about_clock(item: Delivery, what: str, day: str, days: int, *, missed: bool) -> Iterator[str]:
    detail = item.detail
    if missed:
        yield f"The day by which case {item.reference} was owed this has passed: {what} by {day}."
        yield "Nothing was recorded that meets it."
    else:
        left = "today" if days == 0 else f"in {days} working day{'s' if days > 1 else ''}"
        yield f"Case {item.reference}: {what} by {day}, {left}."
    if detail["due"] != detail["day"]:
        later = our_words("en").date(date.fromisoformat(str(detail["due"])))
        yield f"A bank holiday was proclaimed since, and the policy's own day is {later} now."
        yield "The person was told the earlier one."
    yield ""
    yield f"Policy: {detail.get('clause') or 'not named'} ({detail.get('force') or 'will'})."
    yield f"To read the case: hearout case show {item.reference}"
    yield f"Once it is done, record it: POST /api/v1/cases/{item.reference}/events"


def consent_notice(item: Delivery, letter: Letter | None, as_pdf: Callable[[Letter], bytes]) -> Mail:
    """That nobody has answered whether they agree to be represented; the request is there to be sent again."""
    lines = [
        f"The person represented in case {item.reference} has not said whether they agree.",
        "Whoever writes for them was reminded. Please reach the person yourself, by letter or telephone.",
        "Until then nothing about the case may be told to whoever writes for them. No clock stops.",
        "",
        f"Record a letter with: hearout case consent {item.reference} given|refused --by NAME",
    ]
    attached = ((f"{item.reference}-consent_request.pdf", as_pdf(letter)),) if letter is not None else ()
    return Mail(f"{item.reference}: no answer about consent", "\n".join(lines) + "\n", attached)


def to_print(item: Delivery, letter: Letter, pdf: bytes) -> Mail:
    """A letter for whoever has no e-mail, or wants none."""
    name = _LETTERS.get(letter.kind, letter.kind.replace("_", " "))
    lines = [
        f"A letter in case {item.reference} is to be printed and sent by post: {name}.",
        "It is attached as a PDF. The address, where one was given, is in the case.",
    ]
    attached = ((f"{item.reference}-{letter.kind}.pdf", pdf),)
    return Mail(f"{item.reference}: a letter to print and send", "\n".join(lines) + "\n", attached)
