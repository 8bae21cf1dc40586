"""Why a file is not taken, each with its status. `detail` is in the language of the conversation."""

from __future__ import annotations

from collections.abc import Mapping

from policy_rules.errors import Refusal


class FileTooLarge(Refusal):
    status = 413
    kind = "file-too-large"
    title = "The file is too large"


class Empty(Refusal):
    kind = "file-empty"
    title = "The file is empty"


class NotOurKind(Refusal):
    status = 415
    kind = "file-kind-not-accepted"
    title = "Files of this kind are not accepted"


class TooManyHere(Refusal):
    status = 409
    kind = "too-many-files"
    title = "The conversation holds as many files as it may"


class TooManyAtOnce(Refusal):
    status = 429
    kind = "too-many-uploads"
    title = "Too many files are arriving"
    headers: Mapping[str, str] = {"Retry-After": "10"}


class NoRoom(Refusal):
    status = 507
    kind = "no-room"
    title = "There is no room for the file"


class Infected(Refusal):
    kind = "file-infected"
    title = "The virus check found something in the file"


class NoFile(Refusal):
    status = 400
    kind = "no-file"
    title = "The request holds no file"
