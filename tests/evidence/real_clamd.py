"""A real clamd: Debian's, with a database of one signature of our own, since its own is 200 MB and fetched from afar.

python -m tests.evidence.real_clamd        install it; ends with 3 where this machine cannot, and says why
"""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tracker.installed import brought

CLAMD = Path("/usr/sbin/clamd")
PACKAGES = ("clamav-daemon",)
START_SECONDS = 60.0
# What the database knows as a virus.
BAD = b"This file stands for a virus in the tests of Hearout.\n" * 3
MOST = "1M"
_CONFIG = """\
LocalSocket {folder}/socket
DatabaseDirectory {folder}/database
TemporaryDirectory {folder}
StreamMaxLength {most}
Foreground yes
LogFile {folder}/log
User {user}
"""


@contextmanager
def real_clamd(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """One that looks at what is sent to the socket in `folder`: its address and its process; ended by its own pid."""
    database = folder / "database"
    database.mkdir(parents=True)
    (database / "ours.hdb").write_text(f"{hashlib.md5(BAD).hexdigest()}:{len(BAD)}:Hearout.Test\n")  # noqa: S324
    config = folder / "clamd.conf"
    # As whoever runs the tests: it would leave root for a user who may not read this folder.
    user = pwd.getpwuid(os.geteuid()).pw_name
    config.write_text(_CONFIG.format(folder=folder, most=MOST, user=user))
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [str(CLAMD), "--config-file", str(config)], stdout=output, stderr=output, cwd="/"
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not (folder / "socket").exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"clamd did not start: {(folder / 'output').read_text()[-1000:]}")
            time.sleep(0.05)
        yield f"unix:{folder}/socket", process
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    sys.exit(brought("clamd", CLAMD.exists, PACKAGES))
