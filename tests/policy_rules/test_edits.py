"""Editing a pack's text: an edit changes what it says and nothing else; what is unknown is refused."""

from __future__ import annotations

import copy
import difflib
import random
from typing import Any

import pytest

from policy_rules.edits import (
    Add,
    Edit,
    EditRefused,
    Move,
    Put,
    Remove,
    applied,
    changes,
    conflicts,
    edited,
    empty_pack,
    read,
)
from policy_rules.edits.changes import as_json, from_json, moved
from policy_rules.edits.keeping import rewritten
from policy_rules.edits.places import LISTS, RULES
from policy_rules.errors import BrokenPack
from policy_rules.loader import parse_pack
from policy_rules.shelf import SHIPPED, pack_files

PACKS = {path.stem: path.read_text("utf-8") for path in pack_files(SHIPPED)}
CIM = PACKS["cim"]
TEXT = """\
# A pack of our own.
organisation: {id: mini, name: 'The Mini', short_name: Mini}   # short for all

# Whom to ask.
contacts:
  complaints:   # the only one
    name: Mini
    clause: 1
    says: >-
      Write to us, or call; we answer in the order
      in which letters come.
ask_order: [nature,
            subject] # in this order
# --- the rules ---

routes:
  # Marks are looked at again.
  - id: marks
    when: {subject: ["exam_result"]}   # the mark alone
    disposition: refer_internal
  # Whatever is left.
  - id: rest
    disposition: accept
"""


def touched(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))
    gone = [line[1:] for line in lines if line.startswith("-") and not line.startswith("---")]
    came = [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")]
    return gone, came


class TestWhatIsKept:
    @pytest.mark.parametrize("organisation", PACKS)
    def test_an_edit_that_changes_nothing_gives_back_every_byte(self, organisation: str) -> None:
        text = PACKS[organisation]
        document = read(text)
        same: list[Edit] = []
        for section in RULES:
            for part in document.get(section) or ():
                plain = [name for name in part if name not in ("id", "when", "extension", "latest")]
                same += [Put((section, part["id"], name), part[name]) for name in plain]
                same += [
                    Put((section, part["id"], "when", fact), v)
                    for fact, v in (part.get("when") or {}).items()
                ]
        assert len(same) > 100
        assert edited(text, same) == text

    def test_one_amount_is_one_line(self) -> None:
        after = edited(CIM, [Put(("clocks", "acknowledgement", "amount"), "1")])
        assert touched(CIM, after) == (["    amount: 2"], ["    amount: 1"])

    def test_a_condition_is_one_line_and_keeps_its_quotes(self) -> None:
        after = edited(
            CIM, [Put(("routes", "study_centre_first", "when", "subject"), ["study_centre", "other"])]
        )
        gone = '    when: {subject: [study_centre], centre_procedure_exhausted: ["false"]}'
        came = '    when: {subject: [study_centre, other], centre_procedure_exhausted: ["false"]}'
        assert touched(CIM, after) == ([gone], [came])

    def test_the_first_and_the_last_condition_come_and_go_with_their_line(self) -> None:
        with_one = edited(CIM, [Put(("routes", "department", "when", "nature"), {"not": ["enquiry"]})])
        assert touched(CIM, with_one) == ([], ["    when: {nature: {not: [enquiry]}}"])
        assert edited(with_one, [Put(("routes", "department", "when", "nature"), None)]) == CIM

    def test_a_rule_that_moves_takes_its_comment_along(self) -> None:
        after = edited(TEXT, [Move("routes", "rest", "marks")])
        assert after.endswith(
            "routes:\n  # Whatever is left.\n  - id: rest\n    disposition: accept\n"
            "  # Marks are looked at again.\n  - id: marks\n"
            '    when: {subject: ["exam_result"]}   # the mark alone\n    disposition: refer_internal\n'
        )
        assert edited(after, [Move("routes", "rest", None)]) == TEXT

    def test_comments_around_what_changes_stay(self) -> None:
        document = copy.deepcopy(read(TEXT))
        document["contacts"]["complaints"]["says"] = "Write to us. " * 12 + "That is all."
        document["contacts"]["complaints"]["name"] = "Mini: the office"
        document["ask_order"] = ["subject", "nature"]
        document["routes"][0]["when"]["subject"] = ["exam_result", "certificate"]
        document["organisation"]["short_name"] = "MINI"
        after = rewritten(TEXT, document)
        assert read(after) == document
        comments = [line[line.index("#") :] for line in TEXT.splitlines() if "#" in line]
        assert [c for c in comments if c not in after] == []
        assert "name: 'The Mini', short_name: MINI}   # short for all" in after
        assert '{subject: ["exam_result", certificate]}   # the mark alone' in after

    def test_a_comment_within_what_is_written_anew_goes_above_it(self) -> None:
        text = "routes:\n  - id: a\n    readings: [x, # one\n      y]\n    says: z\n"
        document = {"routes": [{"id": "a", "readings": ["y", "x", "q"], "says": "z"}]}
        after = rewritten(text, document)
        assert read(after) == document
        assert "# one\n" in after

    @pytest.mark.parametrize("line_end", ["\r\n", "\n"])
    def test_line_ends_stay_as_they_were(self, line_end: str) -> None:
        text = TEXT.replace("\n", line_end).rstrip(line_end)
        after = edited(text, [Put(("contacts", "complaints", "email"), "a@mini.example")])
        assert after.count("\n") == after.count(line_end)
        assert read(after)["contacts"]["complaints"]["email"] == "a@mini.example"

    @pytest.mark.parametrize(
        "text",
        [
            "a: &x {id: q}\nroutes:\n  - *x\n  - {id: b}\n",
            "? routes\n: - id: b\n",
            "{routes: [{id: b}], a: [x]}\n",
            "routes:\n- id: b\n-\n  id: c\n",
            "routes: # here\n  -   id: b\n      says: |\n        one\n        two\n\n\n  - id: c\n",
        ],
    )
    def test_whatever_the_layout_the_document_comes_out(self, text: str) -> None:
        document = copy.deepcopy(read(text))
        document["routes"] = [{"id": "new", "says": "x: y # z"}, *document["routes"]]
        document["routes"][-1]["says"] = "Another. " * 30
        assert read(rewritten(text, document)) == document

    def test_words_that_yaml_takes_for_something_else_are_quoted(self) -> None:
        words = ["no", "null", "~", "", "10:30", "1e3", "0x1", "- a", "a: b", "#", "x #y", "*a", "&a", "[a", "{a}", "%",
                 "2027-01-01", "=", "<<", "true", "'", '"', "a\\b", "é", "1_000", ".5", "|", ">", "!x", "@x", "`", "a,b"]  # fmt: skip
        document = copy.deepcopy(read(CIM))
        document["routes"][0]["handler"] = "x"
        for word in words:
            document["routes"][0] |= {"handler": word, "when": {"nature": [word, "enquiry"]}}
            assert read(rewritten(CIM, document)) == document, word

    @pytest.mark.parametrize("seed", range(6))
    def test_any_edits_give_the_document_and_leave_other_parts_alone(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same edits every time
        for text in PACKS.values():
            document = read(text)
            mine = [edit for edit in (random_edit(chance, document) for _ in range(12)) if edit is not None]
            wanted = applied_where_possible(document, mine)
            after = rewritten(text, wanted)
            assert read(after) == wanted
            named = {change.path[:2] for change in changes(document, wanted)}
            kept = [p for s in RULES for p in document.get(s) or () if (s, p["id"]) not in named]
            for part in kept:
                assert block_of(text, part["id"]) == block_of(after, part["id"])
            lost = [line for line in comments_of(text) if line not in comments_of(after)]
            removed = any(isinstance(edit, Remove) for edit in mine)
            assert not lost or removed


def comments_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def block_of(text: str, name: str) -> str:
    """The lines of one rule."""
    lines = text.splitlines()
    start = lines.index(f"  - id: {name}") if f"  - id: {name}" in lines else None
    if start is None:
        return ""
    end = next((i for i in range(start + 1, len(lines)) if not lines[i].startswith("    ")), len(lines))
    return "\n".join(lines[start:end])


def random_edit(chance: random.Random, document: dict[str, Any]) -> Edit | None:
    section = chance.choice([s for s in RULES if document.get(s)])
    part = chance.choice(document[section])
    other = chance.choice(document[section])
    fact = chance.choice(list(document["facts"]))
    values = (document["facts"][fact] or {}).get("values")
    kind = chance.randrange(7)
    if kind == 0:
        return Move(section, part["id"], other["id"] if other is not part else None)
    if kind == 1:
        return Remove(section, part["id"])
    if kind == 2:
        return Put(
            (section, part["id"], "says"), " ".join(chance.choices(["long", "short: x", "#1", "a"], k=40))
        )
    if kind == 3 and values:
        return Put((section, part["id"], "when", fact), chance.sample(values, chance.randint(1, len(values))))
    if kind == 4 and values:
        return Put((section, part["id"], "when", fact), {"not": [chance.choice(values)]})
    if kind == 5:
        fields = {k: v for k, v in part.items() if k != "id"}
        return Add(section, f"copy_{chance.randrange(1000)}", fields, part["id"])
    return Put((section, part["id"], "when", fact), None)


def applied_where_possible(document: dict[str, Any], edits: list[Edit]) -> dict[str, Any]:
    for edit in edits:
        try:
            document = applied(document, [edit])
        except EditRefused:
            continue
    return document


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("edit", "says"),
        [
            (Put(("routs", "department", "handler"), "x"), "Did you mean 'routes'?"),
            (Put(("routes", "departmnt", "handler"), "x"), "Did you mean 'department'?"),
            (Put(("routes", "department", "handlr"), "x"), "Did you mean 'handler'?"),
            (Put(("routes", "department", "when", "subjct"), ["service"]), "Did you mean 'when.subject'?"),
            (Put(("routes", "department", "when", "serious"), ["true"]), "has no 'when.serious'"),
            (Put(("routes", "department", "when", "subject"), ["servce"]), "Did you mean 'service'?"),
            (Put(("routes", "department", "when", "subject"), {"nott": ["service"]}), "Did you mean 'not'?"),
            (Put(("routes", "department", "when", "subject"), "service"), "choose some of a list"),
            (Put(("routes", "department", "contact"), "complaint"), "Did you mean 'complaints'?"),
            (Put(("routes", "department", "disposition"), "acept"), "Did you mean 'accept'?"),
            (
                Put(("routes", "department", "readings"), ["one_anser_only"]),
                "Did you mean 'one_answer_only'?",
            ),
            (Put(("routes", "department", "id"), "other"), "has no 'id'"),
            (Put(("clocks", "answer", "unit"), "workin_day"), "Did you mean 'working_day'?"),
            (Put(("clocks", "answer", "amount"), "twenty"), "a whole number"),
            (Put(("clocks", "answer", "amount"), "-1"), "a whole number"),
            (Put(("clocks", "answer", "from"), "recieved"), "Did you mean 'received'?"),
            (Put(("clocks", "answer", "routes"), ["departmnet"]), "Did you mean 'department'?"),
            (Put(("clocks", "answer", "force"), "wil"), "Did you mean 'will'?"),
            (Put(("clocks", "answer", "may_stop"), "yes"), "yes or no"),
            (Put(("contacts", "complaints", "checked_on"), "31.1.2027"), "such as 2027-01-31"),
            (Put(("contacts", "complaints", "email"), "comments"), "has an @"),
            (Put(("contacts", "complaints", "url"), "javascript:alert(1)"), "begin it with https://"),
            (Put(("facts", "subject", "default"), "servce"), "Did you mean 'service'?"),
            (Put(("ask_order",), ["nature"]), "is left out"),
            (Put(("calendar", "nations"), ["englnd"]), "Did you mean 'england'?"),
            (Put(("questions", "subject", "labels"), {"servce": "x"}), "Did you mean 'service'?"),
            (Put(("source", "sha256"), "abc"), "64 of the characters"),
            (Put(("routes", "department", "says"), "x" * 5000), "at most 4000"),
            (Put(("routes", "department", "says"), "a\x1bb"), "cannot be printed"),
            (Add("routes", "Department!", {}), "a-z, 0-9"),
            (Add("routes", "department", {}), "already names"),
            (Add("clocks", "department", {}), "already names"),
            (Add("hours", "x", {}), "Nothing can be added"),
            (Add("routes", "x", {"when": {"subject": ["servce"]}}), "Did you mean 'service'?"),
            (Add("facts", "mood", {"values": ["<b>"], "default": "bad"}), "is not among the choices"),
            (Add("examples", "x", {"facts": {"subject": "servce"}}), "has no value 'servce'"),
            (Remove("routes", "departmnt"), "Did you mean 'department'?"),
            (Remove("contacts", "ofqual"), "It is still used"),
            (Remove("contacts", "complaints"), "cannot be deleted"),
            (Remove("facts", "nature"), "It is still used"),
            (Move("routes", "department", "enquir"), "Did you mean 'enquiry'?"),
            (Move("ask_order", "natur", None), "is not asked"),
        ],
    )
    def test_it_says_what_was_found_and_what_is_allowed(self, edit: Edit, says: str) -> None:
        with pytest.raises(EditRefused) as refusal:
            edited(CIM, [edit])
        assert says in refusal.value.detail
        assert refusal.value.where

    def test_of_several_edits_none_is_made(self) -> None:
        document = read(CIM)
        kept = copy.deepcopy(document)
        with pytest.raises(EditRefused):
            applied(document, [Remove("routes", "enquiry"), Put(("clocks", "answer", "unit"), "x")])
        assert document == kept

    def test_a_text_that_is_not_yaml_is_refused_with_its_line(self) -> None:
        with pytest.raises(BrokenPack, match="draft:4"):
            edited("a: b\nc:\n  - [", [])


class TestWhatGoesWithAPart:
    def test_a_deleted_rule_leaves_every_list_and_what_spoke_of_it_alone_goes(self) -> None:
        after = read(edited(CIM, [Remove("routes", "study_centre_first")]))
        assert all(e["id"] != "centre_to_cim" for e in after["escalations"])
        after = read(edited(CIM, [Remove("routes", "business_centre")]))
        assert after["clocks"][1]["routes"] == ["business_centre_customer", "department"]

    def test_no_list_of_rules_is_ever_emptied_into_all_rules(self) -> None:
        document = read(CIM)
        for route in list(document["routes"])[:-1]:
            document = applied(document, [Remove("routes", route["id"])])
            for section in RULES:
                for part in document.get(section) or ():
                    assert part.get("routes") != []
        assert [c["routes"] for c in document["clocks"]] == [["department"], ["department"]]

    def test_a_fact_comes_and_goes_with_its_place_in_the_order(self) -> None:
        with_fact = applied(read(CIM), [Add("facts", "serious", {})])
        assert with_fact["ask_order"][-1] == "serious"
        assert applied(with_fact, [Remove("facts", "serious")]) == read(CIM)

    def test_a_first_part_makes_its_section(self) -> None:
        text = edited(CIM, [Remove("silent", p["id"]) for p in read(CIM)["silent"]])
        assert "silent" not in read(text)
        kept = {"kind": "respond", "clause": "x", "says": "y"}
        again = edited(text, [Add("silent", "none_given", kept)])
        assert read(again)["silent"] == [{"id": "none_given", **kept}]
        assert "\n\nsilent:\n  - id: none_given\n" in again


class TestTwoAuthors:
    def test_what_differs_is_named_cell_by_cell(self) -> None:
        edits: list[Edit] = [
            Put(("clocks", "acknowledgement", "amount"), "1"),
            Put(("routes", "department", "when", "subject"), ["service"]),
            Move("routes", "already_answered", "enquiry"),
            Remove("silent", "feedback_not_answered"),
            Add("readings", "a_new_one", {"clause": "a", "chosen": "b", "rival": "c"}),
        ]
        found = changes(read(CIM), read(edited(CIM, edits)))
        assert {(change.path, change.change) for change in found} == {
            (("clocks", "acknowledgement", "amount"), "changed"),
            (("routes", "department", "when", "subject"), "changed"),
            (("routes", "already_answered"), "moved"),
            (("silent", "feedback_not_answered"), "removed"),
            (("readings", "a_new_one"), "added"),
        }

    def test_the_fewest_that_moved_are_named(self) -> None:
        assert moved(["a", "b", "c", "d"], ["d", "a", "b", "c"]) == ["d"]
        assert moved(["a", "b", "c"], ["a", "x", "c"]) == []

    @pytest.mark.parametrize(
        ("mine", "theirs", "meet"),
        [
            (("clocks", "answer", "amount"), ("clocks", "answer", "amount"), True),
            (("clocks", "answer", "amount"), ("clocks", "answer", "says"), False),
            (("clocks", "answer", "amount"), ("clocks", "acknowledgement", "amount"), False),
        ],
    )
    def test_the_same_cell_meets_and_others_do_not(
        self, mine: tuple[str, ...], theirs: tuple[str, ...], meet: bool
    ) -> None:
        base = read(CIM)
        newest = applied(base, [Put(theirs, "7")])
        found = conflicts([Put(mine, "9")], base, newest)
        assert bool(found) is meet
        if meet:
            assert (found[0].was, found[0].now, found[0].mine) == ("20", "7", "9")
        assert conflicts([Put(mine, "7")], base, newest) == []

    def test_a_change_meets_a_deletion_both_ways(self) -> None:
        base = read(CIM)
        change, deletion = Put(("duties", "record", "says"), "x"), Remove("duties", "record")
        assert conflicts([change], base, applied(base, [deletion]))
        assert conflicts([deletion], base, applied(base, [change]))
        assert not conflicts([deletion], base, applied(base, [deletion]))

    def test_edits_travel_as_plain_data(self) -> None:
        edits: list[Edit] = [
            Put(("a", "b"), {"not": ["c"]}),
            Add("routes", "x", {"says": "y"}, "z"),
            Move("routes", "x", None),
            Remove("routes", "x"),
        ]
        assert [from_json(as_json(edit)) for edit in edits] == edits
        wrong: list[Any] = [
            None,
            [],
            {},
            {"put": "x"},
            {"put": []},
            {"add": ["x"]},
            {"move": ["a", "b"], "before": 3},
        ]
        for said in wrong:
            with pytest.raises(ValueError, match="this is no edit"):
                from_json(said)


def test_an_organisation_begins_with_nothing_and_is_built_by_edits_alone() -> None:
    text = empty_pack("acme", "The Acme Institute", "Acme")
    with pytest.raises(BrokenPack):
        parse_pack(text, "acme.yml")
    cited = {"clause": "Contact", "says": "There is one address."}
    text = edited(text, [
        Put(("source", "title"), "Complaints policy"),
        Put(("source", "version"), "3"),
        Add("contacts", "complaints", {"name": "Acme", "email": "care@acme.example", **cited}),
        Add("routes", "ours", {"disposition": "accept", "handler": "Acme", "stage": "single", **cited}),
        Add("clocks", "ack", {"kind": "acknowledge", "routes": ["ours"], "amount": "3", "unit": "working_day",
                              "from": "received", "force": "will", **cited}),
        Add("silent", "no_limit", {"kind": "respond", "routes": ["ours"], **cited}),
    ])  # fmt: skip
    pack = parse_pack(text, "acme.yml").pack
    assert [route.id for route in pack.routes] == ["ours"]
    assert text.index("contacts:") < text.index("routes:") < text.index("clocks:") < text.index("silent:")
    with pytest.raises(EditRefused):
        empty_pack("Acme!", "x", "y")


def test_every_section_that_is_a_list_has_a_name_for_its_parts() -> None:
    for text in PACKS.values():
        document = read(text)
        for section, name in LISTS.items():
            named = [part[name] for part in document.get(section) or ()]
            assert len(set(named)) == len(named), section
