from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from tests import loopback

BEYOND = ("192.0.2.1", 9)  # an address kept for documentation: nobody answers there


def test_a_connection_beyond_this_machine_is_refused_before_it_is_made() -> None:
    with socket.socket() as line, pytest.raises(loopback.BeyondLoopbackError, match=r"192\.0\.2\.1"):
        line.connect(BEYOND)
    with (
        socket.socket(type=socket.SOCK_DGRAM) as line,
        pytest.raises(loopback.BeyondLoopbackError, match=r"192\.0\.2\.1"),
    ):
        line.sendto(b"?", BEYOND)


def test_a_connection_beyond_this_machine_is_refused_in_asyncio_too() -> None:
    async def reach() -> None:
        await asyncio.open_connection(*BEYOND)

    with pytest.raises(loopback.BeyondLoopbackError, match=r"192\.0\.2\.1"):
        asyncio.run(reach())


def test_a_name_beyond_this_machine_is_not_even_looked_up() -> None:
    with pytest.raises(loopback.BeyondLoopbackError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)


def test_this_machine_can_be_reached(free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)) as server:
        answer = threading.Thread(target=lambda: server.accept()[0].close())
        answer.start()
        with socket.create_connection(("localhost", free_port)) as line:
            assert line.recv(1) == b""
        answer.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "a.localhost", None])
def test_every_name_of_this_machine_is_local(host: str | None) -> None:
    assert loopback.is_local(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "0.0.0.1", "localhost.example.org", "::2", b"example.org"])
def test_every_other_name_is_not(host: str | bytes) -> None:
    assert not loopback.is_local(host)
