"""A full disk, as something that a person can be told. Nothing of the work that met it was kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from policy_rules.errors import Refusal

# What PostgreSQL calls it (disk_full), for whichever driver.
_SQLSTATE = "53100"


class NoRoom(Refusal):
    """The disk under the database is full. The same message may be sent again: it was not kept."""

    status = 503
    kind = "no-room"
    title = "There is no room to keep it"

    def __init__(self) -> None:
        super().__init__(
            "Your last message could not be kept, because our disk is full. What you sent before is safe. "
            "Please try again later, or telephone us or write to us."
        )


@contextmanager
def saying_when_full() -> Iterator[None]:
    """Turn a database's word for a full disk into NoRoom."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        if is_full(error):
            raise NoRoom from None
        raise


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk is at the bottom of this error: it may have been followed by others on the way out."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        original = getattr(error, "orig", None) or error
        if isinstance(original, sqlite3.Error):
            if (getattr(original, "sqlite_errorcode", 0) or 0) & 0xFF == sqlite3.SQLITE_FULL:
                return True
        elif getattr(original, "sqlstate", None) == _SQLSTATE:
            return True
        error = error.__cause__ or error.__context__
    return False
