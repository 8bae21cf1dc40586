"""What is committed is what the sources give, byte for byte; it is small; and a wheel brings it with no Node."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.channels.servers import Running
from tests.widget.node import NODE_MODULES, node

ROOT = Path(__file__).parents[2]
WIDGET = ROOT / "web_widget"
DIST = WIDGET / "dist"
LOADER_LIMIT, OPEN_LIMIT = 1_500, 20_000


def packed(data: bytes) -> int:
    return len(gzip.compress(data, 9, mtime=0))


def manifest() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((DIST / "manifest.json").read_text())["files"]
    return found


class TestSize:
    def test_the_loader_is_within_its_budget(self) -> None:
        assert packed((DIST / "hearout-loader.js").read_bytes()) <= LOADER_LIMIT

    def test_everything_that_an_open_chat_loads_is_within_its_budget(self, server: Running) -> None:
        # The loader, the page that it opens with its words and its style, and the script.
        page = server.http.get("/cim/widget").content
        style = (DIST / "hearout-chat.css").read_text()
        assert style in page.decode()
        scripts = [path.read_bytes() for path in DIST.glob("*.js")]
        assert packed(page) + sum(map(packed, scripts)) <= OPEN_LIMIT
        # However it is counted: the files alone, without the page.
        assert sum(packed(path.read_bytes()) for path in DIST.iterdir()) <= OPEN_LIMIT

    def test_nothing_is_asked_of_anybody_else(self) -> None:
        for path in DIST.glob("hearout-*"):
            assert re.findall(r"https?://[\w.-]+|@import|url\(", path.read_text()) == [], path.name

    def test_no_runtime_dependency(self) -> None:
        assert "dependencies" not in json.loads((WIDGET / "package.json").read_text())


class TestManifest:
    def test_it_names_every_file_with_its_hashes(self) -> None:
        said = manifest()
        assert set(said) == {path.name for path in DIST.iterdir()} - {"manifest.json"}
        for name, one in said.items():
            data = (DIST / name).read_bytes()
            assert one["sha256"] == hashlib.sha256(data).hexdigest()
            digest = base64.b64encode(hashlib.sha384(data).digest()).decode()
            assert one["integrity"] == f"sha384-{digest}"

    def test_the_lock_pins_every_package_by_its_content_and_names_no_registry(self) -> None:
        lock = json.loads((WIDGET / "package-lock.json").read_text())
        packages = {name: one for name, one in lock["packages"].items() if name}
        assert packages
        assert all(one["integrity"].startswith("sha512-") for one in packages.values())
        assert not any("resolved" in one for one in packages.values())
        wanted = json.loads((WIDGET / "package.json").read_text())["devDependencies"]
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


class TestBuild:
    def test_the_sources_are_sound(self) -> None:
        checked = node(WIDGET, "node_modules/typescript/bin/tsc", "--project", str(WIDGET))
        assert checked.returncode == 0, checked.stdout

    def test_the_same_sources_give_the_same_bytes(self, tmp_path: Path) -> None:
        built = build(WIDGET, tmp_path / "dist")
        assert built == {path.name: path.read_bytes() for path in DIST.iterdir()}

    def test_a_changed_source_is_caught(self, tmp_path: Path) -> None:
        copy = tmp_path / "widget"
        shutil.copytree(WIDGET, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
        (copy / "node_modules").symlink_to(NODE_MODULES)
        source = copy / "src" / "loader.ts"
        source.write_text(source.read_text().replace('"close"', '"shut"'))
        built = build(copy, tmp_path / "dist")
        assert built["hearout-loader.js"] != (DIST / "hearout-loader.js").read_bytes()
        assert built["hearout-chat.js"] == (DIST / "hearout-chat.js").read_bytes()


def build(folder: Path, out: Path) -> dict[str, bytes]:
    done: subprocess.CompletedProcess[str] = node(folder, "build.mjs", str(out))
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.mark.parametrize("name", ["hearout-loader.js", "hearout-chat.js", "hearout-chat.css"])
def test_no_file_names_a_place_of_the_machine_that_built_it(name: str) -> None:
    text = (DIST / name).read_text()
    assert str(ROOT) not in text
    assert "sourceMappingURL" not in text
