"""The budget of time: a quarter of a second beyond a blank page, on a slow machine and a slow line."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.channels.servers import Running
from tests.widget.hosts import Website
from tests.widget.speed import least_over

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BUDGET = 0.25


def test_the_opener_is_there_within_the_budget(browser: Browser, server: Running, site: Website) -> None:
    # The link is a link at once; this is when it opens the conversation in place.
    page = (site.url, "#complain[role=button]", 0)
    assert least_over(browser, (f"{site.url}/blank", "#complain"), page, BUDGET) <= BUDGET


def test_somebody_can_begin_to_write_within_the_budget(
    browser: Browser, server: Running, site: Website
) -> None:
    page = (f"{server.url}/cim/widget", "#box", 1)
    assert least_over(browser, (f"{site.url}/blank", "#complain"), page, BUDGET) <= BUDGET
