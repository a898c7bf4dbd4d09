"""A tab whose page does not answer: because its renderer is gone, because another document came, or for no reason."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Error

from crawlers.browser.outcome import failure_of
from crawlers.browser.tab import Tab


async def asked(*, moves: int = 0, crashes: bool = False) -> None:
    """Ask a tab what it never answers, while this many documents come."""
    tab = Tab.__new__(Tab)
    tab.moves, tab.crashed, tab._crashed = 1, False, asyncio.get_running_loop().create_future()

    async def never() -> None:
        tab.moves += moves
        if crashes:
            tab.crashed = True
            tab._crashed.set_result(None)
        await asyncio.sleep(60)

    await tab.alive(never(), 0.05)


def test_a_page_that_does_not_answer_is_late() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(asked())


def test_a_page_that_led_elsewhere_meanwhile_has_moved() -> None:
    with pytest.raises(Error) as told:
        asyncio.run(asked(moves=2))
    assert failure_of("http://a.test/", told.value).kind == "moved"


def test_a_page_whose_renderer_is_gone_has_crashed() -> None:
    with pytest.raises(Error, match="crashed"):
        asyncio.run(asked(moves=1, crashes=True))
