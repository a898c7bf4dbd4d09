"""What a tab counts as a page's own traffic, from the events that Chromium sends."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

from crawlers.browser.network import Network
from tests.crawlers.conftest import picture


class Events:
    """Stands for CDP: keeps the listeners, answers with one body."""

    def __init__(self) -> None:
        self.listeners: dict[str, Callable[[dict[str, Any]], None]] = {}

    def on(self, name: str, listener: Callable[[dict[str, Any]], None]) -> None:
        self.listeners[name] = listener

    async def send(self, method: str, _: dict[str, Any]) -> dict[str, Any]:
        assert method == "Network.getResponseBody"
        return {"body": base64.b64encode(picture()).decode(), "base64Encoded": True}

    def image(self, loader: str, url: str, *, cached: bool = False) -> None:
        """A picture that a document's loader asked for, and got."""
        told = {"requestId": url, "loaderId": loader, "type": "Image"}
        response = {"url": url, "status": 200, "headers": {}, "mimeType": "image/png", "fromDiskCache": cached}
        self.listeners["Network.requestWillBeSent"]({**told, "request": {"url": url}})
        self.listeners["Network.responseReceived"]({**told, "response": response})
        self.listeners["Network.loadingFinished"]({**told, "encodedDataLength": 1})


async def put(data: bytes, format: str) -> str:
    return f"{len(data)}.{format}"


def test_what_the_page_before_still_asks_for_is_not_counted() -> None:
    events = Events()
    network = Network(events)  # type: ignore[arg-type]
    network.begin("old")
    events.listeners["Network.requestWillBeSent"](
        {"requestId": "hung", "loaderId": "old", "type": "Image", "request": {"url": "http://a.test/hung.png"}}
    )
    assert not network.busy()
    events.image("old", "http://a.test/late.png")
    events.image("new", "http://b.test/own.png")
    assert list(asyncio.run(network.assets(put))) == ["http://b.test/own.png"]


def test_another_site_learns_nothing_of_what_is_known() -> None:
    events = Events()
    network = Network(events)  # type: ignore[arg-type]
    url = "http://cdn.test/same.png"
    network.begin()
    events.image("one", url)
    known = asyncio.run(network.assets(put))[url]
    network.begin()
    events.image("two", url, cached=True)
    assert asyncio.run(network.assets(put))[url] is known
    network.forget()
    network.begin()
    events.image("three", url, cached=True)
    assert asyncio.run(network.assets(put))[url] is not known
