"""The C2PA training-and-data-mining assertion in an image's bytes: JPEG APP11, PNG caBX, WebP C2PA chunks.

A bounded reader of JUMBF boxes and of the little CBOR that the assertion is written in. Nothing is verified: what the
image says of itself is evidence enough to leave it alone.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from crawlers.captures import Signal

SOURCE = "C2PA training-mining"
LABELS = ("c2pa.training-mining", "cawg.training-mining")
TRAINING = ("ai_training", "ai_generative_training", "data_mining")
MAX_MANIFEST = 8 << 20
MAX_BOXES = 20_000
MAX_DEPTH = 12
MAX_ITEMS = 10_000
MAX_EVIDENCE = 300


def image_signals(data: bytes) -> tuple[Signal, ...]:
    """The assertions of an image about training; none for an image without any, whatever its bytes are."""
    found = []
    for store in _manifests(data):
        for label, payload in _assertions(store):
            uses = _uses(payload)
            refused = any(
                use in ("notallowed", "constrained") for name, use in uses if name.rpartition(".")[2] in TRAINING
            )
            said = ", ".join(f"{name}={use}" for name, use in uses) or "unreadable"
            effect = "disallow" if refused or not uses else "allow"
            found.append(Signal(source=SOURCE, evidence=f"{label}: {said}"[:MAX_EVIDENCE], effect=effect))
    found.sort(key=lambda signal: signal.effect != "disallow")
    return tuple(found[:20])


def _manifests(data: bytes) -> Iterator[bytes]:
    """The JUMBF bytes of an image, put together from its segments."""
    if data.startswith(b"\xff\xd8"):
        yield from _jpeg(data)
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        yield from _png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _webp(data)


def _jpeg(data: bytes) -> Iterator[bytes]:
    parts: dict[bytes, list[bytes]] = {}
    at = 2
    total = 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 1:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xDA, 0xD9):
            break
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + size]
        if marker == 0xEB and body[:2] == b"JP" and len(body) > 16 and total < MAX_MANIFEST:
            instance = body[2:4]
            pieces = parts.setdefault(instance, [])
            pieces.append(body[8:] if not pieces else body[16:])  # later ones repeat the box's length and type
            total += len(body)
        at += 2 + max(size, 2)
    for pieces in parts.values():
        yield b"".join(pieces)


def _png(data: bytes) -> Iterator[bytes]:
    at = 8
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind == b"caBX":
            yield data[at + 8 : at + 8 + min(size, MAX_MANIFEST)]
        at += 12 + size


def _webp(data: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"C2PA":
            yield data[at + 8 : at + 8 + min(size, MAX_MANIFEST)]
        at += 8 + size + size % 2


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of the contents of each box."""
    while start + 8 <= end:
        size, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        head = 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head:
            return
        yield kind, start + head, min(start + size, end)
        start += size


def _assertions(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(label, payload) of every training-mining assertion in nested JUMBF boxes."""
    stack = [(0, len(data), 0)]
    budget = MAX_BOXES
    while stack:
        start, end, depth = stack.pop()
        label = ""
        for kind, begin, stop in _boxes(data, start, end):
            budget -= 1
            if budget < 0:
                return
            if kind == b"jumd":
                label = _label(data[begin : min(stop, begin + 300)])
            elif kind == b"jumb" and depth < MAX_DEPTH:
                stack.append((begin, stop, depth + 1))
            elif kind in (b"cbor", b"json") and label.partition("__")[0].startswith(LABELS):
                yield label[:60], data[begin:stop]


def _label(description: bytes) -> str:
    if len(description) < 18 or not description[16] & 2:
        return ""
    return description[17:].partition(b"\0")[0].decode("utf-8", "replace")


def _uses(payload: bytes) -> list[tuple[str, str]]:
    """(entry, use) pairs of an assertion, in lower case."""
    try:
        value = json.loads(payload) if payload[:1] == b"{" else _Cbor(payload).read()
    except (ValueError, RecursionError, IndexError, struct.error):
        return []
    entries = value.get("entries") if isinstance(value, dict) else None
    if not isinstance(entries, dict):
        return []
    found = []
    for name, entry in list(entries.items())[:50]:
        use = entry.get("use") if isinstance(entry, dict) else entry
        if isinstance(name, str) and isinstance(use, str):
            found.append((name[:100], use[:50].lower().replace("_", "").replace("-", "")))
    return found


class _Cbor:
    """Reads one CBOR value. Raises ValueError or IndexError for what is none, or too deep, or too much."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.items = 0

    def read(self, depth: int = 0) -> Any:
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            raise ValueError("too much")
        first = self.data[self.at]
        self.at += 1
        major, info = first >> 5, first & 31
        if major == 7:
            return self._simple(info)
        if info == 31:
            return self._indefinite(major, depth)
        number = self._number(info)
        if major in (0, 1):
            return number if major == 0 else -1 - number
        if major in (2, 3):
            raw = self._take(number)
            return raw if major == 2 else raw.decode("utf-8", "replace")
        if major == 4:
            return [self.read(depth + 1) for _ in range(min(number, MAX_ITEMS + 1))]
        if major == 5:
            return {self._key(depth): self.read(depth + 1) for _ in range(min(number, MAX_ITEMS + 1))}
        return self.read(depth + 1)  # a tag says more of the value than we need

    def _key(self, depth: int) -> Any:
        key = self.read(depth + 1)
        return key if isinstance(key, str | int | bytes) else repr(type(key))

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise ValueError("no length")
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    def _take(self, number: int) -> bytes:
        if self.at + number > len(self.data):
            raise ValueError("cut off")
        self.at += number
        return self.data[self.at - number : self.at]

    def _simple(self, info: int) -> Any:
        if info in (20, 21):
            return info == 21
        if 24 <= info <= 27:
            self._take(1 << (info - 24))
        elif info == 31:
            raise ValueError("a break out of place")
        return None

    def _indefinite(self, major: int, depth: int) -> Any:
        if major not in (2, 3, 4, 5):
            raise ValueError("no length")
        values = []
        while self.data[self.at] != 0xFF:
            values.append((self._key(depth), self.read(depth + 1)) if major == 5 else self.read(depth + 1))
        self.at += 1
        if major == 5:
            return dict(values)
        if major == 4:
            return values
        if major == 2:
            return b"".join(value for value in values if isinstance(value, bytes))
        return "".join(value for value in values if isinstance(value, str))
