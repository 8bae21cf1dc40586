"""The packs in use: read from one folder, replaced only by versions that load and hold."""

from __future__ import annotations

from pathlib import Path

from policy_rules.compiled import CompiledPack
from policy_rules.errors import BrokenPack, UnknownOrganisation, unknown
from policy_rules.loader import load_pack
from policy_rules.verify import refuse_if_unsound

SHIPPED = Path(__file__).parent / "organisations"
COVERAGE_SUFFIX = ".coverage.yml"


def pack_files(folder: Path) -> list[Path]:
    """The pack files of a folder, without the coverage files beside them."""
    return sorted(path for path in folder.glob("*.yml") if not path.name.endswith(COVERAGE_SUFFIX))


class PackShelf:
    """Compiled packs by organisation. A broken file never displaces the last good version of its pack."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or SHIPPED
        self._packs: dict[str, CompiledPack] = {}
        self._seen: dict[Path, tuple[int, int]] = {}
        self._broken: dict[Path, list[str]] = {}
        self.refresh()

    @property
    def findings(self) -> list[str]:
        """What is wrong with files that could not be taken, as sentences with file and line."""
        return [finding for findings in self._broken.values() for finding in findings]

    def ids(self) -> list[str]:
        return sorted(self._packs)

    def get(self, organisation: str) -> CompiledPack:
        """The pack in use; UnknownOrganisation (404) names the nearest one."""
        found = self._packs.get(organisation)
        if found is None:
            raise unknown(UnknownOrganisation, "organisation", organisation, self._packs, "organisation")
        return found

    def refresh(self) -> list[str]:
        """Read files that are new or changed; the findings of files that could not be taken."""
        for path in pack_files(self.folder):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            stamp = (stat.st_mtime_ns, stat.st_size)
            if self._seen.get(path) != stamp:
                self._take(path)
                self._seen[path] = stamp
        return self.findings

    def _take(self, path: Path) -> None:
        try:
            compiled = CompiledPack(load_pack(path))
            if compiled.pack.organisation.id != path.stem:
                name = compiled.pack.organisation.id
                raise BrokenPack([f"{path.name}:1 the pack of '{name}' must be in a file named {name}.yml."])
            refuse_if_unsound(compiled)
        except BrokenPack as broken:
            self._broken[path] = broken.findings
        else:
            self._packs[compiled.pack.organisation.id] = compiled
            self._broken.pop(path, None)
