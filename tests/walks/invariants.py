"""What must hold after every reply of every conversation, whoever talks and whatever they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, get_args

from bot.dialogue.catalogue import Catalogue, words_of
from bot.dialogue.context import NOT_OURS, Context, Privacy, facts_of
from bot.dialogue.draft import Draft
from bot.dialogue.draft import State as DraftState
from bot.messages import TurnReply
from bot.overlay import Overlay
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide
from policy_rules.questions import Questions
from tests.walks.traces import contacts_in, dates_in, weekdays_in

MOST_REASKS = 2
STATES = get_args(DraftState)
# Answers that a conversation may give itself: who is meant by "my name is ...", and what was put to be confirmed.
_MANY_TIMES = ("confirm_facts", "check_answers")
_SET_SLOTS = re.compile(r"\s*/\w+\s*[({]", re.DOTALL)
_CLEARED = re.compile(r"(\w+)\s*[=:\"]+\s*null\b")
_QUOTED = re.compile(r"\"[^\"\n]*\"")


class Broken(AssertionError):
    """A rule of the house that a reply has broken."""


@dataclass(slots=True)
class Watcher:
    """One conversation seen from outside: `after` is called with each message, its reply and what is stored."""

    compiled: CompiledPack
    overlay: Overlay
    said: list[str] = field(default_factory=list)
    settled: dict[str, str | None] = field(default_factory=dict)
    asked: str | None = None
    reasks: int = 0
    decision: dict[str, Any] | None = None
    words: Catalogue = field(init=False)
    catalogues: dict[str, Catalogue] = field(init=False)
    questions: Questions = field(init=False)
    _problems: list[re.Pattern[str]] = field(init=False)
    _own_contacts: set[str] = field(init=False)
    _own_days: set[date] = field(init=False)

    def __post_init__(self) -> None:
        self.catalogues = {code: Catalogue(words_of(code), self.compiled.pack) for code in ("en", "cy")}
        self.questions = Questions(self.compiled)
        self._listen("en")
        contacts = {key: one.model_dump() for key, one in self.compiled.pack.contacts.items()}
        allowed = [
            # Where a filed case is opened with a code.
            f"http://127.0.0.1:8000/{self.compiled.pack.organisation.id}/case",
            *_strings(contacts),
            *_strings([words._words for words in self.catalogues.values()]),
            *_strings(self.overlay.model_dump(mode="json")),
        ]
        self._own_contacts = {found for text in allowed for found in contacts_in(text)}
        told = _strings([words._words for words in self.catalogues.values()])
        self._own_days = {day for text in told for day in dates_in(text)}

    def _listen(self, language: str) -> None:
        """Expect what follows in this language."""
        self.words = self.catalogues[language]
        problems = self.words._words["problems"]
        self._problems = [
            _pattern(text) for key, text in problems.items() if key not in ("give_up", "nearest")
        ]

    def after(self, text: str, reply: TurnReply, draft: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """Raises Broken with the rule's name, and what broke it."""
        if not reply.replayed:
            self.said.append(text)
            self._listen(draft.get("language", "en"))
        texts = [entry["text"] for entry in reply.entries if "text" in entry]
        asked = _asked(reply)
        self._stands(reply, record)
        if not reply.replayed:
            self._ends_with_one_question(reply, texts)
            self._reasks_twice_at_most(texts, asked)
            self._asks_nothing_twice(text, texts, asked, draft)
        self._keeps_every_word(reply, draft, record)
        self._says_only_what_is_decided(texts, reply, draft, record)
        self.asked = asked

    def _stands(self, reply: TurnReply, record: Mapping[str, Any]) -> None:
        came_back = (reply.state, record["state"]) == ("draft", "signposted")
        same = record["state"] == reply.state or reply.replayed or came_back
        if record["state"] not in STATES or not same:
            raise Broken(f"the reply says '{reply.state}', the register says '{record['state']}'")
        decision = record["decision"]
        if reply.state == "signposted" and decision["disposition"] not in NOT_OURS:
            raise Broken(f"somebody was sent away although the rules say '{decision['disposition']}'")
        if self.decision is not None and record["state"] == "filed" and decision != self.decision:
            raise Broken("the decision of a filed case has changed")
        if record["state"] == "filed" and self.decision is None:
            self._decided_rightly(record)
            self.decision = decision

    def _decided_rightly(self, record: Mapping[str, Any]) -> None:
        """A filed case has the decision that the rules give for its facts and its time of receipt."""
        right = self._decide(record["facts"], record["received_at"], record["first_told_at"])
        if record["decision"] != right:
            raise Broken(f"the case was filed with {record['decision']}, the rules say {right}")

    def _decide(self, facts: Mapping[str, str], received_at: str, told: str | None) -> dict[str, Any]:
        first_told_at = datetime.fromisoformat(told) if told else None
        at = datetime.fromisoformat(received_at)
        return decide(self.compiled, facts, at, assume=True, first_told_at=first_told_at).as_json()

    def _ends_with_one_question(self, reply: TurnReply, texts: list[str]) -> None:
        if reply.state != "draft":
            if _asked(reply) is not None:
                raise Broken(f"a conversation that is {reply.state} asks '{_asked(reply)}'")
            return
        customs = [
            entry["custom"]["question"] for entry in reply.entries if "question" in entry.get("custom", {})
        ]
        if len(customs) != 1 or "question" not in reply.entries[-1].get("custom", {}):
            raise Broken(f"an open conversation ends with {len(customs)} questions, not one")
        own = self._without_the_persons_words(texts)
        counts = [one.count("?") for one in own]
        if sum(counts) != 1 or counts[-1] != 1:
            raise Broken(f"a reply puts {sum(counts)} questions, not one at its end: {texts}")

    def _without_the_persons_words(self, texts: list[str]) -> list[str]:
        """Answers that are read back may hold a question mark, and so may what was typed as a selection."""
        intro, changed = (
            self.words.say("check.intro"),
            self.words._words["corrections"]["changed"].split("{")[0],
        )
        own = ["" if text.startswith((intro, changed)) else _QUOTED.sub("", text) for text in texts[:-1]]
        return [*own, *texts[-1:]]

    def _reasks_twice_at_most(self, texts: list[str], asked: str | None) -> None:
        put_again = any(pattern.search(one) for one in texts for pattern in self._problems)
        offered = self._says("person.intro", texts) or self._says("person.nobody", texts)
        begun_anew = self._says("commands.restart", texts)
        if asked != self.asked or offered or begun_anew:
            self.reasks = 0
        elif put_again:
            self.reasks += 1
        if self.reasks > MOST_REASKS:
            raise Broken(f"'{asked}' was put again {self.reasks} times in a row, and nobody was offered")

    def _asks_nothing_twice(
        self, text: str, texts: list[str], asked: str | None, draft: Mapping[str, Any]
    ) -> None:
        answers = draft.get("answers", {})
        if self._says("commands.restart", texts) or self._says("commands.taken_back", texts):
            self.settled = dict(answers)
            return
        reopened = set(_CLEARED.findall(text)) if _SET_SLOTS.match(text) else set()
        if self._says("commands.back", texts) or self._says("commands.change", texts):
            reopened |= {name for name in self.settled if name not in answers}
            if len(reopened) > 1:
                raise Broken(f"going back forgot {sorted(reopened)}")
        for name in self.settled:
            if name not in answers and name not in reopened:
                raise Broken(f"the answer to '{name}' was forgotten")
            self._changes_nothing_unsaid(name, text, texts, answers)
        if asked in answers and asked not in _MANY_TIMES:
            raise Broken(f"'{asked}' is asked although it was answered")
        self.settled = dict(answers)

    def _changes_nothing_unsaid(
        self, name: str, text: str, texts: list[str], answers: Mapping[str, str | None]
    ) -> None:
        if name not in answers or answers[name] == self.settled[name] or name == self.asked:
            return
        if _SET_SLOTS.match(text) or name in ("still_complain", "preferred_contact"):
            return
        if self.asked != "confirm_facts" and not self._says("corrections.changed", texts):
            raise Broken(f"the answer to '{name}' was changed and nothing was said of it")

    def _says(self, key: str, texts: Iterable[str]) -> bool:
        section, _, name = key.partition(".")
        pattern = _pattern(self.words._words[section][name])
        return any(pattern.search(one) for one in texts)

    def _keeps_every_word(
        self, reply: TurnReply, draft: Mapping[str, Any], record: Mapping[str, Any]
    ) -> None:
        kept = [m["text"] for m in record["messages"] if m["role"] != "assistant" and m["text"]]
        if kept != [text for text in self.said if text]:
            raise Broken(f"the record holds {kept[-2:]!r} of what was said, not {self.said[-2:]!r}")
        story = draft.get("answers", {}).get("story")
        if record["narrative"] != story and reply.state != "draft":
            raise Broken("the record tells another story than the draft")
        if story is not None and not any(story == one or story in one for one in self.said):
            raise Broken("the story is not in the person's own words")

    def _says_only_what_is_decided(
        self, texts: list[str], reply: TurnReply, draft: Mapping[str, Any], record: Mapping[str, Any]
    ) -> None:
        own = [text.replace(reply.reference, "") for text in texts]
        named = {day for text in own for day in dates_in(text)} - self._own_days
        if named:
            named -= set(_days([*self.said, *_values(draft)]))
        if named:
            named -= set(_days(_strings([record["decision"], *self._decided(reply, draft, record)])))
        if named:
            raise Broken(f"{sorted(map(str, named))} in no decision: {own}")
        for weekday, day in (found for text in own for found in weekdays_in(text)):
            if not any(words.date(day).startswith(f"{weekday} ") for words in self.catalogues.values()):
                raise Broken(f"{day} is no {weekday}: {own}")
        contacts = {contact for text in own for contact in contacts_in(text)} - self._own_contacts
        if contacts - {c for text in [*self.said, *_values(draft)] for c in contacts_in(text)}:
            raise Broken(f"{sorted(contacts)} in no pack: {own}")

    def _decided(
        self, reply: TurnReply, draft: Mapping[str, Any], record: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """What the rules say of the draft as it stands, found without the conversation's help, and linked cases."""
        for entry in reply.entries:
            outcome = entry.get("custom", {}).get("outcome")
            if outcome is not None:
                yield from (one["decision"] for one in outcome["linked"])
        if reply.state != "draft" or not record["messages"]:
            return
        context = Context(self.compiled, self.questions, self.words, reply.reference, Privacy("", ""))
        facts = facts_of(context, Draft.model_validate(draft))
        at = draft.get("received_at") or record["messages"][-1]["at"]
        yield self._decide(facts, at, draft.get("first_told_at"))


def _asked(reply: TurnReply) -> str | None:
    for entry in reply.entries:
        if "question" in entry.get("custom", {}):
            return str(entry["custom"]["question"]["id"])
    return None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("[^\n]+?".join(re.escape(part) for part in re.split(r"\{\w+\}", template)))


def _values(draft: Mapping[str, Any]) -> list[str]:
    """What the person has said as it was understood, and what waits to be confirmed."""
    return [v for part in ("answers", "proposed") for v in draft.get(part, {}).values() if v]


def _strings(found: Any) -> list[str]:
    if isinstance(found, str):
        return [found]
    children: Iterable[Any] = ()
    if isinstance(found, Mapping):
        children = found.values()
    elif isinstance(found, list | tuple | set):
        children = found
    return [text for child in children for text in _strings(child)]


def _days(texts: Iterable[str]) -> Iterator[date]:
    for text in texts:
        yield from dates_in(text)
