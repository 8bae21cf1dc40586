"""A case in another system's own JSON, shown on the shapes of Zendesk's tickets API with the mapping of the docs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from handoff.http import Caller
from handoff.mapping import BadMapping, fill, fill_path, read
from handoff.secrets import Secret
from handoff.target import PermanentFailure, TransientFailure
from handoff.targets.mapped_json import MappedJsonTarget
from tests.handoff.builders import a_delivery, run
from tests.handoff.receiver import Reply
from tests.handoff.zendesk import USER, Zendesk, zendesk

ZENDESK = Path(__file__).parents[2] / "docs" / "examples" / "zendesk.json"


def a_target(desk: Zendesk, tmp_path: Path, **changes: Any) -> MappedJsonTarget:
    secret = tmp_path / "zendesk"
    secret.write_text(USER + "\n")
    caller = Caller(allow_private=True, seconds=5)
    values: dict[str, Any] = {"url": desk.line.url, "mapping": ZENDESK, "auth": "basic", "caller": caller}
    return MappedJsonTarget(**{**values, "secret": Secret(secret), **changes})


def changed(tmp_path: Path, **changes: Any) -> Path:
    """The mapping of the docs with some parts of it others; None takes one out."""
    mapping = {**json.loads(ZENDESK.read_text()), **changes}
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({name: value for name, value in mapping.items() if value is not None}))
    return path


def test_a_case_is_a_ticket_with_its_fields_typed_and_what_is_empty_left_out(tmp_path: Path) -> None:
    item = a_delivery(
        complainant={"name": "Jane Hartley", "email": None},
        desired_remedy="An apology",
        facts={"serious": True},
    )
    with zendesk() as desk:
        run(a_target(desk, tmp_path).deliver(item))
    (ticket,) = desk.tickets
    assert ticket["external_id"] == item.reference
    assert ticket["subject"] == f"Complaint {item.reference} for Centre manager"
    assert ticket["requester"] == {"name": "Jane Hartley"}
    assert ticket["priority"] == "urgent"
    assert ticket["due_at"] == "2027-01-26"
    assert ticket["custom_fields"][1:] == [
        {"id": 36000101, "value": "2026-12-30"},
        {"id": 36000102, "value": "2027-01-26"},
    ]
    assert "What they want: An apology" in ticket["description"]
    created = desk.line.requests[-1]
    assert created.headers["idempotency-key"] == item.id


def test_nobody_to_name_is_no_requester(tmp_path: Path) -> None:
    with zendesk() as desk:
        run(a_target(desk, tmp_path).deliver(a_delivery(complainant={})))
    assert desk.tickets[0]["requester"] is None
    assert desk.tickets[0]["priority"] == "normal"


class TestOnce:
    """One ticket, however often it is tried."""

    @pytest.mark.parametrize("fault", [Reply(hang_up=True), Reply(504), Reply(wait=2.0)])
    def test_a_create_whose_answer_is_lost_is_not_made_again(self, tmp_path: Path, fault: Reply) -> None:
        for change in ({"find": None, "update": None}, {"key_header": None}, {}):
            with zendesk() as desk:
                lost = [fault]
                answer = desk.answer
                desk.line.otherwise = lambda request, answer=answer, lost=lost: (  # type: ignore[misc]
                    (answer(request), lost.pop())[1] if request.method == "POST" and lost else answer(request)
                )
                target = a_target(
                    desk, tmp_path, mapping=changed(tmp_path, **change), caller=Caller(True, None, 0.5)
                )
                with pytest.raises(TransientFailure):
                    run(target.deliver(a_delivery()))
                run(target.deliver(a_delivery()))
            assert len(desk.tickets) == 1, change

    def test_after_the_key_is_forgotten_looking_first_still_holds(self, tmp_path: Path) -> None:
        with zendesk() as desk:
            target = a_target(desk, tmp_path)
            run(target.deliver(a_delivery()))
            desk.keys.clear()
            run(target.deliver(a_delivery()))
        assert len(desk.tickets) == 1

    def test_a_target_with_neither_is_caught(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The planted fault: the key is another one each time, and nobody looks first."""
        import itertools

        numbers = itertools.count()
        with zendesk() as desk:
            target = a_target(desk, tmp_path, mapping=changed(tmp_path, find=None, update=None))
            for _ in range(2):
                run(target.deliver(a_delivery(f"{next(numbers):032x}")))
        assert len(desk.tickets) == 2

    def test_a_later_event_is_a_comment_on_the_same_ticket_once(self, tmp_path: Path) -> None:
        with zendesk() as desk:
            target = a_target(desk, tmp_path)
            run(target.deliver(a_delivery("a" * 32)))
            for _ in range(2):
                run(target.deliver(a_delivery("b" * 32, narrative="There is more.")))
        assert len(desk.tickets) == 1
        assert [text.partition("\n")[0] for text in desk.comments[1]][1:] == [
            "case.filed: the case has changed."
        ]


class TestRefusals:
    """What it answers, and what we make of it."""

    @pytest.mark.parametrize(
        ("reply", "failure", "says"),
        [
            (Reply(422, b'{"error":"RecordInvalid"}'), PermanentFailure, "422"),
            (Reply(400), PermanentFailure, "400"),
            (Reply(401), TransientFailure, "401"),
            (Reply(429, headers={"retry-after": "93"}), TransientFailure, "429"),
            (Reply(503), TransientFailure, "503"),
            (Reply(200, b"<html>"), TransientFailure, "not JSON"),
            (Reply(200, b"{}"), PermanentFailure, "no list at 'tickets'"),
        ],
    )
    def test_each_is_told(self, tmp_path: Path, reply: Reply, failure: type[Exception], says: str) -> None:
        with zendesk() as desk:
            desk.line.replies = [reply]
            with pytest.raises(failure, match=says):
                run(a_target(desk, tmp_path).deliver(a_delivery()))

    def test_a_mapping_that_breaks_later_is_mended_without_a_case_lost(self, tmp_path: Path) -> None:
        mapping = changed(tmp_path)
        with zendesk() as desk:
            target = a_target(desk, tmp_path, mapping=mapping)
            mapping.write_text("{")
            with pytest.raises(TransientFailure, match="mapping"):
                run(target.deliver(a_delivery()))
            mapping.write_text(ZENDESK.read_text())
            run(target.deliver(a_delivery()))
        assert len(desk.tickets) == 1


CREATE = {"path": "/x", "body": {"a": "${reference}"}}


class TestTheFile:
    """What can stand in a mapping file, and what is said of what cannot."""

    @pytest.mark.parametrize(
        ("mapping", "says"),
        [
            ("[]", "the file"),
            ("{", "not JSON"),
            ({"create": CREATE}, "second case"),
            (
                {"create": {**CREATE, "body": {"a": "${referense}"}}, "key_header": "K"},
                "did you mean 'reference'",
            ),
            ({"create": {**CREATE, "body": {"a": "${a b}"}}, "key_header": "K"}, "is not a path"),
            ({"create": {**CREATE, "body": {"a": ["x", {"b": "${nope.x}"}]}}, "key_header": "K"}, "nope"),
            ({"create": {**CREATE, "pat": 1}, "key_header": "K"}, "create.pat"),
            ({"create": CREATE, "key_header": "K", "update": CREATE}, "'update' needs 'find'"),
            (
                {
                    "create": {"path": "/x", "body": {"a": {"$choose": "state", "form": {}}}},
                    "key_header": "K",
                },
                "choice",
            ),
        ],
    )
    def test_a_fault_is_told_with_its_place(self, tmp_path: Path, mapping: Any, says: str) -> None:
        path = tmp_path / "m.json"
        path.write_text(mapping if isinstance(mapping, str) else json.dumps(mapping))
        with pytest.raises(BadMapping, match=r"m\.json") as fault:
            read(path)
        assert says in str(fault.value)

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(BadMapping, match="No such file"):
            read(tmp_path / "m.json")

    def test_holes_take_values_with_their_type_or_as_text(self) -> None:
        context = {"flags": ["a", "b"], "still_complain": None, "evidence": [], "facts": {"serious": True}}
        template = {
            "list": "${flags}",
            "text": "f: ${flags}!",
            "plain": "$${flags}",
            "none": "${still_complain}",
            "words": "(${still_complain})",
            "bool": "${facts.serious}",
            "gone?": "${evidence}",
            "gone_too?": {"deep?": "${still_complain}"},
            "number": 3,
        }
        assert fill(template, context) == {
            "list": ["a", "b"],
            "text": "f: a, b!",
            "plain": "${flags}",
            "none": None,
            "words": "()",
            "bool": True,
            "number": 3,
        }

    def test_what_a_person_wrote_cannot_leave_its_place_in_an_address(self) -> None:
        context = {"reference": "../a?b=c&d#e"}
        assert fill_path("/t/${reference}?x=1", context) == "/t/..%2Fa%3Fb%3Dc%26d%23e?x=1"

    def test_a_complainants_own_holes_are_left_alone(self) -> None:
        assert fill("${narrative} x", {"narrative": "${delivery.id}"}) == "${delivery.id} x"
