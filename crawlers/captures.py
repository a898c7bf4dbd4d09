"""The capture store: what a crawl leaves behind, and the only thing that curation reads of it.

A store is a folder at any fsspec URL: `blobs/ab/<sha256>.<ext>` holds original bytes, write-once; `log/<run>.jsonl` one
capture a line; `failures/<run>.jsonl` one typed failure a line. Both logs are append-only; `compact()` turns the
capture log into Parquet. `mended/<run>.jsonl` says which failures a later try made good; `takedowns.jsonl` what may be
neither shown nor fetched again. No Scrapy and no browser here.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import fsspec
from pydantic import ValidationError

from crawlers import durable
from crawlers.errors import CannotGoOn, GessoError
from crawlers.places import is_local, make_folder
from crawlers.records import Capture, Damage, Failure, Image, Listing, Page, Rights, Section, Signal, View
from crawlers.takedowns import NAME as TAKEDOWNS
from crawlers.takedowns import Takedown, Takedowns, parse_takedowns

__all__ = [
    "Blob", "Capture", "CaptureStore", "Damage", "Failure", "Image", "Listing", "Page", "Rights", "Section", "Signal",
    "StoreError", "StoreFull", "View", "capture_id", "failure_id", "now", "texts_of",
]  # fmt: skip

FORM_FACTORS = ("phone", "sevenInch", "tenInch", "tv", "wear", "desktop", "tablet")
EXTENSIONS = {"jpeg": "jpg", "dom": "json.gz"}  # where the extension is not the format's own name
REMOTE_PUTS = 16  # objects that are sent to an object store at once


class StoreError(GessoError):
    """The store is missing, empty or not one of ours."""


class StoreFull(StoreError, CannotGoOn):
    """No room left where the store lies."""


@dataclass(frozen=True)
class Blob:
    """Bytes that a store is to hold under their SHA-256; `format` decides the extension."""

    sha256: str
    format: str
    data: bytes


R = TypeVar("R", Capture, Failure)


def capture_id(source: str, identity: str, view: View, image_sha256: str) -> str:
    """24 hex digits, a pure function of what was captured, so that a repeat is no duplicate.

    `identity` is the canonical URL of a page, or `app_id/locale/position` of a listing's screenshot.
    """
    key = [source, identity, view.model_dump(mode="json"), image_sha256]
    return hashlib.sha256(json.dumps(key, separators=(",", ":")).encode()).hexdigest()[:24]


def texts_of(listing: Listing) -> bytes:
    """What an app's screenshots have in common, as the store spiders keep it once beside them: a blob of JSON."""
    return listing.model_copy(update={"position": 0}).model_dump_json().encode()


def failure_id(source: str, identity: str, kind: str) -> str:
    """24 hex digits, so that the same failure met twice in a run is one."""
    return hashlib.sha256(json.dumps([source, identity, kind]).encode()).hexdigest()[:24]


def now() -> datetime:
    """UTC with whole seconds: finer would suggest an accuracy nobody has."""
    return datetime.now(UTC).replace(microsecond=0)


class CaptureStore:
    """Reads and writes one store. Writing is safe against kill -9: a blob is whole or absent, a log line whole or torn.

    Raises StoreError where the place is not a store or holds a line that is not ours.
    """

    def __init__(self, url: str, *, create: bool = False) -> None:
        self.url = str(url)
        try:
            self.fs, root = fsspec.core.url_to_fs(self.url)
            self.root = root.rstrip("/")
            self.is_local = is_local(self.fs)
            if create:
                for folder in ("blobs", "log", "failures"):
                    make_folder(self.fs, f"{self.root}/{folder}")
            there = create or self.fs.exists(self.root)
        except Exception as error:  # every file system of fsspec has errors of its own
            why = " ".join(str(error).split())[:160]
            hint = "see the URL, its credentials and its package"
            raise StoreError(f"the capture store at {self.url} cannot be reached ({why}): {hint}") from error
        if not there:
            raise StoreError(f"no capture store at {self.url}: crawl first, or name another with --home")

    def blob_path(self, sha256: str, format: str) -> str:
        return f"{self.root}/blobs/{sha256[:2]}/{sha256}.{EXTENSIONS.get(format, format)}"

    @contextlib.contextmanager
    def _room_for(self, size: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise StoreFull(
                f"no room in {self.url} for {size / 2**20:.1f} MiB more ({error.strerror}): make room, then the same "
                "command goes on"
            ) from None

    def put_blob(self, data: bytes, format: str) -> str:
        """Store bytes once under their SHA-256 and return it; durable when this returns."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.put_blobs([Blob(sha256, format, data)])
        return sha256

    def put_blobs(self, blobs: Sequence[Blob]) -> None:
        """Store many at once; when this returns, all of them are durable. Raises StoreFull without room."""
        absent = {self.blob_path(blob.sha256, blob.format): blob.data for blob in blobs}
        for path, data in list(absent.items()):
            if self._has(path, len(data)):
                del absent[path]
        if not absent:
            return
        if not self.is_local:  # object stores put a whole object or none
            with ThreadPoolExecutor(REMOTE_PUTS) as pool:
                list(pool.map(self.fs.pipe_file, absent, absent.values()))
            return
        with self._room_for(sum(map(len, absent.values()))):
            durable.write_all([(Path(path), data) for path, data in absent.items()])

    def _has(self, path: str, size: int) -> bool:
        if not self.is_local:
            return bool(self.fs.exists(path)) and self.fs.size(path) == size
        try:
            return os.stat(path).st_size == size  # noqa: PTH116 - asked for every image
        except FileNotFoundError:
            return False

    def read_blob(self, sha256: str, format: str) -> bytes:
        """The bytes, checked against their name. Raises StoreError where they are missing or altered."""
        path = self.blob_path(sha256, format)
        try:
            data: bytes = self.fs.cat_file(path)
        except FileNotFoundError:
            raise StoreError(f"blob {sha256[:12]}….{format} is missing from {self.url}: crawl it again") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(f"blob {sha256[:12]}….{format} in {self.url} is altered: delete it and crawl it again")
        return data

    def read_image(self, capture: Capture) -> bytes:
        return self.read_blob(capture.image.sha256, capture.image.format)

    def append(self, run_id: str, records: Iterable[Capture | Failure], *, writer: str = "") -> None:
        """Make records durable in the run's logs. Blobs must be stored before the captures that name them.

        Where several processes crawl one run, each names itself as `writer` and has a log of its own.
        """
        lines: dict[str, list[str]] = {"log": [], "failures": []}
        for record in records:
            folder = "log" if isinstance(record, Capture) else "failures"
            lines[folder].append(record.model_dump_json() + "\n")
        for folder, batch in lines.items():
            if batch:
                self._append_bytes(
                    f"{self.root}/{folder}/{run_id}{'.' if writer else ''}{writer}", "".join(batch).encode()
                )

    def _append_bytes(self, stem: str, data: bytes) -> None:
        if not self.is_local:  # no append on object stores: one small object a batch, read back in name order
            self.fs.pipe_file(f"{stem}.{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:6]}.jsonl", data)
            return
        with self._room_for(len(data)):
            durable.append(Path(f"{stem}.jsonl"), data)

    def _read_log(self, folder: str, model: type[R], run_id: str | None) -> Iterator[R]:
        seen: set[str] = set()
        key = "capture_id" if model is Capture else "failure_id"
        for path in sorted(self.fs.glob(f"{self.root}/{folder}/{run_id or ''}*.jsonl")):
            if run_id is not None and PurePosixPath(path).name.split(".")[0] != run_id:
                continue
            for record in self._read_lines(path, model):
                identity = getattr(record, key)
                if identity not in seen:
                    seen.add(identity)
                    yield record

    def _read_lines(self, path: str, model: type[R]) -> Iterator[R]:
        """The records of one log, a line at a time: a large run's log does not fit into memory twice."""
        with self.fs.open(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    fields: dict[str, Any] = json.loads(line)
                except ValueError:
                    continue  # empty, or torn by a kill; what it described is fetched again
                try:
                    yield model.model_validate(fields)
                except ValidationError as error:
                    what = error.errors()[0]
                    raise StoreError(
                        f"{path}:{number} is not a {model.__name__.lower()} ({'.'.join(map(str, what['loc']))}: "
                        f"{what['msg']}): it was written by another version; crawl into a new --home"
                    ) from None

    def captures(
        self, run_id: str | None = None, *, taken_down: bool = False, damaged: bool = False
    ) -> Iterator[Capture]:
        """Every capture once, in log order, of one run or of all.

        Those taken down, and those damaged on purpose, only where they are asked for: neither is for a dataset.
        """
        gone = Takedowns() if taken_down else self.takedowns()
        for capture in self._read_log("log", Capture, run_id):
            if capture.damage is not None and not damaged:
                continue
            if not (gone and gone.holds(capture.site, capture.capture_id)):
                yield capture

    def failures(self, run_id: str | None = None, *, mended: bool = False) -> Iterator[Failure]:
        """Every failure once, in log order, of one run or of all; without those that a later try has mended."""
        made_good = {} if mended else self._mended(run_id)
        for failure in self._read_log("failures", Failure, run_id):
            at = made_good.get((failure.run_id, failure.url))
            if at is None or failure.failed_at > at:
                yield failure

    def mend(self, run_id: str, url: str, *, writer: str = "") -> None:
        """Note that what failed for a URL has since been captured; the failures stay in the log as history."""
        if self.is_local:
            self.fs.makedirs(f"{self.root}/mended", exist_ok=True)
        line = json.dumps({"url": url, "at": now().isoformat()}) + "\n"
        self._append_bytes(f"{self.root}/mended/{run_id}{'.' if writer else ''}{writer}", line.encode())

    def _mended(self, run_id: str | None) -> dict[tuple[str, str], datetime]:
        found: dict[tuple[str, str], datetime] = {}
        for path in self.fs.glob(f"{self.root}/mended/{run_id or ''}*.jsonl"):
            run = PurePosixPath(path).name.split(".")[0]
            for line in self.fs.cat_file(path).split(b"\n"):
                with contextlib.suppress(ValueError, KeyError):
                    fields = json.loads(line)
                    key, at = (run, fields["url"]), datetime.fromisoformat(fields["at"])
                    found[key] = max(at, found.get(key, at))
        return found

    def takedowns(self) -> Takedowns:
        """What may be neither shown nor fetched again."""
        path = f"{self.root}/{TAKEDOWNS}"
        return parse_takedowns(self.fs.cat_file(path)) if self.fs.exists(path) else Takedowns()

    def takedowns_size(self) -> int:
        """Bytes of the list, which only grows: whether it has changed is asked more often than what it says."""
        path = f"{self.root}/{TAKEDOWNS}"
        try:
            return os.stat(path).st_size if self.is_local else int(self.fs.size(path) or 0)  # noqa: PTH116 - as in _has
        except FileNotFoundError:
            return 0

    def state(self) -> list[tuple[str, ...]]:
        """What tells one state of the logs from another: names, sizes and times, or an object store's tags."""
        found = []
        for path in (*sorted(self.fs.glob(f"{self.root}/log/*.jsonl")), f"{self.root}/{TAKEDOWNS}"):
            if self.fs.exists(path):
                about = self.fs.info(path)
                marks = (about.get(name, "") for name in ("size", "mtime", "ETag", "etag", "LastModified", "updated"))
                found.append((path, *map(str, marks)))
        return found

    def take_down(self, takedown: Takedown) -> None:
        """Add to the list, durably."""
        if self.is_local:
            self._append_bytes(f"{self.root}/{TAKEDOWNS.removesuffix('.jsonl')}", takedown.line().encode())
            return
        path = f"{self.root}/{TAKEDOWNS}"  # short, and rarely added to: written anew
        self.fs.pipe_file(path, (self.fs.cat_file(path) if self.fs.exists(path) else b"") + takedown.line().encode())

    def runs(self) -> list[str]:
        """Names of the runs that left a log, sorted."""
        paths = [p for folder in ("log", "failures") for p in self.fs.glob(f"{self.root}/{folder}/*.jsonl")]
        return sorted({PurePosixPath(p).name.split(".")[0] for p in paths})

    def compact(self) -> str:
        """Write `captures.parquet`: every capture once, one row each, nested fields as structs. Returns its path."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        # Metadata has other fields, of other types, from one source to the next: as text it is one column.
        rows = [{**c.model_dump(mode="json"), "metadata": json.dumps(c.metadata)} for c in self.captures()]
        if not rows:
            raise StoreError(f"the capture store at {self.url} is empty: crawl first")
        path = f"{self.root}/captures.parquet"
        aside = f"{path}.{uuid.uuid4().hex}.part"  # of its own: the shards of a run may be done together
        with self.fs.open(aside, "wb") as out:
            pq.write_table(pa.Table.from_pylist(rows), out, compression="zstd")
        self.fs.mv(aside, path)
        return path
