"""Who is believed to be on this machine, and how the limits count; time is moved by hand."""

from __future__ import annotations

from typing import Any

import pytest

from bot.door import Door, NotSignedIn, TooMany
from bot.door.callers import host_name, is_loopback
from bot.settings import Settings

KEY = "a-key-of-more-than-22-characters"


def scope(address: str | None = "127.0.0.1", **headers: str) -> dict[str, Any]:
    named = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "client": (address, 40000) if address is not None else None,
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }


def door(clock: Any = None, **settings: Any) -> Door:
    return Door(Settings.model_validate(settings), *([clock] if clock else []))


class TestTrust:
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
    @pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "hearout.localhost"])
    def test_a_program_on_this_machine_is_trusted(self, address: str, host: str) -> None:
        assert door().caller(scope(address, host=host)).trusted

    @pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.1", "::ffff:203.0.113.9", None, "unix"])
    def test_another_machine_is_not(self, address: str | None) -> None:
        assert not door().caller(scope(address)).trusted

    @pytest.mark.parametrize(
        "headers",
        [
            {"x_forwarded_for": "127.0.0.1"},
            {"forwarded": "for=127.0.0.1"},
            {"x_real_ip": "127.0.0.1"},
            {"via": "1.1 proxy"},
            {"host": "rebound.example"},
            {"host": "127.0.0.1.evil.example"},
            {"host": ""},
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"sec_fetch_site": "cross-site"},
        ],
        ids=str,
    )
    def test_whoever_comes_through_a_proxy_or_a_foreign_page_is_not(self, headers: dict[str, str]) -> None:
        assert not door().caller(scope(**headers)).trusted

    def test_our_own_page_and_allowed_origins_are(self) -> None:
        mine = door(allowed_origins="https://www.example.org")
        assert mine.caller(scope(origin="http://127.0.0.1:8000")).trusted
        assert mine.caller(scope(origin="https://www.EXAMPLE.org")).trusted

    def test_the_key_is_enough_from_anywhere(self) -> None:
        assert door(api_key=KEY).caller(scope("203.0.113.9", authorization=f"bearer {KEY}")).trusted
        assert not door(api_key=KEY).caller(scope("203.0.113.9", authorization=f"Bearer {KEY}x")).trusted

    def test_without_a_key_set_no_key_is_right(self) -> None:
        with pytest.raises(NotSignedIn):
            door().admit(scope("203.0.113.9", authorization="Bearer "))

    def test_header_names_may_be_written_in_capitals(self) -> None:
        shouted = scope()
        shouted["headers"] = [(name.upper(), value) for name, value in shouted["headers"]]
        shouted["headers"].append((b"Origin", b"https://evil.example"))
        assert not door().caller(shouted).trusted


class TestLimits:
    def test_an_address_may_do_so_much_in_its_window_and_again_in_the_next(self) -> None:
        now = [1_000_000.0]
        mine = door(lambda: now[0], limit_address="2/minute")
        stranger = mine.caller(scope("203.0.113.9"))
        mine.count_address(stranger)
        mine.count_address(stranger)
        with pytest.raises(TooMany) as refused:
            mine.count_address(stranger)
        assert refused.value.headers == {"Retry-After": "60"}
        mine.count_address(mine.caller(scope("203.0.113.10")))
        now[0] += 60
        mine.count_address(stranger)

    def test_a_trusted_caller_has_room_for_many_people(self) -> None:
        mine = door(limit_address="1/minute", limit_trusted="3/minute")
        for _ in range(3):
            mine.admit(scope())
        with pytest.raises(TooMany):
            mine.admit(scope())

    def test_a_conversation_is_counted_by_organisation_and_sender(self) -> None:
        mine = door(limit_conversation="1/minute")
        mine.count_conversation("cim", "a")
        mine.count_conversation("cqm", "a")
        mine.count_conversation("cim", "b")
        with pytest.raises(TooMany, match="This conversation"):
            mine.count_conversation("cim", "a")

    def test_off_is_off(self) -> None:
        mine = door(limits="off", limit_conversation="1/minute", limit_trusted="1/minute")
        for _ in range(5):
            mine.admit(scope())
            mine.count_conversation("cim", "a")

    def test_counters_that_ran_out_are_let_go(self) -> None:
        now = [1_000_000.0]
        mine = door(lambda: now[0], limit_conversation="9/second")
        tally = mine._limiter.storage
        for number in range(3 * tally.SWEEP_EVERY):  # type: ignore[attr-defined]
            now[0] += 0.01
            mine.count_conversation("cim", str(number))
        assert len(tally._counts) <= tally.SWEEP_EVERY + 200  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("header", "name"),
    [(b"a.example:80", "a.example"), (b"[::1]:8000", "::1"), (b"LOCALHOST", "localhost"), (b"", "")],
)
def test_a_host_header_names_a_host(header: bytes, name: str) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize("name", ["", "example.org", "localhost.example.org", "0.0.0.0", "127.0.0.1:80", "1"])  # noqa: S104
def test_what_is_not_this_machine(name: str) -> None:
    assert not is_loopback(name)
