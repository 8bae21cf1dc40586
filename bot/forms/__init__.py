"""The form: the interview as pages that need no JavaScript, driven by the same turn as every other face.

Each page asks one question and names it when it is sent, so that a page from the browser's history can put an earlier
answer right and can never answer another question. What the person has is a cookie, or the private link that they
kept; both hold the key that opens the conversation in every face.
"""

from __future__ import annotations

from bot.forms.site import routes

__all__ = ["routes"]
