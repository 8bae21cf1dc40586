"""Endpoints that ask who is calling before they read what was sent."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from bot.door import Door


def guarded_by(door: Door) -> type[APIRoute]:
    """The `route_class` of a router whose every endpoint is for those that the door admits."""

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def admit_then_answer(request: Request) -> Response:
                door.admit(request.scope)
                return await answer(request)

            return admit_then_answer

    return Guarded
