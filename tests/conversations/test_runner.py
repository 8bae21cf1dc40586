"""The runner can fail: each wrong file is refused or seen to differ, with the file, the line, and what came instead."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.conversations.conftest import ConversationFile
from tests.conversations.playing import Differs, play
from tests.conversations.reading import WrongFile, read

pytestmark = pytest.mark.anyio
FOLDER = Path(__file__).parent
STORY = "The parcel came three weeks late and nobody answered my e-mails."
HEAD = """\
fixtures:
  - now: [{organisation: cim}, {mocked_datetime: "2026-12-21T10:00:00+00:00"}]
test_cases:
  - test_case: one
    fixtures: [now]
    steps:
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "wrong.yml"
    path.write_text(text, "utf-8")
    return path


def steps(folder: Path, text: str) -> Path:
    """A file with one case whose steps are these; the first stands on line 7."""
    return written(folder, HEAD + textwrap.indent(textwrap.dedent(text), "      "))


TOLD = f"- user: {STORY}\n"
# What the file says, and the words of the message, in order.
DIFFERENT = {
    "an answer that is another": (
        TOLD + "- user: /SetSlots(subject=service)\n- slot_was_set: [{subject: certificate}]",
        ["wrong.yml:9", "case 'one'", "step 2 (user: '/SetSlots(subject=service)')", "slot_was_set subject: 'certificate'", "'service'"],
    ),
    "a fact that is not known yet": (
        TOLD + "- slot_was_set: [subject]",
        ["wrong.yml:8", "step 1", "slot_was_set subject set to anything", "not set"],
    ),
    "a reference that is there": (TOLD + "- slot_was_not_set: [reference]", ["wrong.yml:8", "slot_was_not_set reference", "CIM-"]),
    "a state that is another": (TOLD + "- slot_was_set: [{state: filed}]", ["wrong.yml:8", "state: 'filed'", "state: 'draft'"]),
    "a story that is not word for word": (
        TOLD + "- slot_was_set: [{record.narrative: The parcel came late.}]",
        ["wrong.yml:8", "record.narrative: 'The parcel came late.'", STORY],
    ),
    "a date that the policy does not give": (
        TOLD + "- user: /SetSlots(nature=complaint, subject=service, stage_reached=none)\n- user: when will I hear?\n"
        '  assertions: [{bot_uttered: {text_matches: "25 December 2026"}}]',
        ["wrong.yml:10", "step 3 (user: 'when will I hear?')", "text_matches '25 December 2026'", "got:"],
    ),
    "a question that is not the next": (
        TOLD + "- utter: utter_ask_effect",
        ["wrong.yml:8", "utter utter_ask_effect", "asked confirm_facts", "Is that right?"],
    ),
    "a sentence that was not said": (TOLD + "- utter: problems.bad_email", ["wrong.yml:8", "utter problems.bad_email", "got:"]),
    "a text that is only part of one": (TOLD + "- bot: Thank you.", ["wrong.yml:8", "bot 'Thank you.'", "got:"]),
    "a button that is not shown": (
        f"- user: {STORY}\n  assertions: [{{bot_uttered: {{buttons: [{{title: Perhaps}}]}}}}]",
        ["wrong.yml:8", "button {'title': 'Perhaps'}", "got:"],
    ),
    "a sentence that should not have been said": (
        f"- user: {STORY}\n  assertions: [{{bot_did_not_utter: {{utter_name: notices.saved}}}}]",
        ["wrong.yml:8", "bot_did_not_utter utter_name 'notices.saved'", "Your words are saved"],
    ),
    "an action that did not run": (
        f"- user: {STORY}\n  assertions: [{{action_executed: action_file_case}}]",
        ["wrong.yml:8", "action_executed action_file_case", "action_route_complaint"],
    ),
}  # fmt: skip

REFUSED = {
    "a key of Rasa's that is not known here": (
        f"- user: {STORY}\n  assertions: [{{flow_started: complaint}}]",
        ["wrong.yml:8", "'flow_started' is not supported here"],
    ),
    "a model's opinion of a reply": (
        f"- user: {STORY}\n  assertions: [{{generative_response_is_relevant: {{threshold: 0.9}}}}]",
        ["wrong.yml:8", "'generative_response_is_relevant' is not supported"],
    ),
    "an order of assertions": (
        f"- user: {STORY}\n  assertion_order_enabled: true",
        ["wrong.yml:8", "'assertion_order_enabled' is not supported"],
    ),
    "a misspelt step": (TOLD + "- uter: notices.saved", ["wrong.yml:8", "'uter' is not supported", "Did you mean 'utter'?"]),
    "a misspelt slot": (TOLD + "- slot_was_set: [subjct]", ["wrong.yml:8", "no slot 'subjct'", "did you mean 'subject'"]),
    "a field that no decision has": (
        TOLD + "- user: /withdraw\n- slot_was_set: [{record.narative: x}]",
        ["wrong.yml:9", "no 'narative'", "narrative"],
    ),
    "a misspelt response": (TOLD + "- utter: notices.savd", ["wrong.yml:8", "the catalogue has no 'notices.savd'", "notices.saved"]),
    "a response without words of its own": (TOLD + "- utter: notices.privacy", ["wrong.yml:8", "no words of its own"]),
    "a question that nobody asks": (TOLD + "- utter: utter_ask_subjekt", ["wrong.yml:8", "no question 'subjekt'"]),
    "two things in one step": (TOLD + "- utter: notices.saved\n  bot: Hello.", ["wrong.yml:8", "a step is one of"]),
    "a check before anything was said": ("- slot_was_set: [subject]", ["wrong.yml:7", "the first step is what the user says"]),
    "nothing to check": (TOLD, ["wrong.yml:6", "nothing is checked"]),
    "metadata that nobody wrote": (f"- user: {STORY}\n  metadata: a_call\n- slot_was_set: [story]", ["wrong.yml:8", "no metadata called 'a_call'"]),
    "a key that stands twice": (TOLD + "- utter: notices.saved\n  utter: notices.person", ["wrong.yml:9", "'utter' stands twice"]),
}  # fmt: skip


@pytest.mark.parametrize("wrong", DIFFERENT)
async def test_what_went_otherwise_is_said_with_its_place(tmp_path: Path, wrong: str) -> None:
    text, expected = DIFFERENT[wrong]
    (case,) = read(steps(tmp_path, text))
    with pytest.raises(Differs) as caught:
        await play(case)
    assert [words for words in expected if words not in str(caught.value)] == [], str(caught.value)


@pytest.mark.parametrize("wrong", REFUSED)
async def test_what_cannot_be_checked_is_refused_with_its_place(tmp_path: Path, wrong: str) -> None:
    text, expected = REFUSED[wrong]
    with pytest.raises(WrongFile) as caught:
        await play(*read(steps(tmp_path, text)))
    assert [words for words in expected if words not in str(caught.value)] == [], str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stub_custom_actions: {a: {}}\n", "wrong.yml:1 'stub_custom_actions' is not supported"),
        (HEAD.replace("organisation: cim", "name: Ann"), "wrong.yml:2 'name' is not supported here, only organisation"),
        (HEAD.replace("+00:00", ""), "is no time with an offset"),
        (HEAD.replace("[now]", "[then]") + "      - user: hi\n", "there is no fixture called 'then'; there are now"),
        (HEAD.replace("organisation: cim}, {", ""), "a fixture must give organisation"),
        ("test_cases: [{test_case: a, steps: [", "not readable as YAML"),
        ("test_cases:\n", "there is no test case"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_as_a_whole_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(WrongFile) as caught:
        read(written(tmp_path, text))
    assert expected in str(caught.value)


async def test_an_organisation_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = written(
        tmp_path, HEAD.replace("cim", "cym") + f"      - user: {STORY}\n      - slot_was_set: [story]\n"
    )
    (case,) = read(path)
    with pytest.raises(WrongFile, match=r"wrong\.yml:4.*Did you mean '"):
        await play(case)


def test_pytest_reports_a_wrong_file_where_it_collects_it(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    parent = request.session
    collected = ConversationFile.from_parent(parent, path=written(tmp_path, "test_case: one\n"))
    with pytest.raises(ConversationFile.CollectError, match=r"wrong\.yml:1 'test_case' is not supported"):
        list(collected.collect())


def test_the_files_are_named_as_sentences_and_each_organisation_has_some() -> None:
    files = sorted(FOLDER.glob("*.yml"))
    assert len(files) >= 40
    assert [path.stem for path in files if len(path.stem.split("_")) < 5] == []
    told = [case.settings["organisation"] for path in files for case in read(path)]
    assert {name: told.count(name) >= 5 for name in ("cim", "cipfa", "cmi", "cqm", "cms")} == dict.fromkeys(
        ("cim", "cipfa", "cmi", "cqm", "cms"), True
    )
