"""How the browser is started."""

from __future__ import annotations

import asyncio
from collections import namedtuple
from pathlib import Path

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
