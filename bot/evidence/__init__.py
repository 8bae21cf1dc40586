"""What people send to show what happened: taken in as it arrives, known by what is in it, cleaned, scanned and kept.

A file that cannot be taken is refused by itself; no complaint ever waits for one.
"""

from __future__ import annotations

from bot.evidence.intake import Intake, Limits, Received
from bot.evidence.kinds import ENDINGS
from bot.evidence.scanner import Clamd, scanner_of

__all__ = ["ENDINGS", "Clamd", "Intake", "Limits", "Received", "scanner_of"]
