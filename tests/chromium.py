"""Where the tests' browser is. `python -m tests.chromium` brings one if there is none, or fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CURE = (
    "No Chromium for the browser tests. Install one (Debian: apt-get install chromium), "
    "or set HEAROUT_CHROMIUM to its path."
)


class NoChromiumError(RuntimeError):
    """There is no browser to test with; the tests fail, they never skip."""


def find() -> str | None:
    """The path of $HEAROUT_CHROMIUM, else of a Chromium on PATH, else of the one playwright fetched."""
    chosen = os.environ.get("HEAROUT_CHROMIUM")
    if chosen:
        path = shutil.which(chosen)
        if path is None:
            raise NoChromiumError(f"HEAROUT_CHROMIUM is {chosen!r}, which is no program that can be run.")
        return path
    for name in NAMES:
        path = shutil.which(name)
        if path is not None and _starts(path):
            return path
    return _fetched_by_playwright()


def require() -> str:
    """As `find`, but a missing browser is an error that says the cure."""
    path = find()
    if path is None:
        raise NoChromiumError(CURE)
    return path


def install() -> None:
    """Bring a Chromium: by apt where we are root and apt is there, else by playwright."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        package = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        if subprocess.run(package, env=quiet, check=False, stdout=sys.stderr).returncode != 0:
            # A machine that has never read its package lists knows no packages.
            subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False, stdout=sys.stderr)
            subprocess.run(package, env=quiet, check=False, stdout=sys.stderr)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def _starts(path: str) -> bool:
    # Ubuntu ships a `chromium` that only says how to get one: ask it for its version before believing it.
    try:
        told = subprocess.run([path, "--version"], check=False, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0


def _fetched_by_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def main() -> int:
    """Make sure that there is a browser; print where."""
    try:
        if find() is None:
            install()
        sys.stdout.write(f"browser tests use {require()}\n")
    except NoChromiumError as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
