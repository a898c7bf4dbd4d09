"""One tab: navigate, emulate a window and a theme, stop the page's scripts, and run our own out of the page's reach.

Our functions (in_page) run in an isolated world: a page that rewrites Array, Promise or requestAnimationFrame harms
only itself. All of it is CDP over Playwright's connection; every operation has a time limit of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Coroutine
from typing import Any, Literal, TypeVar

from playwright.async_api import BrowserContext, CDPSession, Error, Page

from crawlers.browser.devices import Viewport
from crawlers.browser.in_page import GESSO
from crawlers.browser.network import Answer, Network, origin_of

CALL_SECONDS = 15.0
SEND_SECONDS = 10.0
CRASH_SECONDS = 2.0
MAX_MOVES = 20  # documents that may take each other's place in one navigation

Theme = Literal["light", "dark"]
T = TypeVar("T")


class NavigationError(Exception):
    """The browser's own word (`net::ERR_…`) on why a page did not open."""


class Tab:
    """A page of a context, with what we keep about it. Made by `BrowserSession.tab`."""

    def __init__(self, context: BrowserContext, page: Page, cdp: CDPSession) -> None:
        self.context = context
        self.page = page
        self.cdp = cdp
        self.network = Network(cdp)
        self.visits = 0
        self.fit = True  # to be used again
        self.crashed = False
        self.loader = ""
        self._frame = ""
        self._world: int | None = None
        self._stages: dict[str, set[str]] = {}
        self._stage = asyncio.Event()
        self._stopped = False
        self.moves = 0  # documents that came since `navigate`
        self._broken: dict[str, str] = {}
        self._crashed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        page.on("crash", self._crash)
        page.on("close", self._crash)  # with its browser: whoever waits for the page would wait for his time limit
        cdp.on("Page.frameNavigated", self._navigated)
        cdp.on("Page.lifecycleEvent", self._lifecycle)
        cdp.on("Network.loadingFailed", self._broke)

    async def prepare(self) -> None:
        """Turn on what the tab listens to; once."""
        await asyncio.gather(
            self.network.enable(),
            self.cdp.send("Page.enable"),
            self.cdp.send("Page.setLifecycleEventsEnabled", {"enabled": True}),
        )
        tree = await self.send("Page.getFrameTree")
        self._frame = tree["frameTree"]["frame"]["id"]

    async def send(self, method: str, parameters: dict[str, Any] | None = None, seconds: float = SEND_SECONDS) -> Any:
        """One CDP command. Raises Error or TimeoutError."""
        return await self.alive(self.cdp.send(method, parameters or {}), seconds)

    async def alive(self, operation: Coroutine[Any, Any, T], seconds: float) -> T:
        """An operation's result, unless the renderer crashes meanwhile: then nobody would ever answer.

        Raises Error or TimeoutError; Error, too, where no answer came since another document took the place of the one
        that was asked.
        """
        task, moves = asyncio.ensure_future(operation), self.moves
        try:
            either: set[asyncio.Future[Any]] = {task, self._crashed}
            await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            task.cancel()
        if self.crashed:
            raise Error("the page crashed")
        if self.moves != moves:
            raise Error("moved: another document came while this one was asked")
        raise TimeoutError

    @property
    def url(self) -> str:
        """Where the tab is now."""
        return self.page.url

    async def navigate(self, url: str, seconds: float) -> Answer | None:
        """Open a URL and wait for its DOM. None where the document came without an answer of a server.

        Raises NavigationError, Error or TimeoutError.
        """
        self.network.begin(self.loader)
        self._stages.clear()
        self._broken.clear()
        self.moves = 0
        async with asyncio.timeout(seconds):
            await self.run_scripts()  # before and not beside it: a document is parsed as it finds the setting
            answer = await self.cdp.send("Page.navigate", {"url": url})
            if answer.get("errorText"):
                raise NavigationError(answer["errorText"])
            if "loaderId" not in answer:  # the same document, at another fragment of it: nothing was loaded
                await self.cdp.send("Page.reload")
            loader = answer.get("loaderId") or self.loader
            await self._reached(loader, "DOMContentLoaded")
        self.loader = self.loader or loader
        return self.network.document(self.loader) or self.network.document(loader)

    async def loaded(self, seconds: float) -> bool:
        """Wait for the load event; False where it did not come in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._reached(self.loader, "load")
        except TimeoutError:
            return False
        return True

    async def _reached(self, loader: str, stage: str) -> None:
        while stage not in self._stages.get(loader, ()) and stage not in self._stages.get(self.loader, ()):
            if self.crashed:
                raise Error("the page crashed")
            if self.loader in self._broken:  # Chromium says neither DOMContentLoaded nor load then
                raise NavigationError(f"broken off: {self._broken[self.loader]}")
            if self.moves > MAX_MOVES:
                raise NavigationError("moved: one document took the place of the other")
            self._stage.clear()
            await self._stage.wait()

    async def call(self, function: str, argument: Any = None, seconds: float = CALL_SECONDS) -> Any:
        """Call one function of in_page. Raises Error or TimeoutError."""
        return await self.alive(self._call(function, argument), seconds)

    async def _call(self, function: str, argument: Any) -> Any:
        expression = f"gesso.{function}({json.dumps(argument)})"
        for attempt in (1, 2):
            world = await self._own_world()
            try:
                answer = await self.cdp.send(
                    "Runtime.evaluate",
                    {"expression": expression, "contextId": world, "awaitPromise": True, "returnByValue": True},
                )
            except Error as error:
                gone = "context" in str(error) or "navigat" in str(error)
                if attempt == 2 or not gone:
                    raise
                self._world = None
                continue
            if "exceptionDetails" in answer:
                raise Error(f"gesso.{function}: {_exception(answer['exceptionDetails'])}")
            return answer["result"].get("value")
        return None

    async def teach(self, script: str) -> None:
        """Let the functions of a script, an object like those of in_page, join `gesso` until the tab navigates."""
        world = await self.alive(self._own_world(), CALL_SECONDS)
        parameters = {"expression": f"Object.assign(gesso, {script}); 0", "contextId": world}
        answer = await self.send("Runtime.evaluate", parameters)
        if "exceptionDetails" in answer:
            raise Error(_exception(answer["exceptionDetails"]))

    async def _own_world(self) -> int:
        if self._world is None:
            made = await self.cdp.send("Page.createIsolatedWorld", {"frameId": self._frame, "worldName": "gesso"})
            world = int(made["executionContextId"])
            await self.cdp.send("Runtime.evaluate", {"expression": f"gesso = {GESSO}; 0", "contextId": world})
            self._world = world
        return self._world

    async def show_as(self, viewport: Viewport, user_agent: str | None = None) -> None:
        """Become a window of that size, pixel ratio and touch; the page hears a resize."""
        mobile = viewport.mobile
        size = {"width": viewport.width, "height": viewport.height}
        metrics = {**size, "deviceScaleFactor": viewport.dpr, "mobile": mobile}
        metrics |= {"screenWidth": viewport.width, "screenHeight": viewport.height}
        await asyncio.gather(
            self.send("Emulation.setDeviceMetricsOverride", metrics),
            self.touch(viewport),
            *([self.send("Emulation.setUserAgentOverride", {"userAgent": user_agent})] if user_agent else []),
        )

    async def touch(self, viewport: Viewport) -> None:
        """Have fingers or a mouse. A picture larger than the window makes Chromium forget it."""
        touch = {"enabled": viewport.mobile, **({"maxTouchPoints": 5} if viewport.mobile else {})}
        await self.send("Emulation.setTouchEmulationEnabled", touch)

    async def show_height(self, viewport: Viewport, height: int) -> None:
        """As `show_as`, with another height: for pages whose length is inside a scroller."""
        metrics = {"width": viewport.width, "height": height, "deviceScaleFactor": viewport.dpr}
        metrics |= {"mobile": viewport.mobile, "screenWidth": viewport.width, "screenHeight": viewport.height}
        await self.send("Emulation.setDeviceMetricsOverride", metrics)

    async def show_theme(self, theme: Theme) -> None:
        """Prefer light or dark, and always reduced motion."""
        features = [
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        await self.send("Emulation.setEmulatedMedia", {"features": features})

    async def stop_scripts(self) -> None:
        """The page's timers, animation frames and listeners rest; ours still run, but for timers."""
        await self.send("Emulation.setScriptExecutionDisabled", {"value": True})
        self._stopped = True

    async def run_scripts(self) -> None:
        """Undo `stop_scripts`."""
        if self._stopped:
            await self.send("Emulation.setScriptExecutionDisabled", {"value": False})
            self._stopped = False

    async def leave(self) -> bool:
        """Forget the page: its storage, cookies and history. False where the tab had better be closed.

        The document stays, its scripts stopped, until the next one takes its place: going by way of an empty page would
        cost a renderer of its own each time. Its scripts wake for the moment in which the next answer comes: they can
        neither see it nor stop it (Chromium lets no page take back what the browser itself opens), and what they ask
        for is not counted. What other origins stored here, be it in a frame, is out of our reach.
        """
        origin = origin_of(self.url)
        if self.network.origins() - {origin}:
            return False
        try:
            async with asyncio.timeout(CRASH_SECONDS):
                await self.stop_scripts()
                await self.cdp.send("Page.stopLoading")
                await asyncio.gather(
                    self.call("forget"),
                    self.cdp.send("Network.clearBrowserCookies"),
                    self.cdp.send("Page.resetNavigationHistory"),
                )
                if origin.startswith("http"):
                    stores = {"origin": origin, "storageTypes": "local_storage,indexeddb,cache_storage,file_systems"}
                    await self.cdp.send("Storage.clearDataForOrigin", stores)
        except (Error, TimeoutError):
            return False
        self.network.begin()
        return not self.crashed

    async def crash(self) -> None:
        """End the renderer from outside: its own thread may be in an endless loop."""
        with contextlib.suppress(Error, TimeoutError):  # it never answers, but the crash is heard of
            await self.send("Page.crash", seconds=CRASH_SECONDS)

    def _crash(self, _: Page) -> None:
        self.crashed = True
        self.fit = False
        self._stage.set()
        if not self._crashed.done():
            self._crashed.set_result(None)

    def _navigated(self, event: dict[str, Any]) -> None:
        frame = event["frame"]
        if not frame.get("parentId"):
            self._frame, self.loader, self._world = frame["id"], frame["loaderId"], None
            self.moves += 1
            self._stage.set()

    def _broke(self, event: dict[str, Any]) -> None:
        """A document's own request has its loader's name."""
        if event.get("type") == "Document" and not event.get("canceled") and len(self._broken) < 100:
            self._broken[event["requestId"]] = str(event.get("errorText", ""))
            self._stage.set()

    def _lifecycle(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self._frame:
            if len(self._stages) > 100:
                self._stages.clear()
            self._stages.setdefault(event["loaderId"], set()).add(event["name"])
            self._stage.set()


def _exception(details: dict[str, Any]) -> str:
    text = details.get("exception", {}).get("description") or details.get("text", "")
    return str(text).strip().splitlines()[0][:300] if str(text).strip() else "an error"
