"""Corrections that name the old value, the new one or the question: "not March, May", "change my name to Jo Bell".

A message is first taken apart into an old and a new text; then the earlier answer is looked for that it puts right,
and the new text is read the way that answer's question is. What fits no earlier answer corrects nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher

from bot.messages import Given
from bot.understanding import answers
from bot.understanding.days.words import MONTHS, ORDINALS
from bot.understanding.phrases import PhraseBook, canonical

_LONGEST, _MOST_LETTERS = 30, 300  # words, characters: whoever writes more tells something
_ALIKE = 0.6  # how like the new word an old one must be to be what it stands for: Stevens, Stephens
_OWN_WORDS = ("story", "effect", "desired_remedy", "previous_steps", "adjustments", "evidence", "added_words")

_OPENING = (
    r"(?:(?:no|nope|oops|sorry|actually|wait|hang on|correction|i mean|my mistake|ah|oh|well|but|and|please)\b"
    r"[\s,.:!-]*)*"
)
_IS = (
    r"(?:it(?:['’]?s| is| was| should be| should read)|that(?:['’]?s| is| should be)"
    r"|(?:the|my) \w+ (?:is|was|should be))"
)
_NOT = r"(?:it (?:is|was)n['’]?t|it(?:['’]?s| is| was) not|that(?:['’]?s| is) not|not)"
_SHAPES = tuple(
    re.compile(rf"\W*{_OPENING}{shape}\W*", re.IGNORECASE | re.DOTALL)
    for shape in (
        # not March but May · it's not Stevens, it's Stephens
        rf"{_NOT} (?P<old>.+?)(?:\s*[,;.–-]+\s*|\s+)(?:but |rather |{_IS} )(?P<new>.+)",
        # not March, May
        rf"{_NOT} (?P<old>[^,;]+?)\s*[,;–]\s*(?P<new>.+)",
        # it's Stephens, not Stevens · May not March
        rf"(?:{_IS} |i (?:meant|mean|live at|am|was) )?(?P<new>.+?)\s*[,;–-]?\s+"
        r"(?:and |rather )?(?:not|instead of|rather than) (?P<old>.+)",
        # I said March but I meant May · you have Stevens, it should be Stephens
        r"(?:i (?:said|wrote|put|typed|gave)|you(?:['’]ve| have)?(?: got| wrote| put)?) (?P<old>.+?)\s*[,;.–-]*\s+"
        rf"(?:but |and )?(?:i meant|i should have (?:said|put|written)|{_IS}) (?P<new>.+)",
        # Stevens should be Stephens
        r"(?P<old>.+?) (?:should be|should read|should have been|ought to be) (?P<new>.+)",
    )
)
_CHANGE = re.compile(
    rf"\W*{_OPENING}(?:(?:can|could) (?:i|you|we) |i(?:['’]d| would) like (?:you )?to |i (?:want|need) (?:you )?to )?"
    r"(?:please )?"
    r"(?:(?:change|correct|alter|amend|edit|update|fix|set)\s+(?P<what>.+?)\s+(?:to|into)"
    r"|(?:replace|swap|exchange)\s+(?P<swapped>.+?)\s+(?:with|by|for))\s+(?P<new>.+?)"
    r"(?:\s+please)?\W*",
    re.IGNORECASE | re.DOTALL,
)
# Without an old value: the answer that was given last is meant.
_MEANT = re.compile(
    rf"\W*{_OPENING}(?:i meant|i mean|it should (?:be|read|have been)|should (?:be|read)|make (?:it|that))\s+"
    r"(?:to (?:say|put|write|type) )?(?P<new>.+?)(?:\s+(?:sorry|please))?\W*",
    re.IGNORECASE | re.DOTALL,
)
# "*Stephens", "sorry, the 13th": only a word like the old one, or a date in the place of a date.
_SLIP = re.compile(
    r"\s*(?:\*{1,3}|(?:no|sorry|oops|actually|wait|correction)\b[\s,.:!-]{0,3}){1,3}(?P<new>[^*]+)",
    re.IGNORECASE,
)
# "You have got my surname wrong", "the date is wrong": which answer, but not what it should be.
_WRONG = re.compile(
    r"(?:no |sorry |i think |but )*(?:(?:you|i|you have|i have|youve|ive) (?:(?:got|spelt|spelled|put|typed|written"
    r"|wrote|taken down) (?P<first>.+?)(?: down)? (?:wrong|wrongly|incorrectly)|(?:misspelt|mistyped) (?P<misspelt>.+))"
    r"|(?P<second>.+?) (?:is|was|looks) (?:wrong|incorrect|not right|not correct|misspelt|spelt wrong|mistyped|a typo)"
    r"|(?:wrong|incorrect) (?P<third>.+)|(?:there is |theres )?(?:a )?(?:typo|mistake) in (?P<fourth>.+))"
)
_OTHER = re.compile(
    r"(?:no |sorry |oops |wait |actually |i mean |i meant |not that one |wrong one )*(?:(?:it is|its|i meant|i mean) )?"
    r"(?:the other(?: one| way(?: a?round)?)?|the opposite|vice versa|other way(?: a?round)?)(?: please| sorry)?"
)
_WHOSE = re.compile(r"^(my|our|the|your|his|her|their|fy|ein|eich|y|yr)\s+", re.IGNORECASE)
_QUOTES = "\"'“”‘’«»"


@dataclass(frozen=True, slots=True)
class Corrector:
    """What it takes to put answers right: the names of questions, the answers so far (last given last), the moment."""

    book: PhraseBook
    given: Sequence[Given]
    now: datetime

    def named(self, text: str, *, free: bool = False) -> dict[str, str]:
        """The earlier answers that `text` puts right, by question id: it names the question, or the old value.

        `free` says that the open question takes any text. Then an old value counts only if it was the last answer's.
        """
        text = _plain(text)
        if not self.given or not text:
            return {}
        return self._changed(text, free) or self._the_other(text) or self._renamed(text, free)

    def meant(self, text: str) -> dict[str, str]:
        """The last answer put right by its new value alone: "sorry, I meant May", "*Stephens"."""
        text = _plain(text)
        if not self.given or not text:
            return {}
        match = _MEANT.fullmatch(text)
        if match is not None:
            return self._last(_bare(match["new"]))
        match = _SLIP.fullmatch(text)
        return {} if match is None else self._last(_bare(match["new"]), alike=True)

    def target(self, what: str) -> str | None:
        """The question that "my e-mail" names, answered or not; a representative's own name is theirs."""
        name = self.book.names.get(canonical(_WHOSE.sub("", what)))
        mine = re.match(r"(?:my|our|fy|ein)\b", what.strip(), re.IGNORECASE) is not None
        if name == "complainant_name" and mine and self._value("on_behalf_of") == "other":
            return "representative_name"
        return name

    def wrong(self, text: str) -> str | None:
        """The answered question that a message calls wrong without saying what is right."""
        match = _WRONG.fullmatch(canonical(_plain(text)))
        what = next((part for part in match.groups() if part), "") if match is not None else ""
        name = self.target(what)
        return name if name is not None and self.answered(name) is not None else None

    def answered(self, name: str) -> Given | None:
        """The answer to a question, if there is one."""
        return next((one for one in reversed(self.given) if one.question.id == name), None)

    def _value(self, name: str) -> str | None:
        found = self.answered(name)
        return None if found is None else found.value

    # --- the shapes of a correction ----------------------------------------------------------------------------

    def _changed(self, text: str, free: bool) -> dict[str, str]:
        """ "change my name to Jo Bell", "change Stevens to Stephens"."""
        match = _CHANGE.fullmatch(text)
        if match is None:
            return {}
        new = _bare(match["new"])
        what, _, old = (match["what"] or match["swapped"]).partition(" from ")
        name = self.target(what)
        if name is None and canonical(what) in (
            "it",
            "that",
            "my answer",
            "my last answer",
            "the last answer",
        ):
            return self._last(new)
        if name is None:
            return self._in_place_of(_bare(what), new, only_last=free)
        one = self.answered(name)
        if one is None:
            return {}
        return self._right(one, _bare(old) or None, new) or self._right(one, None, new)

    def _the_other(self, text: str) -> dict[str, str]:
        """ "no, the other one", straight after a choice of two."""
        if not _OTHER.fullmatch(canonical(text)):
            return {}
        last = self.given[-1]
        values = [value for value, _ in last.question.choices]
        if len(values) != 2 or last.value not in values:
            return {}
        return {last.question.id: values[1 - values.index(last.value)]}

    def _renamed(self, text: str, free: bool) -> dict[str, str]:
        """ "not March, May": the old value stands in an earlier answer."""
        for shape in _SHAPES:
            match = shape.fullmatch(text)
            if match is None:
                continue
            found = self._in_place_of(_bare(match["old"]), _bare(match["new"]), only_last=free)
            if found:
                return found
        return {}

    # --- the answer that is meant, and its new value -------------------------------------------------------------

    def _last(self, new: str, *, alike: bool = False) -> dict[str, str]:
        last = self.given[-1]
        if last.question.id in _OWN_WORDS:
            return {}
        old = _most_alike(last.value, new) if last.question.kind in ("text", "email") else None
        if old is not None:
            return self._right(last, old, new)
        return {} if alike and last.question.kind != "date" else self._right(last, None, new)

    def _in_place_of(self, old: str, new: str, *, only_last: bool = False) -> dict[str, str]:
        """The one answer that holds `old`: what is short before what was told at length, the latest before others."""
        if not old or not new or canonical(old) == canonical(new):
            return {}
        holds = [one for one in self.given if one.question.id != "story" and _holds(one, old)]
        if only_last:
            holds = [one for one in holds if one is self.given[-1] and one.question.id not in _OWN_WORDS]
        for one in _likeliest(holds):
            found = self._right(one, old, new)
            if found:
                return found
        return {}

    def unreadable(self, text: str) -> str | None:
        """The answer whose old value a message names together with a new one that it cannot have: 31 February."""
        text = _plain(text)
        change = _CHANGE.fullmatch(text)
        if change is not None:
            name = self.target((change["what"] or change["swapped"]).partition(" from ")[0])
            return name if name is not None and self.answered(name) is not None else None
        match = next((m for shape in _SHAPES if (m := shape.fullmatch(text))), None)
        old = _bare(match["old"]) if match is not None else ""
        holds = [one for one in self.given if old and one.question.kind in _READERS and _holds(one, old)]
        return _likeliest(holds)[0].question.id if holds else None

    def _right(self, one: Given, old: str | None, new: str) -> dict[str, str]:
        """The answer as it would stand corrected; nothing where the new text cannot be one."""
        value = _READERS.get(one.question.kind, _reworded)(self, one, old, new)
        return {} if value is None or value == one.value else {one.question.id: value}


def _likeliest(holds: list[Given]) -> list[Given]:
    """The latest first; but what was told at length after what is short, and an address after the name within it."""
    latest_first = holds[::-1]
    return sorted(
        latest_first,
        key=lambda one: (one.question.id in _OWN_WORDS, one.question.kind in ("email", "phone")),
    )


def _plain(text: str) -> str:
    """The text with single spaces; empty where it is too long to be a correction. Runs of space would cost the shapes
    a minute."""
    short = len(text) <= _MOST_LETTERS and len(words := text.split()) <= _LONGEST
    return " ".join(words) if short else ""


def the_new(text: str) -> str | None:
    """The new text of a correction, "the 13th" of "not the 12th, the 13th"; None where it has not the shape of one."""
    text = _plain(text)
    match = next((m for shape in _SHAPES if (m := shape.fullmatch(text))), None)
    return None if match is None else _bare(match["new"])


def _bare(said: str) -> str:
    """Without the quotation marks and stops around it."""
    return said.strip().strip(_QUOTES + ",;:!?").rstrip(".").strip(_QUOTES).strip()


def _holds(one: Given, old: str) -> bool:
    """Whether an answer, as it was said or as it was read back, has these words."""
    said = f" {canonical(old)} "
    if one.question.kind == "date":
        return all(f" {word} " in f" {canonical(one.shown)} " for word in _plain_date(old).split())
    return any(said in f" {canonical(text)} " for text in (one.value, one.shown))


def _most_alike(value: str, new: str) -> str | None:
    """The word of an answer that a new word stands for, if one is like enough."""
    words = re.findall(r"[\w'’@.-]+", value)
    if len(new.split()) != 1 or not words:
        return None
    best = max(words, key=lambda word: SequenceMatcher(None, word.lower(), new.lower()).ratio())
    return best if SequenceMatcher(None, best.lower(), new.lower()).ratio() >= _ALIKE else None


# --- one reader for each kind of question: None where the new text is no such answer ---------------------------------


def _reworded(_: Corrector, one: Given, old: str | None, new: str) -> str | None:
    if old is None:
        return new or None
    pattern = re.compile(rf"(?<!\w){re.escape(old)}(?!\w)", re.IGNORECASE)
    return pattern.sub(lambda _: new, one.value) if pattern.search(one.value) else None


def _day(corrector: Corrector, one: Given, _: str | None, new: str) -> str | None:
    """A whole date, or the day, month or year that takes the place of the old one's."""
    day = date.fromisoformat(one.value) if re.fullmatch(r"\d{4}-\d\d-\d\d", one.value) else None
    for part in _parts(new) if day is not None else ():
        try:
            moved = day.replace(**part) if day is not None else None
        except ValueError:
            return None
        return None if moved is None else moved.isoformat()
    return answers.read_day(new, one.question, corrector.now).answer


def _parts(said: str) -> Iterator[dict[str, int]]:
    plain = _plain_date(said)
    if plain in MONTHS:
        yield {"month": MONTHS[plain]}
    elif re.fullmatch(r"(19|20)\d\d", plain):
        yield {"year": int(plain)}
    elif plain in ORDINALS:
        yield {"day": ORDINALS[plain]}
    elif re.fullmatch(r"[0-3]?\d", plain):
        yield {"day": int(plain)}


def _plain_date(said: str) -> str:
    plain = canonical(said).removeprefix("in ").removeprefix("on ").removeprefix("the ")
    return re.sub(r"\b(\d\d?)(?:st|nd|rd|th)\b", r"\1", plain)


def _address(_: Corrector, one: Given, old: str | None, new: str) -> str | None:
    whole = answers.read_email(new).answer
    return whole or answers.read_email(_reworded(_, one, old, new) or "").answer if old else whole


def _number(corrector: Corrector, one: Given, old: str | None, new: str) -> str | None:
    whole = answers.read_telephone(new).answer
    return whole or answers.read_telephone(_reworded(corrector, one, old, new) or "").answer if old else whole


def _chosen(corrector: Corrector, one: Given, _: str | None, new: str) -> str | None:
    return answers.read_choice(new, one.question, {}, corrector.book).answer


def _yes_or_no(corrector: Corrector, _: Given, __: str | None, new: str) -> str | None:
    return answers.read_yes_no(new, corrector.book).answer


_READERS: dict[str, Callable[[Corrector, Given, str | None, str], str | None]] = {
    "date": _day,
    "email": _address,
    "phone": _number,
    "choice": _chosen,
    "yes_no": _yes_or_no,
}
