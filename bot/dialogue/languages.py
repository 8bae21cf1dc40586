"""The language of a conversation: it can be changed at any time, and faces are told which one each reply is in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bot.dialogue.catalogue import PACKS_SPEAK, unnamed
from bot.dialogue.context import Context, Step
from bot.dialogue.draft import Draft
from policy_rules.pack import Pack

# Shorter texts of a policy are names and numbers, which are the same in any language.
_FEWEST = 4


def in_language(context: Context, language: str) -> Context:
    """The same conversation in another language; the same context where there is no other."""
    if language == context.words.language or context.speaking is None:
        return context
    return context.speaking(language)


def switch(context: Context, draft: Draft, step: Step, wanted: str | None) -> Context:
    """Go on in the language that was asked for, or say which ones are offered; what the turn goes on with."""
    if wanted in context.languages:
        context = in_language(context, wanted or "")
        draft.language = context.words.language
        step.says.append(context.words.say("languages.now"))
        return context
    offered = ", ".join(context.words.say(f"languages.{code}") for code in context.languages)
    step.says.append(context.words.say("languages.not_offered", offered=offered))
    return context


def marks(context: Context, step: Step) -> dict[str, Any]:
    """What a face needs to set `lang`: the language of a reply, and what stands in it in another one.

    Empty where an organisation offers the language of its pack alone: then everything is in that.
    """
    language = context.words.language
    if context.languages == (PACKS_SPEAK,) and language == PACKS_SPEAK:
        return {}
    found: dict[str, Any] = {"lang": language, "languages": list(context.languages)}
    if language != PACKS_SPEAK:
        texts = [*step.says, step.ask or ""]
        texts += [label for _, label in step.question.choices] if step.question is not None else []
        parts = foreign_in(context, texts)
        if parts:
            found["parts"] = {PACKS_SPEAK: parts}
        terms = dict(_terms(context, step))
        if terms:
            found["terms"] = terms
    return found


def _terms(context: Context, step: Step) -> Iterator[tuple[str, str]]:
    """What a face that lays a decision out itself must put into words: times of the policy, and kinds of dates."""
    outcome = step.outcome or {}
    words = context.words
    for decision in (outcome.get("decision"), *(one["decision"] for one in outcome.get("linked", ()))):
        if decision is None:
            continue
        # A decision that is not settled leaves open keys out.
        within = decision.get("escalate_within")
        if within and words.time(within) != within:
            yield within, words.time(within)
        for kind in {clock["kind"] for clock in decision.get("clocks", ())}:
            if (name := words.clock_name(kind)) != unnamed(kind):
                yield kind, name


def foreign_in(context: Context, texts: Iterable[str]) -> list[str]:
    """The passages that are in the pack's language, the longest first; one within another is left out."""
    whole = "\n".join(texts)
    wanted = set(_of_policy(context.compiled.pack))
    if context.privacy.language != context.words.language:
        wanted.add(context.privacy.text)
    found: list[str] = []
    for passage in sorted(wanted, key=lambda text: (-len(text), text)):
        if passage in whole and _as_words(passage, whole) and not any(passage in longer for longer in found):
            found.append(passage)
    return found


def _as_words(passage: str, whole: str) -> bool:
    """Whether it stands there as words of its own: "Chair" in "Chairman" is another word."""
    return re.search(rf"(?<!\w){re.escape(passage)}(?!\w)", whole) is not None


def _of_policy(pack: Pack) -> Iterator[str]:
    """What a policy says in its own words, and may be repeated in any language."""
    said: list[str | None] = [pack.organisation.name, pack.source.title]
    for route in pack.routes:
        said += [route.handler, route.says, route.clause, route.stage_name]
    for escalation in pack.escalations:
        said += [escalation.to, escalation.within]
    for contact in pack.contacts.values():
        said += [contact.name, contact.stale.says if contact.stale is not None else None]
    said += [warning.says for warning in pack.warnings]
    for question in pack.questions:
        said += [question.text, question.why, *question.labels.values()]
    for text in said:
        if text is not None and len(text) >= _FEWEST and text != pack.organisation.short_name:
            yield text.rstrip(".")
