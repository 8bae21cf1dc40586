"""The kinds of place that cases can go to. A new one is a file here and a line below."""

from __future__ import annotations

from handoff.targets.email import EmailTarget
from handoff.targets.folder import FolderTarget
from handoff.targets.mapped_json import MappedJsonTarget
from handoff.targets.request_tracker import RequestTrackerTarget
from handoff.targets.webhook import WebhookTarget

# The name that an organisation's settings use -> what it builds.
TARGETS = {
    "folder": FolderTarget,
    "email": EmailTarget,
    "webhook": WebhookTarget,
    "request_tracker": RequestTrackerTarget,
    "mapped_json": MappedJsonTarget,
}

__all__ = [
    "TARGETS",
    "EmailTarget",
    "FolderTarget",
    "MappedJsonTarget",
    "RequestTrackerTarget",
    "WebhookTarget",
]
