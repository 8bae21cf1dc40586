"""Takes the pictures of docs/images/ from a server of its own: `python -m docs.screenshots`, or `make docs`.

The present is always the same Monday, so that only what has changed looks changed. tests/test_docs.py runs it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, FrameLocator, Page

from bot.cli.serving import own_server
from bot.settings import Settings
from tests import chromium
from tests.browsing import chromium as started
from tests.browsing import pictured
from tests.console import severn

IMAGES = Path(__file__).parent / "images"
MONDAY = datetime(2026, 12, 21, 10, 0, tzinfo=UTC)
STORY = (
    "I am a learner. My exam result came six weeks late and it is wrong: two of my answers were not marked at all. "
    "I wrote twice and nobody replied. I would like it marked again."
)
LONGEST = 30


def main(folder: Path = IMAGES) -> list[Path]:
    """Take every picture; the files."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, started(chromium.require()) as browser:
        settings = Settings(data_dir=Path(data), delivery="off")
        with own_server(settings, clock=lambda: MONDAY) as url:
            taken = [take(browser, url, folder / f"{name}.png") for name, take in PICTURES.items()]
        return [*taken, *new_organisation(browser, folder)]


def demonstration(browser: Browser, url: str, file: Path) -> Path:
    """The first page of `make run`."""
    page = _page(browser, 1280, 900)
    page.goto(url)
    return _taken(page, file)


def conversation(browser: Browser, url: str, file: Path) -> Path:
    """A stand-in website with the conversation open, once the story was told."""
    page = _page(browser, 1280, 860)
    page.goto(f"{url}/cim/")
    _told(page)
    return _taken(page, file)


def telephone(browser: Browser, url: str, file: Path) -> Path:
    """The same on a telephone, in the dark."""
    page = _page(browser, 390, 844, dark=True)
    page.goto(f"{url}/cqm/")
    _told(page)
    return _taken(page, file)


def form(browser: Browser, url: str, file: Path) -> Path:
    """The form without JavaScript: what was understood."""
    page = _page(browser, 1000, 900, scripts=False)
    _begin(page, url, "cim")
    return _taken(page, file)


def sent(browser: Browser, url: str, file: Path) -> Path:
    """The form's last page, with every date in words."""
    page = _page(browser, 1000, 900, scripts=False)
    _begin(page, url, "cim")
    for _ in range(LONGEST):
        if page.url.endswith("/done"):
            return _taken(page, file)
        page.locator("main form .actions .button").last.click()
        if page.locator("input[type=radio]").count():
            page.locator("input[type=radio]").first.check()
            page.locator("main form .actions .button").first.click()
    raise RuntimeError(f"the form did not end; at {page.url}")


def new_organisation(browser: Browser, folder: Path) -> list[Path]:
    """The pages of docs/new-organisation.md, on the way on which its test goes too."""
    taken: list[Path] = []
    with (
        tempfile.TemporaryDirectory() as data,
        severn.place(Path(data)) as where,
        severn.somebody(browser) as jo,
    ):

        def picture(page: Page, name: str) -> None:
            # The port is another one each time.
            page.locator(".hint").evaluate_all(
                "(hints, url) => hints.forEach((hint) => { hint.textContent = hint.textContent.replace(url, "
                "'https://complaints.example.org') })",
                where.url,
            )
            page.locator(FROM[name]).first.evaluate("(found) => found.scrollIntoView({block: 'start'})")
            taken.append(pictured(page, folder / f"{name}.png"))

        severn.join(jo, where.invitation("jo@cqm.example", "rules_editor"), "Jo Field")
        ours, theirs = severn.begin(jo, where, picture)
        severn.write(jo, ours, picture).submit()
        with severn.somebody(browser) as lee:
            severn.approve(lee, theirs, picture)
        where.clock.forward(minutes=1)
        with severn.somebody(browser, java_script_enabled=False) as person:
            severn.complain(person, where)
            picture(person, "first-case")
    return taken


# From where down a picture of the guide shows its page.
FROM = {
    "new-organisation": "h1",
    "first-steps": "h1",
    "first-rules": "#table",
    "first-example": "#comes",
    "first-approval": "#answer",
    "first-case": "body",
}
PICTURES: dict[str, Callable[[Browser, str, Path], Path]] = {
    "demonstration": demonstration,
    "conversation": conversation,
    "telephone": telephone,
    "form": form,
    "sent": sent,
}


def _page(browser: Browser, width: int, height: int, *, dark: bool = False, scripts: bool = True) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        java_script_enabled=scripts,
    )
    return context.new_page()


def _told(page: Page) -> FrameLocator:
    """Open the conversation and tell the story in it."""
    page.locator("[data-hearout]").click()
    frame = page.frame_locator("iframe")
    frame.locator("#box").fill(STORY)
    frame.locator("#send").click()
    frame.get_by_role("button", name="Yes").or_(frame.get_by_role("radio", name="Yes")).first.wait_for()
    # The conversation scrolls to what is new.
    page.wait_for_timeout(300)
    return frame


def _begin(page: Page, url: str, organisation: str) -> None:
    page.goto(f"{url}/{organisation}/complain")
    page.locator("main form .button").last.click()
    page.locator("#answer").fill(STORY)
    page.locator("main form .button").first.click()


def _taken(page: Page, file: Path) -> Path:
    pictured(page, file)
    page.context.close()
    return file


if __name__ == "__main__":
    for taken in main():
        sys.stdout.write(f"{taken.relative_to(Path.cwd())}: {taken.stat().st_size // 1000} kB\n")
