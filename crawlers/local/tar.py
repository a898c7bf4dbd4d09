"""WebDataset tars: samples are members that share a name up to its first dot, read in a row and never unpacked."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from crawlers.local.entries import IMAGES, MAX_SIDECAR, Entry, EntryError, encoded, metadata
from crawlers.parsers.media import MAX_IMAGE_BYTES

MAX_HEADER = 1 << 20  # bytes of a long name or of pax records
MAX_MEMBERS = 64  # of one sample
METADATA = ("json", "txt")


@dataclass
class _Sample:
    """What has been read of one sample."""

    key: str
    start: int
    entries: list[Entry] = field(default_factory=list)
    row: dict[str, Any] = field(default_factory=dict)
    members: int = 0
    problem: EntryError | None = None


@dataclass(frozen=True)
class Mark:
    """Where the next sample begins, so that another piece can go on there."""

    offset: int


class _Bounded:
    """A file whose single reads are bounded: a header that claims gigabytes is not believed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.tell, self.seek = file.tell, file.seek

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > MAX_IMAGE_BYTES + tarfile.BLOCKSIZE:
            raise EntryError(f"a header of the tar claims {size} bytes", "bad_tar")
        return self._file.read(size)


def read_tar(file: IO[bytes], name: str, *, start: int = 0, samples: int = 1 << 60) -> Iterator[Entry | Mark]:
    """The images of at most so many samples from a position on, then a Mark where there are more.

    A member that cannot be taken is an entry with its problem. Raises EntryError (bad_tar) where the tar cannot be
    read on; what came before stands.
    """
    sample: _Sample | None = None
    done = 0
    for member, data in _members(file, start):
        key, _, suffix = posixpath.basename(member.name).partition(".")
        key = posixpath.join(posixpath.dirname(member.name), key)
        if sample is None or key != sample.key:
            if sample is not None:
                yield from _entries(sample, name)
                done += 1
                if done == samples:
                    yield Mark(_begin(member))
                    return
            sample = _Sample(key, _begin(member))
        _add(sample, member, suffix.lower(), data)
    if sample is not None:
        yield from _entries(sample, name)


def _begin(member: tarfile.TarInfo) -> int:
    """The position of a member's first header: its long name's or pax records', where it has them."""
    return int(member.offset)


def _members(file: IO[bytes], start: int) -> Iterator[tuple[tarfile.TarInfo, bytes | EntryError]]:
    file.seek(start)
    try:
        with tarfile.open(fileobj=_Bounded(file), mode="r:") as tar:  # type: ignore[call-overload]
            while (member := tar.next()) is not None:
                tar.members = []  # else every header stays in memory
                if not member.isdir():
                    yield member, _read(tar, member)
            end = int(tar.offset)
        file.seek(end)
        if file.read(tarfile.BLOCKSIZE).strip(b"\0"):  # tarfile takes a header it cannot read for the end
            raise EntryError(f"the tar is damaged at byte {end}", "bad_tar")
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError, RecursionError) as error:
        raise EntryError(f"the tar cannot be read ({type(error).__name__}: {str(error)[:80]})", "bad_tar") from None


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | EntryError:
    shown = encoded(member.name)[:200]
    parts = member.name.replace("\\", "/").split("/")
    if member.name.startswith(("/", "\\")) or ".." in parts or "\0" in member.name or len(member.name) > 1000:
        return EntryError(f"{shown} leads out of the tar", "outside")
    if not member.isreg():
        return EntryError(f"{shown} is no regular file but a {_kind(member)}", "not_a_file")
    if member.issparse():
        return EntryError(f"{shown} is a sparse file", "not_a_file")
    if member.size > MAX_IMAGE_BYTES:
        return EntryError(f"{shown} claims {member.size} bytes", "too_large")
    stream = tar.extractfile(member)
    data = stream.read() if stream is not None else b""
    if len(data) != member.size:
        return EntryError(f"{shown} is cut: {len(data)} of {member.size} bytes", "truncated")
    return data


def _kind(member: tarfile.TarInfo) -> str:
    return "link" if member.issym() or member.islnk() else "device" if member.isdev() else "special member"


def _add(sample: _Sample, member: tarfile.TarInfo, suffix: str, data: bytes | EntryError) -> None:
    sample.members += 1
    last = suffix.rpartition(".")[2]
    name = encoded(member.name)
    if sample.members > MAX_MEMBERS:
        sample.problem = EntryError(f"a sample of more than {MAX_MEMBERS} members", "too_many")
    elif isinstance(data, EntryError):
        sample.entries.append(Entry(name, problem=data))
    elif last in IMAGES:
        sample.entries.append(Entry(name, data))
    elif last in METADATA:
        try:
            if len(data) > MAX_SIDECAR:
                raise EntryError(f"its .{last} has {len(data)} bytes", "too_large")
            sample.row.update(metadata(last, data))
        except EntryError as error:
            sample.problem = error


def _entries(sample: _Sample, name: str) -> Iterator[Entry]:
    inside = posixpath.dirname(sample.key)
    group = f"{name}/{encoded(inside)}" if inside else ""
    for entry in sample.entries:
        problem = entry.problem or sample.problem
        yield Entry(f"{name}/{entry.name}", b"" if problem else entry.data, sample.row, problem, group)
    if sample.problem is not None and not sample.entries:
        yield Entry(f"{name}/{encoded(sample.key)}", problem=sample.problem)
