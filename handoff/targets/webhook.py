"""A signed webhook (Standard Webhooks): each delivery is one POST, under one id however often it is tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from handoff.http import Caller, failure_of
from handoff.links import Links
from handoff.secrets import Secret
from handoff.target import Delivery, TransientFailure


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """POSTs {"type", "timestamp", "data", "links"} to `url`; `data` is the case record, `webhook-id` the delivery's id.

    Several secrets in `secret` give several signatures, so that a receiver can change from one to the other.
    """

    url: str
    secret: Secret = field(repr=False)
    caller: Caller = field(default_factory=Caller)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    links: Links = field(default_factory=Links)

    async def deliver(self, item: Delivery) -> None:
        """Returns once the receiver has answered 2xx."""
        now = self.clock().astimezone(UTC)
        body = json.dumps(message(item, self.links), ensure_ascii=False, separators=(",", ":"))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": item.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signatures(item.id, now, body),
        }
        answer = await self.caller.call("POST", self.url, headers, body.encode())
        if (failure := failure_of(answer, now)) is not None:
            raise failure

    def _signatures(self, delivery_id: str, now: datetime, body: str) -> str:
        # The library takes the hands of the clock and forgets the zone: `now` has to be UTC already.
        try:
            return " ".join(Webhook(secret).sign(delivery_id, now, body) for secret in self.secret.read())
        except (ValueError, EmptyWebhookSecretError) as error:
            raise TransientFailure(
                f"the secret is not base64 after 'whsec_': {type(error).__name__}"
            ) from None


def message(item: Delivery, links: Links) -> dict[str, Any]:
    """The body: the same at every attempt. `timestamp` is when the case was filed, or else first told."""
    record = item.record
    when = record.get("filed_at") or record.get("received_at") or record.get("first_told_at")
    body = {"type": item.kind, "timestamp": when, "data": record}
    if (found := links.of(item)) is not None:
        # The text is for tickets.
        body["links"] = {name: value for name, value in found.items() if name != "text"}
    return body
