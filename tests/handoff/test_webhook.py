"""The webhook: signed to the letter, patient, and impossible to lead astray. The receiver is a real server."""

from __future__ import annotations

import base64
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from handoff.http import Answer, Caller, failure_of, refused, retry_after
from handoff.secrets import Secret
from handoff.target import DeliveryFailure, ReceiverGone, TransientFailure
from handoff.targets.webhook import WebhookTarget
from tests.handoff.builders import NOW, a_delivery, run
from tests.handoff.certificate import serving, write_certificate
from tests.handoff.receiver import Reply, Request, receiving

OLD, NEW = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n"))
HERE = Caller(allow_private=True, seconds=5)


def a_webhook(tmp_path: Path, url: str, *secrets: str, **changes: Any) -> WebhookTarget:
    file = tmp_path / "secret"
    file.write_text("\n".join(secrets or (NEW,)) + "\n")
    return WebhookTarget(**{"url": url, "secret": Secret(file), "caller": HERE, **changes})


def fails(target: WebhookTarget) -> DeliveryFailure:
    with pytest.raises(DeliveryFailure) as failure:
        run(target.deliver(a_delivery()))
    assert "tutor" not in str(failure.value)
    return failure.value


def verified(request: Request, secret: str) -> Any:
    return Webhook(secret).verify(request.body, dict(request.headers))


class TestSigned:
    """What the standardwebhooks library of the receiver says of it."""

    def test_the_receivers_library_takes_it_and_the_body_is_the_record(self, tmp_path: Path) -> None:
        item = a_delivery()
        with receiving() as receiver:
            run(a_webhook(tmp_path, receiver.url + "/hook").deliver(item))
        (request,) = receiver.requests
        body = verified(request, NEW)
        assert (request.method, request.path) == ("POST", "/hook")
        assert body == {"type": "case.filed", "timestamp": item.record["filed_at"], "data": item.record}
        assert request.headers["webhook-id"] == item.id
        assert request.headers["host"] == f"127.0.0.1:{receiver.port}"

    def test_each_attempt_has_its_own_time_and_the_same_id_and_body(self, tmp_path: Path) -> None:
        times = [NOW, NOW + timedelta(minutes=5)]
        with receiving() as receiver:
            target = a_webhook(tmp_path, receiver.url, clock=lambda: times.pop(0))
            for _ in range(2):
                run(target.deliver(a_delivery()))
        one, two = receiver.requests
        assert one.headers["webhook-id"] == two.headers["webhook-id"]
        assert one.body == two.body
        stamps = [int(request.headers["webhook-timestamp"]) for request in (one, two)]
        assert stamps == [int(NOW.timestamp()), int(NOW.timestamp()) + 300]
        assert one.headers["webhook-signature"] != two.headers["webhook-signature"]

    def test_in_british_summer_time_it_is_signed_at_the_right_hour(self, tmp_path: Path) -> None:
        from zoneinfo import ZoneInfo

        with receiving() as receiver:
            run(
                a_webhook(
                    tmp_path, receiver.url, clock=lambda: datetime.now(ZoneInfo("Pacific/Auckland"))
                ).deliver(a_delivery())
            )
        verified(receiver.requests[0], NEW)

    def test_while_a_secret_changes_both_the_old_and_the_new_receiver_take_it(self, tmp_path: Path) -> None:
        with receiving() as receiver:
            target = a_webhook(tmp_path, receiver.url, NEW, OLD)
            run(target.deliver(a_delivery()))
            (tmp_path / "secret").write_text(NEW)
            run(target.deliver(a_delivery()))
        for secret in (NEW, OLD):
            verified(receiver.requests[0], secret)
        verified(receiver.requests[1], NEW)
        with pytest.raises(WebhookVerificationError):
            verified(receiver.requests[1], OLD)

    def test_a_body_that_was_tampered_with_is_caught(self, tmp_path: Path) -> None:
        with receiving() as receiver:
            run(a_webhook(tmp_path, receiver.url).deliver(a_delivery()))
        request = receiver.requests[0]
        with pytest.raises(WebhookVerificationError):
            Webhook(NEW).verify(request.body.replace(b"tutor", b"Tutor"), dict(request.headers))

    @pytest.mark.parametrize("secret", ["", "\n", "whsec_!", "whsec_"])
    def test_a_secret_that_cannot_be_used_is_told_without_it(self, tmp_path: Path, secret: str) -> None:
        with receiving() as receiver:
            target = a_webhook(tmp_path, receiver.url, secret)
            said = str(fails(target))
        assert "secret" in said
        assert "whsec_!" not in said
        assert receiver.requests == []

    def test_a_secret_in_a_variable_is_read_anew_each_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with receiving() as receiver:
            target = a_webhook(tmp_path, receiver.url, secret=Secret(variable="CASES_SECRET"))
            assert "CASES_SECRET" in str(fails(target))
            monkeypatch.setenv("CASES_SECRET", NEW)
            run(target.deliver(a_delivery()))
        verified(receiver.requests[0], NEW)


class TestAnswers:
    """What a receiver says, and what we make of it."""

    @pytest.mark.parametrize(
        ("reply", "says"),
        [
            (Reply(500), "answered 500"),
            (Reply(404), "answered 404"),
            (Reply(400), "answered 400"),
            (Reply(429), "answered 429"),
            (Reply(302, headers={"location": "http://169.254.169.254/latest/meta-data"}), "a redirect"),
            (Reply(hang_up=True), "the connection broke"),
            (Reply(200, body=b"x" * 3_000_000), None),
        ],
    )
    def test_what_is_not_a_success_may_pass(self, tmp_path: Path, reply: Reply, says: str | None) -> None:
        with receiving() as receiver:
            receiver.replies = [reply]
            target = a_webhook(tmp_path, receiver.url)
            if says is None:
                run(target.deliver(a_delivery()))
            else:
                failure = fails(target)
                assert isinstance(failure, TransientFailure)
                assert says in str(failure)
        assert len(receiver.requests) == 1, "a redirect was followed"

    def test_410_is_farewell(self, tmp_path: Path) -> None:
        with receiving() as receiver:
            receiver.replies = [Reply(410)]
            assert isinstance(fails(a_webhook(tmp_path, receiver.url)), ReceiverGone)

    def test_a_slow_receiver_is_given_up_in_time(self, tmp_path: Path) -> None:
        with receiving() as receiver:
            receiver.replies = [Reply(wait=1.0)]
            target = a_webhook(tmp_path, receiver.url, caller=Caller(allow_private=True, seconds=0.2))
            assert "no answer within 0.2 seconds" in str(fails(target))

    def test_a_receiver_that_is_not_there_is_told_so(self, tmp_path: Path, free_port: int) -> None:
        assert "refused" in str(fails(a_webhook(tmp_path, f"http://127.0.0.1:{free_port}")))

    @pytest.mark.parametrize("status", [429, 503])
    def test_it_comes_back_when_the_receiver_asked_for(self, tmp_path: Path, status: int) -> None:
        with receiving() as receiver:
            receiver.replies = [Reply(status, headers={"retry-after": "120"})]
            failure = fails(a_webhook(tmp_path, receiver.url))
        assert isinstance(failure, TransientFailure)
        assert failure.retry_after == timedelta(minutes=2)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("0", timedelta()),
            (" 7 ", timedelta(seconds=7)),
            ("Thu, 24 Dec 2026 16:50:00 GMT", timedelta(minutes=5)),
            ("Thu, 24 Dec 2026 16:40:00 GMT", timedelta()),
            ("soon", None),
            ("-5", None),
            ("", None),
            ("٣", None),
            ("9" * 400, timedelta(seconds=10**8)),
            (None, None),
        ],
    )
    def test_retry_after_is_seconds_or_a_date(self, value: str | None, expected: timedelta | None) -> None:
        assert retry_after(value, NOW) == expected

    def test_only_2xx_counts_as_taken(self) -> None:
        taken = [s for s in range(100, 600) if failure_of(Answer(s, {}, b""), NOW) is None]
        assert taken == list(range(200, 300))


class TestCertificates:
    """TLS: the name and the authority have to be right."""

    def test_an_authority_of_the_organisations_own_can_be_trusted(self, tmp_path: Path) -> None:
        authority, _ = write_certificate(tmp_path)
        with receiving(tls=serving(tmp_path)) as receiver:
            caller = Caller(allow_private=True, trust=authority, seconds=5)
            run(a_webhook(tmp_path, receiver.url, caller=caller).deliver(a_delivery()))
            by_name = f"https://localhost:{receiver.port}/"
            run(a_webhook(tmp_path, by_name, caller=caller).deliver(a_delivery()))
        assert len(receiver.requests) == 2
        assert receiver.requests[1].headers["host"] == f"localhost:{receiver.port}"

    def test_a_certificate_of_nobody_we_know_is_refused(self, tmp_path: Path) -> None:
        with receiving(tls=serving(tmp_path)) as receiver:
            assert "certificate" in str(fails(a_webhook(tmp_path, receiver.url)))
        assert receiver.requests == []

    def test_a_certificate_for_another_name_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _names_are(monkeypatch, ["127.0.0.1"])
        authority, _ = write_certificate(tmp_path)
        with receiving(tls=serving(tmp_path)) as receiver:
            caller = Caller(allow_private=True, trust=authority, seconds=5)
            url = f"https://cases.example.org:{receiver.port}/"
            assert "certificate" in str(fails(a_webhook(tmp_path, url, caller=caller)))
        assert receiver.requests == []


class TestWhereItMayGo:
    """No address of a private network, unless the organisation says so; never one of a cloud's metadata."""

    @pytest.mark.parametrize(
        "address",
        "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 169.254.1.1 100.64.0.1 100.100.100.200 0.0.0.0 "
        "224.0.0.1 255.255.255.255 ::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 "
        "64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2001:db8::1 192.0.2.1 198.18.0.1".split(),
    )
    def test_no_other_than_public_addresses(self, address: str) -> None:
        import ipaddress

        assert refused(ipaddress.ip_address(address), allow_private=False)

    @pytest.mark.parametrize(
        ("address", "allowed"),
        [
            ("127.0.0.1", True),
            ("10.1.2.3", True),
            ("fd12::1", True),
            ("::ffff:10.0.0.1", True),
            ("169.254.169.254", False),
            ("::ffff:169.254.169.254", False),
            ("fe80::1", False),
            ("100.100.100.200", False),
            ("fd00:ec2::254", False),
            ("0.0.0.0", False),  # noqa: S104
            ("224.0.0.1", False),
        ],
    )
    def test_private_addresses_where_they_are_allowed(self, address: str, allowed: bool) -> None:
        import ipaddress

        assert (refused(ipaddress.ip_address(address), allow_private=True) is None) is allowed

    @pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
    def test_public_ones_always(self, address: str) -> None:
        import ipaddress

        assert refused(ipaddress.ip_address(address), allow_private=False) is None

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1"])
    def test_this_machine_is_not_called_by_any_of_its_names(
        self, tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tests.loopback.is_local", lambda host: True)
        with receiving() as receiver:
            target = a_webhook(tmp_path, f"https://{host}:{receiver.port}/", caller=Caller(seconds=5))
            assert "private" in str(fails(target))
        assert receiver.requests == []

    def test_plain_http_is_for_the_own_network_only(self, tmp_path: Path) -> None:
        target = a_webhook(tmp_path, "http://cases.example.org/", caller=Caller())
        assert "https" in str(fails(target))

    def test_a_name_with_one_private_address_among_others_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _names_are(monkeypatch, ["8.8.8.8", "10.0.0.7"])
        assert "10.0.0.7 is private" in str(
            fails(a_webhook(tmp_path, "https://cases.example.org/", caller=Caller()))
        )

    def test_a_name_that_changes_after_the_check_is_not_looked_up_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """DNS rebinding: the first answer is fine, each later one leads elsewhere."""
        asked = _names_are(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
        with receiving() as receiver:
            run(a_webhook(tmp_path, f"http://cases.example.org:{receiver.port}/").deliver(a_delivery()))
        assert asked == ["cases.example.org"]
        assert receiver.requests[0].headers["host"] == f"cases.example.org:{receiver.port}"

    def test_a_client_that_looks_the_name_up_again_is_caught(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The planted fault: it checks one answer and connects to another."""
        import httpx

        _names_are(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
        monkeypatch.setattr(httpx.URL, "copy_with", lambda url, **parts: url)
        with receiving() as receiver:
            with pytest.raises(TransientFailure):
                run(a_webhook(tmp_path, f"http://cases.example.org:{receiver.port}/").deliver(a_delivery()))
            assert receiver.requests == []

    def test_a_redirect_to_a_private_address_goes_nowhere(self, tmp_path: Path) -> None:
        with receiving() as inside, receiving() as receiver:
            receiver.otherwise = lambda request: Reply(307, headers={"location": inside.url + "/secret"})
            assert "redirect" in str(fails(a_webhook(tmp_path, receiver.url)))
        assert inside.requests == []


def test_a_client_that_follows_redirects_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault."""
    import httpx

    send = httpx.AsyncClient.send
    monkeypatch.setattr(
        httpx.AsyncClient,
        "send",
        lambda self, request, **how: send(self, request, **{**how, "follow_redirects": True}),
    )
    with receiving() as inside, receiving() as receiver:
        receiver.otherwise = lambda request: Reply(307, headers={"location": inside.url + "/secret"})
        run(a_webhook(tmp_path, receiver.url).deliver(a_delivery()))
    assert len(inside.requests) == 1


def _names_are(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """What the DNS says of cases.example.org, look by look, the last one for ever; the looks that were taken."""
    real, asked, left = socket.getaddrinfo, list[str](), list(answers)

    def resolve(host: str | bytes, port: int, *rest: Any, **more: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if name != "cases.example.org":
            return real(host, port, *rest, **more)
        asked.append(name)
        return [_row(address, port) for address in (left.pop(0) if len(left) > 1 else left[0])]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


def _row(address: str, port: int) -> Any:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return (family, socket.SOCK_STREAM, 6, "", (address, port))
