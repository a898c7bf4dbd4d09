"""Open converters of pages to Figma layers, run over the pages of a crawl as peers of our own designs.

Each page is opened anew, through the same browser, window and theme, and brought to rest as the crawl does; the
converter runs in it and gives layers, which `benchmarks.layers` draws. What the peers need is in benchmarks/peers/.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.async_api import Error

from benchmarks.entries import ROOT, code_key
from benchmarks.figures import CannotRun
from benchmarks.layers import draw, image_urls
from crawlers.browser.devices import DESKTOP, PRESETS, Viewport
from crawlers.browser.picture import measure, screenshot
from crawlers.browser.render import RenderJob
from crawlers.browser.session import BrowserOptions, BrowserSession
from crawlers.browser.settle import SettleLimits, settle, settle_again
from crawlers.browser.tab import NavigationError, Tab
from crawlers.captures import Capture, CaptureStore, StoreError
from crawlers.errors import GessoError as CrawlError
from design import FontFace, load_snapshot
from design.compare.pixels import pixel_difference
from design.errors import GessoError as DesignError
from pipelines.export import data_uri
from pipelines.fidelity import Prepared
from pipelines.site_server import hosts_in, serving
from pipelines.terminal import ProgressCallback

PEERS = ROOT / "benchmarks" / "peers" / "node_modules"
ADAPTER = ROOT / "benchmarks" / "peers" / "html_to_figma.js"
FIRST = DESKTOP  # the window that a crawl opens pages in
CONVERT_SECONDS = 60.0
BUNDLE_SECONDS = 60
AT_ONCE = 2
MEASURED_BY = ("benchmarks/converters.py", "benchmarks/layers.py", "crawlers/browser")


@dataclass(frozen=True)
class Converter:
    """One peer: its package, the file of it that runs in a page, and how its plugin fits a text to its box."""

    name: str
    package: str
    entry: str
    function: str  # of html_to_figma.js
    shrinks: bool
    bundled: bool = False


CONVERTERS = (
    Converter("html-to-figma", "@builder.io/html-to-figma", "dist/browser.js", "builder", True, True),
    Converter("html-figma", "html-figma", "browser/index.js", "figma", False),
)


@dataclass(frozen=True)
class Drawn:
    """What a converter made of a page, as HTML; `again` is how far the page was from its own earlier screenshot."""

    html: str
    again: float


def script_of(converter: Converter, folder: Path = PEERS) -> str:
    """The converter and our adapter, as the expression that `Tab.teach` takes. Raises CannotRun."""
    entry = folder / converter.package / converter.entry
    if not entry.is_file():
        raise CannotRun(f"{converter.name} is not installed in {folder.name}: see benchmarks/peers/package.json")
    if converter.bundled:
        packed = entry.read_text(encoding="utf-8") + "\nconst packed = htmlToFigma;"
    else:
        words = [str(folder / ".bin" / "esbuild"), str(entry), "--bundle", "--format=iife", "--global-name=packed"]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=BUNDLE_SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotRun(
                f"{converter.name} cannot be bundled ({error}): see benchmarks/peers/package.json"
            ) from None
        packed = done.stdout
    adapter = "".join(line for line in ADAPTER.read_text(encoding="utf-8").splitlines(True) if line[:2] != "//")
    return f"(() => {{ {packed}\nreturn {adapter.strip()}; }})()"


class Drawings:
    """A converter's drawings in a folder, one file a capture: each holds as long as what made it does."""

    def __init__(self, converter: Converter, folder: Path, script: str) -> None:
        self.converter, self.folder, self.script = converter, folder, script
        self.errors: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)
        code = code_key(*(ROOT / part for part in MEASURED_BY))
        self._key = hashlib.sha256(f"{code}{script}".encode()).hexdigest()

    def find(self, capture: Capture) -> Drawn | None:
        path = self.folder / f"{capture.capture_id}.json"
        row = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return Drawn(**row) if row.pop("key", "") == self._key else None

    def put(self, capture: Capture, drawn: Drawn) -> None:
        path = self.folder / f"{capture.capture_id}.json"
        path.with_suffix(".part").write_text(json.dumps({**asdict(drawn), "key": self._key}), encoding="utf-8")
        path.with_suffix(".part").replace(path)

    def make(
        self, sites: Path, store: CaptureStore, captures: Sequence[Capture], progress: ProgressCallback | None = None
    ) -> None:
        """Convert what is not kept. A page that a converter fails over is in `errors`, and tried again next time."""
        missing = [capture for capture in captures if self.find(capture) is None]
        if missing:
            with serving(hosts_in(sites)) as server:
                options = BrowserOptions(proxy=server.address, concurrent_pages=AT_ONCE + 1)
                asyncio.run(_convert_all(options, self, store, missing, progress))

    def prepared(self, capture: Capture, window: RenderJob | None) -> Prepared:
        """The drawing of a capture, to be rendered in the window that shows our own design of it."""
        drawn = self.find(capture)
        if drawn is None or window is None:
            why_not = self.errors.get(capture.capture_id) or "there is no design of ours to set beside it"
            return Prepared(capture, None, None, why_not)
        return Prepared(capture, None, replace(window, html=drawn.html))


async def _convert_all(
    options: BrowserOptions,
    drawings: Drawings,
    store: CaptureStore,
    captures: Sequence[Capture],
    progress: ProgressCallback | None,
) -> None:
    limit, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(capture: Capture) -> None:
        nonlocal done
        async with limit:
            try:
                drawings.put(capture, await _convert(session, drawings, store, capture))
            except (Error, NavigationError, TimeoutError, CrawlError, DesignError) as error:
                said = str(error).strip().splitlines() or [error.__class__.__name__]
                drawings.errors[capture.capture_id] = said[0][:200]
            done += 1
            if progress:
                progress(f"pages converted by {drawings.converter.name}", done, len(captures))

    async with BrowserSession(options) as session:
        await asyncio.gather(*(one(capture) for capture in captures))


async def _convert(session: BrowserSession, drawings: Drawings, store: CaptureStore, capture: Capture) -> Drawn:
    viewport = _viewport(capture)
    async with session.tab(urlsplit(capture.url).netloc, FIRST) as tab:
        tab.fit = False  # converters leave marks in the page and its styles
        await _open(tab, capture, viewport)
        again = await _seen_again(tab, store, capture, viewport)
        await tab.teach(drawings.script)
        root = await tab.call(drawings.converter.function, seconds=CONVERT_SECONDS)
    if not isinstance(root, dict):
        raise Error("it gave no layers")
    images, fonts = _files(store, capture, image_urls(root))
    page = draw(root, images, fonts)
    async with session.page(viewport, offline=True) as canvas:
        await canvas.set_content(page, wait_until="load")
        await canvas.evaluate("document.fonts.ready.then(() => 0)")
        fitted = await canvas.evaluate(
            f"({drawings.script}).fit({json.dumps({'shrinks': drawings.converter.shrinks})})"
        )
    return Drawn(f"<!doctype html>{fitted}", again)


async def _open(tab: Tab, capture: Capture, viewport: Viewport) -> None:
    """The page at rest, brought to its window and theme in the crawl's own steps: pages remember where they were."""
    limits = SettleLimits()
    await tab.navigate(capture.url, limits.goto)
    await settle(tab, limits)
    if viewport != FIRST:
        await tab.run_scripts()
        await tab.show_as(viewport)
        await settle_again(tab, limits)
        if viewport.mobile and await tab.call("misfits"):
            await tab.navigate(capture.url, limits.goto)
            await settle(tab, limits)
    if capture.view.theme == "dark":
        await tab.run_scripts()
        await tab.show_theme("dark")
        await settle_again(tab, limits)


async def _seen_again(tab: Tab, store: CaptureStore, capture: Capture, viewport: Viewport) -> float:
    """How far a second look at the page is from the first: what no converter can be blamed for."""
    seen = await measure(tab.cdp, viewport.width)
    height = min(seen.height, SettleLimits().max_height) if capture.view.kind == "full" else seen.fold_height
    png = await screenshot(tab.cdp, seen.fold_width, height, seen.zoom, dpr=viewport.dpr)
    with Image.open(io.BytesIO(store.read_image(capture))) as first, Image.open(io.BytesIO(png)) as second:
        return pixel_difference(first, second)


def _viewport(capture: Capture) -> Viewport:
    """The preset that the capture was taken through. Raises CrawlError where it is none."""
    view = capture.view
    for preset in PRESETS.values():
        if (preset.width, preset.height, preset.dpr) == (view.width, view.height, view.dpr):
            return preset
    raise CrawlError(f"no preset is {view.width}×{view.height}")


def _files(store: CaptureStore, capture: Capture, urls: set[str]) -> tuple[dict[str, str], list[tuple[FontFace, str]]]:
    """Images by address and fonts, as data URIs: those in the pages' own addresses, and those that the crawl kept."""
    assert capture.page is not None
    assert capture.page.dom_sha256 is not None
    snapshot = load_snapshot(store.read_blob(capture.page.dom_sha256, "dom"))
    assets = snapshot.get("assets") or {}

    def kept(url: str) -> Iterator[str]:
        asset = assets.get(url) or assets.get(url.split("#")[0])
        if url.startswith("data:"):
            yield url
        elif asset:
            try:
                yield data_uri(store.read_blob(asset["sha256"], asset["format"]), asset["format"])
            except StoreError:
                return

    images = {url: uri for url in urls for uri in kept(url)}
    named = [(FontFace(f["family"], f["weight"], f["style"]), f["url"]) for f in snapshot.get("fonts") or ()]
    return images, [(face, uri) for face, url in named for uri in kept(url)]
