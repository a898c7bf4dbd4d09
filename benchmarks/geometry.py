"""`python -m benchmarks.geometry [SITES…]`: does the tree agree with the pixels, and is everything lazy there?

Every site's entry page is visited as a crawl does, through a desktop and a phone window. Then, in the same tab and at
the same rest, up to 200 visible elements a window are painted black on white, a batch of far-apart ones a picture,
everything else hidden without moving. An element agrees where the edges of its black are within 1 CSS px of its box in
the stored snapshot, on whole pixels and cut by whatever clips it. SITES are folders that hold one folder a site;
without any, the examples and a page of the benchmark's own.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from benchmarks.boxes import Box, batches, measured_edges, visible_boxes
from benchmarks.figures import CannotRun, Figure, at_least, main
from crawlers.browser.devices import DESKTOP, PHONE, Viewport
from crawlers.browser.picture import measure, screenshot
from crawlers.browser.session import BrowserOptions, BrowserSession
from crawlers.browser.settle import SettleLimits, settle, settle_again
from crawlers.browser.shoot import Camera
from crawlers.browser.tab import NavigationError, Tab
from pipelines import terminal
from pipelines.site_server import entry_of, hosts_in, serving

ROOT = Path(__file__).resolve().parents[1]
VIEWPORTS = (DESKTOP, PHONE)
MAX_HEIGHT = 12_000
PAGE_SECONDS = 240
TOLERANCE = 1.0  # CSS pixels
AWAY = 8  # CSS pixels around a box in which a moved edge would be seen

HIDE = """
*, *::before, *::after { visibility: hidden !important; transition: none !important; }
html, body { background: #fff !important; }
[gesso-probe] { visibility: visible !important; background: #000 !important; background-clip: border-box !important;
  border-color: #000 !important; border-image: none !important; border-radius: 0 !important;
  color: transparent !important; -webkit-text-fill-color: transparent !important; text-shadow: none !important;
  box-shadow: none !important;
  outline: none !important; object-position: -99999px 0 !important; clip-path: none !important; mask: none !important;
  text-decoration-color: transparent !important; opacity: 1 !important; }
"""
LAZY_PAGE = """<!doctype html><meta name=viewport content="width=device-width"><title>Lazy</title>
<style>body {{ margin: 0 }} img {{ display: block; width: 80%; height: 500px }}
.late {{ opacity: 0; transition: opacity .2s }} .late.on {{ opacity: 1 }}</style><h1>Forty pictures</h1>{pictures}
<script>const watch = new IntersectionObserver((seen) => seen.forEach((s) => {{
s.target.classList.toggle("on", s.isIntersecting);
if (s.isIntersecting && s.target.dataset.src) s.target.src = s.target.dataset.src }}));
document.querySelectorAll("img").forEach((image) => watch.observe(image))</script>"""


@dataclass
class Tally:
    """What was counted over all pages and windows."""

    pages: int = 0
    failed: list[str] = field(default_factory=list)
    nodes: int = 0
    agree: int = 0
    lazy: int = 0
    lazy_present: int = 0
    retries: int = 0
    drifted: int = 0
    shares: list[tuple[float, str]] = field(default_factory=list)


def run(arguments: Sequence[str]) -> list[Figure]:
    folders = [Path(argument) for argument in arguments] or [ROOT / "examples" / "sites"]
    for folder in folders:
        if not folder.is_dir():
            raise CannotRun(f"{folder} is no folder of sites")
    hosts = hosts_in(*folders)
    entries = {host: entry_of(root) for host, root in hosts.items()}
    with tempfile.TemporaryDirectory(prefix="gesso-bench-") as scratch:
        hosts["lazy.bench.test"] = _lazy_site(Path(scratch) / "lazy")
        entries["lazy.bench.test"] = "index.html"
        with serving(hosts) as server:
            tally = asyncio.run(_all(server.address, [f"http://{h}/{e}" for h, e in entries.items() if e is not None]))
    for share, where in sorted(tally.shares)[:5]:
        if share < 1:
            terminal.note(f"{share:.1%} of {where}")
    for where in tally.failed:
        terminal.note(f"not measured: {where}")
    return [
        Figure("pages × windows", tally.pages, "views"),
        at_least("nodes within 1 px of their pixels", _percent(tally.agree, tally.nodes), "%", 99),
        Figure("nodes", tally.nodes, "nodes"),
        at_least("lazy images present", _percent(tally.lazy_present, tally.lazy), "%", 100),
        Figure("lazy images", tally.lazy, "images"),
        Figure("taken again for drift", tally.retries, "pictures"),
        Figure("marked drift", tally.drifted, "pictures"),
        Figure("pages not measured", len(tally.failed), "pages", "0", not tally.failed),
    ]


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 3) if whole else None


def _lazy_site(root: Path) -> Path:
    from PIL import Image

    root.mkdir(parents=True)
    pictures = []
    for number in range(40):
        Image.new("RGB", (64, 40), (5 * number, 90, 200)).save(root / f"{number}.png")
        how = ('loading="lazy" src', 'class="late" src', "data-src")[number % 3]
        pictures.append(f'<img {how}="{number}.png" alt="">')
    (root / "index.html").write_text(LAZY_PAGE.format(pictures="".join(pictures)), encoding="utf-8")
    return root


async def _all(proxy: str, urls: list[str]) -> Tally:
    tally = Tally()
    async with BrowserSession(BrowserOptions(proxy=proxy, concurrent_pages=2)) as session:
        gate = asyncio.Semaphore(2)

        async def one(url: str) -> None:
            async with gate:
                try:
                    async with asyncio.timeout(PAGE_SECONDS), session.tab(url, DESKTOP) as tab:
                        await _page(tab, url, proxy, tally)
                except (NavigationError, TimeoutError, Exception) as error:
                    tally.failed.append(f"{url}: {type(error).__name__} {error}"[:200])

        await asyncio.gather(*(one(url) for url in urls))
    return tally


async def _page(tab: Tab, url: str, proxy: str, tally: Tally) -> None:
    blobs: dict[str, bytes] = {}

    async def put(data: bytes, format: str) -> str:
        name = f"{len(blobs)}.{format}"
        if format == "dom":
            blobs[name] = data
        return name.ljust(64, "0") if format != "dom" else name

    limits = SettleLimits(max_height=MAX_HEIGHT)
    await tab.navigate(url, limits.goto)
    await settle(tab, limits)
    for viewport in VIEWPORTS:
        if viewport is not VIEWPORTS[0]:
            await tab.run_scripts()
            await tab.show_as(viewport)
            await settle_again(tab, limits)
        camera = Camera(tab, _hashed(put), MAX_HEIGHT, sections=False)
        await camera.open({"title": "", "lang": ""}, 1)
        shots = await camera.take(viewport, "light", ("fold", "full"), ())
        tally.pages += 1
        tally.retries += camera.retries
        tally.drifted += any("drift" in shot.verdicts for shot in shots)
        tree = json.loads(gzip.decompress(next(iter(blobs.values()))))
        blobs.clear()
        await _lazies(tree, proxy, tally)
        good, whole = await _agreement(tab, viewport, tree, (shots[-1].image.width, shots[-1].image.height))
        tally.nodes += whole
        tally.agree += good
        tally.shares.append((good / whole if whole else 1.0, f"{whole} nodes: {url} {viewport.name}"))


def _hashed(put: Any) -> Any:
    """A blob writer whose names look like SHA-256."""
    import hashlib

    async def store(data: bytes, format: str) -> str:
        await put(data, format)
        return hashlib.sha256(data).hexdigest()

    return store


async def _lazies(tree: dict[str, Any], proxy: str, tally: Tally) -> None:
    """Count the lazy images that have a file behind them, and those of them that are in the picture."""
    for image in tree["media"].get("images", []):
        if not image["lazy"] or not image["url"]:
            continue
        if image["width"] or await asyncio.to_thread(_exists, image["url"], proxy):
            tally.lazy += 1
            tally.lazy_present += bool(image["width"] and image["complete"])


def _exists(url: str, proxy: str) -> bool:
    try:
        with build_opener(ProxyHandler({"http": proxy})).open(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def _agreement(tab: Tab, viewport: Viewport, tree: dict[str, Any], size: tuple[int, int]) -> tuple[int, int]:
    """(nodes that agree, nodes looked at) of one window; `size` is the stored picture's in pixels."""
    geometry = await measure(tab.cdp, viewport.width)
    height = min(geometry.height, MAX_HEIGHT)
    scale = viewport.dpr * geometry.zoom
    boxes = visible_boxes(tree, size[0] / scale, size[1] / scale)
    world = await tab._own_world()

    async def evaluate(expression: str) -> None:
        await tab.send("Runtime.evaluate", {"expression": expression, "contextId": world, "returnByValue": True}, 30)

    sheet = json.dumps(HIDE)
    await evaluate(
        f"gesso.probe = new CSSStyleSheet(); gesso.probe.replaceSync({sheet});"
        "document.adoptedStyleSheets = [...document.adoptedStyleSheets, gesso.probe];"
        "document.querySelectorAll('[style*=visibility]').forEach((e) => e.style.removeProperty('visibility')); 0"
    )
    good = 0
    try:
        for batch in batches(boxes, away=AWAY):
            await evaluate(_mark(batch))
            png = await screenshot(tab.cdp, geometry.fold_width, height, geometry.zoom, dpr=viewport.dpr)
            edges = await asyncio.to_thread(measured_edges, png, batch, scale, AWAY)
            for box, edge in zip(batch, edges, strict=True):
                if box.agrees(edge, TOLERANCE, scale, zoomed=geometry.zoom < 1):
                    good += 1
                elif os.environ.get("GESSO_WHY"):
                    print(tab.url, viewport.name, box, edge, file=sys.stderr)
    finally:
        await evaluate(
            "document.querySelectorAll('[gesso-probe]').forEach((e) => e.removeAttribute('gesso-probe'));"
            "document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== gesso.probe); 0"
        )
    return good, len(boxes)


def _mark(batch: Sequence[Box]) -> str:
    """Marks the elements at the boxes' paths, and no other."""
    paths = json.dumps([box.path for box in batch])
    return (
        "document.querySelectorAll('[gesso-probe]').forEach((e) => e.removeAttribute('gesso-probe'));"
        f"for (const path of {paths}) {{ let at = document.documentElement;"
        "for (const step of path) at = at && at.children[step];"
        "if (at) at.setAttribute('gesso-probe', ''); } 0"
    )


if __name__ == "__main__":
    sys.exit(main("geometry", run))
