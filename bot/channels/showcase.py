"""The demonstration: every organisation at `/`, and at `/{org}/` a page that stands in for its website.

The looks are invented and the pages say so. What they show of Hearout is real: the link to the form, the script that
turns it into a conversation, and the contacts of the pack. A server that people use has no need of them
(HEAROUT_DEMO).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.pages import PAGES, Pages, reach
from bot.overlay import Colours, Overlay, Overlays
from policy_rules.compiled import CompiledPack
from policy_rules.loader import read_yaml
from policy_rules.pack import Pack
from policy_rules.shelf import PackShelf

# The pages load our own styles, and the loader, which opens a frame of ours.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
LOADER = "/widget/hearout-loader.js"
# What a site of such a body has to offer, by those whom its policy knows; the first three that fit are shown.
_OFFERS: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"member"}),
        "Membership",
        "Join, renew, move up a grade, and find people who do what you do.",
    ),
    (
        frozenset({"apprentice"}),
        "Apprenticeships",
        "How they work, what an employer has to do, and where to begin.",
    ),
    (
        frozenset({"learner", "registered_student"}),
        "Qualifications",
        "Levels, study centres, assessment dates and results.",
    ),
    (
        frozenset({"delegate"}),
        "Courses and events",
        "One day or a season: what is on, and how to book it.",
    ),
    (
        frozenset({"employer_customer", "learning_organisation"}),
        "For employers",
        "Train a team, or become a place where others train.",
    ),
    (frozenset({"service_user"}), "Services", "What we do, for whom, and what it costs."),
)
_ALWAYS = (
    ("News and views", "What we are working on, and what we think about it."),
    ("Courses and events", "One day or a season: what is on, and how to book it."),
    ("About us", "Who we are, how we are run, and who answers for it."),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a stand-in page looks, and what it says for itself."""

    name: str
    worn_by: tuple[str, ...]
    colours: Colours
    headline: str
    lead: str


def looks() -> list[Look]:
    """The invented looks."""
    path = PAGES / "demo" / "looks.yml"
    document, _ = read_yaml(path.read_text("utf-8"), path.name)
    return [
        Look(
            name,
            tuple(entry["worn_by"]),
            Colours(accent=entry["accent"], accent_dark=entry["accent_dark"]),
            entry["headline"],
            entry["lead"],
        )
        for name, entry in document.items()
    ]


def look_of(organisation: str, found: list[Look]) -> Look:
    """The look that an organisation wears: its own, or one that is always the same for its name."""
    own = [look for look in found if organisation in look.worn_by]
    return own[0] if own else found[sum(organisation.encode()) % len(found)]


def worn() -> Callable[[str], Overlay]:
    """Settings for organisations that have none of their own: the colours of their look, whenever they begin."""
    found = looks()
    return lambda organisation: Overlay(colours=look_of(organisation, found).colours)


def routes(packs: PackShelf, overlays: Overlays) -> list[BaseRoute]:
    """The pages of the demonstration."""
    showcase = Showcase(packs, overlays)
    return [
        Route("/", showcase.index),
        Route("/{org}/", showcase.site),
        Route("/demo/looks.css", showcase.colours),
    ]


def shorthand(packs: PackShelf) -> Route:
    """`/cim` for `/cim/`, as people type it. It belongs behind all other routes of one part."""

    async def there(request: Request) -> Response:
        name = request.path_params["org"]
        if name not in packs.ids():
            raise HTTPException(404)
        return RedirectResponse(f"/{name}/")

    return Route("/{org}", there)


class Showcase:
    """The index and the stand-ins."""

    def __init__(self, packs: PackShelf, overlays: Overlays) -> None:
        self._packs = packs
        self._pages = Pages(packs, overlays)
        self._looks = looks()

    async def index(self, request: Request) -> Response:
        """Every organisation, each as a picture of its page."""
        shown = []
        for org in self._packs.ids():
            pack = self._packs.get(org).pack
            shown.append({"pack": pack, "look": look_of(org, self._looks), "rules": _counted(pack)})
        return self._pages.page("demo/index.html", {"shown": shown}, policy=POLICY)

    async def site(self, request: Request) -> Response:
        """A page that stands in for an organisation's website."""
        compiled = self._packs.get(request.path_params["org"])
        organisation = compiled.pack.organisation
        values = {
            "pack": compiled.pack,
            "look": look_of(organisation.id, self._looks),
            "offers": offers(compiled),
            "reach": reach(compiled),
            "loader": LOADER,
        }
        return self._pages.page("demo/site.html", values, policy=POLICY)

    async def colours(self, request: Request) -> Response:
        """Each look's colours, for light and for dark."""
        light = [f".look-{k.name}{{--accent:{k.colours.accent}}}" for k in self._looks]
        dark = [f".look-{k.name}{{--accent:{k.colours.accent_dark}}}" for k in self._looks]
        css = "\n".join([*light, "@media (prefers-color-scheme:dark){", *dark, "}"]) + "\n"
        return Response(css, media_type="text/css", headers={"Cache-Control": "no-cache"})


def offers(compiled: CompiledPack) -> list[tuple[str, str]]:
    """Three things that the site of such a body would offer, as (title, sentence)."""
    fact = compiled.pack.facts.get("complainant_type")
    known = set(fact.values) if fact is not None else set()
    fitting = [(title, says) for whom, title, says in _OFFERS if whom & known]
    return [*fitting, *(offer for offer in _ALWAYS if offer not in fitting)][:3]


def _counted(pack: Pack) -> str:
    """What was read from the policy, in figures."""
    routes = f"{len(pack.routes)} routes"
    clocks = f"{len(pack.clocks)} dates" if len(pack.clocks) != 1 else "1 date"
    return f"{routes} · {clocks} · {len(pack.duties)} duties"
