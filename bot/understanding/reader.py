"""The order in which a message is read: payload, the pending answer, a command or an aside, and what it suggests.

The pending answer comes first, so that an answer is never lost to a classifier's opinion of it. What may come before a
free-text answer is a whole message that is a known command, a known question to us, or a change that names an earlier
answer; before any other answer, a correction that names one. A guess comes last, and only where nothing else was read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.messages import Aside, Command, Given, OpenQuestion, Proposal, Understood
from bot.understanding import answers
from bot.understanding.bereaved import find_bereavement
from bot.understanding.corrections import Corrector, the_new
from bot.understanding.cues import CUES, CueBook, Sighting, propose
from bot.understanding.details import find_details, find_relation
from bot.understanding.guesses import Guesser, insults
from bot.understanding.harm import NAMES, as_it_stands, weighable
from bot.understanding.harm_model import harm_model
from bot.understanding.intents import classifier
from bot.understanding.languages import foreign
from bot.understanding.matters import two_matters
from bot.understanding.no_answers import TAKES_BACK, no_answer, read_as_meant
from bot.understanding.payloads import Payload, read_payload
from bot.understanding.phrases import PhraseBook, canonical, is_blank
from bot.understanding.pipeline import Pipeline
from bot.understanding.secrecy import find_wish
from bot.understanding.supposed import SERVICE, mends, of_oneself, of_the_service
from bot.understanding.wishes import find_wishes, told_early

# In free text only these are read as commands: "change my address" or "send it" may well be the remedy asked for.
_ANYWHERE = frozenset(Command) - {Command.SEND, Command.CHANGE}
_LONGEST_COMMAND = 12  # words; no message over this is anything but an answer to a free-text question
_SHORT = 6  # words; to a question about facts, "it's my tutor" means what it mentions
_FREE = ("text", "file")  # kinds of question whose answer is the text itself
_OF_ONE_VALUE = (
    "date",
    "email",
    "phone",
    "choice",
)  # of "the 13th, not the 12th", the new one may be the answer
# Who is called what says nothing of the language that somebody writes in.
_NAMES = "complainant_name representative_name about_whom centre_name qualification contact_post member_number".split()
_OWN_NAMES = ("complainant_name", "representative_name")
_DAYS = ("happened_on", "previous_response_at")
_INFORMAL = ("enquiry", "feedback", "compliment")
_NAMES_A_QUESTION = re.compile(
    r"\b(?:questions?|quer(?:y|ies)|enquir(?:y|ies|e)|asking|information)\b", re.IGNORECASE
)
_QUESTION_MARK = re.compile(r"\?[\s\W]*$")
_FEWEST_OF_A_QUESTION = 3  # words; "what?" is asked again, "what if I did both?" is passed on
_WARM_UP = "I complained on 3 March 2020 and my tutor has not replied: a@example.org, 020 7946 0018."


_NO_MEANS_NOTHING = ("adjustments", "about_whom", "centre_name", "complainant_name", "representative_name")
_NOTHING = frozenset(
    "none|nothing|nothing really|nothing else|n a|not applicable|i have none|i have nothing".split("|")
)


def _may_be_nothing(question: OpenQuestion) -> bool:
    """Questions to which a bare no is no answer to keep: "Do you have ...?", and what somebody is called."""
    return question.kind == "file" or question.id in _NO_MEANS_NOTHING


@dataclass(frozen=True, slots=True)
class Said:
    """One message beside its question, with what its words suggest and the answers that it may put right."""

    text: str
    question: OpenQuestion
    now: datetime
    proposals: Mapping[str, Proposal]
    corrector: Corrector


def _with_harm(understood: Understood, sighting: Sighting, question: OpenQuestion | None) -> Understood:
    """What was understood, and whether it tells of harm; in an answer to a closed question only plain words do."""
    text, answer = understood.text, understood.answer
    if not sighting.harm or as_it_stands(question, answer, text):
        return understood
    if not (sighting.outright or weighable(question, answer, text)):
        return understood
    if understood.command is Command.HUMAN and not sighting.outright:
        return understood  # "can somebody help me with this": a person is shown, and no alarm is raised
    return replace(understood, harm=True, sure_of_harm=sighting.sure)


class Reader:
    """Reads one message beside the open question; built once, shared by every conversation and thread.

    Without a `guesser` everything works but what no phrase and no cue speaks for.
    """

    def __init__(
        self, pipeline: Pipeline, book: CueBook, phrases: PhraseBook, guesser: Guesser | None = None
    ) -> None:
        self._pipeline = pipeline
        self._book = book
        self._phrases = phrases
        self._guesser = guesser

    @classmethod
    def load(cls, cues: Path | None = None) -> Reader:
        """Read the phrase files and build the pipeline (half a second); `cues` replaces the cue file.

        Raises OSError, yaml.YAMLError, KeyError or ValueError where a file cannot be used: `lint.check_cues` says why.
        """
        book = CueBook.load(cues or CUES)
        reader = cls(Pipeline(book, harm_model()), book, PhraseBook.load(), Guesser(classifier()))
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
        given: Sequence[Given] = (),
    ) -> Understood:
        """What `text` says, given `question`; `facts` maps each fact to the values its organisation knows.

        `given` are the answers so far, the last one last: what a correction may put right. Never raises. Harm is looked
        for in every message, and in what a payload carries that is no value of a fact.
        """
        payload = read_payload(text)
        if payload is not None:
            return self._in_form(_from_payload(text, payload, question), facts)
        sighting = self._pipeline.see(text)
        short = question is not None and question.kind not in _FREE and len(text.split()) <= _SHORT
        proposals = propose(sighting.seen, facts, self._book, short=short) | find_details(text, now)
        for name in of_oneself(text, proposals):
            del proposals[name]
        if short and "confidentiality" in proposals:
            proposals.pop("subject", None)  # "I'd rather not give my name" complains of nothing
        if question is not None and question.kind == "date":
            # The day that was asked for is no other day.
            proposals = {name: one for name, one in proposals.items() if name not in _DAYS}
        if (
            question is not None
            and question.kind not in _FREE
            and (insults(text) or self._phrases.aside(text))
        ):
            # Who is jeered at is not what the complaint is about, and a question to us answers none of ours.
            proposals = {}
        nature = proposals.get("nature")
        if (
            question is not None
            and question.kind not in _FREE
            and nature is not None
            and nature.value == "enquiry"
            and not _NAMES_A_QUESTION.search(text)
        ):
            # "What if I miss the deadline?" is a question to us, and says nothing of what their message is.
            del proposals["nature"]
        if question is None:
            understood = self._after_the_end(text)
        else:
            corrector = Corrector(self._phrases, given, now)
            understood = self._understand(Said(text, question, now, proposals, corrector))
        if understood.command is not None or understood.aside is not None or understood.corrections:
            proposals = {}
        proposals |= understood.proposals
        behalf = proposals.get("on_behalf_of")
        if (
            behalf is not None
            and behalf.value == "other"
            and (whom := find_relation(text, behalf)) is not None
        ):
            proposals["relation"] = whom
        if understood.answer is not None and question is not None:
            proposals.pop(question.id, None)
        if question is not None and question.kind not in _FREE and not understood.aside:
            # "I want a refund", "Jo Bell": the answer to what is asked later.
            proposals = {**told_early(text, proposals, answered=understood.answer is not None), **proposals}
        understood = _with_harm(replace(understood, proposals=proposals), sighting, question)
        if question is None or question.id != "story" or understood.answer is None:
            return understood
        proposals |= {
            name: wish for name, wish in find_wishes(text).items() if not self._is_harm(wish.value, sighting)
        }
        if not sighting.harm:
            secret = find_wish(text) if "confidentiality" in facts else None
            if secret is not None:
                proposals.setdefault("confidentiality", secret)
        died = find_bereavement(text) if "representative_basis" not in proposals else None
        if died is not None and "deceased" in facts.get("representative_basis", ()):
            proposals |= {"representative_basis": died, "on_behalf_of": replace(died, value="other")}
            whom = find_relation(text, died)
            proposals |= {} if whom is None else {"relation": whom}
        matters = two_matters(text, sighting.seen, facts.get("subject", ()), self._book)
        if matters is not None:
            proposals["subject"], second = matters
            understood = replace(understood, second=second)
        return self._opened(understood, sighting, facts)

    def _is_harm(self, said: str, story: Sighting) -> bool:
        """Whether words of a story tell of harm themselves: "I want to end it all" is no remedy to be read back."""
        if not story.harm:
            return False
        seen = self._pipeline.see(said)
        return seen.harm if story.outright else seen.sure

    def _in_form(self, understood: Understood, facts: Mapping[str, tuple[str, ...]]) -> Understood:
        """What a selection says, and harm in what somebody wrote in a form's boxes; a value of a fact was chosen."""
        written = [
            (name, value)
            for name, value in understood.slots.items()
            if value and value not in facts.get(name, ())
        ]
        if not written:
            return understood
        free = self._pipeline.see(" . ".join(value for name, value in written if name not in NAMES))
        named = self._pipeline.see(" . ".join(value for name, value in written if name in NAMES))
        sure = free.sure or named.outright
        return replace(understood, harm=free.harm or sure, sure_of_harm=sure)

    def _opened(
        self, understood: Understood, sighting: Sighting, facts: Mapping[str, tuple[str, ...]]
    ) -> Understood:
        """A story with what it likely is, where its own words do not say; what is proposed is put to be confirmed."""
        if self._guesser is None or understood.language is not None:
            return understood
        likely = self._guesser.opening(understood.text)
        proposals, spoken = dict(understood.proposals), {seen.fact for seen in sighting.seen}
        if "nature" in proposals and proposals["nature"].value == "appeal":
            # Whoever appeals may appeal against anything; to the classifier that is a mark.
            spoken.add("subject")
        for fact, value in likely.facts.items():
            if fact not in spoken and value in facts.get(fact, ()):
                proposals.setdefault(fact, Proposal(value, 0, len(understood.text)))
        complains, nature = likely.complains, proposals.get("nature")
        if nature is not None and nature.value in _INFORMAL and nature.value not in likely.surely:
            # "Thank you for nothing", "Is a reply too much to ask?": asked, with a complaint offered first.
            del proposals["nature"]
            complains = False
        if complains is False and "nature" not in proposals and mends(understood.text, proposals):
            # Who tells what would mend it, or reproaches us, asks no mere question, and praises nobody.
            complains = None
        if (
            "centre_name" in proposals
            and complains is not False
            and "study_centre" in facts.get("subject", ())
        ):
            # Whoever names a centre, and nothing else that it may be about, most likely complains of it.
            proposals.setdefault("subject", replace(proposals["centre_name"], value="study_centre"))
        of_service = likely.of_service and complains is not False and of_the_service(sighting, proposals)
        if of_service and SERVICE in facts.get("subject", ()):
            proposals.setdefault("subject", Proposal(SERVICE, 0, len(understood.text)))
        return replace(understood, proposals=proposals, complains=complains)

    def language(self, text: str) -> str | None:
        """The language that a message asks for, and nothing else: its name, or a payload."""
        payload = read_payload(text)
        if payload is None:
            return self._phrases.language(text)
        return payload.target if payload.command is Command.LANGUAGE else None

    # --- at an open question -----------------------------------------------------------------------------------

    def _understand(self, said: Said) -> Understood:
        if is_blank(said.text):
            return Understood(said.text, problem="empty")
        return self._free_text(said) if said.question.kind in _FREE else self._closed(said)

    def _free_text(self, said: Said) -> Understood:
        """The text itself, unless the whole message is a known command, a known question to us, or a change."""
        text, question = said.text, said.question
        if len(text.split()) <= _LONGEST_COMMAND:
            language = self._phrases.language(text)
            if language is not None:
                return Understood(text, command=Command.LANGUAGE, target=language, exact=True)
            command = self._phrases.command(text)
            if command in _ANYWHERE:
                return Understood(text, command=command, exact=True)
            if _may_be_nothing(question) and self._says_nothing(text):
                return Understood(text, command=Command.SKIP)
            aside = self._phrases.aside(text)
            if aside is not None:
                return Understood(text, aside=aside, exact=True)
            if question.id in (*_OWN_NAMES, "story") and (other := no_answer(text, question)) is not None:
                return other
            if question.id in _OWN_NAMES and self._phrases.answer(text) == "true":
                return Understood(text, command=Command.REPEAT, exact=True)  # nobody is called "yes"
            wish = self._phrases.wish(text) if question.id in _OWN_NAMES else None
            if wish is not None:
                # No name is called "keep me out of it"; who wishes for no name has answered the question for one.
                skip = Command.SKIP if wish == "anonymous" else Command.REPEAT
                return Understood(text, command=skip, slots={"confidentiality": wish}, exact=True)
            target = self._changes(said)
            if target is not None and said.corrector.answered(target) is not None:
                return Understood(text, command=Command.CHANGE, target=target, exact=True)
            corrections = said.corrector.named(text, free=True)
            if corrections:
                return Understood(text, corrections=corrections, exact=True)
        return Understood(text, answer=text, language=None if question.id in _NAMES else foreign(text))

    def _says_nothing(self, text: str) -> bool:
        """A message that is a "no" or a "none" and nothing else; "no, but ..." goes on to say something."""
        return self._phrases.answer(text) == "false" or canonical(text) in _NOTHING

    def _closed(self, said: Said) -> Understood:
        """An answer of the question's own kind; else a correction, a command, a question to us, or a guess."""
        text, question = said.text, said.question
        corrections = said.corrector.named(text)
        if corrections:
            return Understood(text, corrections=corrections)
        read = self._answer(said)
        if read.answer is not None and question.kind in ("yes_no", "confirm") and self._is_no_yes_or_no(text):
            read = answers.Read(problem="not_yes_no")
        if read.answer == "false" and question.kind == "yes_no" and self._takes_back(said):
            return Understood(text)
        new = the_new(text) if read.answer is None and question.kind in _OF_ONE_VALUE else None
        if new is not None:
            read = self._answer(replace(said, text=new))
        if read.answer is not None:
            return Understood(text, answer=read.answer)
        if question.id == "preferred_contact" and (reached := answers.read_address(text)) is not None:
            # Who gives the address itself has said how to be reached.
            way, address = reached
            return Understood(text, slots={question.id: way, f"contact_{way}": address})
        return self._aimed_at_us(said) or self._guessed(said, read.problem)

    def _takes_back(self, said: Said) -> bool:
        """Whether "no, sorry, it's about the exam" puts an earlier answer right, and is no "no" to what is asked."""
        known = {one.question.id: one.value for one in said.corrector.given}
        other = any(known.get(name) not in (None, one.value) for name, one in said.proposals.items())
        return other and TAKES_BACK.match(said.text) is not None

    def _is_no_yes_or_no(self, text: str) -> bool:
        """ "No entiendo" begins like a no, and is Spanish; the Welsh yes and no are among ours."""
        return self._phrases.answer(text) is None and foreign(text) not in (None, "cy")

    def _aimed_at_us(self, said: Said) -> Understood | None:
        """The command, the aside or the change that the whole message is."""
        text = said.text
        if len(text.split()) <= _LONGEST_COMMAND:
            language = self._phrases.language(text)
            if language is not None:
                return Understood(text, command=Command.LANGUAGE, target=language)
            target = self._changes(said) or said.corrector.wrong(text) or said.corrector.unreadable(text)
            if target is not None:
                return Understood(text, command=Command.CHANGE, target=target)
            command = self._phrases.command(text)
            if command is None and said.question.kind == "check":
                yes_or_no = answers.read_yes_no(text, self._phrases).answer
                command = {"true": Command.SEND, "false": Command.CHANGE}.get(yes_or_no or "")
            if command is not None:
                return Understood(text, command=command)
            aside: Aside | None = self._phrases.aside(text)
            if aside is not None:
                return Understood(text, aside=aside)
            wish = self._phrases.wish(text)
            if wish is not None:
                return Understood(text, proposals={"confidentiality": Proposal(wish, 0, len(text))})
        corrections = said.corrector.meant(text)
        return Understood(text, corrections=corrections) if corrections else None

    def _guessed(self, said: Said, problem: str | None) -> Understood:
        """What nobody can be sure of: another language, a correction in passing, an intent, a question to pass on."""
        text, kind = said.text, said.question.kind
        language = foreign(text)
        if language is not None:
            return Understood(text, problem=problem, language=language)
        asks = _QUESTION_MARK.search(text) is not None
        # "Can we do it again?" sounds like an enquiry; at the end it is none.
        tells = any(name != "nature" or one.value not in _INFORMAL for name, one in said.proposals.items())
        if kind in ("confirm", "check") and tells and not asks:
            return Understood(text)
        guess = self._guess(text, said.question) if problem != "date_in_future" else None
        if guess is not None:
            return guess
        if kind in ("confirm", "check") and tells:
            return Understood(text)
        if insults(text):
            problem = "insult"
        elif asks and len(text.split()) >= _FEWEST_OF_A_QUESTION:
            problem = "a_question"
        return Understood(text, problem=problem)

    def _guess(self, text: str, question: OpenQuestion | None) -> Understood | None:
        return None if self._guesser is None else self._guesser.guess(text, question)

    def _changes(self, said: Said) -> str | None:
        """The question that "change my e-mail address" names."""
        what = self._phrases.change(said.text)
        return None if what is None else said.corrector.target(what)

    def _after_the_end(self, text: str) -> Understood:
        """What is said when nothing is asked any more."""
        if len(text.split()) <= _LONGEST_COMMAND:
            language = self._phrases.language(text)
            if language is not None:
                return Understood(text, command=Command.LANGUAGE, target=language)
            command = self._phrases.command(text)
            if command is not None:
                return Understood(text, command=command)
            aside = self._phrases.aside(text)
            if aside is not None:
                return Understood(text, aside=aside)
        language = foreign(text)
        guess = self._guess(text, None) if language is None else None
        return guess or Understood(text, language=language)

    def _answer(self, said: Said) -> answers.Read:
        text, question, proposals = said.text, said.question, said.proposals
        match question.kind:
            case "email":
                return answers.read_email(text)
            case "phone":
                return answers.read_telephone(text)
            case "date":
                return answers.read_day(text, question, said.now)
            case "yes_no" | "confirm":
                read = answers.read_yes_no(text, self._phrases)
                if read.answer is None:
                    read = read_as_meant(text, question, read)
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
        # A person may begin an answer with a slash: then it can be made the answer that it was.
        free = question is not None and question.kind in _FREE
        return Understood(text, problem="bad_payload", exact=free)
    command, answer = payload.command, payload.answer
    if answer is not None and question is not None and question.kind == "check":
        command, answer = (Command.SEND if answer == "true" else Command.CHANGE), None
    return Understood(
        text, answer=answer, command=command, aside=payload.aside, target=payload.target, slots=payload.slots
    )
