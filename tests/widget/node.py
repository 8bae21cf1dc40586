"""Node, and what the widget is built and tested with.

    python -m tests.widget.node          brings the locked packages
    python -m tests.widget.node build    the same, then builds web_widget/dist

Node is the machine's own, or the one that the development requirements bring as a wheel.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

WIDGET = Path(__file__).parents[2] / "web_widget"
NODE_MODULES = WIDGET / "node_modules"
# npm writes this when it has put everything in place.
LOCKED = NODE_MODULES / ".package-lock.json"
OLDEST = 20
CURE = (
    f"The widget is built and tested with Node {OLDEST} or newer, and there is none: install nodejs and npm."
)


def node(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a script of `folder` with Node."""
    return subprocess.run(
        [*_program("node"), *words], cwd=folder, capture_output=True, text=True, check=False
    )


def bring() -> None:
    """Install the locked packages, unless they are there already."""
    if not LOCKED.exists() or LOCKED.stat().st_mtime < (WIDGET / "package-lock.json").stat().st_mtime:
        subprocess.run([*_program("npm"), "ci", "--no-progress", "--loglevel=error"], cwd=WIDGET, check=True)
        LOCKED.touch()


def _program(name: str) -> list[str]:
    """How to run `node` or `npm`: that of the machine if it is new enough, else that of the wheel."""
    found = shutil.which("node")
    if found is not None and shutil.which(name) is not None and _is_new_enough(found):
        return [name]
    beside = Path(sys.executable).with_name(name)
    if beside.exists():
        return [str(beside)]
    raise SystemExit(CURE)


def _is_new_enough(program: str) -> bool:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return said.startswith("v") and int(said[1:].split(".")[0]) >= OLDEST


def main(arguments: list[str]) -> int:
    bring()
    if arguments != ["build"]:
        return 0
    for words in (("node_modules/typescript/bin/tsc",), ("build.mjs",)):
        done = node(WIDGET, *words)
        sys.stdout.write(done.stdout + done.stderr)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
