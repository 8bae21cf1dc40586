"""A first version: what is still missing, in order, from an empty pack to one that a second person can approve."""

from __future__ import annotations

from datetime import date

from policy_rules.decide import decide, parse_facts, parse_instant
from policy_rules.decision import Decision
from policy_rules.edits import Add, Edit, Put, edited, empty_pack, read, review
from policy_rules.edits.cells import cells
from policy_rules.edits.steps import missing, steps
from policy_rules.edits.trying import expected

TODAY = date(2026, 12, 21)
CITED = {"clause": "Item 1", "says": "It is so."}
EMPTY = empty_pack("acme", "The Acme Institute", "Acme", ())
OFFICE = {"disposition": "accept", "handler": "Acme", "stage": "single", **CITED}
ACK = {
    "kind": "acknowledge",
    "amount": "3",
    "unit": "working_day",
    "from": "received",
    "force": "will",
    **CITED,
}


def stand(text: str) -> dict[str, str]:
    """How each step of a draft stands."""
    return {step.id: step.state for step in steps(review(text, TODAY))}


def walked(*edits: Edit, text: str = EMPTY) -> str:
    return edited(text, edits)


def test_an_empty_pack_lacks_everything_that_a_policy_must_say() -> None:
    assert stand(EMPTY) == {
        "source": "to_do", "document": "to_do", "nations": "to_do", "contacts": "to_do", "facts": "if_needed",
        "routes": "to_do", "clocks": "to_do", "escalations": "if_needed", "examples": "waits", "checks": "waits",
    }  # fmt: skip
    assert missing(review(EMPTY, TODAY)) == 6


def test_each_edit_ends_its_step_and_no_other() -> None:
    text = EMPTY
    for step, edit in (
        ("nations", Put(("calendar", "nations"), ["scotland"])),
        ("document", Put(("source", "sha256"), "a" * 64)),
        ("contacts", Add("contacts", "complaints", {"name": "Acme", "email": "care@acme.example", **CITED})),
    ):
        before, text = stand(text), walked(edit, text=text)
        assert stand(text) == {**before, step: "done"}, step
    text = walked(Put(("source", "title"), "Policy"), text=text)
    assert stand(text)["source"] == "to_do"
    text = walked(Put(("source", "version"), "1"), text=text)
    assert stand(text)["source"] == "done"


def full() -> str:
    """All that is needed, but for the examples."""
    return walked(
        Put(("source", "title"), "Policy"),
        Put(("source", "version"), "1"),
        Put(("source", "sha256"), "a" * 64),
        Put(("calendar", "nations"), ["england"]),
        Add("contacts", "complaints", {"name": "Acme", "email": "care@acme.example", **CITED}),
        Add("routes", "ours", OFFICE),
        Add("clocks", "ack", ACK),
    )


def test_a_promise_that_is_missing_is_told_at_the_times_and_a_silence_ends_it() -> None:
    text = full()
    (clocks,) = [step for step in steps(review(text, TODAY)) if step.id == "clocks"]
    assert clocks.state == "to_do"
    assert "respond" in clocks.more[0].says
    text = walked(Add("silent", "no_limit", {"kind": "respond", **CITED}), text=text)
    assert stand(text)["clocks"] == "done"


def test_a_rule_for_some_alone_leaves_the_step_open() -> None:
    text = walked(
        Add("facts", "subject", {"values": ["service", "exam_result"]}),
        Add("routes", "marks", {**OFFICE, "when": {"subject": ["exam_result"]}}),
    )
    assert stand(text)["routes"] == "to_do"
    assert stand(text)["facts"] == "done"
    assert stand(walked(Add("routes", "ours", OFFICE), text=text))["routes"] == "done"


def test_examples_come_last_and_then_nothing_is_missing() -> None:
    text = walked(Add("silent", "no_limit", {"kind": "respond", **CITED}), text=full())
    assert stand(text)["examples"] == "to_do"
    assert missing(review(text, TODAY)) == 1
    compiled = review(text, TODAY).compiled
    assert compiled is not None
    received = "2026-12-21T10:00:00+00:00"
    made = decide(compiled, parse_facts(compiled, {}), parse_instant(received, "received"), assume=True)
    assert isinstance(made, Decision)
    # Counted on paper: the 22nd, the 23rd, the 24th.
    assert made.acknowledge_by == date(2026, 12, 24)
    example = {"facts": {}, "received_at": received, "expect": expected(made), "because": "Three days."}
    text = walked(Add("examples", "A Monday", example), text=text)
    assert missing(review(text, TODAY)) == 0
    wrong = walked(Put(("clocks", "ack", "amount"), "2"), text=text)
    assert stand(wrong)["examples"] == "to_do"


def test_a_part_can_be_added_at_the_top() -> None:
    """The first rule that fits takes a case: one that is to stand before the only one must not come behind it."""
    text = walked(Add("routes", "first", {"disposition": "accept"}, ""), text=full())
    assert [route["id"] for route in read(text)["routes"]] == ["first", "ours"]


def test_the_first_times_of_a_pack_are_chosen_from_all_that_are_known() -> None:
    (kind,) = [cell for cell in cells(read(EMPTY), "clocks") if cell.path == ("kind",)]
    assert {"acknowledge", "respond", "escalate", "bring_complaint"} <= set(kind.values)
