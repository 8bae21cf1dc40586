"""The kinds of place that cases can go to. A new one is a file here and a line below."""

from __future__ import annotations

from handoff.targets.email import EmailTarget
from handoff.targets.folder import FolderTarget

# The name that an organisation's settings use -> what it builds.
TARGETS = {
    "folder": FolderTarget,
    "email": EmailTarget,
}

__all__ = ["TARGETS", "EmailTarget", "FolderTarget"]
