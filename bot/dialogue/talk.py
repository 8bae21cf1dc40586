"""One turn of the interview: first what the message changes, then what is asked next.

The turn calls `candidates`, has the actions validate them, calls `take`, has the rules route the draft, and calls
`proceed`. Nothing here reads a clock, a database or the network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.dialogue import asides, outcome
from bot.dialogue.afterwards import afterwards
from bot.dialogue.asking import ask, label, read_back, rejection, shown
from bot.dialogue.commands import obey
from bot.dialogue.context import (
    NOT_OURS,
    SEND,
    Context,
    Routing,
    Step,
    facts_of,
    is_informal,
    next_question,
    open_question,
    visible,
)
from bot.dialogue.draft import Draft, How
from bot.messages import Aside, OpenQuestion, Proposal, Understood
from policy_rules.questions import PERSON_FACTS, Question

MAX_REASKS = 2
# A reply of so many words to a question with choices is more of the story, whatever else it is.
WORDS_OF_A_STORY = 7
CONFIRM, CHECK = "confirm_facts", "check_answers"
_OF_THE_PERSON = (
    "nature complainant_type channel on_behalf_of representative_basis apprenticeship confidentiality nation"
).split()
_LIMITED = ("asked", "anonymous")
_FIRST_PERSON = re.compile(r"\b(I|I'm|I've|Im|Ive|my|me|mine)\b")
_CORRECTING = re.compile(
    r"^\W*(no|actually|sorry|correction)\b|\b(i meant|should be|should have been|change (it|that|my)|not right)\b",
    re.I,
)
# At the last question: no further word of the complaint, but a wish that nothing be sent yet.
_HOLD = re.compile(
    r"\b((do not|don'?t|dont|not) (want to )?send|changed my mind|not yet|wait|hold on|stop)\b"
    r"|^\W*(edit|null|undefined)\W*$",
    re.I,
)
# Only where the open question was not answered: a person who says so is putting an earlier answer right.
_CONTACTS = {"contact_email": "email", "contact_phone": "phone", "contact_post": "post"}


class Talk:
    """A draft under discussion. `draft` changes in place; `step` collects what is to be said and done.

    `record` is the case record, once there is one.
    """

    def __init__(self, context: Context, draft: Draft, now: datetime) -> None:
        self.context = context
        self.draft = draft
        self.now = now
        self.step = Step()
        self.record: Mapping[str, Any] | None = None
        self._aside: Aside | None = None
        self._send = False

    # --- what the message changes --------------------------------------------------------------------------

    def greet(self) -> None:
        """Who we are, that this is automated, how to reach a person, and the privacy notice."""
        words, privacy = self.context.words, self.context.privacy
        staff = self.draft.recorded_by is not None
        lines = [words.say("notices.staff" if staff else "notices.welcome"), words.say("notices.person")]
        self.step.says.append(" ".join(lines))
        notice = [words.say("notices.privacy", privacy=privacy.text)]
        if privacy.url is not None:
            notice.append(words.say("notices.privacy_link", url=privacy.url))
        self.step.says.append("\n".join(notice))
        self.draft.privacy_version = privacy.version
        self.draft.pending = "story"

    def open_question(self) -> OpenQuestion | None:
        """The question that the message is read beside."""
        question = self.context.questions.get(self.draft.pending or "")
        return None if question is None else open_question(self.context, question)

    def candidates(self, understood: Understood) -> dict[str, str | None]:
        """The answers in a message, by question id, for the actions to validate."""
        if self.draft.state != "draft":
            return {}
        found = dict(understood.slots)
        if understood.answer is not None and self.draft.pending is not None:
            found.setdefault(self.draft.pending, understood.answer)
        return found

    def take(
        self, understood: Understood, accepted: Mapping[str, str | None], rejected: Mapping[str, Any]
    ) -> None:
        """Let a message change the draft: answers first, then commands, questions to us, and what it suggests."""
        if understood.harm:
            self.help()
        if self.draft.state != "draft":
            afterwards(self.context, self.draft, self.step, understood, self.record)
            return
        if rejected:
            # However many names of one message are wrong, the open question is put again once.
            self._ask_again("\n".join(rejection(self.context, problem) for problem in rejected.values()))
        for name, value in accepted.items():
            self._answer(name, value, chosen=name in understood.slots)
        if understood.command is not None:
            self._send = obey(self.context, self.draft, self.step, understood) or self._send
        self._aside = understood.aside
        if understood.second is not None and "second_matter" not in self.draft.answers:
            self.draft.second = understood.second.value
        said = {name: p for name, p in understood.proposals.items() if name not in accepted}
        if self.draft.pending == CONFIRM and said and self._says_the_same(said):
            self._confirm(True)
            return
        corrected = self._correct(understood, said)
        before = len(self.draft.answers)
        for name, proposal in said.items():
            self._propose(name, proposal)
        kept = corrected or len(self.draft.answers) > before
        if (
            understood.answer is None
            and not accepted
            and understood.command is None
            and understood.aside is None
        ):
            self._keep_words(understood)
            if understood.problem is not None and not kept and self.draft.pending not in self.draft.answers:
                self._not_understood(understood)

    def _keep_words(self, understood: Understood) -> None:
        """More of the story, told where something else was asked: it is kept with the story, never dropped."""
        told = understood.text
        if understood.slots or len(told.split()) < WORDS_OF_A_STORY or "story" not in self.draft.answers:
            return
        if self.draft.pending != CHECK:
            self.draft.added_words.append(told)
            self.step.says.append(self.context.words.say("notices.added"))

    def help(self) -> None:
        """Help is shown at once, and staff see the case first; the interview goes on."""
        words = self.context.words
        lines = [words.say("notices.help")]
        lines += [words.say("notices.help_line", who=n, contact=c) for n, c in self.context.help_lines]
        lines.append(words.say("notices.urgent"))
        self.step.says.append("\n".join(lines))
        if "risk_of_harm" not in self.draft.flags:
            self.draft.flags.append("risk_of_harm")

    def _answer(self, name: str, value: str | None, *, chosen: bool) -> None:
        draft = self.draft
        if name == CONFIRM:
            self._confirm(value == "true")
        elif name == CHECK:
            self._send = value == SEND
        elif value is None:
            draft.clear(name)
        else:
            if name == "story":
                self._suppose(value)
                draft.first_told_at = draft.first_told_at or self.now.isoformat()
                self.step.says.append(
                    self.context.words.say("notices.saved", reference=self.context.reference)
                )
            self._keep(name, value, "chosen" if chosen else "said")

    def _keep(self, name: str, value: str, how: How) -> None:
        """Keep an answer; a death is met with one sentence, the first time it is said."""
        if name == "confidentiality" and value in _LIMITED and self.draft.answers.get(name) != value:
            self.step.says.append(self.context.words.say(f"limits.{value}"))
        if (name, value) == ("representative_basis", "deceased") and self.draft.answers.get(name) != value:
            self.step.says.append(self.context.words.say("notices.condolence"))
        self.draft.set(name, value, how)

    def _confirm(self, yes: bool) -> None:
        proposed = dict(self.draft.proposed)
        for name, value in proposed.items():
            if yes:
                self._keep(name, value, "confirmed")
            elif name not in self.draft.declined:
                self.draft.declined.append(name)
        self.draft.proposed = {}

    def _suppose(self, story: str) -> None:
        """What most stories are, to be confirmed: a complaint, and the teller's own.

        Nobody has to use the word "complaint". What the story itself suggests takes the place of these.
        """
        mere_question = story.rstrip().endswith("?") and len(story.split()) < 30
        draft, facts = self.draft, self.context.compiled.pack.facts
        if "nature" in facts and "nature" not in draft.answers and not mere_question:
            draft.proposed.setdefault("nature", "complaint")
        if "on_behalf_of" not in draft.answers and _FIRST_PERSON.search(story):
            draft.proposed.setdefault("on_behalf_of", "self")

    def _correct(self, understood: Understood, said: Mapping[str, Proposal]) -> bool:
        """Put earlier answers right where a message says that they are wrong, and say so; True where any was.

        A cue in passing never undoes what the person confirmed: it takes words that correct, or the last question.
        """
        draft, words = self.draft, self.context.words
        if understood.answer is not None or not (
            draft.pending == CHECK or _CORRECTING.search(understood.text)
        ):
            return False
        wrong = {
            name: proposal.value
            for name, proposal in said.items()
            if draft.answers.get(name) not in (None, proposal.value)
            or (draft.pending == CHECK and name in _CONTACTS and draft.answers.get(name) is None)
        }
        for name, value in wrong.items():
            draft.set(name, value, "said")
            if name in _CONTACTS and draft.answers.get("preferred_contact") != _CONTACTS[name]:
                draft.set("preferred_contact", _CONTACTS[name], "said")
            text = words.say(
                "corrections.changed",
                label=label(self.context, draft, name),
                value=shown(self.context, name, value),
            )
            self.step.says.append(text)
        return bool(wrong)

    def _says_the_same(self, said: Mapping[str, Proposal]) -> bool:
        """Whether a message only repeats what was proposed, which is a yes in other words."""
        proposed = self.draft.proposed
        return bool(proposed) and all(proposed.get(name) == p.value for name, p in said.items())

    def _propose(self, name: str, proposal: Proposal) -> None:
        """A fact seen in passing is proposed; a name or address is kept, and checked before sending."""
        draft, compiled = self.draft, self.context.compiled
        if name in draft.answers or name == draft.pending == "story":
            return
        if name in compiled.accepted:
            if name in compiled.pack.facts and compiled.asked_of(name) == "staff":
                draft.set(name, proposal.value, "proposed")
                draft.flags.append(f"story_suggests_{name}")
            elif name in compiled.pack.facts or name in PERSON_FACTS:
                draft.proposed[name] = proposal.value
            elif name == "confidentiality":
                # No rule of this policy turns on it; it is kept for the people who deal with the case.
                self._keep(name, proposal.value, "proposed")
        elif name == "complainant_name":
            draft.own_name = proposal.value
        elif self.context.questions.get(name) is not None:
            draft.set(name, proposal.value, "proposed")
            if name in _CONTACTS and "preferred_contact" not in draft.answers:
                draft.set("preferred_contact", _CONTACTS[name], "proposed")

    def _not_understood(self, understood: Understood) -> None:
        # At the last question anything that is not "send" is more to say: it is kept, never lost.
        if self.draft.pending == CHECK and _HOLD.search(understood.text):
            self.step.says.append(self.context.words.say("commands.held"))
        elif self.draft.pending == CHECK and understood.text.strip() and understood.problem != "bad_payload":
            self.draft.added_words.append(understood.text)
            self.step.says.append(self.context.words.say("notices.added"))
        elif not self.draft.proposed or self.draft.pending == CONFIRM:
            self._ask_again(self.context.words.say(f"problems.{understood.problem}"))

    def _ask_again(self, because: str) -> None:
        """At most two re-asks of a question; then it is left, or a person is offered."""
        draft, words = self.draft, self.context.words
        draft.reasks += 1
        self.step.says.append(because)
        if draft.reasks <= MAX_REASKS or draft.pending is None:
            return
        question = self.context.questions.get(draft.pending)
        if draft.pending == CONFIRM:
            self._confirm(False)
        elif question is not None and question.optional:
            draft.set(draft.pending, None, "skipped")
            self.step.says.append(words.say("problems.give_up"))
        else:
            self.step.says.append(outcome.person_message(self.context))
        draft.reasks = 0

    # --- what is asked next --------------------------------------------------------------------------------

    def proceed(self, routing: Routing) -> None:
        """Choose what comes next: the end, the filing of the case, or one question."""
        draft = self.draft
        if draft.state != "draft":
            return
        self._settle_names()
        wanted = {*routing.needs, *PERSON_FACTS}
        draft.proposed = {n: v for n, v in draft.proposed.items() if n in wanted and n not in draft.answers}
        if set(draft.proposed) == {"on_behalf_of"} and draft.proposed["on_behalf_of"] == "self":
            # Alone it saves no question, and comes better in its own place.
            draft.proposed = {}
        if self._aside is not None:
            self.step.says += asides.answer(self.context, draft, routing, self._aside)
        # Where nobody is sent elsewhere, there is nothing that this answer could end.
        elsewhere = routing.decision is not None and routing.decision["disposition"] in NOT_OURS
        if elsewhere and draft.answers.get("still_complain", "true") != "true":
            draft.state = "signposted"
            self.step.file = True
            return
        question = next_question(self.context, draft, routing)
        if question is None:
            raise LookupError("the interview has no last question: 'check_answers' is missing")
        if self._send and question.id == CHECK:
            draft.state = "informal" if is_informal(self.context, draft) else "filed"
            self.step.file = True
            return
        if self._send:
            self.step.says.append(self.context.words.say("commands.nothing_to_send"))
        self._put(question, routing)

    def _settle_names(self) -> None:
        """The writer's own name belongs to the complainant, or to their representative."""
        draft = self.draft
        behalf = draft.answers.get("on_behalf_of")
        if draft.own_name is not None and behalf is not None:
            name = "complainant_name" if behalf == "self" else "representative_name"
            if name not in draft.answers:
                draft.set(name, draft.own_name, "proposed")
            draft.own_name = None

    def _put(self, question: Question, routing: Routing) -> None:
        draft = self.draft
        if question.id == "still_complain" and draft.pending != question.id and routing.decision is not None:
            self.step.says += outcome.signpost(self.context, routing.decision)
        if draft.pending != question.id:
            draft.reasks = 0
        draft.pending = question.id
        self.step.question = open_question(self.context, question)
        self.step.ask = ask(self.context, draft, question)

    def answers_to_check(self, lines: list[dict[str, Any]]) -> None:
        """Put the read-back before the last question."""
        self.step.says.append(read_back(self.context, self.draft, lines))

    def ended(self, decision: Mapping[str, Any] | None, linked: Sequence[Mapping[str, Any]] = ()) -> None:
        """Say how the conversation ended, and hand the decision to the face, with those of linked cases."""
        draft, words, reference = self.draft, self.context.words, self.context.reference
        if draft.state == "withdrawn":
            self.step.says.append(words.say("outcome.withdrawn"))
        elif draft.state == "signposted" and decision is not None:
            lines = [words.say("outcome.signposted", reference=reference)]
            lines += outcome.contact_lines(self.context, decision["contact"])
            lines.append(words.say("outcome.come_back"))
            self.step.says.append("\n".join(lines))
        elif decision is not None:
            self.step.says += outcome.filed(self.context, decision, draft.state)
            self.step.says += [outcome.second(self.context, **matter) for matter in linked]
        draft.pending = None
        self.step.outcome = {
            "state": draft.state,
            "reference": reference,
            "decision": decision,
            "linked": [dict(matter) for matter in linked],
        }

    def second_facts(self) -> dict[str, str]:
        """The facts of the second matter: who complains stays, what was said of the first matter does not."""
        kept = {
            name: value
            for name, value in facts_of(self.context, self.draft).items()
            if name in _OF_THE_PERSON
        }
        return {**kept, "subject": self.draft.second or "other"}

    def to_read_back(self) -> dict[str, Any]:
        """Every answer that will be sent, facts among them, for the action that puts them in order."""
        organisation = self.context.compiled.pack.organisation.id
        answers = visible(self.context, self.draft)
        if self.draft.added_words:
            answers["added_words"] = "\n".join(self.draft.added_words)
        return {"organisation": organisation, "answers": answers}

    def slots(self) -> dict[str, Any]:
        """The draft as the actions read it."""
        draft = self.draft
        answers = {
            n: v for n, v in visible(self.context, draft).items() if n not in self.context.compiled.accepted
        }
        if draft.added_words:
            answers["added_words"] = "\n\n".join(draft.added_words)
        return {
            "organisation": self.context.compiled.pack.organisation.id,
            "facts": facts_of(self.context, draft),
            "answers": answers,
            "skipped": list(draft.skipped()),
            "received_at": draft.received_at or self.now.isoformat(),
            "first_told_at": draft.first_told_at,
            "channel": draft.channel,
            "recorded_by": draft.recorded_by,
        }
