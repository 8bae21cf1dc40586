"""Calling a case system over HTTP: a checked address, one connection a call, no redirects, a bounded answer."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import certifi

from handoff.target import DeliveryFailure, ReceiverGone, TransientFailure
from policy_rules.lean import left_out

# Without its command, which would load all that paints a terminal; httpx does without where it is not to be had.
with left_out({"httpx._main": {}}, of="httpx"):
    import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# The Standard Webhooks specification asks for 15 to 30 seconds.
SECONDS = 20.0
# What we read of an answer; nobody needs more of it, and a receiver must not fill our memory.
MOST_ANSWER = 1_000_000
# Where clouds give out credentials; some of them lie in ranges that an organisation may use itself.
_METADATA = {
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "100.100.100.200", "fd00:ec2::254", "192.0.0.192")
}
# For plain http, where none is looked at: without it the library would make one for each call.
_UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `headers` are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls one place. `allow_private`: its address may lie in the organisation's own network or on this machine.

    `trust` adds a certificate authority of the organisation's own.
    """

    allow_private: bool = False
    trust: Path | None = None
    seconds: float = SECONDS

    async def call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """The answer, whatever its status; a redirect is not followed. TransientFailure when there is none."""
        try:
            async with asyncio.timeout(self.seconds):
                return await self._call(method, url, dict(headers or {}), content)
        except TimeoutError:
            raise NoAnswer(f"no answer within {self.seconds:g} seconds") from None
        except httpx.ConnectError as error:
            if _is_of_tls(error):
                raise TransientFailure("its certificate is not to be trusted, or TLS failed") from None
            raise TransientFailure("nothing answers there: the connection was refused or failed") from None
        except httpx.ConnectTimeout:
            raise TransientFailure("nothing answers there within the time") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise NoAnswer(f"the connection broke: {type(error).__name__}") from None

    async def _call(self, method: str, url: str, headers: dict[str, str], content: bytes) -> Answer:
        target = httpx.URL(url)
        if target.scheme not in ("https", "http") or (target.scheme == "http" and not self.allow_private):
            raise TransientFailure("its address does not begin with https://")
        host = target.raw_host.decode("ascii")
        address = await self._checked(host, target.port or (443 if target.scheme == "https" else 80))
        # Connected to the address that was checked, whatever the name says a moment later; the certificate and the
        # Host header are the name's.
        request = httpx.Request(
            method,
            target.copy_with(host=str(address)),
            headers={
                "User-Agent": "Hearout",
                "Accept-Encoding": "identity",
                **headers,
                "Host": target.netloc.decode("ascii"),
            },
            content=content,
            extensions={"sni_hostname": host},
        )
        # Reading the authorities takes tens of milliseconds: beside the event loop, and only where they are needed.
        verify = _UNUSED
        if target.scheme == "https":
            verify = await asyncio.to_thread(_context, self.trust)
        async with httpx.AsyncClient(
            # Half of the time for the connection: what could not connect has certainly had no effect.
            verify=verify,
            timeout=httpx.Timeout(None, connect=self.seconds / 2),
            follow_redirects=False,
            trust_env=False,
        ) as client:
            response = await client.send(request, stream=True)
            try:
                return Answer(response.status_code, _small(response.headers), await _some(response))
            finally:
                await response.aclose()

    async def _checked(self, host: str, port: int) -> Address:
        """The address to connect to, after every address of the name was found to be allowed."""
        found = await _resolve(host, port)
        for address in found:
            if reason := refused(address, self.allow_private):
                raise TransientFailure(f"its address {address} is {reason}; see allow_private")
        return found[0]


class NoAnswer(TransientFailure):
    """The request may have gone out and may yet take effect: nobody knows."""


def failure_of(answer: Answer, now: datetime) -> DeliveryFailure | None:
    """What an answer means for a delivery: 2xx is success, 410 is farewell, all else may pass."""
    if answer.is_success:
        return None
    if answer.status == 410:
        return ReceiverGone("410 Gone: it wants no more")
    said = f"it answered {answer.status}"
    if 300 <= answer.status < 400:
        said += ", a redirect, which is not followed"
    return TransientFailure(said, retry_after(answer.headers.get("retry-after"), now))


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a receiver asks for, in seconds or as a date; None when it says nothing that can be read."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    then = then.replace(tzinfo=UTC) if then.tzinfo is None else then
    return max(then - now, timedelta())


def refused(address: Address, allow_private: bool) -> str | None:
    """Why nothing is sent to this address; None when it may be."""
    inner = _inner(address)
    if inner in _METADATA or inner.is_link_local:
        return "link-local or a cloud's metadata address, which is never called"
    if inner.is_multicast or inner.is_unspecified:
        return "no address of a machine"
    if inner.is_reserved and not inner.is_private:
        return "a reserved address"
    if not inner.is_global and not allow_private:
        return "private"
    return None


def _inner(address: Address) -> Address:
    """The IPv4 address that is meant by an IPv6 one that carries it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address.teredo is not None:
            return address.teredo[1]
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        return [ipaddress.ip_address(host.strip("[]"))]
    except ValueError:
        pass
    try:
        rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise TransientFailure("its name is not known to the DNS") from None
    found = dict.fromkeys(ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows)
    if not found:
        raise TransientFailure("its name has no address")
    # IPv4 first: with one connection a call there is no race between the two, and IPv4 is there more often.
    return sorted(found, key=lambda address: address.version)


def _small(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


async def _some(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) >= MOST_ANSWER:
            break
    return body[:MOST_ANSWER]


@functools.lru_cache(maxsize=32)
def _context(trust: Path | None) -> ssl.SSLContext:
    """The machine's authorities, Mozilla's, and the one in `trust`."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if trust is not None:
        context.load_verify_locations(trust)
    return context


def _is_of_tls(error: BaseException | None) -> bool:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, ssl.SSLError):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def parsed(answer: Answer) -> Any:
    """The JSON of an answer; TransientFailure when it is none."""
    import json

    try:
        return json.loads(answer.body)
    except ValueError:
        raise TransientFailure(f"it answered {answer.status} with something that is not JSON") from None
