"""The packs in use: files of one folder, replaced only by ones that load and hold, until versions are published.

From then on an organisation's versions govern, each in its time (policy_rules.editions), and its file no longer does.
Whoever decides asks for the pack of the instant of receipt; nothing here looks at a clock but the one that it is given.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from policy_rules.compiled import CompiledPack
from policy_rules.editions import Edition, Timeline
from policy_rules.errors import BrokenPack, UnknownOrganisation, unknown
from policy_rules.loader import load_pack
from policy_rules.soundness import sound
from policy_rules.wording import Wording, load_wording

SHIPPED = Path(__file__).parent / "organisations"
COVERAGE_SUFFIX = ".coverage.yml"


def pack_files(folder: Path) -> list[Path]:
    """The pack files of a folder, without the coverage files beside them."""
    return sorted(path for path in folder.glob("*.yml") if not path.name.endswith(COVERAGE_SUFFIX))


def wording_files(folder: Path, organisation: str = "*") -> list[Path]:
    """The files with the packs' own questions in other languages: `cy/cim.yml` beside `cim.yml`."""
    return sorted(folder.glob(f"[a-z][a-z]/{organisation}.yml"))


class PackShelf:
    """Compiled packs by organisation and time. Nothing broken ever displaces the last good version of a pack.

    `clock` gives the present, for whoever asks for the pack in force now; files alone need none.
    """

    def __init__(self, folder: Path | None = None, *, clock: Callable[[], datetime] | None = None) -> None:
        self.folder = folder or SHIPPED
        self._clock = clock
        self._packs: dict[str, CompiledPack] = {}
        self._texts: dict[str, str] = {}
        self._timelines: dict[str, Timeline] = {}
        self._adopting = threading.Lock()
        self._seen: dict[Path, tuple[int, int]] = {}
        self._broken: dict[Path, list[str]] = {}
        # By language and organisation: the hash of the pack that it was read beside, and what it says.
        self._wordings: dict[tuple[str, str], tuple[str, Wording]] = {}
        self._beside: dict[Path, tuple[int, int, str]] = {}
        # The same beside versions that are no file's, by hash.
        self._wordings_of: dict[tuple[str, str, str], Wording | None] = {}
        self.refresh()

    @property
    def findings(self) -> list[str]:
        """What is wrong with files and versions that could not be taken, as sentences with their place."""
        found = [finding for findings in self._broken.values() for finding in findings]
        return found + [finding for timeline in self._timelines.values() for finding in timeline.findings]

    def ids(self) -> list[str]:
        """The organisations whose rules are in force now."""
        return sorted(
            {*self._packs, *(name for name in self._timelines if self._find(name, None) is not None)}
        )

    def get(self, organisation: str, at: datetime | None = None) -> CompiledPack:
        """The pack that governs what was received `at` an instant (aware); None: now.

        UnknownOrganisation (404) names the nearest one.
        """
        found = self._find(organisation, at)
        if found is None:
            raise unknown(UnknownOrganisation, "organisation", organisation, self.ids(), "organisation")
        return found

    def of(self, organisation: str, sha256: str | None, at: datetime | None) -> CompiledPack:
        """The pack that a case was decided with, by its hash; where that is none of ours, the one of its receipt."""
        timeline = self._timelines.get(organisation)
        found = timeline.of(sha256) if timeline is not None and sha256 else None
        return found or self.get(organisation, at)

    def editions(self, organisation: str) -> tuple[Edition, ...]:
        """The versions by when they come into force; the file alone while nothing is published."""
        timeline = self._timelines.get(organisation)
        if timeline is not None:
            return timeline.editions
        return (Edition(1, self._texts[organisation]),) if organisation in self._texts else ()

    def numbered(self, organisation: str, number: int) -> CompiledPack | None:
        """The pack of a version; None where there is none, or it cannot be used."""
        timeline = self._timelines.get(organisation)
        if timeline is None:
            return self._packs.get(organisation) if number == 1 else None
        return timeline.numbered(number)

    def number_of(self, compiled: CompiledPack) -> int | None:
        """The number of the version that a pack of ours is of."""
        organisation = compiled.pack.organisation.id
        timeline = self._timelines.get(organisation)
        if timeline is None:
            return 1 if self._packs.get(organisation) is compiled else None
        return timeline.number_of(compiled)

    def from_file(self, organisation: str) -> tuple[str, CompiledPack] | None:
        """What the organisation's file holds, its text and pack, whether or not it governs; None without one."""
        text, compiled = self._texts.get(organisation), self._packs.get(organisation)
        return None if text is None or compiled is None else (text, compiled)

    @property
    def newest(self) -> dict[str, int]:
        """The highest number of a published version that is here, by organisation."""
        return {name: timeline.newest for name, timeline in self._timelines.items()}

    def adopt(self, organisation: str, editions: Iterable[Edition], now: datetime) -> list[str]:
        """Take published versions into use, each from its beginning; the findings of those that cannot be used."""
        with self._adopting:
            timeline = self._timelines.get(organisation, Timeline(organisation)).with_(editions)
            # Compiled before anybody can ask for it: a turn must not wait.
            findings = timeline.prepare(now)
            self._timelines[organisation] = timeline
        return findings

    def _find(self, organisation: str, at: datetime | None) -> CompiledPack | None:
        timeline = self._timelines.get(organisation)
        if timeline is None:
            return self._packs.get(organisation)
        now = at if at is not None else self._now()
        # What came before there were rules is under the first; where none can be used, the file is the last good one.
        return timeline.at(now) or timeline.first(self._now()) or self._packs.get(organisation)

    def _now(self) -> datetime:
        if self._clock is None:
            raise LookupError("whoever takes versions into use gives the shelf a clock")
        return self._clock()

    def wording(
        self, organisation: str, language: str, compiled: CompiledPack | None = None
    ) -> Wording | None:
        """The pack's own questions in a language; None where nobody has put them into it.

        `compiled` is the version that is spoken of, else the file's.
        """
        if compiled is not None and compiled is not self._packs.get(organisation):
            return self._wording_of(organisation, language, compiled)
        found = self._wordings.get((language, organisation))
        return None if found is None else found[1]

    def _wording_of(self, organisation: str, language: str, compiled: CompiledPack) -> Wording | None:
        name = language, organisation, compiled.sha256
        if name not in self._wordings_of:
            path = self.folder / language / f"{organisation}.yml"
            try:
                self._wordings_of[name] = load_wording(path, compiled.pack) if path.exists() else None
            except BrokenPack:
                # Of another version, whose questions it does not put into words: they are asked as the pack has them.
                self._wordings_of[name] = None
        return self._wordings_of[name]

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
            loaded = load_pack(path)
            if (name := loaded.pack.organisation.id) != path.stem:
                raise BrokenPack([f"{path.name}:1 the pack of '{name}' must be in a file named {name}.yml."])
            compiled = sound(loaded, path.name, path.stem)
        except BrokenPack as broken:
            self._broken[path] = broken.findings
        else:
            self._texts[compiled.pack.organisation.id] = path.read_bytes().decode("utf-8-sig")
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
        self._wordings_of = {key: found for key, found in self._wordings_of.items() if key[:2] != name}
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
