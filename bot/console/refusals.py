"""Why a page of the console is not shown. Each becomes a page that says what to do."""

from __future__ import annotations

from policy_rules.errors import Refusal


class SignInFirst(Refusal):
    status = 401
    kind = "sign-in-first"
    title = "Sign in first"

    def __init__(self) -> None:
        super().__init__("Nobody is signed in here, or the session is over.")


class MayNot(Refusal):
    status = 403
    kind = "may-not"
    title = "Your role does not include this page"

    def __init__(self) -> None:
        super().__init__("Ask whoever gives out the roles in your organisation, if you need it.")


class OldPage(Refusal):
    """The form's token is not the one of this session."""

    status = 403
    kind = "old-page"
    title = "This page is out of date"

    def __init__(self) -> None:
        super().__init__(
            "Nothing was changed. Go back, load the page again and send it once more; copy what you typed first."
        )


class ForeignPage(Refusal):
    """A form that was not sent from a page of ours."""

    status = 403
    kind = "foreign-page"
    title = "The form came from another site"

    def __init__(self) -> None:
        super().__init__("Nothing was changed. Open the page here and send the form from it.")


class NotSecure(Refusal):
    status = 403
    kind = "not-secure"
    title = "Signing in needs https"

    def __init__(self) -> None:
        super().__init__(
            "What you type here could be read on its way. Open this address with https, or on the server itself."
        )


class NoSuchPage(Refusal):
    status = 404
    kind = "not-found"
    title = "There is no such page"

    def __init__(self) -> None:
        super().__init__("Check the address, or go to the first page.")
