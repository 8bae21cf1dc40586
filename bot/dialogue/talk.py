"""One turn of the interview: first what the message changes, then what is asked next.

The turn calls `candidates`, has the actions validate them, calls `take`, has the rules route the draft, and calls
`proceed`. Nothing here reads a clock, a database or the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.dialogue import asides, outcome, proposals, unread
from bot.dialogue.afterwards import afterwards, further_of
from bot.dialogue.asking import ask, label, read_back, rejection, shown, to_check
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
    outdated,
    visible,
)
from bot.dialogue.draft import POSSIBLE_HARM, RISK_OF_HARM, Draft, Undo
from bot.dialogue.languages import in_language, switch
from bot.dialogue.unfinished import questions_left
from bot.messages import Aside, Command, Given, OpenQuestion, Understood
from policy_rules.questions import Question

MAX_REASKS = 2
CONFIRM, CHECK = unread.CONFIRM, unread.CHECK
_UNDOABLE = (Command.RESTART, Command.SKIP)
_OF_THE_PERSON = (
    "nature complainant_type channel on_behalf_of representative_basis apprenticeship confidentiality nation"
).split()


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
        return None if question is None else open_question(self.context, self.draft, question)

    def turn_to(self, question_id: str) -> None:
        """Let the message be read beside this question, if it is one of the interview's and that is going on."""
        known = self.context.questions.get(question_id) is not None
        if self.draft.state == "draft" and known:
            self.draft.pending = question_id

    def given(self) -> tuple[Given, ...]:
        """The answers that a message may put right, in the order in which they were given; then what is proposed."""
        draft = self.draft
        if draft.state != "draft":
            return ()
        values = [(name, draft.answers.get(name)) for name in draft.history]
        values += [(name, value) for name, value in draft.proposed.items() if draft.pending == CONFIRM]
        return tuple(
            Given(
                open_question(self.context, self.draft, question),
                value,
                shown(self.context, name, value, draft.whom()),
            )
            for name, value in values
            if value is not None and (question := self.context.questions.get(name)) is not None
        )

    def candidates(self, understood: Understood) -> dict[str, str | None]:
        """The answers in a message, by question id, for the actions to validate."""
        if self.draft.state != "draft":
            return {}
        found: dict[str, str | None] = {**understood.slots, **understood.corrections}
        if understood.answer is not None and self.draft.pending is not None:
            found.setdefault(self.draft.pending, understood.answer)
        return found

    def take(
        self, understood: Understood, accepted: Mapping[str, str | None], rejected: Mapping[str, Any]
    ) -> None:
        """Let a message change the draft: answers first, then commands, questions to us, and what it suggests."""
        if understood.harm:
            self.help(sure=understood.sure_of_harm)
        if self.draft.state != "draft":
            self.speak_as_asked(understood)
            afterwards(self.context, self.draft, self.step, understood, self.record)
            return
        before = self._before(understood)
        if rejected:
            # However many names of one message are wrong, the open question is put again once.
            self.ask_again("\n".join(rejection(self.context, problem) for problem in rejected.values()))
        said = {name: p for name, p in understood.proposals.items() if name not in accepted}
        corrects = self.draft.pending == CONFIRM and proposals.corrects(self.draft, accepted)
        for name, value in accepted.items():
            if name == CONFIRM and value == "false" and proposals.amends(self.draft, said):
                proposals.amend(self.context, self.draft, self.step, said)
            elif (
                name == CONFIRM
                and value == "false"
                and (doubted := proposals.doubts(self.draft, understood.text))
            ):
                proposals.doubt(self.context, self.draft, self.step, doubted)
            else:
                self._answer(name, value, chosen=name in understood.slots, complains=understood.complains)
            if name in understood.corrections and value is not None:
                self._say_changed(name, value)
        if corrects:
            proposals.confirm(self.context, self.draft, self.step, True)
        self._obey(understood, before)
        self._aside = understood.aside
        if understood.second is not None and "second_matter" not in self.draft.answers:
            self.draft.second = understood.second.value
        if self.draft.pending == CONFIRM and understood.answer is None and proposals.amends(self.draft, said):
            proposals.amend(self.context, self.draft, self.step, said)
            if not understood.corrections and not proposals.CORRECTING.search(understood.text):
                unread.keep_words(self, understood, unread.WORDS_BESIDE_A_CORRECTION)
            return
        if self.draft.pending == CONFIRM and said and proposals.says_the_same(self.draft, said):
            proposals.confirm(self.context, self.draft, self.step, True)
            unread.keep_words(self, understood)
            return
        corrected = proposals.correct(self.context, self.draft, self.step, understood, said)
        answered = len(self.draft.answers)
        for name, proposal in said.items():
            proposals.propose(self.context, self.draft, self.step, name, proposal)
        known = understood.command is not None or understood.aside is not None
        is_unread = understood.answer is None and not accepted and (not known or understood.guessed)
        if is_unread or understood.language not in (None, self.context.words.language):
            unread.take(self, understood, kept=corrected or len(self.draft.answers) > answered)

    def _before(self, understood: Understood) -> Undo | None:
        """The draft as it stands, where the message changes it in a way that the person may not have meant."""
        if understood.exact:
            return self.draft.undo_of(understood.text)
        undoable = understood.command is Command.RESTART or understood.guessed or understood.corrections
        return self.draft.undo_of(None) if undoable else None

    def _obey(self, understood: Understood, before: Undo | None) -> None:
        """Carry out a command; what could have been an answer is echoed, and can be undone with the next message."""
        draft, words, undo = self.draft, self.context.words, self.draft.undo
        if understood.command is Command.UNDO and undo is not None:
            asked, said = undo.before.get("pending"), draft.go_back()
            self.context = in_language(self.context, draft.language)
            words = self.context.words
            self.step.says.append(words.say("commands.taken_back"))
            if said is not None and asked is not None:
                self._answer(asked, said, chosen=False)
                self._say_changed(asked, said)
            return
        self.speak_as_asked(understood)
        words = self.context.words
        if understood.command is not None:
            self._send = obey(self.context, draft, self.step, understood) or self._send
        draft.undo = before
        if draft.state != "draft":
            return
        if understood.exact and understood.problem in (None, "bad_payload"):
            said = understood.text.strip().strip('"')
            kept = "kept_as_contact" if "preferred_contact" in understood.slots else "could_be_answer"
            self.step.says.append(words.say(f"commands.{kept}", said=said))
        elif understood.corrections or (before and understood.command in _UNDOABLE):
            self.step.says.append(words.say("commands.restart_undo"))

    def speak_as_asked(self, understood: Understood) -> None:
        """Go on in another language, where that is what a message asks for."""
        if understood.command is Command.LANGUAGE:
            self.context = switch(self.context, self.draft, self.step, understood.target)

    def _say_changed(self, name: str, value: str) -> None:
        named, value = (
            label(self.context, self.draft, name),
            shown(self.context, name, value, self.draft.whom()),
        )
        self.step.says.append(self.context.words.say("corrections.changed", label=named, value=value))

    def help(self, *, sure: bool) -> None:
        """Help is shown at once, and staff see the case first; the interview goes on.

        What only may tell of harm brings one line, once: to somebody who is only angry, more would be an affront.
        """
        words, flags = self.context.words, self.draft.flags
        lines = [words.say("notices.help_line", who=n, contact=c) for n, c in self.context.help_lines]
        if RISK_OF_HARM in flags:
            # In full once; after that it is not to drown what else is said.
            if sure:
                self.step.says.append(words.say("notices.help_again", lines=", ".join(lines)))
        elif sure:
            flags.append(RISK_OF_HARM)
            self.step.says.append("\n".join([words.say("notices.help"), *lines, words.say("notices.urgent")]))
        elif POSSIBLE_HARM not in flags:
            flags.append(POSSIBLE_HARM)
            self.step.says.append(words.say("notices.help_offer", lines=", ".join(lines)))

    def _answer(self, name: str, value: str | None, *, chosen: bool, complains: bool | None = None) -> None:
        draft = self.draft
        if name == CONFIRM:
            proposals.confirm(self.context, draft, self.step, value == "true")
        elif name == CHECK:
            self._send = value == SEND
        elif value is None:
            draft.clear(name)
        else:
            if name == "story":
                proposals.suppose(self.context, draft, value, complains)
                draft.first_told_at = draft.first_told_at or self.now.isoformat()
                self.step.says.append(
                    self.context.words.say("notices.saved", reference=self.context.reference)
                )
                if self.draft.escalated_from is None:
                    self.step.says += further_of(self.context, value)
            proposals.keep(self.context, draft, self.step, name, value, "chosen" if chosen else "said")

    def ask_again(self, because: str) -> None:
        """At most two re-asks of a question; then it is left, or a person is offered."""
        draft, words = self.draft, self.context.words
        draft.reasks += 1
        self.step.says.append(because)
        if draft.reasks <= MAX_REASKS or draft.pending is None:
            return
        question = self.context.questions.get(draft.pending)
        if draft.pending == CONFIRM:
            proposals.confirm(self.context, draft, self.step, False)
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
        draft.proposed = proposals.worth_confirming(draft, routing.needs)
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
        """The writer's own name is the complainant's, or that of their representative, who names them."""
        draft = self.draft
        behalf = draft.answers.get("on_behalf_of")
        if behalf is None:
            return
        if draft.own_name is not None:
            name = "complainant_name" if behalf == "self" else "representative_name"
            if name not in draft.answers:
                draft.set(name, draft.own_name, "proposed")
        if (
            draft.represented_name is not None
            and behalf == "other"
            and "complainant_name" not in draft.answers
        ):
            draft.set("complainant_name", draft.represented_name, "proposed")
        draft.own_name = draft.represented_name = None

    def _put(self, question: Question, routing: Routing) -> None:
        draft = self.draft
        if question.id == "still_complain" and draft.pending != question.id and routing.decision is not None:
            self.step.says += outcome.signpost(self.context, routing.decision)
        if draft.pending != question.id:
            draft.reasks = 0
        draft.pending = question.id
        self.step.question = open_question(self.context, self.draft, question)
        self.step.ask = ask(self.context, draft, question)
        self.step.left = questions_left(self.context, draft, routing, question)
        if question.id == CONFIRM:
            understood = [{"id": name, "value": value} for name, value in draft.proposed.items()]
            self.step.answers = to_check(self.context, draft, understood)

    def answers_to_check(self, lines: list[dict[str, Any]]) -> None:
        """Put the read-back before the last question."""
        self.step.answers = to_check(self.context, self.draft, lines)
        self.step.says.append(read_back(self.context, self.step.answers))

    def ended(self, decision: Mapping[str, Any] | None, linked: Sequence[Mapping[str, Any]] = ()) -> None:
        """Say how the conversation ended, and hand the decision to the face, with those of linked cases."""
        draft, words, reference = self.draft, self.context.words, self.context.reference
        before = len(self.step.says)
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
            # For a face that lays the decision out: what to show beside it, and how many of the texts say it in words.
            "notes": outcome.notes(self.context, decision, draft.state),
            "covers": len(self.step.says) - before,
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
        return {"organisation": organisation, "received_at": self.received_at(), "answers": answers}

    def received_at(self) -> str:
        """When the complaint counts as received, if it is sent now: the rules of then govern it."""
        return self.draft.received_at or self.now.isoformat()

    def slots(self) -> dict[str, Any]:
        """The draft as the actions read it."""
        draft = self.draft
        facts, late = facts_of(self.context, draft), outdated(self.context, draft)
        answers = {
            n: v
            for n, v in visible(self.context, draft).items()
            if n not in self.context.compiled.accepted or n in late
        }
        if draft.added_words:
            answers["added_words"] = "\n\n".join(draft.added_words)
        return {
            "organisation": self.context.compiled.pack.organisation.id,
            "facts": facts,
            "answers": answers,
            "skipped": [*draft.skipped(), *late],
            "received_at": self.received_at(),
            "first_told_at": draft.first_told_at,
            "original_received_at": draft.original_received_at,
            "channel": draft.channel,
            "recorded_by": draft.recorded_by,
        }
