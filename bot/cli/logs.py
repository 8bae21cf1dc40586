"""Logging: events with fields and ids, for a person or as JSON; never a complaint's words, never a stack trace."""

from __future__ import annotations

import logging
import sys
from typing import Any

from bot.settings import Settings
from policy_rules.lean import left_out

# structlog would draw its traces with rich and show what the variables hold, a complaint's words too.
with left_out({"rich": {}}, of="structlog"):
    import structlog
    from structlog.types import EventDict, Processor

# Libraries that tell of every call; their warnings are for their own developers.
QUIET = {
    # Each step of a new database is no news.
    "alembic": logging.WARNING,
    "uvicorn": logging.WARNING,
    "rasa_sdk": logging.ERROR,
    "sanic": logging.ERROR,
    "asyncio": logging.WARNING,
}


def configure(settings: Settings, *, level: str | None = None) -> None:
    """Send all events to standard error, ours and the libraries' alike."""
    least = logging.getLevelNamesMapping()[(level or settings.log_level).upper()]
    debugging = least <= logging.DEBUG
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *(() if debugging else (_without_trace,)),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=least, force=True)
    for name, floor in QUIET.items():
        logging.getLogger(name).setLevel(max(least, floor) if not debugging else least)


def _without_trace(_: Any, __: str, event: EventDict) -> EventDict:
    """An exception as its kind and place: what it says may hold somebody's words."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        event["kind"] = type(error).__name__
        if trace is not None:
            event["place"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    event.pop("stack_info", None)
    return event
