"""Reverse proxies for the tests: the packages of this machine's Debian, unpacked into a folder and installed nowhere.

python -m tests.proxy.brought        fetch them; ends with 3 where this machine cannot, and says why
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ("caddy", "nginx")
PLACES = {"caddy": "usr/bin/caddy", "nginx": "usr/sbin/nginx"}
FOLDER = Path(tempfile.gettempdir()) / f"hearout-proxies-{os.getuid()}"
CANNOT = 3


def program(name: str) -> Path:
    """The program of a proxy, as it was unpacked."""
    return FOLDER / "root" / PLACES[name]


def fetch() -> str | None:
    """Fetch what is not there yet; why that cannot be, None once all are here."""
    if all(program(name).exists() for name in PACKAGES):
        return None
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return "there is no apt-get here"
    FOLDER.mkdir(exist_ok=True)
    got = subprocess.run(
        ["apt-get", "download", *PACKAGES], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    if got.returncode != 0:
        return f"apt-get could not fetch them: {got.stderr.strip()[-200:]}"
    for package in FOLDER.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(FOLDER / "root")], check=True)
    return None


if __name__ == "__main__":
    if (problem := fetch()) is not None:
        sys.stdout.write(f"The proxies are not tried: {problem}.\n")
        sys.exit(1 if os.environ.get("HEAROUT_REQUIRE_RT") == "1" else CANNOT)
