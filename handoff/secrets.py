"""Secrets of a place, read anew for each delivery so that they can be changed without a restart; never kept by us."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from handoff.target import TransientFailure

MOST_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands: a file, or a variable of this process. Several, a line or a space apart, are a rotation:
    the newest first."""

    file: Path | None = None
    variable: str | None = None

    def read(self) -> list[str]:
        """What stands there now. TransientFailure when it cannot be read or is empty: somebody will mend it."""
        if self.file is None:
            text, place = os.environ.get(self.variable or "", ""), f"the variable {self.variable}"
        else:
            place = f"the file {self.file.name}"
            try:
                with self.file.open(encoding="utf-8") as opened:
                    text = opened.read(MOST_BYTES)
            except (OSError, UnicodeDecodeError) as error:
                raise TransientFailure(
                    f"the secret cannot be read from {place}: {type(error).__name__}"
                ) from None
        found = [word for word in re.split(r"\s+", text) if word]
        if not found:
            raise TransientFailure(f"there is no secret in {place}")
        return found

    def line(self) -> str:
        """The first line, for what may hold spaces. TransientFailure as above."""
        self.read()
        text = os.environ.get(self.variable or "", "") if self.file is None else self.file.read_text("utf-8")
        return next(line.strip() for line in text.splitlines() if line.strip())
