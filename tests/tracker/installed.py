"""Request Tracker 5 on this machine: brought by apt where that can be, with a database and a port of its own.

    python -m tests.tracker.installed        install it; ends with 3 where this machine cannot, and says why

Nothing of a Request Tracker that is there already is touched: its settings and its database stay where they are.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = ("request-tracker5", "rt5-db-sqlite", "rt5-standalone")
HTTPD = Path("/usr/share/request-tracker5/libexec/standalone_httpd")
SETUP = Path("/usr/sbin/rt-setup-database-5")
START_SECONDS = 120.0
CANNOT = 3
_ANSWERS = """\
request-tracker5 request-tracker5/rtname string rt.example.org
request-tracker5 request-tracker5/organization string example.org
request-tracker5 request-tracker5/handle-siteconfig-permissions boolean true
request-tracker5 request-tracker5/install-cronjobs boolean false
request-tracker5 request-tracker5/dbconfig-install boolean false
"""
_SITE_CONFIG = """\
Set($rtname, 'rt.example.org');
Set($Organization, 'example.org');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebPath, '');
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($MailCommand, 'testfile');
Set($LogToSTDERR, 'warning');
Set($LogToSyslog, undef);
Set($Timezone, 'Europe/London');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.db');
Set($DatabaseUser, 'rt');
Set($DatabasePassword, '');
Set($MasonSessionDir, '{folder}/sessions');
1;
"""


@dataclass(frozen=True)
class Tracker:
    """One that runs: where, with which token, and the pid of its first process."""

    url: str
    token: str
    pid: int


def is_installed() -> bool:
    """Whether its programs are here."""
    return HTTPD.exists() and SETUP.exists()


def why_not() -> str | None:
    """Why nothing can be brought here; None when it can."""
    if shutil.which("apt-get") is None:
        return "there is no apt-get on this machine"
    if os.geteuid() != 0:
        return "apt-get needs root"
    return None


def install(packages: Sequence[str]) -> None:
    """Bring Debian's packages. subprocess.CalledProcessError when apt cannot."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["debconf-set-selections"], input=_ANSWERS, text=True, check=False, env=environment)
    bring = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    done = subprocess.run(bring, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        # A machine that has never asked for its lists knows no packages.
        subprocess.run(["apt-get", "update"], env=environment, capture_output=True, check=True)
        subprocess.run(bring, env=environment, capture_output=True, check=True)


@contextmanager
def tracker(folder: Path, port: int, workers: int = 3) -> Iterator[Tracker]:
    """One with an empty database in `folder`, on 127.0.0.1; ended by its own pid."""
    environment = _prepared(folder, port)
    token = _run(["perl", str(HERE / "token.pl")], environment).split()[-1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(str(HTTPD), "--server", "Starlet", "--host", "127.0.0.1"),
                *("--port", str(port), "--max-workers", str(workers)),
            ],
            env=environment,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    try:
        _wait(port, process, folder / "log")
        yield Tracker(f"http://127.0.0.1:{port}", token, process.pid)
    finally:
        # Its workers are children of its own, in a group of its own.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _prepared(folder: Path, port: int) -> dict[str, str]:
    """The environment in which its programs use `folder` alone; the database is made and filled."""
    (folder / "sessions").mkdir(parents=True, exist_ok=True)
    (folder / "none").mkdir(exist_ok=True)
    config = folder / "RT_SiteConfig.pm"
    config.write_text(_SITE_CONFIG.replace("{port}", str(port)).replace("{folder}", str(folder)))
    environment = {**os.environ, "RT_SITE_CONFIG": str(config), "RT_SITE_CONFIG_DIR": str(folder / "none")}
    _run([str(SETUP), "--action", "init", "--skip-create"], environment)
    given = ["--action", "insert", "--datafile", str(HERE / "initialdata.pl"), "--skip-create"]
    _run([str(SETUP), *given], environment)
    return environment


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd="/",
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/REST/2.0/rt", timeout=30)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"Request Tracker did not start: {log.read_text(errors='replace')[-2000:]}")


def brought(name: str, is_there: Callable[[], bool], packages: Sequence[str]) -> int:
    """Bring what is not there; where this machine cannot, one line says why, and 3 unless somebody requires it."""
    if is_there():
        return 0
    reason = why_not()
    if reason is None:
        try:
            install(packages)
        except subprocess.CalledProcessError as error:
            reason = f"apt-get could not bring it (it ended with {error.returncode})"
    if reason is None:
        return 0
    print(f"{name} is not tested: {reason}.")  # noqa: T201 - a tool's own word
    return 1 if os.environ.get("HEAROUT_REQUIRE_RT") == "1" else CANNOT


if __name__ == "__main__":
    sys.exit(brought("Request Tracker", is_installed, PACKAGES))
