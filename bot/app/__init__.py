"""The one composition root: everything is wired here, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute

from actions.runner import Runner
from bot import console, forms
from bot.api import api_keys, calendar, cases, decisions, handoff, model, privacy, reports, staff
from bot.app import health, openapi, problems
from bot.app.edge import Edge, places_of
from bot.app.keeping import DiskWatch, PurgeLoop
from bot.app.lapsing import LapseLoop
from bot.app.receivers import alarm_webhook, mail_server, targets_of
from bot.app.watching import WatchLoop, letter_sent
from bot.channels import consent, pages, showcase, widget
from bot.channels.evidence import EvidenceChannel
from bot.channels.hearing import Hearing
from bot.channels.hub import Hub
from bot.channels.rasa import RestChannel
from bot.channels.websocket import WebSocketChannel
from bot.channels.without_socket import PostChannel
from bot.dialogue.letters import reminder
from bot.door import Door, Metrics
from bot.door.keys import KeyDoor
from bot.evidence import Intake, scanner_of
from bot.evidence import Limits as EvidenceLimits
from bot.forms import after
from bot.forms.after.mail import CasePost, with_corrections
from bot.overlay import BrokenOverlay, Overlays
from bot.posting import PostOffice
from bot.settings import Settings, SettingsError
from bot.turn import Desk, context_of
from bot.understanding.parsing import Interpreter
from bot.understanding.reader import Reader
from cases.consent import Terms
from cases.editions import adopt
from cases.lapse import Limits
from cases.outgoing import TO_PERSON, TO_STAFF, at_filing
from cases.store import Store, migrate, open_store
from cases.vault import Vault
from handoff.alarm import Alarms, MailAlarm
from handoff.deliver import DeliveryLoop, Pace
from handoff.letters import Bookcase
from handoff.target import Delivery
from handoff.targets.person import PersonTarget
from handoff.targets.staff import StaffTarget
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
    watches: WatchLoop
    intake: Intake
    office: privacy.Office
    disk: DiskWatch

    def close(self) -> None:
        """Let go of the store; may be called twice."""
        self.store.close()


def compose(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> House:
    """Read the packs and settings, migrate and open the store, load understanding; nothing runs yet.

    Raises SettingsError, BrokenPack, BrokenOverlay, StoreBusy, and what `cases.store.open_store` raises.
    """
    packs = _shelf(settings, clock)
    own = {"otherwise": showcase.worn()} if settings.shows_demo else {}
    overlays = Overlays(settings.overlays_dir, **own)
    for organisation in packs.ids():
        # A fault in an organisation's settings is told now, not to its first complainant.
        overlays(organisation)
    reader, runner = Reader.load(), Runner(packs)
    migrate(settings.database_url)
    store = open_store(settings.database_url)
    for finding in adopt(packs, store, clock()):
        log.error("rules_refused", finding=finding)
    mail = mail_server(settings)
    post = PostOffice(
        packs,
        overlays,
        Bookcase(settings.overlays_dir),
        clock,
        lambda item: _reminder(desk, item, settings.abandon_after_days),
        settings.people_see_cases_at,
    )
    for organisation in packs.ids():
        post.check(organisation)
    to_person = PersonTarget(mail, post.to_person, lambda item: letter_sent(desk, item))
    to_staff = StaffTarget(
        mail, with_corrections(post.to_staff), post.mailboxes, settings.data_dir / "letters"
    )
    webhook = alarm_webhook(settings, clock)
    deliveries = DeliveryLoop(
        store,
        lambda organisation: {
            **targets_of(settings, overlays, mail, organisation, clock),
            TO_PERSON: CasePost(to_person, mail, lambda: desk),
            TO_STAFF: to_staff,
        },
        clock,
        Alarms(
            (
                MailAlarm(mail, lambda organisation: alarm_address(overlays, organisation)),
                *([webhook] if webhook is not None else []),
            )
        ),
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
        letters=lambda record: at_filing(record, can_mail=bool(settings.smtp_host)),
    )
    limits = Limits(timedelta(days=settings.remind_after_days), timedelta(days=settings.abandon_after_days))
    lapses = LapseLoop(desk, limits, can_mail=lambda: bool(settings.smtp_host))
    watches = WatchLoop(desk, can_mail=lambda: bool(settings.smtp_host))
    scanner = scanner_of(settings.clamd, settings.clamd_seconds)
    intake = Intake(desk, Vault(settings.evidence_dir), scanner, evidence_limits(settings))
    office = office_of(settings, store, packs, overlays, clock)
    disk = DiskWatch(
        settings.data_dir,
        settings.disk_low_bytes,
        mail,
        partial(_alarmed, packs, overlays),
        clock,
        hook=webhook,
    )
    door, metrics = Door(settings), Metrics()
    return House(
        settings,
        packs,
        overlays,
        store,
        deliveries,
        desk,
        door,
        metrics,
        lapses,
        watches,
        intake,
        office,
        disk,
    )


def office_of(
    settings: Settings, store: Store, packs: PackShelf, overlays: Overlays, clock: Callable[[], datetime]
) -> privacy.Office:
    """Where holds, erasure and purges are carried out; the commands use one of their own where no server runs."""
    return privacy.Office(store, Vault(settings.evidence_dir), settings.data_dir, packs.ids, overlays, clock)


def _alarmed(packs: PackShelf, overlays: Overlays) -> list[str]:
    """Everybody who is told when the server itself is in trouble."""
    found = (alarm_address(overlays, organisation) for organisation in packs.ids())
    return [address for address in found if address]


def evidence_limits(settings: Settings) -> EvidenceLimits:
    """What may be sent, from the settings."""
    return EvidenceLimits(
        settings.evidence_max_bytes, settings.evidence_max_files, settings.evidence_quota_bytes
    )


def _reminder(desk: Desk, item: Delivery, days: int) -> tuple[str, str]:
    """The letter of a delivery to the person."""
    language = str(item.record.get("language") or "en")
    return reminder(context_of(desk, item.organisation, language, item.reference), days)


def _shelf(settings: Settings, clock: Callable[[], datetime]) -> PackShelf:
    """The packs. One that is broken leaves the others in use; with none at all there is nothing to serve."""
    folder = settings.packs_dir
    if folder is not None and not folder.is_dir():
        raise SettingsError([f"HEAROUT_PACKS_DIR: {folder} is not a folder."])
    packs = PackShelf(folder, clock=clock)
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
        # Ours is /metrics; asking at each request whether somebody set up another takes as long as reading it.
        telemetry={"tracing": False, "metrics": False, "logs": False},
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
        *PostChannel(hearing, hub, problems.respond).routes(),
        *widget.routes(house.packs, house.overlays, house.door, house.settings.allowed_origins),
        *pages.routes(house.packs, house.overlays),
        *(showcase.routes(house.packs, house.overlays) if house.settings.shows_demo else []),
        *consent.routes(house.desk, house.door, house.overlays),
        *EvidenceChannel(house.intake, house.door, problems.respond).routes(),
        *console.routes(
            house.desk,
            house.door,
            house.settings,
            staff.Counter(house.desk, hub.tell),
            house.office,
            mail_server(house.settings) if house.settings.smtp_host else None,
        ),
        *forms.routes(hearing, house.overlays, house.intake),
        *after.routes(hearing, house.overlays, house.intake, can_mail=bool(house.settings.smtp_host)),
    ]
    app.include_router(decisions.router(house.packs, house.door))
    app.include_router(
        model.router(house.packs, house.door, Interpreter(house.desk.reader), house.desk.clock)
    )
    app.include_router(staff.router(house.desk, house.door, hub.tell))
    app.include_router(handoff.router(house.store, house.door, house.desk.clock, house.deliveries.wake))
    keys = KeyDoor(house.door, house.store, house.desk.clock)
    app.include_router(cases.router(house.desk, house.intake, keys))
    app.include_router(api_keys.router(house.desk, house.door))
    app.include_router(calendar.router(house.desk, keys))
    app.include_router(privacy.router(house.office, house.door))
    app.include_router(reports.router(house.desk, house.door))
    app.include_router(
        health.router(
            house.packs, house.overlays, house.store, house.metrics, house.door, house.desk.clock, house.disk
        )
    )
    if house.settings.shows_demo:
        app.router.routes.append(showcase.shorthand(house.packs))


@contextlib.asynccontextmanager
async def _running(house: House) -> AsyncIterator[None]:
    """Deliver and watch the files while the server runs; at the end finish what is under way."""
    await house.intake.sweep()
    endless = [
        asyncio.create_task(_watch_files(house), name="watching files"),
        asyncio.create_task(house.lapses.run(), name="looking after drafts"),
        asyncio.create_task(house.watches.run(), name="watching clocks"),
        asyncio.create_task(PurgeLoop(house.office).run(), name="purging what is over"),
        asyncio.create_task(house.disk.run(), name="watching the disk"),
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
    house.packs.refresh()
    away = []
    try:
        adopt(house.packs, house.store, house.desk.clock())
    except Exception as error:  # noqa: BLE001 - a database that is away for a while: what is here stays in force
        away = [f"The published rules cannot be read ({type(error).__name__})."]
    for organisation in house.packs.ids():
        # One that was published meanwhile: a fault in its settings is told before somebody complains to it.
        with contextlib.suppress(BrokenOverlay):
            house.overlays(organisation)
    return [*house.packs.findings, *away, *house.overlays.refresh()]


def alarm_address(overlays: Overlays, organisation: str) -> str | None:
    """Who is told when a case does not arrive."""
    person = overlays(organisation).alarm
    return person.email if person is not None else None
