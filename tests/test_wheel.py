"""What is installed from a wheel is what stands in the checkout: all packages, all data files, nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
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
    # The widget ships as it was built; its sources and build tools stay at home.
    needed = {
        name
        for name in ours
        if not name.startswith("web_widget/") or name.endswith(".py") or "/dist/" in name
    }
    assert "web_widget/dist/hearout-loader.js" in needed
    assert not any(name.startswith("web_widget/src/") for name in wheel.namelist())
    assert sorted(needed - set(wheel.namelist())) == []


def test_the_wheel_brings_the_command_and_what_it_depends_on(wheel: zipfile.ZipFile) -> None:
    by_name = {name.split("/")[-1]: name for name in wheel.namelist() if ".dist-info/" in name}
    assert "hearout = bot.cli:main" in wheel.read(by_name["entry_points.txt"]).decode()
    metadata = wheel.read(by_name["METADATA"]).decode()
    assert "Requires-Dist: rasa-sdk" in metadata
    assert "LICENSE" in by_name


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment that holds the wheel; the libraries, locked by hash, are those of this one."""
    home = tmp_path_factory.mktemp("clean")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    site = home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    install = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-index",
        "--no-deps",
        str(wheel.filename),
    ]
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), *install], check=True
    )
    # A path file inside a folder that a path file names is not read: the checkout itself cannot come in this way.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"])
    return home


def _ran(installed: Path, *words: str) -> str:
    elsewhere = installed / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    done = subprocess.run(
        [str(installed / "bin" / "hearout"), *words],
        cwd=elsewhere,
        env={"PATH": "/usr/bin:/bin", "HOME": str(elsewhere), "HEAROUT_DATA_DIR": str(elsewhere / "var")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_installed_decides_and_keeps_away_from_any_checkout(installed: Path) -> None:
    shown = _ran(
        installed, "decide", "cim", "subject=service", "--received-at", "2026-12-24T16:45:00+00:00", "--json"
    )
    assert '"acknowledge_by": "2026-12-30"' in shown
    python = [str(installed / "bin" / "python"), "-c", "import bot, sys; sys.stdout.write(bot.__file__)"]
    where = subprocess.run(python, cwd=installed, capture_output=True, text=True, check=True).stdout
    assert where.startswith(str(installed))
    _ran(installed, "migrate")
    assert _ran(installed, "case", "list", "--json").strip() == "[]"
