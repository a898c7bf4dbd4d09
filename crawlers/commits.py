"""Group commit: what many requests bring at about the same time becomes durable together, off the event loop.

Blobs are staged in memory, records wait; one thread at a time writes a group, blobs before the log. Whoever waits for
`commit` goes on when its records are durable, so a request is acknowledged no sooner than before.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from scrapy.crawler import Crawler

from crawlers.captures import Blob, Capture, CaptureStore, Failure
from crawlers.scheduler import writer_of

Record = Capture | Failure
MAX_STAGED = 64 << 20  # bytes that wait in memory; what comes on top of them is written at once
MAX_RECORDS = 256  # of one group, where records are gathered for a while
REMOTE_SECONDS = 5.0  # an object store has a small object a group: gather for so long before each


@dataclass
class _Group:
    done: asyncio.Future[float]
    records: dict[str, list[Record]] = field(default_factory=dict)  # by run
    full: asyncio.Event = field(default_factory=asyncio.Event)
    count: int = 0


class GroupCommit:
    """One a crawl, used in its event loop. `writer` names this process where several crawl one run."""

    def __init__(self, store: CaptureStore, writer: str = "", *, gather_seconds: float | None = None) -> None:
        self.store = store
        self.writer = writer
        self._gather = (0.0 if store.is_local else REMOTE_SECONDS) if gather_seconds is None else gather_seconds
        self._staged: dict[tuple[str, str], Blob] = {}
        self._bytes = 0
        self._open: _Group | None = None
        self._worker: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, crawler: Crawler) -> GroupCommit:
        """The crawler's, made once."""
        found = getattr(crawler, "_gesso_commits", None)
        if found is None:
            store = CaptureStore(crawler.settings["GESSO_STORE"], create=True)
            found = crawler._gesso_commits = cls(store, writer_of(crawler.settings))  # type: ignore[attr-defined]
        return found

    def stage(self, data: bytes, format: str, sha256: str | None = None) -> str:
        """Have bytes stored with the next group; their SHA-256, which may be given where it is known."""
        blob = Blob(sha256 or hashlib.sha256(data).hexdigest(), format, data)
        if self._bytes + len(data) > MAX_STAGED:
            self.store.put_blobs([blob])
        elif (blob.sha256, format) not in self._staged:
            self._staged[blob.sha256, format] = blob
            self._bytes += len(data)
        return blob.sha256

    def unstage(self, sha256: str, format: str) -> None:
        """Forget bytes that are not to be stored after all."""
        blob = self._staged.pop((sha256, format), None)
        self._bytes -= len(blob.data) if blob is not None else 0

    async def commit(self, run_id: str, record: Record) -> float:
        """Return when the record, and whatever was staged before it, is durable, with the time on `monotonic`'s clock.

        Raises StoreFull and OSError.
        """
        if self._open is None:
            self._open = _Group(asyncio.get_running_loop().create_future())
        group = self._open
        group.records.setdefault(run_id, []).append(record)
        group.count += 1
        if group.count >= MAX_RECORDS:
            group.full.set()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())
        return await asyncio.shield(group.done)

    async def _work(self) -> None:
        while self._open is not None:
            await asyncio.sleep(0)  # whatever is ready in this turn of the loop comes along
            if self._gather and self._open is not None and not self._open.full.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._open.full.wait(), self._gather)
            group, self._open = self._open, None
            staged, self._staged, self._bytes = self._staged, {}, 0
            try:
                await asyncio.to_thread(self._write, list(staged.values()), group.records)
            except BaseException as error:
                group.done.set_exception(error if isinstance(error, Exception) else RuntimeError("the crawl has ended"))
                group.done.exception()  # heard, though nobody may be left to hear
                if not isinstance(error, Exception):
                    raise
            else:
                group.done.set_result(monotonic())

    def _write(self, blobs: Sequence[Blob], records: dict[str, list[Record]]) -> None:
        self.store.put_blobs(blobs)
        for run_id, some in records.items():
            self.store.append(run_id, some, writer=self.writer)
