"""Where Request Tracker cannot be brought, `make test-rt` says so in one line, and fails only if it is required."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

import pytest

from tests.tracker import installed


def _no_apt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("shutil.which", lambda name: None)


def _no_root(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("os.geteuid", lambda: 1000)


def _no_network(patch: pytest.MonkeyPatch) -> None:
    def fails(packages: Sequence[str]) -> None:
        raise subprocess.CalledProcessError(100, ["apt-get"])

    patch.setattr(installed, "install", fails)
    patch.setattr("os.geteuid", lambda: 0)
    patch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


@pytest.mark.parametrize(
    ("lacks", "says"),
    [(_no_apt, "no apt-get"), (_no_root, "needs root"), (_no_network, "could not bring it")],
)
def test_it_says_why_in_one_line(
    lacks: Callable[[pytest.MonkeyPatch], None],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def bring() -> int:
        return installed.brought("Request Tracker", lambda: False, installed.PACKAGES)

    monkeypatch.delenv("HEAROUT_REQUIRE_RT", raising=False)
    lacks(monkeypatch)
    assert bring() == installed.CANNOT
    assert says in capsys.readouterr().out
    monkeypatch.setenv("HEAROUT_REQUIRE_RT", "1")
    assert bring() == 1
