"""What the browser tests share: how Chromium is started, and what is looked for on every page.

axe is npm's axe-core from web_widget/node_modules; it runs in a page with JavaScript, whoever the page is for.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

ROOT = Path(__file__).parent.parent
WIDGET = ROOT / "web_widget"
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
NO_FRAME_YET = "Unable to capture screenshot"
# WCAG 2.0 to 2.2, A and AA, and what axe holds to be best practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium(path: str, more: Sequence[str] = ()) -> Iterator[Browser]:
    """A browser, closed at the end; `more` are arguments beside the usual ones."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *more])
        try:
            yield started
        finally:
            started.close()


def pictured(page: Page, file: Path, tries: int = 5) -> Path:
    """A picture of what stands on the screen; the file.

    Chromium paints without a graphics card here. While the machine is busy it sometimes has no frame to give at that
    moment, and says so; a moment later it has one. Any other failure is a failure.
    """
    for left in reversed(range(tries)):
        try:
            page.screenshot(path=file)
        except PlaywrightError as failed:
            if not left or NO_FRAME_YET not in str(failed):
                raise
            page.wait_for_timeout(300)
        else:
            break
    return file


@cache
def axe_source() -> str:
    """axe-core; fetched with the widget's other packages where it is not there yet."""
    source = WIDGET / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=WIDGET, check=True, capture_output=True)
    return source.read_text("utf-8")


def axe(page: Page) -> list[str]:
    """What axe finds on a page, a line for each element: rule, element, why."""
    page.evaluate(axe_source())
    found: list[dict[str, Any]] = page.evaluate(
        f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then((r) => r.violations)"
    )
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for rule in found
        for node in rule["nodes"]
    ]


# Elements that stand out of the screen to the right, but for links that are hidden until they have focus, and for
# what stands in a region that scrolls by itself, as wide tables do (WCAG 1.4.10 lets them).
WIDER_THAN_THE_SCREEN = """() => [...document.querySelectorAll('body *')]
  .filter((e) => e.getClientRects().length && !e.closest('.skip') && !e.parentElement.closest('.scroll')
    && e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.tagName + '.' + e.className)"""

# Controls and links that stand by themselves and are smaller than WCAG 2.5.8 wants (24 by 24, or 24 apart).
TOO_SMALL = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, summary, select')]
  .filter((e) => e.getClientRects().length && !e.closest('.skip') && getComputedStyle(e).display !== 'inline')
  .filter((e) => { const r = e.getBoundingClientRect(); return r.height < 24 || r.width < 24; })
  .map((e) => e.outerHTML.slice(0, 120))"""
