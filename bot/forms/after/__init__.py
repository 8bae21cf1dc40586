"""Where a case stands, for the person whose it is: pages behind a one-time code, without JavaScript.

`coming.py` asks for the code and opens the case, `case.py` shows it, `acts.py` is what can be done there, `further.py`
takes an answered case to the next stage, `mail.py` writes the e-mails. docs/after-filing.md says what is promised.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from bot.channels.hearing import Hearing
from bot.evidence import Intake
from bot.forms.after.acts import Acts
from bot.forms.after.case import CasePages
from bot.forms.after.coming import Coming
from bot.forms.after.further import Further
from bot.forms.after.room import Room
from bot.overlay import Overlays

__all__ = ["routes"]


def routes(hearing: Hearing, overlays: Overlays, intake: Intake, *, can_mail: bool) -> list[BaseRoute]:
    """The pages of filed cases; `can_mail` says whether there is a mail server to send codes by."""
    room = Room(hearing, overlays, intake, can_mail=can_mail)
    case = CasePages(room)
    parts = (Coming(room, case), case, Acts(room, case), Further(room))
    return [
        Route(f"/{{org}}/case{path}", room.guard(endpoint), methods=[method])
        for part in parts
        for method, path, endpoint in part.pages()
    ]
