"""Browsers that live as long as they are fit: started once, replaced every 100 pages, killed when they hang.

A `BrowserSession` belongs to one event loop; the number of pages open at once is bounded. `page()` hands out a fresh
context with one page in it and closes both whatever happens. `tab(host)` hands out a tab for a visit and, where the
visit went well, keeps it for the next one, of the same host if there is such: without cookies and storage.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Playwright,
    ProxySettings,
    ViewportSize,
    async_playwright,
)

from crawlers.browser import processes
from crawlers.browser.devices import Viewport
from crawlers.browser.find import BrowserNotFound, require_chromium
from crawlers.browser.tab import Tab, Theme
from crawlers.errors import GessoError

FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=Translate,OptimizationHints,MediaRouter,BackForwardCache",
    "--js-flags=--max-old-space-size=1024",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--mute-audio",
    "--disable-quic",  # nothing may go round the proxy: neither by UDP nor by WebRTC
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)
LAUNCH_SECONDS = 60
OPEN_SECONDS = 30.0
CLOSE_SECONDS = 3.0
RECYCLE_AFTER = 100
TAB_VISITS = 25  # after which a tab is closed all the same
UNWANTED_DEFAULTS = ("--disable-popup-blocking",)  # of Playwright's: nobody clicks here, so nothing may pop up
SHARED_MEMORY = Path("/dev/shm")
ROOMY = 1 << 30  # bytes free from which on shared memory may be what it is: files on a disk cost a fifth of the time


def unwanted_defaults(shared_memory: Path = SHARED_MEMORY) -> list[str]:
    """Arguments of Playwright's to leave out. A container's 64 MB of shared memory are too few, a machine's are not."""
    try:
        roomy = shutil.disk_usage(shared_memory).free >= ROOMY
    except OSError:
        roomy = False
    return [*UNWANTED_DEFAULTS, *(["--disable-dev-shm-usage"] if roomy else [])]


class BrowserGone(GessoError):
    """The browser ended under a job, by a crash or because another job hung it."""


@dataclass(frozen=True)
class BrowserOptions:
    """How browsers are started; `proxy` (with its own user and password, if any) carries every request."""

    executable: Path | None = None
    proxy: str | None = None
    proxy_user: str | None = None
    proxy_password: str | None = None
    concurrent_pages: int = 3
    recycle_after: int = RECYCLE_AFTER


@dataclass(eq=False)
class _Running:
    browser: Browser
    pid: int | None
    record: Path | None
    opened: int = 0
    active: int = 0
    retired: bool = False
    idle: list[tuple[str, Tab]] = field(default_factory=list, repr=False)
    closing: asyncio.Task[None] | None = field(default=None, repr=False)


class BrowserSession:
    """Hands out pages. Use as `async with BrowserSession(options) as session:` or call `start` and `close`.

    Raises BrowserNotFound where there is no Chromium or it does not start.
    """

    def __init__(self, options: BrowserOptions | None = None) -> None:
        self.options = options or BrowserOptions()
        self._playwright: Playwright | None = None
        self._current: _Running | None = None
        self._all: set[_Running] = set()
        self._lock = asyncio.Lock()
        self._slots = asyncio.Semaphore(max(1, self.options.concurrent_pages))
        self._chores: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> BrowserSession:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the driver; a browser is started with the first page."""
        if self._playwright is None:
            await asyncio.to_thread(processes.end_orphans)
            self._playwright = await async_playwright().start()

    async def close(self) -> None:
        """End all browsers and the driver."""
        for running in list(self._all):
            await self._end(running)
        if self._playwright is not None:
            playwright, self._playwright = self._playwright, None
            await within(playwright.stop(), CLOSE_SECONDS)

    @contextlib.asynccontextmanager
    async def page(
        self,
        viewport: Viewport,
        *,
        theme: Theme = "light",
        user_agent: str | None = None,
        javascript: bool = True,
        offline: bool = False,
    ) -> AsyncIterator[Page]:
        """A page in a context of its own: no service workers, downloads, popups; the driver dismisses dialogs."""
        async with self._slots:
            running = await self._acquire()
            context: BrowserContext | None = None
            try:
                context = await self._context(
                    running, viewport, theme=theme, user_agent=user_agent, javascript=javascript, offline=offline
                )
                yield await asyncio.wait_for(context.new_page(), OPEN_SECONDS)
            except (Error, TimeoutError) as error:
                if not running.browser.is_connected():
                    raise BrowserGone("the browser ended while it had pages open") from error
                raise
            finally:
                await asyncio.shield(self._release(running, context))

    @contextlib.asynccontextmanager
    async def tab(self, host: str, viewport: Viewport, *, user_agent: str | None = None) -> AsyncIterator[Tab]:
        """A tab for one visit, its window already of that size. Whoever finds it odd sets `tab.fit = False`."""
        async with self._slots:
            running = await self._acquire()
            tab: Tab | None = None
            try:
                tab = self._idle_tab(running, host)
                if tab is None:
                    tab = await self._open_tab(running, viewport, user_agent)
                await tab.show_as(viewport, user_agent)
                await tab.show_theme("light")
                tab.visits += 1
                yield tab
            except BaseException as error:
                if tab is not None:
                    tab.fit = False
                # Whatever a visit made of the silence, a page is not to blame for a browser that is gone.
                if isinstance(error, Exception) and not running.browser.is_connected():
                    raise BrowserGone("the browser ended while it had pages open") from error
                raise
            finally:
                await asyncio.shield(self._return(running, host, tab))

    async def _context(
        self,
        running: _Running,
        viewport: Viewport,
        *,
        theme: Theme = "light",
        user_agent: str | None = None,
        javascript: bool = True,
        offline: bool = False,
    ) -> BrowserContext:
        """A context that may do nothing but show pages."""
        context = await asyncio.wait_for(
            running.browser.new_context(
                viewport=ViewportSize(width=viewport.width, height=viewport.height),
                device_scale_factor=viewport.dpr,
                is_mobile=viewport.mobile,
                has_touch=viewport.mobile,
                color_scheme=theme,
                reduced_motion="reduce",
                service_workers="block",
                accept_downloads=False,
                java_script_enabled=javascript,
                offline=offline,
                user_agent=user_agent,
                locale="en-US",
                timezone_id="UTC",
                permissions=[],
            ),
            OPEN_SECONDS,
        )
        first: list[Page] = []

        def opened(page: Page) -> None:
            if first:
                closing = asyncio.get_running_loop().create_task(_close_popup(page))
                self._chores.add(closing)
                closing.add_done_callback(self._chores.discard)
            first.append(page)

        context.on("page", opened)
        return context

    async def _open_tab(self, running: _Running, viewport: Viewport, user_agent: str | None) -> Tab:
        context = await self._context(running, viewport, user_agent=user_agent)
        try:
            page = await asyncio.wait_for(context.new_page(), OPEN_SECONDS)
            tab = Tab(context, page, await asyncio.wait_for(context.new_cdp_session(page), OPEN_SECONDS))
            await asyncio.wait_for(tab.prepare(), OPEN_SECONDS)
        except BaseException:
            await within(context.close(), CLOSE_SECONDS)
            raise
        return tab

    def _idle_tab(self, running: _Running, host: str) -> Tab | None:
        """The tab that had this host, with its cache warm, else the one that has rested longest."""
        fit = [(kept_for != host, number) for number, (kept_for, tab) in enumerate(running.idle) if tab.fit]
        if not fit:
            return None
        changes, number = min(fit)
        tab = running.idle.pop(number)[1]
        if changes:
            tab.network.forget()
        return tab

    async def _return(self, running: _Running, host: str, tab: Tab | None) -> None:
        """Keep a tab for its host, or close it."""
        if tab is None:
            await self._release(running, None)
            return
        alive = running.browser.is_connected()
        if tab.fit and alive and not running.retired and tab.visits < TAB_VISITS and await tab.leave():
            running.idle.append((host, tab))
            spare = running.idle.pop(0)[1] if len(running.idle) > self.options.concurrent_pages else None
            await self._release(running, spare.context if spare is not None else None)
            return
        if alive:
            await tab.crash()  # a renderer in an endless loop would not close, and take the browser with it
        await self._release(running, tab.context)

    async def _acquire(self) -> _Running:
        async with self._lock:
            running = self._current
            if running is not None and not running.browser.is_connected():
                running.retired = True
                self._retire_if_idle(running)
                running = None
            if running is None:
                running = self._current = await self._launch()
            running.opened += 1
            running.active += 1
            if running.opened >= self.options.recycle_after:
                running.retired = True
                self._current = None
            return running

    async def _launch(self) -> _Running:
        if self._playwright is None:
            await self.start()
        assert self._playwright is not None
        executable = self.options.executable or require_chromium()
        as_root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses to start as root
        try:
            browser = await self._playwright.chromium.launch(
                executable_path=executable,
                args=list(FLAGS),
                chromium_sandbox=not as_root,
                ignore_default_args=unwanted_defaults(),
                proxy=self._proxy(),
                timeout=LAUNCH_SECONDS * 1000,
                handle_sigint=False,
                handle_sigterm=False,
            )
        except Error as error:
            line = str(error).strip().splitlines()[0]
            raise BrowserNotFound(f"{executable} does not start ({line}): try another with GESSO_CHROMIUM") from None
        pid = await _browser_pid(browser)
        running = _Running(browser, pid, processes.remember(pid) if pid else None)
        self._all.add(running)
        return running

    def _proxy(self) -> ProxySettings | None:
        options = self.options
        if not options.proxy:
            return None
        if options.proxy_user is None:
            return ProxySettings(server=options.proxy)
        return ProxySettings(server=options.proxy, username=options.proxy_user, password=options.proxy_password or "")

    async def _release(self, running: _Running, context: BrowserContext | None) -> None:
        """Close page and context; a context that does not close takes its browser with it."""
        closed = context is None or await within(context.close(), CLOSE_SECONDS)
        running.active -= 1
        if not closed and running.browser.is_connected():
            if running.pid:
                processes.kill(running.pid)
            running.retired = True
            if self._current is running:
                self._current = None
        self._retire_if_idle(running)

    def _retire_if_idle(self, running: _Running) -> None:
        if running.retired and running.active == 0 and running.closing is None:
            running.closing = asyncio.get_running_loop().create_task(self._end(running))

    async def _end(self, running: _Running) -> None:
        self._all.discard(running)
        if self._current is running:
            self._current = None
        if not await within(running.browser.close(), CLOSE_SECONDS) and running.pid:
            processes.kill(running.pid)
        processes.forget(running.record)


async def within(operation: Awaitable[Any], seconds: float) -> bool:
    """Whether an operation ended well within a time limit of its own. Errors of a dying browser are everyday."""
    try:
        await asyncio.wait_for(operation, seconds)
    except (Error, TimeoutError):
        return False
    return True


async def _browser_pid(browser: Browser) -> int | None:
    with contextlib.suppress(Error, TimeoutError, KeyError):
        session = await browser.new_browser_cdp_session()
        answer = await asyncio.wait_for(session.send("SystemInfo.getProcessInfo"), CLOSE_SECONDS)
        await session.detach()
        return next((int(p["id"]) for p in answer["processInfo"] if p["type"] == "browser"), None)
    return None


async def _close_popup(page: Page) -> None:
    with contextlib.suppress(Error):
        await page.close()
