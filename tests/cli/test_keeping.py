"""A backup is taken beside a running server and brought back whole; a damaged one brings back nothing."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.store import Store, migrate, open_store
from tests.cases.builders import file_a_case, say
from tests.cli.test_commands import hearout


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A server's own store, open while the backup is made."""
    data = tmp_path / "var"
    data.mkdir()
    (data / "organisations").mkdir()
    (data / "organisations" / "cim.yml").write_text("languages: [en]\n")
    url = f"sqlite:///{data / 'hearout.db'}"
    migrate(url)
    opened = open_store(url)
    file_a_case(opened)
    yield opened
    opened.close()


def run(folder: Path, *arguments: object) -> tuple[int, str, str]:
    done = hearout(*map(str, arguments), HEAROUT_DATA_DIR=str(folder))
    return done.returncode, done.stdout, done.stderr


def cases(folder: Path) -> list[dict[str, str]]:
    code, out, err = run(folder, "case", "list", "--json")
    assert code == 0, err
    found: list[dict[str, str]] = json.loads(out)
    return found


def test_what_was_kept_comes_back_on_another_machine(tmp_path: Path, store: Store) -> None:
    archive = tmp_path / "kept.tar.gz"
    code, out, err = run(tmp_path / "var", "backup", archive)
    assert (code, err) == (0, "")
    assert "2 files" in out
    # Said after the backup was taken: not in it, and no harm to it.
    say(store, organisation="cim", conversation_id="c9", key_hash="later", reference="CIM-9")
    code, out, err = run(tmp_path / "new", "restore", archive)
    assert (code, err) == (0, "")
    assert cases(tmp_path / "new") == [one for one in cases(tmp_path / "var") if one["reference"] != "CIM-9"]
    assert (tmp_path / "new" / "organisations" / "cim.yml").read_text() == "languages: [en]\n"
    assert run(tmp_path / "new", "audit", "verify")[0] == 0
    assert run(tmp_path / "new", "migrate")[0] == 0


def test_a_backup_never_takes_the_place_of_another(tmp_path: Path, store: Store) -> None:
    archive = tmp_path / "kept.tar.gz"
    archive.write_text("an older one")
    code, _, err = run(tmp_path / "var", "backup", archive)
    assert code == 2
    assert "is there already" in err
    assert archive.read_text() == "an older one"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_nothing_is_restored_over_what_is_there(tmp_path: Path, store: Store) -> None:
    run(tmp_path / "var", "backup", tmp_path / "kept.tar.gz")
    before = cases(tmp_path / "var")
    code, _, err = run(tmp_path / "var", "restore", tmp_path / "kept.tar.gz")
    assert code == 2
    assert "is not empty" in err
    assert cases(tmp_path / "var") == before


def damaged(archive: Path, how: str) -> None:
    """The archive with one file changed, one file less, cut in the middle, or none of ours."""
    if how == "cut":
        archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
        return
    if how == "foreign":
        archive.write_text("these are holiday pictures")
        return
    with tarfile.open(archive) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    if how == "changed":
        files["data/organisations/cim.yml"] = b"languages: [cy]\n"
    else:
        del files["hearout.db"]
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("cut", "no whole backup"),
        ("foreign", "no whole backup"),
        ("changed", "not as it was kept"),
        ("less", "is missing"),
    ],
)
def test_a_damaged_backup_brings_back_nothing_and_says_what_is_wrong(
    tmp_path: Path, store: Store, how: str, says: str
) -> None:
    archive = tmp_path / "kept.tar.gz"
    run(tmp_path / "var", "backup", archive)
    damaged(archive, how)
    code, _, err = run(tmp_path / "new", "restore", archive)
    assert code == 2
    assert says in err
    assert "Traceback" not in err
    assert not (tmp_path / "new").exists()


def test_a_file_that_would_land_outside_the_folder_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("../../outside.txt")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"evil"))
    code, _, err = run(tmp_path / "new", "restore", archive)
    assert code == 2
    assert "no whole backup" in err
