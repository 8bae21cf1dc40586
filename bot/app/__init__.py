"""The one composition root: everything is wired here, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute

from actions.runner import Runner
from bot.api import decisions, staff
from bot.app import health, openapi, problems
from bot.app.edge import Edge, places_of
from bot.app.lapsing import LapseLoop
from bot.channels import consent, demo
from bot.channels.hearing import Hearing
from bot.channels.hub import Hub
from bot.channels.rasa import RestChannel
from bot.channels.websocket import WebSocketChannel
from bot.dialogue.letters import reminder
from bot.door import Door, Metrics
from bot.overlay import FolderHandoff, Overlays
from bot.settings import Settings, SettingsError
from bot.turn import Desk, context_of
from bot.understanding.reader import Reader
from cases.consent import Terms
from cases.lapse import TO_PERSON, Limits
from cases.store import Store, migrate, open_store
from handoff.alarm import MailAlarm
from handoff.deliver import DeliveryLoop, Pace
from handoff.mail import MailServer
from handoff.target import Delivery, Target
from handoff.targets import EmailTarget, FolderTarget
from handoff.targets.person import PersonTarget
from policy_rules.errors import BrokenPack
from policy_rules.shelf import PackShelf

log = structlog.get_logger("hearout.server")


def utc_now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """Everything that one process holds. `close` gives the store back."""

    settings: Settings
    packs: PackShelf
    overlays: Overlays
    store: Store
    deliveries: DeliveryLoop
    desk: Desk
    door: Door
    metrics: Metrics
    lapses: LapseLoop

    def close(self) -> None:
        """Let go of the store; may be called twice."""
        self.store.close()


def compose(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> House:
    """Read the packs and settings, migrate and open the store, load understanding; nothing runs yet.

    Raises SettingsError, BrokenPack, BrokenOverlay, StoreBusy, and what `cases.store.open_store` raises.
    """
    packs = _shelf(settings)
    overlays = Overlays(settings.overlays_dir)
    for organisation in packs.ids():
        # A fault in an organisation's settings is told now, not to its first complainant.
        overlays(organisation)
    reader, runner = Reader.load(), Runner(packs)
    migrate(settings.database_url)
    store = open_store(settings.database_url)
    mail = mail_server(settings)
    to_person = PersonTarget(mail, lambda item: _reminder(desk, item, settings.abandon_after_days))
    deliveries = DeliveryLoop(
        store,
        lambda organisation: {
            **targets_of(settings, overlays, mail, organisation),
            TO_PERSON: to_person,
        },
        clock,
        MailAlarm(mail, lambda organisation: alarm_address(overlays, organisation)),
        pace=Pace(poll=settings.delivery_seconds),
    )
    desk = Desk(
        packs=packs,
        store=store,
        reader=reader,
        runner=runner,
        overlays=overlays,
        clock=clock,
        wake_delivery=deliveries.wake,
        terms=Terms(settings.address, timedelta(days=settings.consent_days)),
    )
    limits = Limits(timedelta(days=settings.remind_after_days), timedelta(days=settings.abandon_after_days))
    lapses = LapseLoop(desk, limits, can_mail=lambda: bool(settings.smtp_host))
    return House(settings, packs, overlays, store, deliveries, desk, Door(settings), Metrics(), lapses)


def _reminder(desk: Desk, item: Delivery, days: int) -> tuple[str, str]:
    """The letter of a delivery to the person."""
    language = str(item.record.get("language") or "en")
    return reminder(context_of(desk, item.organisation, language, item.reference), days)


def _shelf(settings: Settings) -> PackShelf:
    """The packs. One that is broken leaves the others in use; with none at all there is nothing to serve."""
    folder = settings.packs_dir
    if folder is not None and not folder.is_dir():
        raise SettingsError([f"HEAROUT_PACKS_DIR: {folder} is not a folder."])
    packs = PackShelf(folder)
    if not packs.ids():
        raise BrokenPack(packs.findings or [f"{packs.folder} holds no pack (*.yml)."])
    return packs


def create_app(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The whole server. The store is open from now on; it is given back when the app's lifespan ends."""
    house = compose(settings, clock=clock)
    app = FastAPI(
        title="Hearout",
        version=version("hearout"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lambda _: _running(house),
    )
    app.state.house = house
    hearing = Hearing(house.desk, house.door, house.metrics)
    rest = RestChannel(hearing)
    app.add_middleware(Edge, metrics=house.metrics, direct={"/webhooks/rest/webhook": rest.message})
    problems.install(app)
    _mount(app, house, hearing, rest)
    app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign]
    return app


def _mount(app: FastAPI, house: House, hearing: Hearing, rest: RestChannel) -> None:
    """Every face and API, one line each; a new channel is a line here."""
    hub = Hub(house.metrics)
    socket = WebSocketChannel(hearing, hub, problems.respond)
    # Starlette's routes, and first: this is the path that load is measured on.
    app.router.routes[:0] = [
        Route("/webhooks/rest/webhook", rest.message, methods=["POST"]),
        Route("/{org}/webhooks/rest/webhook", rest.message, methods=["POST"]),
        Route("/webhooks/rest/", rest.health),
        Route("/{org}/webhooks/rest/", rest.health),
        WebSocketRoute("/{org}/ws", socket.connect),
        *demo.routes(house.packs, house.overlays),
        *consent.routes(house.desk, house.door, house.overlays),
    ]
    app.include_router(decisions.router(house.packs, house.door))
    app.include_router(staff.router(house.desk, house.door, hub.tell))
    app.include_router(
        health.router(house.packs, house.overlays, house.store, house.metrics, house.door, house.desk.clock)
    )


@contextlib.asynccontextmanager
async def _running(house: House) -> AsyncIterator[None]:
    """Deliver and watch the files while the server runs; at the end finish what is under way."""
    endless = [
        asyncio.create_task(_watch_files(house), name="watching files"),
        asyncio.create_task(house.lapses.run(), name="looking after drafts"),
    ]
    tasks = [*endless]
    if house.settings.delivery == "on":
        tasks.append(asyncio.create_task(house.deliveries.run(), name="delivering cases"))
    for task in tasks:
        task.add_done_callback(_tell_if_failed)
    try:
        yield
    finally:
        for task in endless:
            task.cancel()
        house.deliveries.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        house.close()


def _tell_if_failed(task: asyncio.Task[None]) -> None:
    """These run as long as the server: one that ends by itself is a fault that somebody must hear of."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task_failed", task=task.get_name(), kind=type(error).__name__, places=places_of(error))


async def _watch_files(house: House) -> None:
    """Read changed packs and settings again. What cannot be used is told once; the last good version stays."""
    told: list[str] = []
    while True:
        await asyncio.sleep(house.settings.packs_seconds)
        try:
            findings = await asyncio.to_thread(_refresh, house)
        except OSError as error:
            findings = [f"the folder of packs cannot be read: {error.strerror}"]
        for finding in findings:
            if finding not in told:
                log.warning("file_refused", finding=finding)
        told = findings


def _refresh(house: House) -> list[str]:
    return [*house.packs.refresh(), *house.overlays.refresh()]


def mail_server(settings: Settings) -> MailServer:
    """The mail server of the settings; with no host it refuses to send."""
    password = settings.smtp_password
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=password.get_secret_value() if password is not None else "",
        sender=settings.smtp_from,
    )


def targets_of(
    settings: Settings, overlays: Overlays, mail: MailServer, organisation: str
) -> Mapping[str, Target]:
    """Where an organisation's cases go, by the name that the outbox knows."""
    targets: dict[str, Target] = {}
    for entry in overlays(organisation).handoff:
        if isinstance(entry, FolderHandoff):
            # An absolute path stays as it is.
            targets[entry.name] = FolderTarget(
                settings.data_dir / (entry.path or f"delivered/{organisation}")
            )
        else:
            targets[entry.name] = EmailTarget(mail, entry.to)
    return targets


def alarm_address(overlays: Overlays, organisation: str) -> str | None:
    """Who is told when a case does not arrive."""
    person = overlays(organisation).alarm
    return person.email if person is not None else None
