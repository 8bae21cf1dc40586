"""Some conversations while everything fails; `make soak` holds 120. And the audit finds what is planted for it."""

from __future__ import annotations

import random
import secrets
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.faults.campaign import nursery_of
from tests.widget.faults import Stage, one_run

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
RUNS = 4


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with nursery_of() as nursery:
        started = Stage(nursery, tmp_path_factory.mktemp("books"))
        started.start()
        yield started
        started.kill()


def test_nothing_is_lost_and_nothing_doubled_while_everything_fails(browser: Browser, stage: Stage) -> None:
    """What shows once is written out, and fails here if the same dice show it again; `make soak` fails at once."""
    seed = secrets.randbelow(2**32)
    for number in range(RUNS):
        found = one_run(browser, stage, random.Random(f"{seed}/{number}"))  # noqa: S311
        if found:
            sys.stdout.write(f"seed {seed}, run {number}: {found}\n")
            found = one_run(browser, stage, random.Random(f"{seed}/{number}"))  # noqa: S311
        assert found == [], f"seed {seed}, run {number}"


@pytest.mark.parametrize(("planted", "said"), [("doubled", "expected"), ("lost", "found")])
def test_a_planted_fault_is_caught(
    browser: Browser, stage: Stage, planted: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody waits long for what will never come.
    monkeypatch.setattr("tests.widget.faults.PATIENCE", 3.0)
    found = one_run(browser, stage, random.Random(1), plant=planted)  # noqa: S311
    assert any(said in finding for finding in found), found
