"""What a supervisor asks: is the process alive, can it take complaints, and how is it doing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from bot.app.keeping import DiskWatch
from bot.door import Door, Metrics
from bot.door.metrics import Labels
from bot.overlay import Overlays
from cases import outbox, receivers
from cases.models import RECEIVER_STATES
from cases.receivers import Measure
from cases.store import Store
from policy_rules.shelf import PackShelf

Gauges = dict[str, tuple[str, dict[Labels, float]]]


class Health(BaseModel):
    """`ok`, `ready`, `degraded` (ready, but a changed file cannot be used or the disk is low) or `unready`."""

    status: str
    organisations: list[str] | None = None
    findings: list[str] | None = None


def router(
    packs: PackShelf,
    overlays: Overlays,
    store: Store,
    metrics: Metrics,
    door: Door,
    clock: Callable[[], datetime],
    disk: DiskWatch,
) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(tags=["Health"])

    @routes.get(
        "/healthz", operation_id="healthz", summary="Whether the process is alive", response_model=Health
    )
    async def healthz() -> Response:
        """Answers as long as the process turns."""
        return JSONResponse({"status": "ok"})

    @routes.get(
        "/readyz",
        operation_id="readyz",
        summary="Whether it can take complaints",
        response_model=Health,
        responses={503: {"model": Health, "description": "It cannot, for now."}},
    )
    async def readyz() -> Response:
        """Ready when the store answers and there is a pack. `degraded` is ready too: a pack or an organisation's
        settings were changed and cannot be used, so the last good ones stay; or the disk is running full. `findings`
        say what to mend."""
        findings = [*packs.findings, *overlays.findings, *disk.findings]
        try:
            await store.read(lambda conn: outbox.waiting(conn, clock()))
        except Exception as error:  # noqa: BLE001 - any reason that the store does not answer is a reason
            findings.append(f"The store does not answer ({type(error).__name__}).")
            return _health("unready", packs, findings, 503)
        if not packs.ids():
            return _health("unready", packs, [*findings, "There is no usable pack."], 503)
        return _health("degraded" if findings else "ready", packs, findings, 200)

    @routes.get(
        "/metrics",
        operation_id="metrics",
        summary="Counters in the Prometheus text format",
        response_model=None,
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "The counters."}
        },
    )
    async def exposition(request: Request) -> Response:
        """Counts and times only: nothing here names a person or a conversation."""
        door.admit(request.scope)
        now = clock()
        waiting, places = await store.read(lambda conn: (outbox.waiting(conn, now), receivers.measures(conn)))
        by_state: dict[Labels, float] = {
            (("state", "due"),): waiting.due,
            (("state", "scheduled"),): waiting.scheduled,
            (("state", "leased"),): waiting.leased,
            (("state", "dead"),): waiting.dead,
        }
        oldest = (now - waiting.oldest_due_at).total_seconds() if waiting.oldest_due_at else 0.0
        gauges: Gauges = {
            "hearout_outbox": ("Deliveries that are not settled, and dead ones.", by_state),
            "hearout_outbox_oldest_seconds": (
                "How long the oldest due delivery waits.",
                {(): max(0.0, oldest)},
            ),
            "hearout_findings": (
                "Faults in changed files.",
                {(): len(packs.findings) + len(overlays.findings)},
            ),
        }
        gauges |= _by_place(places, now)
        if (free := disk.free) is not None:
            gauges["hearout_disk_free_bytes"] = ("Room on the data folder's disk.", {(): free})
        return Response(metrics.text(gauges), media_type="text/plain; version=0.0.4")

    return routes


def _by_place(places: Iterable[Measure], now: datetime) -> Gauges:
    """How each place that cases and letters go to is faring. Its name is the one in the organisation's settings."""
    says = {
        "waiting": "Deliveries to a place that are not settled.",
        "oldest_seconds": "How long the oldest of them waits.",
        "attempts": "How often those were tried.",
        "dead": "Deliveries to a place that were given up, until somebody replays them.",
        "failures": "Failures of a place in a row.",
        "last_success_seconds": "How long ago something arrived there.",
        "state": "1 for the state that a place is in: working, resting (probed now and then) or disabled.",
    }
    values: dict[str, dict[Labels, float]] = {name: {} for name in says}
    for place in places:
        where: Labels = (("organisation", place.organisation), ("target", place.target))
        values["waiting"][where] = place.waiting
        values["oldest_seconds"][where] = _age(place.since, now) or 0.0
        values["attempts"][where] = place.attempts
        values["dead"][where] = place.dead
        values["failures"][where] = place.failures
        if (age := _age(place.last_success_at, now)) is not None:
            values["last_success_seconds"][where] = age
        for state in RECEIVER_STATES:
            values["state"][(*where, ("state", state))] = float(place.state == state)
    return {f"hearout_receiver_{name}": (help_, values[name]) for name, help_ in says.items()}


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else max(0.0, (now - since).total_seconds())


def _health(status: str, packs: PackShelf, findings: list[str], code: int) -> Response:
    return JSONResponse({"status": status, "organisations": packs.ids(), "findings": findings}, code)
