"""A server whose organisations let a website show them, that website, and a browser."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from tests.browsing import chromium
from tests.channels.servers import Running, running
from tests.widget.faces import new_page, watch
from tests.widget.hosts import Website, website


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with chromium(chromium_path) as started:
        yield started


@pytest.fixture(scope="module")
def site() -> Iterator[Website]:
    with website() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, site: Website) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("data")
    (data / "organisations").mkdir()
    own = f"websites: ['{site.url}']\nlanguages: [en, cy]\nleave_to: https://127.0.0.1/weather\n"
    (data / "organisations" / "cim.yml").write_text(own)
    with running(data, allowed_origins=(site.url,), limits="off") as started:
        site.ours = started.url
        yield started


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure tells what stood on the page."""
    report = yield
    page = item.funcargs.get("page")
    if report.failed and isinstance(page, Page) and not page.is_closed():
        with suppress(PlaywrightError):
            report.sections.append(("page", page.locator("body").inner_text(timeout=2000)))
    return report


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which no script fails, nothing breaks a content policy and nothing foreign is loaded."""
    with new_page(browser) as opened:
        faults = watch(opened)
        yield opened
        assert faults == []
