"""Tests talk to this machine only: a name or an address beyond it is refused where Python asks for it.

Programs that a test starts are not watched, and neither is C code with sockets of its own (libpq, uvloop).
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# An audit hook can never be taken out again, so there is one, and it looks here.
_watching = 0
_installed = False

_LOCAL_NAMES = {"localhost", "testserver", ""}


class BeyondLoopbackError(AssertionError):
    """A test tried to reach another machine."""


@contextmanager
def guard() -> Iterator[None]:
    """Refuse connections and look-ups beyond loopback while this is open; may be nested."""
    global _watching, _installed
    if not _installed:
        sys.addaudithook(_look)
        _installed = True
    _watching += 1
    try:
        yield
    finally:
        _watching -= 1


def is_local(host: object) -> bool:
    """Whether the host of an address or of a look-up is this machine."""
    if host is None:
        return True
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    name = str(host).split("%")[0].strip("[]").rstrip(".").lower()
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _look(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching or not event.startswith("socket."):
        return
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        # A unix socket's address is a path (a string or bytes): local by its nature.
        if isinstance(address, tuple) and not is_local(address[0]):
            raise BeyondLoopbackError(f"a test tried to reach {address}: tests talk to 127.0.0.1 only")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and not is_local(arguments[0]):
        raise BeyondLoopbackError(f"a test looked up {arguments[0]!r}: tests talk to 127.0.0.1 only")
