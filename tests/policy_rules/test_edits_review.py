"""What is said of a draft: each fault with the cell that it stands in, a case that shows it, and whether it blocks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from policy_rules.compiled import CompiledPack
from policy_rules.edits import Add, Edit, Move, Put, Remove, Review, edited, empty_pack, read, review
from policy_rules.edits.changes import changes
from policy_rules.edits.review import is_like, order_advice
from policy_rules.edits.trying import expect_edit, expected, interview
from policy_rules.examples import check_examples, decide_example
from policy_rules.loader import parse_pack
from policy_rules.shelf import SHIPPED, pack_files

TODAY = date(2026, 11, 21)
RECEIVED = datetime(2026, 12, 24, 16, 45, tzinfo=UTC)
PACKS = {path.stem: path.read_text("utf-8") for path in pack_files(SHIPPED)}
LIVE = {name: CompiledPack(parse_pack(text, name)) for name, text in PACKS.items()}
CITED = {"clause": "Scope", "says": "It is so."}


def reviewed(*edits: Edit, organisation: str = "cim") -> Review:
    text = edited(PACKS[organisation], edits)
    return review(text, TODAY, live=LIVE[organisation], received_at=RECEIVED, beside=SHIPPED)


@pytest.mark.parametrize("organisation", PACKS)
def test_what_is_in_force_has_nothing_to_mend(organisation: str) -> None:
    found = reviewed(organisation=organisation)
    assert (found.blocking, found.warnings) == ([], [])
    assert found.can_be_submitted
    assert found.difference is not None
    assert found.difference.same_treatment
    assert found.shares is not None


@pytest.mark.parametrize(
    ("edit", "kind", "path", "says", "blocks"),
    [
        (Put(("routes", "department", "when", "subject"), ["service"]), "gap", ("routes",), "taken by no route", True),
        (
            Add("clocks", "again", {"kind": "acknowledge", "from": "received", "amount": "3", "unit": "working_day",
                                    "force": "will", **CITED}),
            "double_clock", ("clocks", "again"), "are both clocks of the kind", True,
        ),
        (Remove("clocks", "answer"), "missing_respond", ("routes", "department"), "no clock to respond", True),
        (Move("routes", "department", "enquiry"), "unreachable", ("routes", "enquiry"), "is never reached", False),
        (Put(("routes", "ofqual", "contact"), None), "property", ("properties", "every_signpost_leads_elsewhere"), "must hold", True),
        (Put(("clocks", "acknowledgement", "amount"), "1"), "example", ("examples", "A course complaint on Christmas Eve"),
         "does not come out: acknowledge by should be 2026-12-30 but is 2026-12-29; clocks should be", True),
        (Put(("routes", "department", "handler"), "Relevant departmant manager"), "lookalike",
         ("routes", "department", "handler"), "Is it the same, misspelt?", False),
        (Put(("routes", "department", "handler"), None), "broken", ("routes", "department"), "'handler' is missing", True),
        (Put(("clocks", "answer", "clause"), None), "broken", ("clocks", "answer", "clause"), "“Clause” is missing.", True),
        (Put(("clocks", "answer", "unit"), "month"), "broken", ("clocks", "answer", "unit"), "counts months", True),
        (Put(("contacts", "ofqual", "checked_on"), "2025-01-01"), "stale_contact", ("contacts", "ofqual", "checked_on"),
         "nobody has tried it for more than a year", False),
        (Put(("source", "next_review"), "2026-01-01"), "review_overdue", ("source", "next_review"), "was to be reviewed", False),
        (Add("contacts", "spare", {"name": "Spare", **CITED}), "unused", ("contacts", "spare"), "no rule uses", False),
        (Add("routes", "new", {"disposition": "accept", "handler": "CIM", "when": {"nature": ["appeal"]}, **CITED}, "enquiry"),
         "missing_acknowledge", ("routes", "new"), "no clock to acknowledge", True),
    ],
)  # fmt: skip
def test_a_fault_leads_to_its_cell(
    edit: Edit, kind: str, path: tuple[str, ...], says: str, blocks: bool
) -> None:
    found = reviewed(edit)
    notes = [note for note in found.notes if note.kind == kind and note.path == path]
    assert notes, [(note.kind, note.path, note.says) for note in found.notes]
    wanted = says.replace("'handler'", "“Handler”")
    assert any(wanted.lower() in note.says.lower() for note in notes), notes
    assert any(note.blocking for note in notes) is blocks
    assert found.can_be_submitted is not blocks or not blocks


def test_a_fault_comes_with_a_case_in_words() -> None:
    found = reviewed(Put(("routes", "department", "when", "subject"), ["service"]))
    gap = next(note for note in found.notes if note.kind == "gap")
    assert gap.facts is not None
    assert "about" in gap.case
    assert found.compiled is not None
    whole = found.compiled.with_defaults(gap.facts)
    assert found.compiled.match(whole) is None
    assert not found.is_provable


def test_a_deleted_rule_is_missed_by_the_sentences_that_fed_it() -> None:
    found = reviewed(Remove("duties", "monitoring"))
    assert any(note.kind == "beside" and "Monitoring" in note.says for note in found.warnings)
    assert found.difference is not None
    assert not found.difference.same_treatment


def test_an_empty_pack_says_what_comes_first() -> None:
    text = empty_pack("acme", "The Acme Institute", "Acme")
    found = review(text, TODAY)
    assert [note.path for note in found.blocking] == [
        ("source", "title"), ("source", "version"), ("contacts",), ("routes",),
    ]  # fmt: skip
    text = edited(text, [
        Put(("source", "title"), "Policy"), Put(("source", "version"), "1"),
        Add("contacts", "complaints", {"name": "Acme", "email": "a@acme.example", **CITED}),
        Add("routes", "ours", {"disposition": "accept", "handler": "Acme", "stage": "single", **CITED}),
    ])  # fmt: skip
    found = review(text, TODAY)
    assert {note.kind for note in found.blocking} == {"missing_acknowledge", "missing_respond"}
    text = edited(
        text, [Add("silent", f"no_{kind}", {"kind": kind, **CITED}) for kind in ("acknowledge", "respond")]
    )
    found = review(text, TODAY)
    assert found.can_be_submitted
    assert {note.kind for note in found.warnings} == {"not_shown"}


def test_the_order_of_questions_has_advice() -> None:
    pack = PACKS["cqm"]
    order = read(pack)["ask_order"]
    worse = edited(pack, [Put(("ask_order",), list(reversed(order)))])
    compiled = review(worse, TODAY).compiled
    assert compiled is not None
    note = order_advice(compiled, 60)
    assert note is not None
    assert note.path == ("ask_order",)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Senior manager", "Senior manger", True),
        ("Institute Secretary", "institute secretary", True),
        ("acknowledge", "acknowlegde", True),
        ("Ofqual", "CCEA", False),
        ("CIM", "CMI", False),
        ("Relevant Director", "Operations Director", False),
    ],
)
def test_which_words_look_like_one(one: str, other: str, alike: bool) -> None:
    assert is_like(one, other) is alike


class TestExamples:
    def test_one_that_comes_out_otherwise_can_say_what_comes_out_now(self) -> None:
        text = edited(PACKS["cim"], [Put(("clocks", "acknowledgement", "amount"), "1")])
        found = review(text, TODAY)
        wrong = [note.path[1] for note in found.notes if note.kind == "example"]
        assert len(wrong) > 10
        assert found.compiled is not None
        edits = [e for name in wrong if (e := expect_edit(found.compiled, found.document, name)) is not None]
        mended = edited(text, edits)
        assert review(mended, TODAY).can_be_submitted
        # Of the file, only the days of those examples changed.
        assert {change.path[2:] for change in changes(read(text), read(mended))} == {("expect",)}

    @pytest.mark.parametrize("organisation", PACKS)
    def test_what_a_decision_expects_is_what_comes_out(self, organisation: str) -> None:
        compiled, document = LIVE[organisation], read(PACKS[organisation])
        first = compiled.pack.examples[0]
        expect = expected(decide_example(compiled, first))
        fields = {
            "facts": dict(first.facts),
            "received_at": first.received_at,
            "because": "b",
            "expect": expect,
        }
        text = edited(PACKS[organisation], [Add("examples", "Again", fields)])
        again = CompiledPack(parse_pack(text, organisation))
        assert len(again.pack.examples) == len(document["examples"]) + 1
        assert check_examples(again) == []


def test_the_questions_of_a_case_come_in_their_order() -> None:
    asked = interview(LIVE["cim"], {"nature": "enquiry"})
    assert [(one.fact, one.given) for one in asked][:1] == [("nature", True)]
    assert len(asked) < len(interview(LIVE["cim"], {"subject": "study_centre"}))
    for compiled in LIVE.values():
        for example in compiled.pack.examples:
            facts = [one.fact for one in interview(compiled, example.facts)]
            assert len(set(facts)) == len(facts)
            order = [fact for fact in compiled.pack.ask_order if fact in facts]
            assert sorted(facts) == sorted(order)
