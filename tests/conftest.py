"""Fixtures that every folder of tests shares. Keep it small: builders belong in tests/builders.py."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from typing import TextIO, cast

import pytest
import structlog

from tests import chromium, loopback
from tests.again import Again


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Again())


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """No test reaches beyond this machine; see tests/loopback.py."""
    with loopback.guard():
        yield


class _StdoutNow:
    """Whatever stdout is at the moment: structlog's printer would hold one that pytest may have closed meanwhile."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()


@pytest.fixture(autouse=True, scope="session")
def _logs_find_stdout() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, _StdoutNow())))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests (`pytest.mark.anyio`) run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def free_port() -> int:
    """A TCP port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser; a missing one fails the test and says the cure."""
    return chromium.require()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests share one worker: two browsers on two cores are slower than one."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
