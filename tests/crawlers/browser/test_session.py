"""How the browser is started."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import namedtuple
from pathlib import Path
from time import monotonic

import pytest

from crawlers.browser import session
from crawlers.browser.devices import DESKTOP
from crawlers.browser.outcome import PageFailure
from crawlers.browser.session import ROOMY, BrowserGone, BrowserOptions, BrowserSession, unwanted_defaults

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("free", "on_disk"), [(64 << 20, True), (ROOMY, False)])
def test_shared_memory_is_used_where_there_is_room(monkeypatch: pytest.MonkeyPatch, free: int, on_disk: bool) -> None:
    monkeypatch.setattr(session.shutil, "disk_usage", lambda _: Usage(free, 0, free))
    assert ("--disable-dev-shm-usage" not in unwanted_defaults()) is on_disk


def test_without_shared_memory_files_will_do(tmp_path: Path) -> None:
    assert "--disable-dev-shm-usage" not in unwanted_defaults(tmp_path / "none")


@pytest.mark.browser
def test_a_page_is_not_blamed_for_a_browser_that_is_gone() -> None:
    """A navigation that nobody answers ends as a time-out of the page, unless the browser is asked whether it lives."""

    async def visit() -> None:
        browser = BrowserSession(BrowserOptions())
        try:
            await browser.start()
            async with browser.tab("http://one.test", DESKTOP) as tab:
                assert tab.page.context.browser is not None
                await tab.page.context.browser.close()
                raise PageFailure("timeout", "http://one.test/ did not open within 30 s")
        finally:
            await browser.close()

    with pytest.raises(BrowserGone):
        asyncio.run(visit())


@pytest.mark.browser
def test_whoever_waits_for_a_page_hears_at_once_that_its_browser_is_gone(tmp_path: Path) -> None:
    async def visit() -> float:
        silent = await asyncio.start_server(lambda _, __: asyncio.sleep(60), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        browser = BrowserSession(BrowserOptions())
        begun = 0.0
        try:
            await browser.start()
            async with browser.tab("http://127.0.0.1", DESKTOP) as tab:
                going = asyncio.ensure_future(tab.navigate(f"http://127.0.0.1:{port}/", 60))
                await asyncio.sleep(0.5)
                begun = monotonic()
                (running,) = browser._all
                assert running.pid is not None
                os.kill(running.pid, signal.SIGKILL)
                await going
        except BrowserGone:
            return monotonic() - begun
        finally:
            await browser.close()
            silent.close()
        raise AssertionError("a browser that was killed gave a page")

    assert asyncio.run(visit()) < 15
