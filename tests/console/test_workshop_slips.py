"""The seeded slips of tests/policy_rules/slips.py, made through the workshop's forms: each is refused, said to be
looked at, or shown to treat somebody differently; none is silent. Misspellings are forged: no control can send one.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from policy_rules.edits import CellChange, changes, read
from tests.console.drafting import begin, draft_of, filled, live_text, place
from tests.console.office import Colleague, Office
from tests.policy_rules import slips

ORGANISATIONS = ("cim", "cipfa", "cmi", "cms", "cqm")
# What a prototype was tried with; no run may be weaker.
AT_LEAST = 277
# Every fourth slip, and every eighth of the misspellings, which are most of them: a minute is what this may take.
EVERY, EVERY_MISSPELT = 4, 8
FREE = ("handler", "to", "kind")
COLUMNS = ("refused", "blocked", "warned", "diff", "named", "silent")


def chosen(organisation: str, document: dict[str, Any]) -> Iterator[slips.Slip]:
    """An even share of the slips of every kind, another one for each pack."""
    counts: Counter[str] = Counter()
    for slip in slips.slips(document):
        step = EVERY_MISSPELT if slip[0] == slips.MISSPELT_NAME else EVERY
        if (counts[slip[0]] + ORGANISATIONS.index(organisation)) % step == 0:
            yield slip
        counts[slip[0]] += 1


class Hand:
    """An author who makes one slip after another, each in a draft of its own."""

    def __init__(self, here: Office, organisation: str) -> None:
        self.here, self.organisation = here, organisation
        self.who: Colleague = here.signed_in("rules_editor", organisation=organisation)
        self.csrf = self.who.token
        self.text = live_text(here, organisation)
        self.document = read(self.text)

    def make(self, kind: str, broken: dict[str, Any]) -> str:
        """How a slip is met."""
        draft = begin(self.here, self.organisation, self.text)
        # Whoever writes another fact begins with that; what is cleared comes last.
        for change in sorted(changes(self.document, broken), key=lambda one: one.now is None):
            answer = self.send(draft, kind, change, broken)
            if answer.status_code != 303:
                assert answer.status_code in (404, 409, 422), (answer.status_code, self.who.text)
                assert draft_of(self.here, draft, self.organisation).text == self.text
                return "refused"
        return self.met(draft)

    def send(self, draft: str, kind: str, change: CellChange, broken: dict[str, Any]) -> Any:
        """The form that a person would send for one change."""
        section, name = change.path[0], change.path[1]
        here, seen = place(draft, section, name), str(draft_of(self.here, draft, self.organisation).revision)
        if change.change == "removed":
            return self.who.post(here, csrf=self.csrf, seen=seen, act="delete", sure="yes")
        if change.change == "moved":
            return self.who.post(here, csrf=self.csrf, seen=seen, act="top")
        if change.change == "added":
            return self.copy(draft, section, name, broken)
        key = ".".join(change.path[2:])
        if section == "facts" and isinstance(change.now, list):
            added = [value for value in change.now if value not in (change.was or ())]
            sent: dict[str, Any] = {
                key: [v for v in change.now if v not in added],
                f"{key}~new": ", ".join(added),
            }
        else:
            sent = filled(key, change.now, new=kind == slips.MISSPELT_TEXT and key in FREE)
        return self.who.post(here, csrf=self.csrf, seen=seen, act="save", cells=key, **sent)

    def copy(self, draft: str, section: str, name: str, broken: dict[str, Any]) -> Any:
        """A second clock: a copy of the first, with another amount."""
        original = name.removesuffix("_again")
        answer = self.who.post(place(draft, section, original), csrf=self.csrf, seen="1", act="copy")
        assert answer.status_code == 303, self.who.text
        amount = next(part["amount"] for part in broken[section] if part["id"] == name)
        return self.who.post(
            place(draft, section, f"{original}_copy"),
            csrf=self.csrf,
            seen="2",
            act="save",
            cells="amount",
            amount=amount,
        )

    def met(self, draft: str) -> str:
        """What every page says of the draft as it is kept; this one has the shortest table."""
        page = self.who.get(place(draft, "warnings"))
        assert page.status_code == 200, self.who.text
        if "Not yet fit to be put in force." in self.who.text:
            return "blocked"
        if "It could be put in force. Look at this first" in self.who.text:
            return "warned"
        whom = self.who.text.partition("Who would be treated differently")[2]
        if (
            "combinations of facts would be treated differently" in whom
            or "What people are asked changes" in whom
        ):
            return "diff"
        same = draft_of(self.here, draft, self.organisation).text == self.text
        named = "written otherwise, to the same effect" in whom or "in words only" in whom
        return "named" if named and not same else "silent"


@pytest.mark.timeout(600)
def test_no_slip_made_on_the_pages_is_silent(here: Office, capsys: pytest.CaptureFixture[str]) -> None:
    met: dict[str, Counter[str]] = defaultdict(Counter)
    silent = []
    for organisation in ORGANISATIONS:
        hand = Hand(here, organisation)
        for kind, where, broken in chosen(organisation, hand.document):
            how = hand.make(kind, broken)
            met[kind][how] += 1
            if how == "silent":
                silent.append(f"{organisation} {kind}: {where}")
    capsys.readouterr()
    with capsys.disabled():
        print(f"\n{as_table(met)}")  # noqa: T201 - the table is the point of this test
    assert silent == []
    assert sum(counts.total() for counts in met.values()) >= AT_LEAST
    assert all(met[kind].total() for kind in slips.KINDS)
    # What is picked from a list cannot be misspelt, and what is forged is refused.
    assert met[slips.MISSPELT_NAME].keys() == {"refused"}


def as_table(met: dict[str, Counter[str]]) -> str:
    """Kind, number, and how they were met; one line each."""
    width = max(map(len, slips.KINDS))
    rows = [f"{'slip on the pages':<{width}} {'n':>5} " + " ".join(f"{name:>8}" for name in COLUMNS)]
    total: Counter[str] = Counter()
    for kind in slips.KINDS:
        total += met[kind]
        rows.append(
            f"{kind:<{width}} {met[kind].total():>5} " + " ".join(f"{met[kind][c]:>8}" for c in COLUMNS)
        )
    rows.append(f"{'total':<{width}} {total.total():>5} " + " ".join(f"{total[c]:>8}" for c in COLUMNS))
    return "\n".join(rows)


def test_a_page_that_said_nothing_would_be_caught(here: Office) -> None:
    hand = Hand(here, "cms")
    assert hand.make(slips.AMOUNT_CHANGED, hand.document) == "silent"
    found = itertools.islice(slips.slips(hand.document), 400)
    kind, _, broken = next(slip for slip in found if slip[0] == slips.AMOUNT_CHANGED)
    assert hand.make(kind, broken) in ("blocked", "diff")
