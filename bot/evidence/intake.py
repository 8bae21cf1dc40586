"""The way of a file from the wire to its case: arriving, known, cleaned, scanned, in its place, and in the record."""

from __future__ import annotations

import asyncio
import hashlib
import mmap
import os
import shutil
import unicodedata
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from bot.dialogue.catalogue import Catalogue
from bot.dialogue.draft import Draft
from bot.evidence import media, pictures
from bot.evidence.kinds import HEIC, JPEG, M4A, PNG, Kind, NotAccepted, kind_of, named
from bot.evidence.refusals import (
    Empty,
    FileTooLarge,
    Infected,
    NoRoom,
    NotOurKind,
    TooManyAtOnce,
    TooManyHere,
)
from bot.evidence.scanner import Scanner
from bot.turn import TRIES, BusyConversation, Desk, UnknownConversation, context_of
from cases import conversations, evidence, files
from cases.conversations import Conversation
from cases.evidence import TooManyFiles
from cases.files import Kept
from cases.filing import StaleConversation
from cases.remarks import conversation_of
from cases.vault import Vault

log = structlog.get_logger("hearout.evidence")

# The conversation that a file goes to, as it stands now.
Load = Callable[[], Awaitable[Conversation]]

# Uploads under way: in one conversation, and in this process. A slow one holds a file handle, no thread and no memory.
AT_ONCE_HERE, AT_ONCE = 4, 64
# Cleaning and hashing take a thread; two of them leave the other core to the conversations.
AT_WORK = 2
# Written to disk in pieces of this size, each by a thread: a slow disk must not hold up the loop.
PIECE = 1 << 18
LONGEST_NAME = 120
# What the disk must have left beside the file, or the database would be the next to find none.
DISK_RESERVE = 200_000_000
# The longest that an upload may take, and then some: what is older is left over from a crash.
LEFTOVER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be sent: bytes a file, files a conversation, bytes an organisation."""

    max_bytes: int = 10_000_000
    max_files: int = 10
    quota_bytes: int = 10_000_000_000


class Intake:
    """Takes files in. One for each process."""

    def __init__(self, desk: Desk, vault: Vault, scanner: Scanner, limits: Limits) -> None:
        self.desk = desk
        self.vault = vault
        self.limits = limits
        self._scanner = scanner
        self._under_way: Counter[str] = Counter()
        self._at_work = asyncio.Semaphore(AT_WORK)

    async def sweep(self) -> None:
        """Take away what a crash left half arrived."""
        before = self.desk.clock().timestamp() - LEFTOVER_SECONDS
        if found := await asyncio.to_thread(self.vault.sweep, before):
            log.info("evidence_swept", files=found)

    async def begin(self, organisation: str, key: str, filename: str) -> Received:
        """Get ready for a file of this conversation. UnknownConversation (404), or why there is no room for it."""
        return await self._begin(lambda: self.conversation(organisation, key), filename)

    async def begin_for(self, reference: str, caller: str | None, filename: str) -> Received:
        """The same for who holds no key of the conversation: a case system, whose `caller` is kept in the audit trail,
        or the person of a filed case (None), who has shown that it is theirs.
        """

        async def load() -> Conversation:
            return (await self.desk.store.read(lambda conn: conversation_of(conn, reference))).conversation

        return await self._begin(load, filename, caller)

    async def _begin(self, load: Load, filename: str, caller: str | None = None) -> Received:
        conversation = await load()
        organisation = conversation.organisation
        words = self._words(conversation)
        kept = await self.desk.store.read(
            lambda conn: (
                files.of_conversation(conn, organisation, conversation.id),
                files.bytes_kept(conn, organisation),
            )
        )
        if sum(file.scan != "infected" for file in kept[0]) >= self.limits.max_files:
            raise TooManyHere(words.say("evidence.too_many", count=self.limits.max_files))
        if kept[1] + self.limits.max_bytes > self.limits.quota_bytes or not self._has_room():
            log.error("no_room_for_evidence", organisation=organisation)
            raise NoRoom(words.say("evidence.no_room"))
        if self._under_way[conversation.id] >= AT_ONCE_HERE or self._under_way.total() >= AT_ONCE:
            raise TooManyAtOnce(words.say("evidence.at_once"))
        return Received(self, load, conversation, words, filename, caller)

    async def kept(self, organisation: str, key: str) -> list[Kept]:
        """What the conversation holds, but for what a scanner found something in."""
        conversation = await self.conversation(organisation, key)
        found = await self.desk.store.read(
            lambda conn: files.of_conversation(conn, organisation, conversation.id)
        )
        return [file for file in found if file.scan != "infected"]

    async def take_back(self, organisation: str, key: str, evidence_id: str) -> bool:
        """Forget a file of a complaint that was not sent yet; False where there is none to forget."""
        for _ in range(TRIES):
            try:
                gone = await self._take_back(await self.conversation(organisation, key), evidence_id)
            except StaleConversation:
                continue
            if gone is not None:
                await asyncio.to_thread(self.vault.remove, organisation, gone.id)
            return gone is not None
        raise BusyConversation("Something else is being written just now. Please try again.")

    async def _take_back(self, conversation: Conversation, evidence_id: str) -> Kept | None:
        said, now = self._words(conversation).say("evidence.removed"), self.desk.clock()
        return await self.desk.store.write(
            lambda conn: evidence.take_back(conn, conversation, evidence_id, said, now)
        )

    async def conversation(self, organisation: str, key: str) -> Conversation:
        """The conversation that the key opens. UnknownOrganisation, UnknownConversation (404)."""
        self.desk.packs.get(organisation)
        key_hash = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        found = await self.desk.store.read(lambda conn: conversations.find(conn, organisation, key_hash))
        if found is None:
            raise UnknownConversation("There is no conversation under this key.", where="authorization")
        return found

    def _words(self, conversation: Conversation) -> Catalogue:
        language = Draft.model_validate(conversation.data).language
        return context_of(self.desk, conversation.organisation, language, conversation.reference).words

    def _has_room(self) -> bool:
        folder = self.vault.folder
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free > DISK_RESERVE + self.limits.max_bytes

    async def _settle(self, received: Received) -> Kept:
        """A file that has arrived: what it is, without what it need not tell, looked at, in its place and its row."""
        words, name = received.words, display_name(received.filename)
        async with self._at_work:
            try:
                kind, size, sha256 = await asyncio.to_thread(_clean, received.path, name)
            except NotAccepted:
                raise NotOurKind(words.say("evidence.not_accepted", file=name)) from None
        scan = await self._scanner.scan(received.path)
        kept = Kept(
            received.organisation,
            received.id,
            received.conversation.id,
            named(name, kind),
            size,
            sha256,
            kind.type,
            scan,
            self.desk.clock(),
        )
        infected = scan == "infected"
        await asyncio.to_thread(self.vault.keep, received.path, received.organisation, infected=infected)
        try:
            await self._record(received, kept)
        except BaseException:
            await asyncio.to_thread(self.vault.remove, received.organisation, received.id)
            raise
        log.info("evidence", organisation=kept.organisation, id=kept.id, size=size, type=kind.type, scan=scan)
        if infected:
            raise Infected(words.say("evidence.infected", file=kept.name))
        return kept

    async def _record(self, received: Received, kept: Kept) -> None:
        for _ in range(TRIES):
            conversation = await received.load()
            try:
                await self._add(conversation, kept, received.words, received.caller)
            except StaleConversation:
                continue
            except TooManyFiles:
                most = self.limits.max_files
                raise TooManyHere(received.words.say("evidence.too_many", count=most)) from None
            if conversation.state != "draft":
                self.desk.wake_delivery()
            return
        raise BusyConversation("Something else is being written just now. Please try again.")

    async def _add(
        self, conversation: Conversation, kept: Kept, words: Catalogue, caller: str | None
    ) -> None:
        key = "evidence.noted_infected" if kept.scan == "infected" else "evidence.noted"
        said = words.say(key, file=kept.name)
        targets, most = self.desk.overlays(kept.organisation).targets, self.limits.max_files
        await self.desk.store.write(
            lambda conn: evidence.add(conn, conversation, kept, said, targets, most, caller)
        )


class Received:
    """A file while it arrives. `kept` is set once it has a place; a refusal ends it and leaves nothing behind."""

    def __init__(
        self,
        intake: Intake,
        load: Load,
        conversation: Conversation,
        words: Catalogue,
        filename: str,
        caller: str | None,
    ) -> None:
        self.organisation, self.load, self.conversation = conversation.organisation, load, conversation
        self.words, self.filename, self.caller = words, filename, caller
        self.id = uuid.uuid4().hex
        self.kept: Kept | None = None
        self._intake = intake
        self._size = 0
        self._waiting = bytearray()
        self.path = intake.vault.incoming(self.id)
        # Ours alone, and nothing that stands there already.
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO | None = os.fdopen(handle, "wb", buffering=0)
        intake._under_way[conversation.id] += 1

    async def write(self, data: bytes) -> None:
        """The next bytes. FileTooLarge (413) as soon as there are too many."""
        self._size += len(data)
        most = self._intake.limits.max_bytes
        if self._size > most:
            raise FileTooLarge(
                self.words.say("evidence.too_large", file=display_name(self.filename), size=size_words(most))
            )
        self._waiting += data
        if len(self._waiting) >= PIECE:
            await self._flush()

    async def close(self, *, whole: bool) -> None:
        """The end: keep a file that came whole, drop another. Raises why it cannot be kept."""
        try:
            if whole:
                await self._flush()
                self._close()
                if not self._size:
                    raise Empty(self.words.say("evidence.empty", file=display_name(self.filename)))
                self.kept = await self._intake._settle(self)
        finally:
            self._close()
            under_way = self._intake._under_way
            under_way[self.conversation.id] -= 1
            if not under_way[self.conversation.id]:
                del under_way[self.conversation.id]
            self.path.unlink(missing_ok=True)

    async def _flush(self) -> None:
        if self._waiting and self._file is not None:
            piece, self._waiting = bytes(self._waiting), bytearray()
            try:
                await asyncio.to_thread(self._file.write, piece)
            except OSError as error:
                log.error("evidence_cannot_be_written", error=error.strerror)
                raise NoRoom(self.words.say("evidence.no_room")) from None

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def display_name(filename: str) -> str:
    """What a person called a file, fit to be shown: no folders, nothing invisible or that turns the text around."""
    base = filename.replace("\\", "/").rpartition("/")[2]
    shown = "".join(
        " " if unicodedata.category(c) in ("Zs", "Zl", "Zp") else c
        for c in base
        if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    shown = " ".join(shown.split()).strip(". ")
    stem, dot, ending = shown.rpartition(".")
    if dot and len(shown) > LONGEST_NAME and len(ending) <= 8:
        shown = f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return shown[:LONGEST_NAME] or "file"


def size_words(size: int) -> str:
    """A size as people say it."""
    return f"{size // 1_000_000} MB" if size >= 1_000_000 else f"{max(1, size // 1000)} kB"


def _clean(path: Path, name: str) -> tuple[Kind, int, str]:
    """Make the file what is kept of it; its kind, size and SHA-256. NotAccepted."""
    kind = kind_of(path, name)
    try:
        if kind in (JPEG, PNG):
            _strip(path, kind)
        elif kind in (HEIC, M4A):
            media.blank(path)
    except (pictures.Damaged, media.Damaged):
        raise NotAccepted from None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return kind, path.stat().st_size, digest


def _strip(path: Path, kind: Kind) -> None:
    clean = path.with_name(f"{path.name}.clean")
    strip = pictures.strip_jpeg if kind is JPEG else pictures.strip_png
    try:
        with path.open("rb") as file:
            # Closed when nothing looks at it any more: an error on its way still holds pieces of it.
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        handle = os.open(clean, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            strip(data, out)
        clean.replace(path)
    finally:
        clean.unlink(missing_ok=True)
