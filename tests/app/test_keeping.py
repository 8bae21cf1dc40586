"""The server keeps itself well: what is over is purged, a full disk is told of in time and loses nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.api.privacy import Erase, PlaceHold, Release
from bot.app import compose, create_app
from bot.app.keeping import DiskWatch, PurgeLoop
from bot.cli.serving import own_server
from bot.settings import Settings, SettingsError
from cases.models import cases, conversations, evidence, tombstones
from cases.store import migrate, open_store
from handoff.mail import MailServer
from tests.app.test_composition import file_a_case
from tests.cases.builders import NOW, REFERENCE, say
from tests.cases.builders import file_a_case as store_a_case
from tests.channels.servers import message, running, somebody
from tests.handoff.smtp import mail_server

LOW = 1_000_000_000


class TestDisk:
    def watch(self, port: int, room: list[int], clock: list[datetime]) -> DiskWatch:
        mail = MailServer("127.0.0.1", port, security="none")
        people = ["ops@example.org", "ops@example.org"]
        return DiskWatch(Path(), LOW, mail, lambda: people, lambda: clock[0], free=lambda _: room[0])

    def test_somebody_is_told_once_a_day_while_the_disk_is_low(self, free_port: int) -> None:
        room, clock = [2 * LOW], [NOW]
        watch = self.watch(free_port, room, clock)

        async def days() -> None:
            assert not await watch.look()
            room[0] = 5_000_000
            for hours in (0, 1, 23, 24, 30):
                clock[0] = NOW + timedelta(hours=hours)
                await watch.look()
            room[0] = 2 * LOW
            await watch.look()
            room[0] = LOW - 1
            await watch.look()

        with mail_server(free_port) as mailbox:
            asyncio.run(days())
        assert mailbox.recipients == [["ops@example.org"]] * 3
        assert "5 MB" in str(mailbox.messages[0].get_content())

    def test_a_mail_server_that_is_away_ends_nothing(self, free_port: int) -> None:
        watch = self.watch(free_port, [1], [NOW])
        assert asyncio.run(watch.look())
        assert "Only 0 MB" in watch.findings[0]

    def test_a_disk_that_nobody_can_measure_is_no_finding(self, tmp_path: Path) -> None:
        watch = DiskWatch(tmp_path / "gone", LOW, MailServer(""), list, lambda: NOW)
        assert (watch.free, watch.findings) == (None, [])

    def test_readyz_says_so_and_complaints_are_still_taken(self, tmp_path: Path) -> None:
        with running(tmp_path, disk_low_bytes=10**18) as server:
            answer = server.http.get("/readyz")
            assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
            assert "HEAROUT_DISK_LOW_BYTES" in answer.json()["findings"][0]
            assert "hearout_disk_free_bytes" in server.http.get("/metrics").text
            assert file_a_case(server, "cqm")

    def test_a_full_disk_is_told_to_the_person_and_keeps_no_half_of_a_turn(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path, port=0, limits="off")
        app = create_app(settings)
        house = app.state.house
        sender = somebody()

        def grow(spare: int) -> None:
            def work(conn: sa.Connection) -> None:
                pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
                conn.exec_driver_sql(f"PRAGMA max_page_count={pages + spare}")

            house.store.write_sync(work)

        def counted() -> tuple[int, int]:
            def work(conn: sa.Connection) -> tuple[int, int]:
                said = sa.text("SELECT count(*) FROM messages")
                return conn.execute(said).scalar_one(), conn.execute(
                    sa.select(sa.func.coalesce(sa.func.sum(conversations.c.version), 0))
                ).scalar_one()

            found: tuple[int, int] = house.store.read_sync(work)
            return found

        async def talk() -> None:
            transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1234))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:

                async def tell(text: str) -> httpx.Response:
                    return await http.post("/webhooks/rest/webhook", json=message(sender, text, "cqm"))

                assert (await tell("hello")).status_code == 200
                before = counted()
                grow(0)
                story = "Nobody marked my work. " * 600
                answer = await tell(story)
                assert answer.status_code == 503
                assert "our disk is full" in answer.json()["detail"]
                assert "Traceback" not in answer.text
                assert counted() == before
                grow(10_000)
                assert (await tell(story)).status_code == 200
                assert counted() == (before[0] + 2, before[1] + 1)

        try:
            asyncio.run(talk())
        finally:
            house.close()


class TestPurge:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        settings = Settings(data_dir=tmp_path, disk_low_bytes=0)
        settings.overlays_dir.mkdir()
        (settings.overlays_dir / "cqm.yml").write_text("retention: {closed_months: 12, drafts_days: 30}\n")
        migrate(settings.database_url)
        store = open_store(settings.database_url)
        store_a_case(store, targets=(), state="withdrawn")
        say(store, conversation_id="c2", key_hash="k2", reference="CQM-2")
        file = {
            "organisation": "cqm",
            "id": "abcdef",
            "conversation_id": f"c-{REFERENCE}",
            "name": "a.pdf",
            "size": 1,
            "sha256": "0" * 64,
            "type": "application/pdf",
            "scan": "clean",
            "at": NOW,
        }
        store.write_sync(lambda conn: conn.execute(evidence.insert(), file))
        store.close()
        for folder, name in (("evidence/cqm/ab", "abcdef"), ("delivered/cqm", f"{REFERENCE}.1.json")):
            (tmp_path / folder).mkdir(parents=True)
            (tmp_path / folder / name).write_text("x")
        (tmp_path / "delivered" / "cqm" / "CQM-9.1.json").write_text("another's")
        return settings

    def run(self, settings: Settings, now: datetime) -> tuple[list[str], list[str]]:
        """What is left after a look at that time: references, files."""
        house = compose(settings, clock=lambda: now)

        async def once() -> None:
            loop = asyncio.create_task(PurgeLoop(house.office).run())
            await asyncio.sleep(1.5)
            loop.cancel()

        asyncio.run(once())
        left = house.store.read_sync(
            lambda conn: conn.execute(sa.select(conversations.c.reference)).scalars().all()
        )
        house.close()
        files = [p.name for p in settings.data_dir.rglob("*") if p.is_file() and "hearout.db" not in p.name]
        return list(left), sorted(files)

    def test_what_is_over_goes_with_its_files_and_no_sooner(self, settings: Settings) -> None:
        both = ["CQM-9.1.json", f"{REFERENCE}.1.json", "abcdef", "cqm.yml"]
        assert self.run(settings, NOW + timedelta(days=29)) == ([REFERENCE, "CQM-2"], sorted(both))
        assert self.run(settings, NOW + timedelta(days=31)) == ([REFERENCE], sorted(both))
        assert self.run(settings, NOW + timedelta(days=370)) == ([], ["CQM-9.1.json", "cqm.yml"])

    def test_a_hold_outlasts_the_purge_and_refuses_an_erasure(self, settings: Settings) -> None:
        later = NOW + timedelta(days=3700)
        house = compose(settings, clock=lambda: later)

        async def acts() -> None:
            await house.office.do(PlaceHold(act="hold", reference=REFERENCE.lower(), why="a claim", by="Ann"))
            await house.office.purge()
            with pytest.raises(Exception, match="a legal hold keeps it"):
                await house.office.do(Erase(act="erase", references=[REFERENCE]))
            await house.office.do(Release(act="release", reference=REFERENCE))
            done = await house.office.do(Erase(act="erase", references=[REFERENCE]))
            assert (done.references, done.files) == ([REFERENCE], 1)

        asyncio.run(acts())
        rows = house.store.read_sync(
            lambda conn: conn.execute(sa.select(tombstones.c.because)).scalars().all()
        )
        count = sa.select(sa.func.count()).select_from(cases)
        assert (list(rows), house.store.read_sync(lambda conn: conn.execute(count).scalar())) == (
            ["request"],
            0,
        )
        house.close()


class TestProxies:
    """Whose word about where a caller comes from is believed."""

    def path(self, tmp_path: Path, headers: dict[str, str], **settings: object) -> tuple[int, str]:
        """A guarded address, as a caller on loopback that shows these headers."""
        chosen = Settings.model_validate({"data_dir": tmp_path, "limit_address": "2/minute", **settings})
        with own_server(chosen) as url, httpx.Client(base_url=url) as http:
            codes = [http.get("/metrics", headers=headers).status_code for _ in range(3)]
            varied = {**headers, "X-Forwarded-For": "198.51.100.7"}
            return codes[-1], str(http.get("/metrics", headers=varied).status_code)

    def test_a_trusted_proxy_tells_callers_apart(self, tmp_path: Path) -> None:
        assert self.path(tmp_path, {"X-Forwarded-For": "203.0.113.9"}) == (429, "401")

    def test_nobody_elses_word_is_taken_so_one_address_stays_one(self, tmp_path: Path) -> None:
        found = self.path(tmp_path, {"X-Forwarded-For": "203.0.113.9"}, trusted_proxies="192.0.2.10")
        assert found == (429, "429")

    def test_a_claim_before_the_proxys_own_is_not_believed(self, tmp_path: Path) -> None:
        """The last address is the one that the proxy saw; what stands before it, the caller wrote."""
        settings = Settings(data_dir=tmp_path, limit_address="2/minute")
        claims = [{"X-Forwarded-For": f"198.51.100.{i}, 203.0.113.9"} for i in range(3)]
        with own_server(settings) as url, httpx.Client(base_url=url) as http:
            codes = [http.get("/metrics", headers=claim).status_code for claim in claims]
        assert codes == [401, 401, 429]

    @pytest.mark.parametrize("name", ["0.0.0.0/0", "::/0", "*", "proxy.example.org", "10.0.0.1/24"])
    def test_everybody_or_a_name_cannot_be_trusted(self, name: str) -> None:
        with pytest.raises(SettingsError, match="HEAROUT_TRUSTED_PROXIES"):
            Settings.from_env({"HEAROUT_TRUSTED_PROXIES": f"127.0.0.1, {name}"})

    def test_https_is_known_by_the_proxys_word_and_then_insisted_on(self, tmp_path: Path) -> None:
        with own_server(Settings(data_dir=tmp_path)) as url, httpx.Client(base_url=url) as http:
            told = http.get("/healthz", headers={"X-Forwarded-Proto": "https"})
            plain = http.get("/healthz")
        assert "strict-transport-security" in told.headers
        assert "strict-transport-security" not in plain.headers
        with (
            own_server(Settings(data_dir=tmp_path, trusted_proxies=("192.0.2.10",))) as url,
            httpx.Client(base_url=url) as http,
        ):
            assert (
                "strict-transport-security"
                not in http.get("/healthz", headers={"X-Forwarded-Proto": "https"}).headers
            )
