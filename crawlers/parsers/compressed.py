"""Streams that unpack within limits: gzip and xz by their magic bytes, anything else as it is."""

from __future__ import annotations

import io
import lzma
import zlib
from typing import Protocol

from crawlers.parsers.errors import StorePayloadError

MAX_UNPACKED = 1 << 30
RATIO_FROM = 16 << 20  # bytes; below it, no ratio is suspicious
MAX_RATIO = 200  # catalogues pack about 10 to 20 times
PIECE = 1 << 16
XZ_MEMORY = 128 << 20
GZIP, XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class Unpacked(io.RawIOBase):
    """A readable stream of packed bytes' content. Reading raises StorePayloadError: bomb, too_large or bad_payload."""

    def __init__(self, data: bytes, *, most: int = MAX_UNPACKED) -> None:
        super().__init__()
        self._data = data
        self._at = 0
        self._given = 0
        self._most = most
        self._kind = "gzip" if data.startswith(GZIP) else "xz" if data.startswith(XZ) else ""
        self._unpacker = self._begin()
        self._ended = False

    def _begin(self) -> _Decompressor | None:
        if self._kind == "gzip":
            return _Gzip()
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY) if self._kind == "xz" else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self._next(len(buffer))
        buffer[: len(piece)] = piece
        self._given += len(piece)
        if self._given > self._most:
            raise StorePayloadError(f"it unpacks to more than {self._most} bytes", "too_large")
        if self._kind and self._given > RATIO_FROM and self._given > MAX_RATIO * len(self._data):
            raise StorePayloadError(f"{len(self._data)} bytes unpack to more than {MAX_RATIO} times as many", "bomb")
        return len(piece)

    def _next(self, wanted: int) -> bytes:
        if self._unpacker is None:
            piece = self._data[self._at : self._at + wanted]
            self._at += len(piece)
            return piece
        while not self._ended:
            fed = b""
            if getattr(self._unpacker, "needs_input", True):
                fed = self._data[self._at : self._at + PIECE]
                self._at += len(fed)
            try:
                piece = self._unpacker.decompress(fed, wanted)
            except (zlib.error, lzma.LZMAError, EOFError, MemoryError, ValueError) as error:
                raise StorePayloadError(f"it is damaged {self._kind} ({type(error).__name__})") from None
            self._ended = bool(getattr(self._unpacker, "eof", False))
            if piece:
                return piece
            if not fed and not self._ended:
                raise StorePayloadError(f"it is cut: its {self._kind} has no end")
        return b""


class _Gzip:
    """zlib's decompressor in the shape of lzma's: it keeps what it has not read yet."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self._rest = b""

    @property
    def needs_input(self) -> bool:
        return not self._rest

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    def decompress(self, data: bytes, max_length: int = PIECE) -> bytes:
        piece = self._zlib.decompress(self._rest + data, max_length)
        self._rest = self._zlib.unconsumed_tail
        return piece


def unpack(data: bytes, *, most: int = MAX_UNPACKED) -> io.BufferedReader:
    """A buffered stream of the content."""
    return io.BufferedReader(Unpacked(data, most=most), PIECE)
