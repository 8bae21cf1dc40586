"""A case becomes one ticket in a real Request Tracker 5, whatever goes wrong on the way."""

from __future__ import annotations

import hashlib
import itertools
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.vault import Vault
from handoff.http import Caller
from handoff.secrets import Secret
from handoff.target import PermanentFailure, TransientFailure
from handoff.targets.request_tracker import RequestTrackerTarget, Source
from tests.handoff.builders import a_delivery, run
from tests.handoff.receiver import Receiver, Reply, Request, receiving
from tests.handoff.test_outage import Place as OutagePlace
from tests.handoff.test_outage import holds_through_an_outage
from tests.handoff.test_targets import CONTRACT, Place
from tests.tracker.conftest import Desk

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("tracker")]

FIELDS = {
    "Organisation": Source("organisation"),
    "Route": Source("decision.disposition", {"accept": "complaint"}),
    "Received": Source("received_at"),
    "Acknowledge by": Source("decision.acknowledge_by"),
    "Remedy": Source("desired_remedy"),
}
_numbers = itertools.count(1)


def a_reference() -> str:
    return f"CQM-{secrets.token_hex(2).upper()}-{next(_numbers):04d}-0"


def a_target(desk: Desk, tmp_path: Path, url: str | None = None, **changes: Any) -> RequestTrackerTarget:
    token = tmp_path / "token"
    token.write_text(desk.running.token + "\n")
    values: dict[str, Any] = {
        "url": url or desk.running.url,
        "queue": "Complaints",
        "secret": Secret(token),
        "fields": FIELDS,
        "caller": Caller(allow_private=True, seconds=40),
        "reconcile": (0.5, 1.0, 2.0, 4.0),
    }
    return RequestTrackerTarget(**{**values, **changes})


@pytest.mark.parametrize("clause", CONTRACT)
def test_it_holds_the_contract_of_every_target(
    desk: Desk, tmp_path: Path, clause: Callable[[Place], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = a_reference()
    monkeypatch.setattr(
        "tests.handoff.test_targets.a_delivery",
        lambda *given, **more: a_delivery(*given, reference=reference, **more),
    )
    with _in_between(desk) as line:
        target = a_target(desk, tmp_path, line.url)

        def break_receiver() -> None:
            line.replies.append(Reply(503))

        clause(Place(target, lambda: desk.records(reference), break_receiver, lambda: None))
    assert len(desk.tickets(reference)) == 1


def test_a_ticket_has_the_fields_the_story_and_the_files(desk: Desk, tmp_path: Path) -> None:
    vault, content = Vault(tmp_path / "evidence"), b"%PDF-1.4 " + bytes(range(256)) * 200
    evidence = _kept(vault, content)
    item = a_delivery(
        reference=a_reference(), desired_remedy="An apology,\n£50 – and “sorry”.", evidence=[evidence]
    )
    run(a_target(desk, tmp_path, vault=vault).deliver(item))
    (ticket,) = desk.tickets(item.reference)
    values = desk.values(ticket)
    assert values["Hearout case"] == [item.reference]
    assert values["Route"] == ["complaint"]
    assert values["Acknowledge by"] == ["2026-12-30"]
    assert values["Remedy"] == ["An apology,\n£50 – and “sorry”."]
    assert values["Received"] == ["2026-12-24T16:45:00Z"], "the instant, not midnight"
    files = desk.files(ticket)
    assert files.pop(f"{evidence['id'][:8]}-letter.pdf") == content
    assert set(files) == {f"{item.reference}.{item.id}.json"}
    assert desk.json(f"ticket/{ticket}")["Requestor"] == [], "RT writes to nobody unless it is asked to"


def test_in_summer_the_receipt_is_the_same_instant(desk: Desk, tmp_path: Path) -> None:
    item = a_delivery(reference=a_reference(), received_at="2026-07-01T09:30:00+00:00")
    run(a_target(desk, tmp_path).deliver(item))
    assert desk.values(desk.tickets(item.reference)[0])["Received"] == ["2026-07-01T09:30:00Z"]


def test_a_later_event_is_a_comment_and_the_fields_follow(desk: Desk, tmp_path: Path) -> None:
    reference, target = a_reference(), a_target(desk, tmp_path)
    run(target.deliver(a_delivery("a" * 32, reference=reference, desired_remedy="An apology")))
    later = a_delivery("b" * 32, reference=reference, desired_remedy="A refund")
    for _ in range(2):
        run(target.deliver(later))
    (ticket,) = desk.tickets(reference)
    assert desk.values(ticket)["Remedy"] == ["A refund"]
    assert len(desk.records(reference)) == 2
    comments = [
        entry
        for entry in desk.json(f"ticket/{ticket}/history", fields="Type", per_page=100)["items"]
        if entry["Type"] == "Comment"
    ]
    assert len(comments) == 1


class TestWhatIsDropped:
    """RT answers 201 and forgets: that is seen."""

    def test_a_value_that_is_no_choice_is_told_and_mended_without_a_second_ticket(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        item = a_delivery(reference=a_reference())
        wrong = a_target(desk, tmp_path, fields={**FIELDS, "Route": Source("decision.disposition")})
        with pytest.raises(PermanentFailure, match="did not keep 'Route'"):
            run(wrong.deliver(item))
        run(a_target(desk, tmp_path).deliver(item))
        (ticket,) = desk.tickets(item.reference)
        assert desk.values(ticket)["Route"] == ["complaint"]

    def test_a_field_that_is_not_there_is_told(self, desk: Desk, tmp_path: Path) -> None:
        target = a_target(desk, tmp_path, fields={"Organization": Source("organisation")})
        with pytest.raises(PermanentFailure, match="did not keep 'Organization'"):
            run(target.deliver(a_delivery(reference=a_reference())))

    def test_a_target_that_does_not_read_back_is_caught(
        self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The planted fault."""

        async def never(self: RequestTrackerTarget, ticket: str, item: object) -> None:
            return

        monkeypatch.setattr(RequestTrackerTarget, "_compare", never)
        item = a_delivery(reference=a_reference())
        run(a_target(desk, tmp_path, fields={"Route": Source("decision.disposition")}).deliver(item))
        assert desk.values(desk.tickets(item.reference)[0])["Route"] == []

    def test_without_the_field_to_find_by_no_ticket_is_made(self, desk: Desk, tmp_path: Path) -> None:
        item = a_delivery(reference=a_reference())
        with _in_between(desk) as line:
            target = a_target(desk, tmp_path, line.url, case_field="Hearout Case No")
            with pytest.raises(TransientFailure, match="no custom field 'Hearout Case No'"):
                run(target.deliver(item))
        assert [request for request in line.requests if request.method == "POST"] == []

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"queue": "General"}, "answered 403"),
            ({"queue": "Nowhere"}, "answered 40"),
            ({"token": "1-2-bad"}, "401"),
        ],
    )
    def test_what_it_may_not_do_can_be_mended(
        self, desk: Desk, tmp_path: Path, changes: dict[str, str], says: str
    ) -> None:
        token = changes.pop("token", None)
        target = a_target(desk, tmp_path, **changes)
        if token:
            (tmp_path / "token").write_text(token)
        with pytest.raises(TransientFailure, match=says):
            run(target.deliver(a_delivery(reference=a_reference())))


class TestLostAnswers:
    """The ticket is made, and nobody tells us."""

    @pytest.mark.parametrize("fault", [Reply(hang_up=True), Reply(504), Reply(wait=3.0)])
    def test_a_create_whose_answer_is_lost_is_found_again(
        self, desk: Desk, tmp_path: Path, fault: Reply
    ) -> None:
        item = a_delivery(reference=a_reference())
        with _in_between(
            desk, lost=lambda request: fault if request.path.endswith("/ticket") else None
        ) as line:
            target = a_target(desk, tmp_path, line.url, caller=Caller(allow_private=True, seconds=2.5))
            run(target.deliver(item))
        assert len(desk.tickets(item.reference)) == 1
        assert len(desk.records(item.reference)) == 1

    def test_a_create_that_is_still_under_way_is_waited_for_before_there_is_another(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        """It reaches RT only after we have given up and looked in vain."""
        item = a_delivery(reference=a_reference())
        late: list[threading.Thread] = []

        def delayed(request: Request) -> Reply | None:
            if request.method == "POST" and not late:
                late.append(threading.Timer(2.5, _forward, (desk, request)))
                late[0].start()
                return Reply(hang_up=True)
            return None

        with _in_between(desk, instead=delayed) as line:
            target = a_target(desk, tmp_path, line.url, reconcile=(0.1,))
            with pytest.raises(TransientFailure) as failure:
                run(target.deliver(item))
            assert failure.value.retry_after == timedelta(minutes=5)
            late[0].join()
            run(target.deliver(item))
        assert len(desk.tickets(item.reference)) == 1

    @pytest.mark.parametrize("steps", [2, 3])
    def test_whatever_step_we_die_after_there_is_one_ticket_with_all_of_it(
        self, desk: Desk, tmp_path: Path, steps: int
    ) -> None:
        """A crash between any two requests: the line is dead from there on, and a new attempt begins."""
        vault = Vault(tmp_path / "evidence")
        reference = a_reference()
        first = a_delivery("a" * 32, reference=reference, evidence=[_kept(vault, b"one")])
        second = a_delivery(
            "b" * 32, reference=reference, evidence=[_kept(vault, b"one"), _kept(vault, b"two")]
        )
        for item in (first, second):
            left = [steps]

            def dies(request: Request, left: list[int] = left) -> Reply | None:
                left[0] -= 1
                return Reply(hang_up=True) if left[0] < 0 else None

            with _in_between(desk, instead=dies) as line:
                target = a_target(desk, tmp_path, line.url, vault=vault, reconcile=(0.0,))
                try:
                    run(target.deliver(item))
                except TransientFailure:
                    assert left[0] < 0
            run(a_target(desk, tmp_path, vault=vault).deliver(item))
        (ticket,) = desk.tickets(reference)
        assert len(desk.records(reference)) == 2
        names = sorted(name for name in desk.files(ticket) if name.endswith(".pdf"))
        assert len(names) == len(set(names)) == 2

    def test_a_target_that_does_not_look_first_is_caught(
        self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The planted fault."""

        async def nothing(self: RequestTrackerTarget, item: object) -> None:
            return None

        item = a_delivery(reference=a_reference())
        run(a_target(desk, tmp_path).deliver(item))
        monkeypatch.setattr(RequestTrackerTarget, "_find", nothing)
        run(a_target(desk, tmp_path).deliver(item))
        assert len(desk.tickets(item.reference)) == 2

    def test_a_target_that_does_not_reconcile_is_caught(
        self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The planted fault: after a lost answer it creates once more, at once."""

        async def again(self: RequestTrackerTarget, item: Any, failure: str) -> str:
            return await self._create(item)

        monkeypatch.setattr(RequestTrackerTarget, "_reconciled", again)
        lost = [True]

        def once(request: Request) -> Reply | None:
            return Reply(hang_up=True) if request.path.endswith("/ticket") and lost and lost.pop() else None

        item = a_delivery(reference=a_reference())
        with _in_between(desk, lost=once) as line:
            run(a_target(desk, tmp_path, line.url).deliver(item))
        assert len(desk.tickets(item.reference)) == 2


def test_six_hours_away_and_each_case_is_one_ticket_afterwards(
    desk: Desk, tmp_path: Path, sqlite_url: str, free_port: int
) -> None:
    made: list[str] = []

    @contextmanager
    def there() -> Iterator[None]:
        def carry(request: Request) -> Reply:
            if request.method == "POST" and request.path.endswith("/ticket"):
                made.append(json.loads(request.body)["CustomFields"]["Hearout case"])
            return _forward(desk, request)

        with receiving(free_port) as line:
            line.otherwise = carry
            yield

    def held() -> list[str]:
        return [reference for reference in set(made) for _ in desk.tickets(reference)]

    target = a_target(desk, tmp_path, f"http://127.0.0.1:{free_port}")
    holds_through_an_outage(tmp_path, sqlite_url, OutagePlace(target, there, held, patience=200.0))


def _kept(vault: Vault, content: bytes) -> dict[str, Any]:
    """A file in the vault, as a record lists it."""
    digest = hashlib.sha256(content).hexdigest()
    path = vault.path("cqm", digest[:32])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {
        "id": digest[:32],
        "name": "letter.pdf",
        "type": "application/pdf",
        "size": len(content),
        "sha256": digest,
        "scan": "clean",
    }


def _forward(desk: Desk, request: Request) -> Reply:
    """Send it on to RT, and give what it answers."""
    headers = {
        name: value for name, value in request.headers.items() if name in ("authorization", "content-type")
    }
    answer = httpx.request(
        request.method, desk.running.url + request.path, headers=headers, content=request.body, timeout=60
    )
    kind = answer.headers.get("content-type", "")
    return Reply(answer.status_code, answer.content, {"content-type": kind})


@contextmanager
def _in_between(
    desk: Desk,
    lost: Callable[[Request], Reply | None] = lambda request: None,
    instead: Callable[[Request], Reply | None] = lambda request: None,
) -> Iterator[Receiver]:
    """A line to RT that may fail: `lost` replaces the answer to what has reached RT, `instead` keeps it from RT."""
    with receiving() as line:

        def carry(request: Request) -> Reply:
            if (kept := instead(request)) is not None:
                return kept
            answer = _forward(desk, request)
            return lost(request) or answer

        line.otherwise = carry
        yield line
