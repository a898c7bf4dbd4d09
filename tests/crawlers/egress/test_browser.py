"""A real Chromium behind the guard: pages cannot reach what the guard refuses, by any road that a page has."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Error, ProxySettings, async_playwright

from crawlers.browser.find import require_chromium
from tests.crawlers.egress.conftest import guarding, serving

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><title>page</title>
<img src="http://127.0.0.1:{inner}/img"><iframe src="http://localhost:{inner}/frame"></iframe>
<iframe src="file:///etc/passwd"></iframe><img src="/away">
<script>
  window.done = Promise.allSettled([
    fetch("http://127.0.0.1:{inner}/fetch", {{mode: "no-cors"}}).then(r => r.status),
    fetch("http://[::1]:{inner}/six", {{mode: "no-cors"}}),
    new Promise((yes, no) => {{
      const socket = new WebSocket("ws://127.0.0.1:{inner}/ws");
      socket.onopen = yes; socket.onerror = no;
    }}),
    fetch("/same").then(r => r.text()),
  ]).then(all => all.map(one => one.value ?? one.status));
</script>"""


def test_a_page_reaches_the_public_web_only() -> None:
    async def test() -> None:
        met: list[bytes] = []
        ports: list[int] = []

        async def inner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            met.append(await reader.readline())

        async def outer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET /away "):
                where = f"http://169.254.169.254:{ports[0]}/"
                writer.write(f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            body = b"mine" if head.startswith(b"GET /same ") else PAGE.format(inner=ports[0]).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + body)

        async with serving(inner) as inner_port, serving(outer) as port, guarding(port) as guard:
            ports.append(inner_port)
            async with async_playwright() as driver:
                browser = await driver.chromium.launch(
                    executable_path=require_chromium(), proxy=ProxySettings(server=guard.address)
                )
                page = await browser.new_page()
                await page.goto(f"http://127.0.0.1:{port}/")
                done = await page.evaluate("window.done")
                refused = await page.goto(f"http://127.0.0.1:{inner_port}/")
                with pytest.raises(Error, match="TUNNEL"):
                    await page.goto(f"https://127.0.0.1:{inner_port}/")
                await browser.close()
            assert done[2:] == ["rejected", "mine"]
            assert refused is not None
            assert (refused.status, refused.headers["x-gesso-egress"][:7]) == (403, "egress;")
            outcome = guard.outcome(f"https://127.0.0.1:{inner_port}/")
            assert outcome is not None
            assert outcome.kind == "egress"
            assert not met, "nothing may have reached the port that is not allowed"

    asyncio.run(asyncio.wait_for(test(), 60))
