"""The rules alone: a case in, what the policy says of it out. Nothing is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic_core import to_json

from bot.api.guarded import guarded_by
from bot.api.shapes import DecisionRequest, OpenDecision, OrganisationOut, SettledDecision
from bot.door import Door
from policy_rules.clocks import parse_events
from policy_rules.compiled import CompiledPack
from policy_rules.decide import decide, parse_facts, parse_instant
from policy_rules.pack import Contact
from policy_rules.shelf import PackShelf


def router(packs: PackShelf, door: Door) -> APIRouter:
    """The endpoints over these packs."""

    routes = APIRouter(prefix="/api/v1/organisations", tags=["Decisions"], route_class=guarded_by(door))

    @routes.post(
        "/{org}/decisions",
        operation_id="decide",
        summary="What the policy says of a case",
        response_model=None,
        responses={
            200: {
                "model": SettledDecision | OpenDecision,
                "description": "The decision, or what is needed for it.",
            }
        },
    )
    async def decisions(org: str, body: DecisionRequest) -> Response:
        """Where a complaint goes, who answers, every promised date, and why. Pure: the same question has the same
        answer, and nothing is kept. While something that matters is unknown, `settled` is false and `needs` says
        what to ask next; with `assume` the pack's defaults are taken instead."""
        packs.get(org)
        return _json(decision_of(packs.get(org, parse_instant(body.received_at, "received_at")), body))

    @routes.get(
        "",
        operation_id="organisations",
        summary="The organisations, their contacts and hours",
        response_model=None,
        responses={200: {"model": list[OrganisationOut], "description": "All organisations, by id."}},
    )
    async def organisations() -> Response:
        """Those whose policies this server holds."""
        return _json([organisation_of(packs.get(org)) for org in packs.ids()])

    return routes


def decision_of(compiled: CompiledPack, body: DecisionRequest) -> dict[str, Any]:
    """The Decision JSON; Refusals (422) name an unknown fact or value, or an instant without an offset."""

    def instant(value: str | None, name: str) -> datetime | None:
        return None if value is None else parse_instant(value, name)

    return decide(
        compiled,
        parse_facts(compiled, body.facts),
        parse_instant(body.received_at, "received_at"),
        assume=body.assume,
        first_told_at=instant(body.first_told_at, "first_told_at"),
        original_received_at=instant(body.original_received_at, "original_received_at"),
        events=parse_events(compiled, body.events),
    ).as_json()


def organisation_of(compiled: CompiledPack) -> dict[str, Any]:
    """An organisation as `OrganisationOut` describes it."""
    pack = compiled.pack
    return {
        "id": pack.organisation.id,
        "name": pack.organisation.name,
        "short_name": pack.organisation.short_name,
        "contacts": {key: _contact(contact) for key, contact in pack.contacts.items()},
        "hours": pack.hours.model_dump(include={"opens", "closes", "days", "bank_holidays"})
        if pack.hours
        else None,
    }


def _contact(contact: Contact) -> dict[str, str | None]:
    return contact.model_dump(include={"name", "email", "phone", "post", "url"})


def _json(value: Any) -> Response:
    return Response(to_json(value), media_type="application/json")
