"""The packs in use: read from one folder, replaced only by versions that load and hold."""

from __future__ import annotations

from pathlib import Path

from policy_rules.compiled import CompiledPack
from policy_rules.errors import BrokenPack, UnknownOrganisation, unknown
from policy_rules.examples import check_examples
from policy_rules.loader import load_pack
from policy_rules.verify import refuse_if_unsound
from policy_rules.wording import Wording, load_wording

SHIPPED = Path(__file__).parent / "organisations"
COVERAGE_SUFFIX = ".coverage.yml"


def pack_files(folder: Path) -> list[Path]:
    """The pack files of a folder, without the coverage files beside them."""
    return sorted(path for path in folder.glob("*.yml") if not path.name.endswith(COVERAGE_SUFFIX))


def wording_files(folder: Path, organisation: str = "*") -> list[Path]:
    """The files with the packs' own questions in other languages: `cy/cim.yml` beside `cim.yml`."""
    return sorted(folder.glob(f"[a-z][a-z]/{organisation}.yml"))


def _refuse_other_than_shown(compiled: CompiledPack) -> None:
    """BrokenPack where a worked example does not come out: what its author was sure of is not what people would get."""
    wrong = [finding for finding in check_examples(compiled) if finding.kind == "example"]
    if wrong:
        raise BrokenPack([finding.as_text(compiled.loaded.lines) for finding in wrong])


class PackShelf:
    """Compiled packs by organisation. A broken file never displaces the last good version of its pack."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or SHIPPED
        self._packs: dict[str, CompiledPack] = {}
        self._seen: dict[Path, tuple[int, int]] = {}
        self._broken: dict[Path, list[str]] = {}
        # By language and organisation: the hash of the pack that it was read beside, and what it says.
        self._wordings: dict[tuple[str, str], tuple[str, Wording]] = {}
        self._beside: dict[Path, tuple[int, int, str]] = {}
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

    def wording(self, organisation: str, language: str) -> Wording | None:
        """The pack's own questions in a language; None where nobody has put them into it."""
        found = self._wordings.get((language, organisation))
        return None if found is None else found[1]

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
        self._refresh_wordings()
        return self.findings

    def _take(self, path: Path) -> None:
        try:
            compiled = CompiledPack(load_pack(path))
            if compiled.pack.organisation.id != path.stem:
                name = compiled.pack.organisation.id
                raise BrokenPack([f"{path.name}:1 the pack of '{name}' must be in a file named {name}.yml."])
            refuse_if_unsound(compiled)
            _refuse_other_than_shown(compiled)
        except BrokenPack as broken:
            self._broken[path] = broken.findings
        else:
            self._packs[compiled.pack.organisation.id] = compiled
            self._broken.pop(path, None)

    def _refresh_wordings(self) -> None:
        """Read wordings that are new, or changed, or whose pack has."""
        for path in wording_files(self.folder):
            compiled = self._packs.get(path.stem)
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            if compiled is None:
                continue
            stamp = (stat.st_mtime_ns, stat.st_size, compiled.sha256)
            if self._beside.get(path) != stamp:
                self._take_wording(path, compiled)
                self._beside[path] = stamp

    def _take_wording(self, path: Path, compiled: CompiledPack) -> None:
        name = path.parent.name, path.stem
        try:
            wording = load_wording(path, compiled.pack)
        except BrokenPack as broken:
            self._broken[path] = broken.findings
            # The last good one stays, but never beside questions that it does not put into words.
            if name in self._wordings and self._wordings[name][0] != compiled.sha256:
                del self._wordings[name]
        else:
            self._wordings[name] = compiled.sha256, wording
            self._broken.pop(path, None)
