"""The door that every channel and API shares: who is calling, how often they may, and how they are refused.

Nothing here knows a web framework; a scope is the mapping that ASGI describes.
"""

from __future__ import annotations

from bot.door.callers import Caller, Door, Scope, headers_of
from bot.door.metrics import Metrics
from bot.door.reading import MAX_BODY, MAX_TEXT, check_text, read_json, refusal_of, refuse_nul
from bot.door.refusals import Malformed, NotSignedIn, StrangePage, TooLarge, TooMany, WrongShape

__all__ = [
    "MAX_BODY",
    "MAX_TEXT",
    "Caller",
    "Door",
    "Malformed",
    "Metrics",
    "NotSignedIn",
    "Scope",
    "StrangePage",
    "TooLarge",
    "TooMany",
    "WrongShape",
    "check_text",
    "headers_of",
    "read_json",
    "refusal_of",
    "refuse_nul",
]
