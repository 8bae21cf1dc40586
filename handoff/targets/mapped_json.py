"""Another system's own JSON API, as a mapping file describes it; with its idempotency key, and looking first."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from handoff.http import Answer, Caller, failure_of, parsed
from handoff.links import Links
from handoff.mapping import BadMapping, Call, CaseMapping, Find, fill, fill_path, read
from handoff.paths import as_text, context_of, look_up
from handoff.secrets import Secret
from handoff.target import Delivery, PermanentFailure, TransientFailure

Auth = Literal["bearer", "basic"]


@dataclass(frozen=True, slots=True)
class MappedJsonTarget:
    """Sends what the file `mapping` makes of a case to `url`; the file is read anew each time.

    `auth`: the secret is a bearer's token, or user:password.
    """

    url: str
    mapping: Path
    secret: Secret = field(repr=False)
    auth: Auth = "bearer"
    caller: Caller = field(default_factory=Caller)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    links: Links = field(default_factory=Links)

    async def deliver(self, item: Delivery) -> None:
        """Returns once the system holds this delivery. Its id is the idempotency key at every attempt."""
        try:
            mapping = await asyncio.to_thread(read, self.mapping)
        except BadMapping as broken:
            raise TransientFailure(f"the mapping cannot be used: {broken}") from None
        context = {**context_of(item), "links": self.links.of(item)}
        if mapping.find is not None:
            found = await self._found(mapping.find, context)
            if any(_has_had(entry, mapping.find, item) for entry in found):
                return
            if found and mapping.update is not None:
                await self._make(mapping.update, {**context, "found": found[0]}, mapping, item)
                return
        await self._make(mapping.create, context, mapping, item)

    async def _found(self, find: Find, context: Mapping[str, Any]) -> list[Any]:
        answer = await self._send("GET", fill_path(find.path, context), {}, b"")
        self._good(answer)
        found = look_up(parsed(answer), find.items)
        if not isinstance(found, list):
            raise PermanentFailure(f"its answer has no list at '{find.items}'; see 'find' in the mapping")
        return found

    async def _make(
        self, call: Call, context: Mapping[str, Any], mapping: CaseMapping, item: Delivery
    ) -> None:
        headers = {
            "Content-Type": "application/json",
            **{n: str(fill(v, context)) for n, v in call.headers.items()},
        }
        if mapping.key_header is not None:
            headers[mapping.key_header] = item.id
        content = json.dumps(fill(call.body, context), ensure_ascii=False).encode()
        self._good(await self._send(call.method, fill_path(call.path, context), headers, content))

    async def _send(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        secret = self.secret.line()
        sent = (
            f"Bearer {secret}"
            if self.auth == "bearer"
            else f"Basic {base64.b64encode(secret.encode()).decode()}"
        )
        url = f"{self.url.rstrip('/')}{path}"
        return await self.caller.call(
            method, url, {"Accept": "application/json", "Authorization": sent, **headers}, content
        )

    def _good(self, answer: Answer) -> None:
        """What it refuses for good is told by its number: it may quote what was sent."""
        if answer.status in (400, 413, 422):
            raise PermanentFailure(f"it refused what the mapping made of the case ({answer.status})")
        if (failure := failure_of(answer, self.clock())) is not None:
            raise failure


def _has_had(entry: Any, find: Find, item: Delivery) -> bool:
    """Whether what was found holds this delivery; where the mapping cannot tell, being there is enough."""
    return find.delivery is None or as_text(look_up(entry, find.delivery)) == item.id
