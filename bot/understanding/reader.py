"""The order in which a message is read: payload, the pending answer, a command or an aside, and what it suggests.

The pending answer comes first, so that an answer is never lost to a classifier's opinion of it. The one thing that may
come before a free-text answer is a whole message that is a known command, or a known question to us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.messages import Aside, Command, OpenQuestion, Proposal, Understood
from bot.understanding import answers
from bot.understanding.cues import CUES, CueBook, propose
from bot.understanding.details import find_details
from bot.understanding.matters import two_matters
from bot.understanding.payloads import Payload, read_payload
from bot.understanding.phrases import PhraseBook, canonical, is_blank
from bot.understanding.pipeline import Pipeline

# In free text only these are read as commands: "change my address" or "send it" may well be the remedy asked for.
_ANYWHERE = frozenset(Command) - {Command.SEND, Command.CHANGE}
_LONGEST_COMMAND = 12  # words; no message over this is anything but an answer to a free-text question
_SHORT = 6  # words; to a question about facts, "it's my tutor" means what it mentions
_FREE = ("text", "file")  # kinds of question whose answer is the text itself
_WARM_UP = "I complained on 3 March 2020 and my tutor has not replied: a@example.org, 020 7946 0018."


_NO_MEANS_NOTHING = ("adjustments", "about_whom", "centre_name", "complainant_name", "representative_name")
_NOTHING = frozenset(
    "none|nothing|nothing really|nothing else|n a|not applicable|i have none|i have nothing".split("|")
)


def _may_be_nothing(question: OpenQuestion) -> bool:
    """Questions to which a bare no is no answer to keep: "Do you have ...?", and what somebody is called."""
    return question.kind == "file" or question.id in _NO_MEANS_NOTHING


class Reader:
    """Reads one message beside the open question; built once, shared by every conversation and thread."""

    def __init__(self, pipeline: Pipeline, book: CueBook, phrases: PhraseBook) -> None:
        self._pipeline = pipeline
        self._book = book
        self._phrases = phrases

    @classmethod
    def load(cls, cues: Path | None = None) -> Reader:
        """Read the phrase files and build the pipeline (half a second); `cues` replaces the cue file.

        Raises OSError, yaml.YAMLError, KeyError or ValueError where a file cannot be used: `lint.check_cues` says why.
        """
        book = CueBook.load(cues or CUES)
        reader = cls(Pipeline(book), book, PhraseBook.load())
        # dateparser and phonenumbers load their tables at their first use: 0.1 s that no person should wait for.
        reader.read(_WARM_UP, None, now=datetime(2020, 4, 1, 12), facts={})  # noqa: DTZ001 - any moment will do
        return reader

    def read(
        self,
        text: str,
        question: OpenQuestion | None,
        *,
        now: datetime,
        facts: Mapping[str, tuple[str, ...]],
    ) -> Understood:
        """What `text` says, given `question`; `facts` maps each fact to the values its organisation knows.

        Never raises. Harm is looked for in every message, and in what a payload carries that is more than one word.
        """
        payload = read_payload(text)
        if payload is not None:
            understood = _from_payload(text, payload, question)
            # What somebody wrote in a form's box arrives so; a chosen value has no space and costs nothing.
            written = " . ".join(value for value in payload.slots.values() if value and " " in value)
            return replace(understood, harm=self._pipeline.see(written).harm) if written else understood
        sighting = self._pipeline.see(text)
        short = question is not None and question.kind not in _FREE and len(text.split()) <= _SHORT
        proposals = propose(sighting.seen, facts, self._book, short=short) | find_details(text, now)
        understood = self._understand(text, question, now, proposals)
        if understood.command is not None or understood.aside is not None:
            proposals = {}
        if understood.answer is not None and question is not None:
            proposals.pop(question.id, None)
        second = None
        if question is not None and question.id == "story" and understood.answer is not None:
            matters = two_matters(text, sighting.seen, facts.get("subject", ()), self._book)
            if matters is not None:
                proposals["subject"], second = matters
        return replace(understood, proposals=proposals, second=second, harm=sighting.harm)

    def _understand(
        self, text: str, question: OpenQuestion | None, now: datetime, proposals: Mapping[str, Proposal]
    ) -> Understood:
        if question is None:
            return self._aimed_at_us(text, None) or Understood(text)
        if is_blank(text):
            return Understood(text, problem="empty")
        if question.kind in _FREE:
            return self._free_text(text, question)
        read = self._answer(text, question, now, proposals)
        if read.answer is not None:
            return Understood(text, answer=read.answer)
        if question.id == "preferred_contact" and (reached := answers.read_address(text)) is not None:
            # Who gives the address itself has said how to be reached.
            way, address = reached
            return Understood(text, slots={question.id: way, f"contact_{way}": address})
        aimed = self._aimed_at_us(text, question)
        if aimed is not None:
            return aimed
        corrected = question.kind in ("confirm", "check") and bool(proposals)
        return Understood(text, problem=None if corrected else read.problem)

    def _says_nothing(self, text: str) -> bool:
        """A message that is a "no" or a "none" and nothing else; "no, but ..." goes on to say something."""
        return self._phrases.answer(text) == "false" or canonical(text) in _NOTHING

    def _free_text(self, text: str, question: OpenQuestion) -> Understood:
        """The text itself, unless the whole message is a known command or a known question to us."""
        if len(text.split()) <= _LONGEST_COMMAND:
            command = self._phrases.command(text)
            if command in _ANYWHERE:
                return Understood(text, command=command)
            if _may_be_nothing(question) and self._says_nothing(text):
                return Understood(text, command=Command.SKIP)
            aside = self._phrases.aside(text)
            if aside is not None:
                return Understood(text, aside=aside)
        return Understood(text, answer=text)

    def _aimed_at_us(self, text: str, question: OpenQuestion | None) -> Understood | None:
        """The command or aside that the whole message is."""
        if len(text.split()) > _LONGEST_COMMAND:
            return None
        target = self._phrases.change_target(text)
        if target is not None:
            return Understood(text, command=Command.CHANGE, target=target)
        command = self._phrases.command(text)
        if command is None and question is not None and question.kind == "check":
            said = answers.read_yes_no(text, self._phrases).answer
            command = {"true": Command.SEND, "false": Command.CHANGE}.get(said or "")
        if command is not None:
            return Understood(text, command=command)
        aside: Aside | None = self._phrases.aside(text)
        return Understood(text, aside=aside) if aside is not None else None

    def _answer(
        self, text: str, question: OpenQuestion, now: datetime, proposals: Mapping[str, Proposal]
    ) -> answers.Read:
        match question.kind:
            case "email":
                return answers.read_email(text)
            case "phone":
                return answers.read_telephone(text)
            case "date":
                return answers.read_day(text, question, now)
            case "yes_no" | "confirm":
                read = answers.read_yes_no(text, self._phrases)
                seen = proposals.get(question.id)
                # "I went through their procedure" answers the question of that name without a yes or a no.
                return answers.Read(seen.value) if read.answer is None and seen is not None else read
            case "choice":
                return answers.read_choice(text, question, proposals, self._phrases)
            case _:  # check: nothing but a command or a correction
                return answers.Read(problem="not_a_choice")


def _from_payload(text: str, payload: Payload, question: OpenQuestion | None) -> Understood:
    answerable = question is not None and question.kind in ("yes_no", "confirm", "check")
    if payload.bad or (payload.answer is not None and not answerable):
        return Understood(text, problem="bad_payload")
    command, answer = payload.command, payload.answer
    if answer is not None and question is not None and question.kind == "check":
        command, answer = (Command.SEND if answer == "true" else Command.CHANGE), None
    return Understood(
        text, answer=answer, command=command, aside=payload.aside, target=payload.target, slots=payload.slots
    )
