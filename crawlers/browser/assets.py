"""The images and fonts that a page loaded, stored as blobs, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Error, Page, Response

from crawlers.parsers.media import sniff_asset

MAX_ASSET_BYTES = 5 << 20
MAX_PAGE_BYTES = 40 << 20
MAX_ASSETS = 400
BODY_SECONDS = 5.0


class Assets:
    """Listens to a page's responses; `stored` fetches and stores the bodies that arrived since it was last asked."""

    def __init__(self, page: Page, put: Callable[[bytes, str], Awaitable[str]]) -> None:
        self._put = put
        self._waiting: dict[str, Response] = {}
        self._stored: dict[str, dict[str, Any]] = {}
        self._bytes = 0
        page.on("response", self._seen)

    def _seen(self, response: Response) -> None:
        url = response.url
        if url.startswith("data:") or len(url) > 2000 or url in self._stored or len(self._waiting) >= MAX_ASSETS:
            return
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        wanted = kind.startswith(
            ("image/", "font/", "application/font", "application/x-font", "application/vnd.ms-font")
        )
        if response.status == 200 and (wanted or response.request.resource_type in ("image", "font")):
            self._waiting.setdefault(url, response)

    async def stored(self) -> dict[str, dict[str, Any]]:
        """URL → {sha256, format, mime, bytes, width?, height?} of everything stored so far."""
        waiting, self._waiting = self._waiting, {}
        bodies = await asyncio.gather(*(_body(response) for response in waiting.values()))
        for (url, response), body in zip(waiting.items(), bodies, strict=True):
            if not body or len(body) > MAX_ASSET_BYTES or self._bytes + len(body) > MAX_PAGE_BYTES:
                continue
            sniffed = sniff_asset(body)
            if sniffed is None:
                continue
            self._bytes += len(body)
            mime = response.headers.get("content-type", "").split(";")[0].strip().lower()[:100]
            entry: dict[str, Any] = {"sha256": await self._put(body, sniffed.format), "format": sniffed.format}
            entry |= {"mime": mime, "bytes": len(body)}
            if sniffed.width and sniffed.height:
                entry |= {"width": sniffed.width, "height": sniffed.height}
            self._stored[url] = entry
        return self._stored


async def _body(response: Response) -> bytes | None:
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_ASSET_BYTES:
        return None
    try:
        return await asyncio.wait_for(response.body(), BODY_SECONDS)
    except (Error, TimeoutError):
        return None
