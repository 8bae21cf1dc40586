"""A picture is asked for again where the browser had no frame to give, and for no other reason."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Error, Page

from tests.browsing import NO_FRAME_YET, pictured


class Reluctant:
    """A page that refuses its picture so many times, for one reason."""

    def __init__(self, refusals: int, why: str) -> None:
        self.refusals, self.why = refusals, why

    def screenshot(self, path: Path) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise Error(f"Page.screenshot: Protocol error (Page.captureScreenshot): {self.why}")
        path.write_bytes(b"\x89PNG")

    def wait_for_timeout(self, _: float) -> None:
        """At once: nobody is busy here."""


def page(refusals: int, why: str = NO_FRAME_YET) -> Page:
    return cast(Page, Reluctant(refusals, why))


def test_a_busy_browser_is_asked_again(tmp_path: Path) -> None:
    assert pictured(page(4), tmp_path / "a.png").read_bytes() == b"\x89PNG"


def test_one_that_never_has_a_frame_fails(tmp_path: Path) -> None:
    with pytest.raises(Error, match=NO_FRAME_YET):
        pictured(page(5), tmp_path / "a.png")


def test_any_other_failure_is_a_failure_at_once(tmp_path: Path) -> None:
    asked = Reluctant(1, "Target closed")
    with pytest.raises(Error, match="Target closed"):
        pictured(cast(Page, asked), tmp_path / "a.png")
    assert asked.refusals == 0
