"""What was understood, in one natural sentence and as few further ones as it takes, for the person to confirm."""

from __future__ import annotations

from collections.abc import Mapping

from bot.dialogue.catalogue import Catalogue

# Kept in the person's own words, and put back to them within quotation marks; a long one by its beginning.
IN_THEIR_WORDS = ("effect", "desired_remedy")
MOST_QUOTED = 200


# Told in the sentence of whom somebody writes for; the other has one of its own.
NAMES = ("complainant_name", "representative_name")


def summary(
    words: Catalogue, proposed: Mapping[str, str], relation: str | None = None, whom: str = "self"
) -> str:
    """`proposed` facts as sentences; `relation` is the word for whom the person writes ("daughter"), if it was said.

    `whom` is of whom they speak: `self`, `other` or `deceased`.
    """
    head, told = _matter(words, proposed)
    tail, also = _writer(words, proposed, relation)
    told |= also
    if head is not None and tail is not None:
        lines = [words.say("summary.both", head=_capital(head), tail=tail)]
    else:
        lines = [words.say("summary.one", part=_capital(part)) for part in (head, tail) if part is not None]
    apart = {*told, *IN_THEIR_WORDS, "representative_name"}
    # That somebody has died is said beside their name, and not after a certificate.
    others = sorted((n for n in proposed if n not in apart), key=lambda n: n != "representative_basis")
    lines += [words.statement(n, proposed[n], whom) for n in others]
    quoted = "summary.{}" if whom == "self" else "summary.{}_other"
    lines += [words.say(quoted.format(n), words=_short(proposed[n])) for n in IN_THEIR_WORDS if n in proposed]
    if "representative_name" in proposed:
        lines.append(words.say("summary.own_name", who=proposed["representative_name"]))
    return " ".join(lines)


def _matter(words: Catalogue, proposed: Mapping[str, str]) -> tuple[str | None, set[str]]:
    """ "this is a complaint about ...", and the facts that it tells."""
    parts = {}
    for name, kind in (("nature", "natures"), ("subject", "subjects")):
        phrase = words.phrase(kind, proposed.get(name, ""))
        if phrase is not None:
            parts[name] = phrase
    return (words.say("summary." + "_".join(parts), **parts), set(parts)) if parts else (None, set())


def _writer(
    words: Catalogue, proposed: Mapping[str, str], relation: str | None
) -> tuple[str | None, set[str]]:
    """ "you are writing for ...", and the facts that it tells; whose role it is, is plain only for oneself."""
    if proposed.get("on_behalf_of") == "other":
        whom, name = words.phrase("relations", relation or ""), proposed.get("complainant_name")
        if name is not None:
            # "your daughter, Bethan Prosser", or the name alone.
            whom = name if whom is None else f"{whom}, {name}"
        whom = whom or words.say("summary.someone")
        told = {"on_behalf_of", "complainant_name"}
        if proposed.get("representative_basis") == "deceased":
            # A sentence of its own, "That person has died", is hard on whoever reads it.
            return words.say("summary.writing_for_dead", whom=whom), {*told, "representative_basis"}
        return words.say("summary.writing_for", whom=whom), told
    if proposed.get("on_behalf_of") == "self":
        role = words.phrase("roles", proposed.get("complainant_type", ""))
        if role is None:
            return words.say("summary.yourself"), {"on_behalf_of"}
        return words.say("summary.yourself_as", role=role), {"on_behalf_of", "complainant_type"}
    return None, set()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(said: str) -> str:
    said = " ".join(said.split()).strip(' .,;:"').replace("?", "").replace('"', "'")
    return said if len(said) <= MOST_QUOTED else said[:MOST_QUOTED].rsplit(" ", 1)[0] + " ..."
