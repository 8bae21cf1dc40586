"""Our widget beside chat widgets from npm, measured by one script in one run: `python -m bench faces`.

Bytes are what the browser received (compressed at level 9 by every server), requests what it sent after the page's
own, until a while after the first control; time is beyond a blank page, on a CPU four times slower and a line of
1.6 Mbit/s with 150 ms there and back. Nothing outside this machine is reached: what a widget asks of others is counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from bench.client import HOST
from bench.figures import aligned
from bench.peers import PEERS, Peer, website
from bench.turns import hearout
from tests.browsing import chromium
from tests.chromium import require
from tests.widget.speed import seconds_until

ALONE = ("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",)
RUNS = 5
OPENER = (
    '<a id="complain" data-hearout href="{ours}/cim/complain">Make a complaint</a>'
    '<script src="{ours}/widget/hearout-loader.js" defer></script>'
)
SETTLED_MS = 1500


@dataclass(frozen=True, slots=True)
class Face:
    """A page, and its first control as an expression in it; `beyond` are seconds after a blank page."""

    name: str
    url: str
    control: str
    bytes: int = 0
    requests: int = 0
    foreign: int = 0
    beyond: float = 0.0


def weighed(browser: Browser, face: Face) -> tuple[int, int, int]:
    """Bytes, requests to this machine and requests to others, beyond the page itself."""
    context = browser.new_context(viewport={"width": 460, "height": 860})
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        asked: dict[str, str] = {}
        sizes: dict[str, int] = {}
        session.on("Network.requestWillBeSent", lambda e: asked.update({e["requestId"]: e["request"]["url"]}))
        session.on(
            "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
        )
        page.goto(face.url)
        page.wait_for_function(f"Boolean({face.control})", timeout=20_000)
        page.wait_for_timeout(SETTLED_MS)
        urls = {key: url for key, url in asked.items() if url.startswith("http")}
        here = [key for key, url in urls.items() if urlsplit(url).hostname == HOST]
        ours = [key for key in here if "favicon" not in urls[key]]
        # The host page is the website's; a page that is the widget's own counts.
        counted = ours if face.url.endswith("/widget") else [key for key in ours if urls[key] != face.url]
        return sum(sizes.get(key, 0) for key in counted), len(counted), len(urls) - len(here)
    finally:
        context.close()


def measured(runs: int = RUNS, peers: Sequence[Peer] = PEERS) -> list[Face]:
    """Ours, closed and open, then the peers; the times are medians, in turns, so that all have the same weather."""
    with (
        tempfile.TemporaryDirectory() as folder,
        hearout(Path(folder)) as server,
        chromium(require(), ALONE) as browser,
        website({"ours": OPENER.format(ours=f"http://{HOST}:{server.port}")}, peers) as site,
    ):
        ours = f"http://{HOST}:{server.port}"
        faces = [
            Face("Hearout, closed", f"{site}/ours", "document.querySelector('#complain[role=button]')"),
            Face("Hearout, open", f"{ours}/cim/widget", "document.querySelector('#box')"),
            *(Face(f"{peer.name} {peer.version}", f"{site}/{peer.name}", peer.control) for peer in peers),
        ]
        weights = [weighed(browser, face) for face in faces]
        blank = Face("blank", f"{site}/blank", "document.querySelector('#first')")
        times: dict[str, list[float]] = {face.name: [] for face in (blank, *faces)}
        for _ in range(runs):
            for face in (blank, *faces):
                sheets = 1 if face.url.endswith("/widget") else 0
                times[face.name].append(seconds_until(browser, face.url, face.control, sheets))
        base = median(times["blank"])
        return [
            Face(face.name, face.url, face.control, *weight, median(times[face.name]) - base)
            for face, weight in zip(faces, weights, strict=True)
        ]


def faces_table(runs: int = RUNS) -> str:
    """The figures as text; ratios are to our open conversation."""
    faces = measured(runs)
    ours = faces[1]
    rows = [("widget", "kB received", "ratio", "requests", "of others", "s over a blank page", "ratio")]
    for face in faces:
        rows.append((
            face.name,
            f"{face.bytes / 1000:.1f}",
            f"{face.bytes / ours.bytes:.1f}",
            str(face.requests),
            str(face.foreign),
            f"{face.beyond:.2f}",
            f"{face.beyond / ours.beyond:.1f}" if ours.beyond > 0 else "",
        ))  # fmt: skip
    return aligned(rows)
