"""Cases of the past under a draft: the same counts as deciding each of them, and no reference for who may not know."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cases.replay import Wanted, replay
from cases.store import Store
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide
from policy_rules.decision import Decision
from policy_rules.loader import parse_pack
from policy_rules.replay import DATES, ELSEWHERE, OTHERWISE, PastCase, Replay, Replayed, compare
from policy_rules.shelf import SHIPPED, PackShelf
from tests.cases.builders import a_filing, say

PACKS = PackShelf()
CIM = PACKS.get("cim")
TEXT = (SHIPPED / "cim.yml").read_text("utf-8")
ACKNOWLEDGE = "    amount: 2\n    unit: working_day\n    force: will\n    clause: Complaints procedure\n"
AT = datetime(2026, 11, 4, 10, tzinfo=UTC)
SERVICE = {"nature": "complaint", "subject": "service", "needs_investigation": True, "channel": "chat"}
CONDUCT = {"nature": "complaint", "subject": "member_conduct", "channel": "chat"}


def changed(*changes: tuple[str, str]) -> CompiledPack:
    text = TEXT
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    return CompiledPack(parse_pack(text, "draft"))


FASTER = changed((ACKNOWLEDGE, ACKNOWLEDGE.replace("2", "1", 1)))
SECRETARY = changed(("handler: Institute Secretary", "handler: Conduct Committee"))


def file(store: Store, number: int, facts: dict[str, Any], at: datetime = AT, **record: Any) -> str:
    reference = f"CIM-0000-{number:04d}-0"
    record = {"policy": {"version": "1", "sha256": CIM.sha256}, **record}
    values = {"organisation": "cim", "reference": reference, "facts": facts, "received_at": at}
    filing = a_filing(**values, first_told_at=at, **record)
    own = {"conversation_id": reference, "key_hash": reference, "reference": reference, "state": "filed"}
    say(store, organisation="cim", **own, cases=(filing,), targets=())
    return reference


def run(store: Store, new: CompiledPack, **wanted: Any) -> Replayed:
    values = {"seconds": 60.0, **wanted}
    return replay(store, Wanted("cim", **values), new, lambda sha256, at: PACKS.of("cim", sha256, at))


def test_a_sooner_acknowledgement_moves_days_and_nothing_else(store: Store) -> None:
    mine = file(store, 1, SERVICE)
    file(store, 2, {"nature": "compliment", "channel": "chat"})
    found = run(store, FASTER)
    assert (found.cases, found.looked_at, found.whole) == (2, 2, True)
    assert found.changed == {ELSEWHERE: 0, DATES: 1, OTHERWISE: 0}
    (kind,) = found.kinds
    assert (kind.what, kind.count, kind.references) == ("Acknowledge: an earlier day", 1, [mine])
    (worked,) = found.examples
    assert worked.reference == mine
    assert [(f.name, f.was, f.would_be) for f in worked.fields] == [
        ("Acknowledge", "Friday 6 November 2026", "Thursday 5 November 2026")
    ]


def test_another_handler_sends_cases_elsewhere(store: Store) -> None:
    mine = file(store, 1, CONDUCT)
    file(store, 2, SERVICE)
    found = run(store, SECRETARY)
    assert found.changed == {ELSEWHERE: 1, DATES: 0, OTHERWISE: 0}
    assert [(k.what, k.references) for k in found.kinds] == [
        ("Who answers: Institute Secretary, would be Conduct Committee", [mine])
    ]


def test_the_same_rules_change_nothing(store: Store) -> None:
    file(store, 1, SERVICE)
    found = run(store, CIM)
    assert found.same
    assert not found.kinds
    assert not found.examples


def test_restricted_cases_are_counted_and_named_only_to_who_may_open_them(store: Store) -> None:
    shown = file(store, 1, SERVICE)
    hidden = file(store, 2, SERVICE, restricted=True, restricted_because=["risk_of_harm"])
    (kind,) = run(store, FASTER).kinds
    assert (kind.count, kind.hidden, kind.references) == (2, 1, [shown])
    assert hidden not in repr(run(store, FASTER))
    (kind,) = run(store, FASTER, names_restricted=True).kinds
    assert (kind.hidden, set(kind.references)) == (0, {shown, hidden})


def test_the_last_days_are_counted_apart(store: Store) -> None:
    file(store, 1, SERVICE)
    file(store, 2, SERVICE, AT - timedelta(days=200))
    found = run(store, FASTER, recent_from=AT - timedelta(days=90))
    assert (found.looked_at, found.recent) == (2, 1)
    assert (found.changed[DATES], found.changed_recent[DATES]) == (2, 1)


def test_facts_that_the_rules_of_the_case_do_not_take_are_told(store: Store) -> None:
    file(store, 1, {**SERVICE, "business_area": "x"})
    file(store, 2, SERVICE)
    found = run(store, FASTER)
    assert (found.looked_at, found.unread, found.changed[DATES]) == (2, 1, 1)


def test_an_answer_that_the_draft_does_not_know_is_told() -> None:
    other = (SHIPPED / "cms.yml").read_text("utf-8").replace("{id: cms", "{id: cqm")
    run = Replay(CompiledPack(parse_pack(other, "draft")))
    facts = {"nature": "complaint", "subject": "malpractice", "stage_reached": "none"}
    run.take(PastCase("one", facts, AT), PACKS.get("cqm"), "one")
    found = run.result()
    assert (found.looked_at, found.unread, found.assumed) == (1, 0, 1)


def test_when_the_time_is_over_it_says_what_it_did_not_look_at(store: Store) -> None:
    file(store, 1, SERVICE)
    found = run(store, FASTER, seconds=0.0)
    assert (found.cases, found.looked_at, found.whole) == (1, 0, False)


def test_an_escalation_is_counted_from_the_receipt_of_its_first_case(store: Store) -> None:
    first = file(store, 1, SERVICE, AT - timedelta(days=40))
    facts = {**SERVICE, "stage_reached": "stage_1"}
    cipfa = PACKS.get("cipfa")
    file(store, 2, facts, escalated_from=first, policy={"version": "1", "sha256": cipfa.sha256})
    seen: list[datetime | None] = []
    take = Replay.take

    def noted(self: Replay, case: PastCase, old: CompiledPack, key: str) -> None:
        seen.append(case.original_received_at)
        take(self, case, old, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Replay, "take", noted)
        run(store, FASTER)
    assert seen == [AT - timedelta(days=40), None] or seen == [None, AT - timedelta(days=40)]


@pytest.mark.parametrize("organisation", ["cim", "cipfa", "cmi", "cms", "cqm"])
def test_it_counts_what_deciding_every_single_case_counts(organisation: str) -> None:
    """The short cut (once for each combination of rules and days) against the long way, on two drafts each."""
    dice = random.Random(11)  # noqa: S311 - nothing here is secret
    old = PACKS.get(organisation)
    text = (SHIPPED / f"{organisation}.yml").read_text("utf-8")
    drafts = [
        text.replace("    unit: working_day\n", "    unit: calendar_day\n"),
        text.replace("nations: [england, wales]", "nations: [scotland]").replace(
            "force: will", "force: must"
        ),
    ]
    for draft in drafts:
        assert draft != text
        new = CompiledPack(parse_pack(draft, "draft"))
        replayed, counted = Replay(new), {ELSEWHERE: 0, DATES: 0, OTHERWISE: 0}
        for number in range(250):
            facts = {n: dice.choice(old.accepted[n]) for n in old.pack.facts if old.accepted[n]}
            at = datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(hours=dice.randrange(20_000))
            if dice.random() < 0.3 and "previous_response_at" in old.accepted:
                facts["previous_response_at"] = (at - timedelta(days=dice.randrange(40))).date().isoformat()
            replayed.take(PastCase(str(number), facts, at), old, repr(sorted(facts.items())))
            was, would_be = decide(old, facts, at, assume=True), decide(new, facts, at, assume=True)
            assert isinstance(was, Decision)
            assert isinstance(would_be, Decision)
            for sort in compare(was, would_be).sorts:
                counted[sort] += 1
        found = replayed.result()
        assert found.changed == counted
        assert found.looked_at == 250
        assert found.changed[DATES] + found.changed[OTHERWISE] > 0
