"""What is installed from a wheel is what stands in the checkout: all packages, all data files, nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "root_packages"
]


def tracked(*folders: str) -> list[str]:
    """The files under git in some folders of the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def ours() -> list[str]:
    """The files of our packages, as they stood when the wheel was built."""
    return tracked(*PACKAGES)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, ours: list[str]) -> zipfile.ZipFile:
    """A wheel of the files under git, built beside the checkout and with nothing from any index."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in [*ours, *tracked("pyproject.toml", "README.md", "LICENSE", "requirements")]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    built = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target), str(source)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = target.glob("hearout-*.whl")
    return zipfile.ZipFile(found)


def test_the_wheel_holds_our_packages_and_no_other_top_level_name(wheel: zipfile.ZipFile) -> None:
    top = {name.split("/")[0] for name in wheel.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)


def test_every_file_of_our_packages_is_in_the_wheel(wheel: zipfile.ZipFile, ours: list[str]) -> None:
    # The widget's source is built before it ships; its build tools stay at home.
    needed = {name for name in ours if not name.startswith("web_widget/") or name.endswith(".py")}
    assert sorted(needed - set(wheel.namelist())) == []


def test_the_wheel_brings_the_command_and_what_it_depends_on(wheel: zipfile.ZipFile) -> None:
    by_name = {name.split("/")[-1]: name for name in wheel.namelist() if ".dist-info/" in name}
    assert "hearout = bot.cli:main" in wheel.read(by_name["entry_points.txt"]).decode()
    metadata = wheel.read(by_name["METADATA"]).decode()
    assert "Requires-Dist: rasa-sdk" in metadata
    assert "LICENSE" in by_name
