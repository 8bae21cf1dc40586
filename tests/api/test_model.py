"""/model/parse has the shape of Rasa's HTTP API, is guarded like every API, and refuses in words."""

from __future__ import annotations

from typing import Any

import pytest

from bot.understanding.intents import INTENTS, QUESTIONS
from tests.channels.servers import STRANGER, Running, problem_in

STORY = "My name is Jane Hartley. My tutor took £1,250 and never came; write to jane@example.org, SW1A 1AA."


def parse(server: Running, text: str, **more: Any) -> dict[str, Any]:
    answer = server.http.post("/model/parse", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    parsed: dict[str, Any] = answer.json()
    return parsed


def test_the_answer_has_the_shape_of_rasa(server: Running) -> None:
    parsed = parse(server, STORY)
    assert list(parsed) == ["text", "intent", "intent_ranking", "entities"]
    assert parsed["text"] == STORY
    assert parsed["intent"] == parsed["intent_ranking"][0]
    names = [scored["name"] for scored in parsed["intent_ranking"]]
    assert len(set(names)) == len(names)
    assert set(names) <= set(INTENTS)
    for scored in parsed["intent_ranking"]:
        assert 0 <= scored["confidence"] <= 1


def test_an_entity_says_what_stands_where(server: Running) -> None:
    found = {e["entity"]: e for e in parse(server, STORY)["entities"]}
    assert found["email"]["value"] == "jane@example.org"
    assert found["money"]["value"] == "1250.00"
    assert found["postcode"]["value"] == "SW1A 1AA"
    assert found["name"]["value"] == "Jane Hartley"
    for kind in ("email", "name", "postcode"):
        assert STORY[found[kind]["start"] : found[kind]["end"]] == found[kind]["value"]


def test_a_word_of_harm_is_the_intent_whatever_else_is_said(server: Running) -> None:
    parsed = parse(server, "they failed my assignment and I want to kill myself", question="story")
    assert parsed["intent"]["name"] == "distress_risk_of_harm"
    assert parsed["intent_ranking"][0] == parsed["intent"]


@pytest.mark.parametrize("question", ["story", "yes_no", {"id": "story", "kind": "text", "optional": False}])
def test_the_open_question_narrows_the_intents(server: Running, question: Any) -> None:
    names = {s["name"] for s in parse(server, "no it was the other one", question=question)["intent_ranking"]}
    kind = "yes_no" if question == "yes_no" else "story"
    assert names <= {*QUESTIONS[kind], "out_of_scope"}


def test_an_organisation_narrows_the_facts(server: Running) -> None:
    text = "I want to complain about my end point assessment"
    everything = {e["entity"] for e in parse(server, text)["entities"]}
    assert {e["entity"] for e in parse(server, text, organisation="cim")["entities"]} <= everything
    answer = server.http.post("/model/parse", json={"text": text, "organisation": "nobody"})
    problem_in(answer, 404)


@pytest.mark.parametrize("text", ["", "   ", "🙂", "?", "\u202e", "a" * 16_000, "\x00"])
def test_any_text_is_answered(server: Running, text: str) -> None:
    assert parse(server, text)["intent"]["name"] in INTENTS


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({}, 422, "text"),
        ({"text": 7}, 422, "text"),
        ({"text": None}, 422, "text"),
        ({"text": "a", "quesiton": "story"}, 422, "quesiton"),
        ({"text": "a", "question": "storey"}, 422, "question"),
        ({"text": "a", "question": {"id": "x", "kind": "txt"}}, 422, "question.kind"),
        ({"text": "x" * 17_000}, 413, "text"),
    ],
)
def test_a_bad_body_is_refused_with_its_place(
    server: Running, body: dict[str, Any], status: int, where: str
) -> None:
    assert problem_in(server.http.post("/model/parse", json=body), status)["where"] == where


def test_a_wrong_name_is_answered_with_the_nearest_right_one(server: Running) -> None:
    misspelt = problem_in(server.http.post("/model/parse", json={"text": "a", "question": "storey"}), 422)
    assert misspelt["nearest"] == "story"
    assert "text" in problem_in(server.http.post("/model/parse", json={"texts": "a"}), 422)["detail"]


def test_what_is_no_json_is_refused(server: Running) -> None:
    answer = server.http.post("/model/parse", content=b"{", headers={"Content-Type": "application/json"})
    problem_in(answer, 400)


def test_a_stranger_without_the_key_is_refused_before_the_message_is_read(server: Running) -> None:
    answer = server.http.post("/model/parse", content=b"{", headers={"X-Forwarded-For": STRANGER})
    problem_in(answer, 401)
