"""What a tab asks of the network: is it idle, what did the document answer, and the images and fonts that came.

Listens to CDP's Network events of one tab. Bodies are asked for after the page has settled, within limits, and the same
address of the same context is asked for once.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import CDPSession, Error

from crawlers.parsers.media import sniff_asset

MAX_ASSET_BYTES = 5 << 20
MAX_PAGE_BYTES = 40 << 20
MAX_ASSETS = 400
MAX_KNOWN = 2000
MAX_URL = 2000
BODY_SECONDS = 5.0
BUFFER_BYTES = 64 << 20
LASTING = frozenset({"WebSocket", "EventSource", "Media", "Ping", "CSPViolationReport"})  # open by design
ASSET_TYPES = frozenset({"Image", "Font"})
ASSET_MIMES = ("image/", "font/", "application/font", "application/x-font", "application/vnd.ms-font")

PutBlob = Callable[[bytes, str], Awaitable[str]]


@dataclass(frozen=True)
class Answer:
    """What the document's server answered: `headers` as (name, value), repeated ones apart."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    mime: str

    def header(self, name: str) -> str:
        """All values of a header joined by commas; "" where there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


@dataclass
class _Asset:
    request: str
    url: str
    mime: str
    cached: bool


@dataclass
class _Visit:
    """State of one page load, dropped as a whole when the next begins. `left` is the loader of the page before."""

    left: str = ""
    open: set[str] = field(default_factory=set)
    last: float = field(default_factory=time.monotonic)
    documents: dict[str, Answer] = field(default_factory=dict)
    waiting: dict[str, _Asset] = field(default_factory=dict)
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    bytes: int = 0
    received: int = 0


class Network:
    """One tab's traffic. Call `begin` before each navigation."""

    def __init__(self, cdp: CDPSession) -> None:
        self._cdp = cdp
        self._visit = _Visit()
        self._known: dict[str, dict[str, Any]] = {}
        for event, handler in (
            ("Network.requestWillBeSent", self._sent),
            ("Network.responseReceived", self._answered),
            ("Network.loadingFinished", self._finished),
            ("Network.loadingFailed", self._failed),
        ):
            cdp.on(event, handler)

    async def enable(self) -> None:
        """Ask for the events. Raises Error."""
        sizes = {"maxTotalBufferSize": BUFFER_BYTES, "maxResourceBufferSize": MAX_ASSET_BYTES}
        await self._cdp.send("Network.enable", sizes)

    def begin(self, left: str = "") -> None:
        """Forget the page before; what its loader still asks for until the next one takes its place is not counted."""
        self._visit = _Visit(left)

    def forget(self) -> None:
        """Forget what is known of assets, too: another site may get other bytes at the same address."""
        self._known.clear()

    @property
    def received(self) -> int:
        """Bytes that came over the wire since `begin`."""
        return self._visit.received

    def origins(self) -> set[str]:
        """The origins of all documents that came, those in frames among them."""
        return {origin_of(answer.url) for answer in self._visit.documents.values()}

    def document(self, loader: str) -> Answer | None:
        """The answer that a loader's document came with."""
        return self._visit.documents.get(loader)

    async def idle(self, quiet: float, at_most: float) -> bool:
        """Wait until nothing was under way for `quiet` seconds; False where `at_most` seconds did not suffice."""
        end = time.monotonic() + at_most
        visit = self._visit
        while visit.open or time.monotonic() - visit.last < quiet:
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(0.01)
        return True

    def busy(self) -> bool:
        """Whether a request is under way just now."""
        return bool(self._visit.open)

    async def assets(self, put: PutBlob) -> dict[str, dict[str, Any]]:
        """URL → {sha256, format, mime, bytes, width?, height?} of everything stored so far."""
        visit = self._visit
        waiting, visit.waiting = visit.waiting, {}
        bodies = await asyncio.gather(*(self._body(asset) for asset in waiting.values()))
        for asset, body in zip(waiting.values(), bodies, strict=True):
            entry = body if isinstance(body, dict) else await self._store(asset, body, put)
            if entry is not None:
                visit.stored[asset.url] = entry
        return visit.stored

    async def still(self, name: str, url: str, put: PutBlob) -> None:
        """Keep a JPEG `data:` URL of what a part of the page shows as an asset of that name; anything else is left."""
        kind, _, body = url.partition(",")
        if kind != "data:image/jpeg;base64" or len(body) > MAX_ASSET_BYTES:
            return
        with contextlib.suppress(binascii.Error, ValueError):
            entry = await self._store(_Asset("", name, "image/jpeg", False), base64.b64decode(body, validate=True), put)
            if entry is not None and entry["format"] == "jpeg":
                self._visit.stored[name] = entry

    async def _store(self, asset: _Asset, body: bytes | None, put: PutBlob) -> dict[str, Any] | None:
        visit = self._visit
        if not body or len(body) > MAX_ASSET_BYTES or visit.bytes + len(body) > MAX_PAGE_BYTES:
            return None
        sniffed = sniff_asset(body)
        if sniffed is None:
            return None
        visit.bytes += len(body)
        entry: dict[str, Any] = {"sha256": await put(body, sniffed.format), "format": sniffed.format}
        entry |= {"mime": asset.mime, "bytes": len(body)}
        if sniffed.width and sniffed.height:
            entry |= {"width": sniffed.width, "height": sniffed.height}
        if asset.request and (asset.url in self._known or len(self._known) < MAX_KNOWN):
            self._known[asset.url] = entry
        return entry

    async def _body(self, asset: _Asset) -> bytes | dict[str, Any] | None:
        if asset.cached and asset.url in self._known:
            return self._known[asset.url]
        try:
            answer = await asyncio.wait_for(
                self._cdp.send("Network.getResponseBody", {"requestId": asset.request}), BODY_SECONDS
            )
        except (Error, TimeoutError):
            return None
        body = answer["body"]
        return base64.b64decode(body) if answer["base64Encoded"] else body.encode("utf-8", "surrogatepass")

    def _sent(self, event: dict[str, Any]) -> None:
        if event.get("type") in LASTING or event["request"]["url"].startswith("data:") or self._late(event):
            return
        self._visit.open.add(event["requestId"])
        self._visit.last = time.monotonic()

    def _answered(self, event: dict[str, Any]) -> None:
        if self._late(event):
            return
        response, kind = event["response"], event.get("type")
        mime = str(response.get("mimeType", "")).lower()[:100]
        if kind == "Document" and len(self._visit.documents) < 100:
            self._visit.documents[event["loaderId"]] = Answer(
                response["url"], int(response["status"]), _headers(response["headers"]), mime
            )
            return
        url = response["url"]
        wanted = kind in ASSET_TYPES or mime.startswith(ASSET_MIMES)
        if not wanted or response["status"] != 200 or url.startswith("data:") or len(url) > MAX_URL:
            return
        visit = self._visit
        if url in visit.stored or url in visit.waiting or len(visit.waiting) + len(visit.stored) >= MAX_ASSETS:
            return
        size = next((v for k, v in response["headers"].items() if k.lower() == "content-length"), "")
        if not (size.isdigit() and int(size) > MAX_ASSET_BYTES):
            cached = bool(response.get("fromDiskCache"))
            visit.waiting[url] = _Asset(event["requestId"], url, mime, cached)

    def _late(self, event: dict[str, Any]) -> bool:
        """Whether the page before is still asking."""
        return bool(self._visit.left) and event.get("loaderId") == self._visit.left

    def _finished(self, event: dict[str, Any]) -> None:
        self._visit.received += int(event.get("encodedDataLength", 0))
        self._end(event)

    def _failed(self, event: dict[str, Any]) -> None:
        self._end(event)

    def _end(self, event: dict[str, Any]) -> None:
        self._visit.open.discard(event["requestId"])
        self._visit.last = time.monotonic()


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


def _headers(given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """CDP joins repeated headers by newlines."""
    return tuple((name, value) for name, joined in given.items() for value in str(joined).split("\n"))
