"""The outermost layer: a request id, the body limit, safe headers, counting, and an answer when we fail."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.app.problems import plain, problem, respond
from bot.door import MAX_BODY, Metrics, TooLarge, headers_of
from policy_rules.errors import Refusal

Endpoint = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger("hearout.request")
_logger = logging.getLogger("hearout.request")

# A client that sends a little too much is read to the end: cut off while it writes, it would never see our answer.
DRAIN = 8 * 1024 * 1024
BODY_SECONDS = 30.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Whoever has the rest of these addresses may answer for somebody.
_SECRET = re.compile(r"(/consent/|/complain/(?=[A-Za-z0-9_-]{22})).+")
# What is posted here is read piece by piece by whoever takes it, within limits of its own.
_STREAMED = re.compile(r"/[^/]+/(complain(/.*)?|evidence)|/api/v1/cases/[^/]+/evidence")
# Rules that are brought in: a pack has up to a megabyte (policy_rules.loader), and a form may write each byte as three.
_RULES, MAX_RULES = re.compile(r"/[^/]+/staff/rules/drafts/[^/]+/file"), 3 * 1024 * 1024 + MAX_BODY
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")

CONTENT_POLICY = b"default-src 'none'; frame-ancestors 'none'"
NO_FRAME = (b"x-frame-options", b"DENY")
SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    NO_FRAME,
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
)
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


class Timeout(Refusal):
    status = 408
    kind = "too-slow"
    title = "The request took too long to arrive"


class Edge:
    """Wraps the whole app. `direct` names the paths whose POST goes straight to its endpoint."""

    def __init__(self, app: ASGIApp, metrics: Metrics, direct: Mapping[str, Endpoint] | None = None) -> None:
        self._app = app
        self._metrics = metrics
        self._direct = direct or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["type"] == "http":
            app = self._app
            if scope["method"] == "POST" and (endpoint := self._direct.get(scope["path"])) is not None:
                app = _straight_to(endpoint)
            await _Exchange(app, self._metrics, scope, receive, send, request_id).run()
        else:
            await self._app(scope, receive, send)


def _straight_to(endpoint: Endpoint) -> ASGIApp:
    """The endpoint without the layers between: every message of every conversation comes this way."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return app


class _Exchange:
    """One HTTP request and its response."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, scope: Scope, receive: Receive, send: Send, request_id: str
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._status = 0
        given = headers_of(scope)
        self._heard_all = given.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in given

    async def run(self) -> None:
        began = time.perf_counter()
        try:
            streamed = _STREAMED.fullmatch(self._scope["path"])
            receive = self._next if streamed else self._replay(await self._read())
            await self._app(self._scope, receive, self._respond)
        except Refusal as refusal:
            await respond(refusal, self._request_id)(self._scope, self._receive, self._respond)
        except _Gone:
            return
        except Exception as error:  # noqa: BLE001 - the last net: whatever failed, the client gets an answer
            await self._fail(error)
        finally:
            self._count(time.perf_counter() - began)

    async def _read(self) -> bytes:
        """The whole body. TooLarge (413) above the limit, before anything is parsed."""
        # The server's parser has seen to it that this is a number.
        if int(headers_of(self._scope).get(b"content-length", 0)) > DRAIN:
            raise _too_large()
        parts, size = [], 0
        most = MAX_RULES if _RULES.fullmatch(self._scope["path"]) else MAX_BODY
        try:
            async with asyncio.timeout(BODY_SECONDS):
                more = True
                while more:
                    event = await self._next()
                    if event["type"] == "http.disconnect":
                        raise _Gone
                    part, more = event.get("body", b""), event.get("more_body", False)
                    size += len(part)
                    if size <= most:
                        parts.append(part)
                    elif size > DRAIN:
                        break
        except TimeoutError:
            raise Timeout(f"The body did not arrive within {BODY_SECONDS:.0f} seconds.") from None
        if size > most:
            raise _too_large()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _next(self) -> Message:
        """The next piece of the request."""
        event = await self._receive()
        self._heard_all = self._heard_all or not event.get("more_body", False)
        return event

    def _replay(self, body: bytes) -> Receive:
        first: Message | None = {"type": "http.request", "body": body, "more_body": False}

        async def receive() -> Message:
            nonlocal first
            event, first = first, None
            return event if event is not None else await self._next()

        return receive

    async def _respond(self, event: Message) -> None:
        if event["type"] == "http.response.start":
            self._status = event["status"]
            event["headers"] = [*event.get("headers", ()), *self._headers_beside(event)]
        await self._send(event)

    def _headers_beside(self, event: Message) -> list[tuple[bytes, bytes]]:
        given = {name.lower(): value for name, value in event.get("headers", ())}
        headers = [header for header in SAFE_HEADERS if header[0] not in given]
        if _may_be_framed(given.get(b"content-security-policy", b"")):
            headers.remove(NO_FRAME)
        headers.append((b"x-request-id", self._request_id.encode()))
        if not self._heard_all:
            # Or the server would go on reading, for as long as somebody cares to send.
            headers.append((b"connection", b"close"))
        if self._scope.get("scheme") == "https":
            headers.append(STRICT_TRANSPORT)
        if b"content-security-policy" not in given:
            headers.append((b"content-security-policy", CONTENT_POLICY))
        if b"cache-control" not in given:
            headers.append((b"cache-control", b"no-store"))
        return headers

    async def _fail(self, error: Exception) -> None:
        # What the error says may hold the complaint's words: its kind and places are enough to find it by.
        log.error(
            "request_failed", request_id=self._request_id, kind=type(error).__name__, places=places_of(error)
        )
        if self._status:
            # The response has begun: breaking it off is the only way to say that it is not whole.
            raise error
        members = plain(500, "Something failed on our side; nothing was half stored. Please try again.")
        await problem(members, self._request_id)(self._scope, self._receive, self._respond)

    def _count(self, seconds: float) -> None:
        method = self._scope["method"]
        # Anybody can make up a method; a counter must not grow with what they make up.
        self._metrics.request(method if method in METHODS else "other", self._status)
        # The path names an organisation at most, or a token that is cut out; queries and bodies may hold anything, so
        # they are left out.
        # A message that went well is counted above; a line for each would cost more than reading it.
        went_well = self._status == 200 and method == "POST"
        if went_well and not _logger.isEnabledFor(logging.DEBUG):
            return
        tell = log.debug if went_well else log.info
        tell(
            "request",
            method=method,
            path=_SECRET.sub(r"\1...", self._scope["path"])[:200],
            status=self._status,
            ms=round(seconds * 1000, 2),
            request_id=self._request_id,
        )


def _may_be_framed(policy: bytes) -> bool:
    """Whether a page's own policy lets somebody show it in a frame; the older header cannot say whom."""
    found = re.search(rb"frame-ancestors ([^;]*)", policy)
    return found is not None and found[1].strip() != b"'none'"


class _Gone(Exception):
    """The client left before it had said all."""


def _too_large() -> TooLarge:
    return TooLarge(
        f"A request may hold at most {MAX_BODY} bytes (64 KiB), and a message at most 16 KiB. "
        "Send a long story as several messages."
    )


def _request_id(scope: Scope) -> str:
    """The caller's own id for this request if it is a plain one, else a new one."""
    given = headers_of(scope).get(b"x-request-id", b"")
    return given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def places_of(error: BaseException) -> list[str]:
    """`file:line` of each step to where an error was raised, the last six."""
    steps: list[str] = []
    trace: Any = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        steps.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return steps[-6:]
