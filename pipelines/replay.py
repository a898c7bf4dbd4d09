"""Edit replay: the same edit on a page in the browser and on its design, and whether both move things alike."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from playwright.async_api import Error, Page, Route

from crawlers.browser.devices import Viewport
from crawlers.browser.session import BrowserOptions, BrowserSession
from crawlers.captures import Capture, CaptureStore
from design import Design, to_html
from design.compare.replay import (
    Agreement,
    Leaf,
    agreement,
    in_order,
    lengthened,
    removed,
    same_leaves,
    text_layers,
    widened,
)
from design.tree import expand
from pipelines.export import BoundDesign, bind, import_capture
from pipelines.terminal import ProgressCallback

TEXTS = 2  # texts a page that are lengthened, and elements that are removed
WIDER = 60  # CSS px
LOAD_MS = 60_000
SETTLE_MS = 400
MAX_TOP = 4000  # CSS px: edits are made above, so that something below can move

_LEAVES = """() => {
  if (!window.gessoLeaves) {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    const pictures = new Set(['IMG', 'svg', 'CANVAS', 'VIDEO', 'IFRAME']);
    const skip = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT']);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const owner = node.nodeType === 3 ? node.parentElement : node;
      if (skip.has(owner.tagName) || owner.closest('svg') && owner.closest('svg') !== node) continue;
      if (node.nodeType === 3 ? node.data.trim() : pictures.has(node.tagName)) found.push(node);
    }
    window.gessoLeaves = found;
  }
  return window.gessoLeaves.map((node, key) => {
    const owner = node.nodeType === 3 ? node.parentElement : node;
    if (!node.isConnected || !owner.checkVisibility({opacityProperty: true, visibilityProperty: true})) return null;
    let box;
    if (node.nodeType === 3) {
      const range = document.createRange();
      range.selectNodeContents(node);
      box = range.getBoundingClientRect();
    } else box = node.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) return null;
    let text = node.nodeType === 3 ? node.data.split(/\\s+/).join(' ').trim() : '';
    return [String(key), text, box.x + scrollX, box.y + scrollY, box.width, box.height];
  }).filter(leaf => leaf);
}"""
_LENGTHEN = "([key, extra]) => { window.gessoLeaves[key].data += extra }"
_SHORTEN = "([key, extra]) => { const t = window.gessoLeaves[key]; t.data = t.data.slice(0, -extra.length) }"
_REMOVE = """key => {
  const leaf = window.gessoLeaves[key], text = document.body.contains(leaf) && leaf.data.trim();
  let element = leaf.parentElement;
  const same = e => e !== document.body && e.textContent.trim() === text;
  const alone = e => same(e) && !e.querySelector('img,svg,canvas,video,iframe,input,button,i');
  if (!alone(element)) return '';
  while (alone(element.parentElement)) element = element.parentElement;
  window.gessoPlace = [element, element.parentNode, element.nextSibling];
  const left = same(element.parentElement) ? 'control' : 'text';
  element.remove();
  return left;
}"""
# A transform makes the root what fixed elements are fixed to: they belong to the page, too.
_WIDEN = """width => {
  const style = document.documentElement.style, given = {width: width + 'px', transform: 'translate(0)'};
  for (const [name, value] of Object.entries(given))
    width ? style.setProperty(name, value, 'important') : style.removeProperty(name);
}"""
_RESTORE = "() => { const [element, parent, next] = window.gessoPlace; parent.insertBefore(element, next) }"


@dataclass(frozen=True)
class Replay:
    """One edit of one page. `kind` is lengthen, remove, widen or window.

    Widened is the page's root element, as a frame is in an editor. A wider window besides answers to what no design of
    px can: type and gaps in vw, and media queries.
    """

    url: str
    kind: str
    what: str
    agreement: Agreement


def replay(
    store: CaptureStore, captures: Sequence[Capture], proxy: str, progress: ProgressCallback | None = None
) -> list[Replay]:
    """The edits of every capture's page, which is opened through `proxy` once more; a page that does not open has none.

    Only captures of a whole page with a DOM snapshot are of use.
    """
    return asyncio.run(_all(store, captures, proxy, progress))


async def _all(
    store: CaptureStore, captures: Sequence[Capture], proxy: str, progress: ProgressCallback | None
) -> list[Replay]:
    results: list[Replay] = []
    async with BrowserSession(BrowserOptions(proxy=proxy, concurrent_pages=2)) as session:
        for number, capture in enumerate(captures, 1):
            bound = bind(import_capture(store, capture), store, capture=capture)
            bound = replace(bound, design=expand(bound.design))  # a text is edited in its place, not in all instances
            with contextlib.suppress(Error, TimeoutError):
                results += await _one(session, capture, bound)
            if progress:
                progress("edits replayed", number, len(captures))
    return results


async def _one(session: BrowserSession, capture: Capture, bound: BoundDesign) -> list[Replay]:
    view = capture.view
    window = Viewport("replay", view.width, view.height, view.dpr, view.form_factor == "phone")
    async with session.page(window, theme=view.theme or "light") as page:
        await page.goto(capture.url, wait_until="load", timeout=LOAD_MS)
        await page.wait_for_timeout(SETTLE_MS)
        async with session.page(Viewport("design", view.width, view.height, view.dpr), javascript=False) as canvas:
            await canvas.route("**/*", _only_data)
            return await _edits(page, canvas, capture.url, bound, view.width)


async def _only_data(route: Route) -> None:
    await (route.continue_() if route.request.url.startswith("data:") else route.abort())


async def _edits(page: Page, canvas: Page, url: str, bound: BoundDesign, width: int) -> list[Replay]:
    async def shown(design: Design) -> list[Leaf]:
        html = to_html(design, slots=bound.slots, fonts=bound.fonts, reflow=True)
        await canvas.set_content(html, wait_until="load", timeout=LOAD_MS)
        await canvas.evaluate("() => { delete window.gessoLeaves }")
        return await _leaves(canvas)

    page_before, design_before = await _leaves(page), await shown(bound.design)
    pairs = same_leaves(page_before, design_before)
    results: list[Replay] = []

    def judge(
        kind: str, what: str, moved: tuple[list[Leaf], list[Leaf]], design_after: list[Leaf], edited: Sequence[str] = ()
    ) -> None:
        found = agreement(pairs, moved, (design_before, design_after), edited)
        results.append(Replay(url, kind, what[:60], found))

    for key, layer, text in _targets(page_before, design_before, pairs, bound.design):
        extra = " " + " ".join([text] * max(1, min(3, 160 // len(text))))
        await page.evaluate(_LENGTHEN, [int(key), extra])
        after = await _leaves(page)
        await page.evaluate(_SHORTEN, [int(key), extra])
        longer = await shown(lengthened(bound.design, layer, extra))
        judge("lengthen", text, (page_before, after), longer, (key,))
        if left := await page.evaluate(_REMOVE, int(key)):
            after = await _leaves(page)
            await page.evaluate(_RESTORE)
            gone = next(d for p, d in pairs if p == key)
            kept = [leaf for leaf in design_before if leaf.key != gone]
            shorter = await shown(removed(bound.design, layer, shapes=left != "control"))
            judge("remove", text, (page_before, after), in_order(kept, shorter), (key,))
    await canvas.set_viewport_size({"width": width + WIDER, "height": 900})
    wider = await shown(widened(bound.design, WIDER))
    await page.evaluate(_WIDEN, width)
    await page.wait_for_timeout(SETTLE_MS)
    before = await _leaves(page)
    await page.evaluate(_WIDEN, width + WIDER)
    await page.wait_for_timeout(SETTLE_MS)
    judge("widen", f"by {WIDER} px", (before, await _leaves(page)), wider)
    await page.evaluate(_WIDEN, 0)
    await page.set_viewport_size({"width": width + WIDER, "height": (page.viewport_size or {"height": 900})["height"]})
    await page.wait_for_timeout(SETTLE_MS)
    judge("window", f"by {WIDER} px", (page_before, await _leaves(page)), wider)
    return results


async def _leaves(page: Page) -> list[Leaf]:
    given: list[Any] = await page.evaluate(_LEAVES)
    return [Leaf(str(k), str(text), float(x), float(y), float(w), float(h)) for k, text, x, y, w, h in given]


def _targets(
    page: Sequence[Leaf], design: Sequence[Leaf], pairs: Sequence[tuple[str, str]], tree: Design
) -> list[tuple[str, int, str]]:
    """(the page's leaf, the design's layer, its text) of texts that stand once on both sides, spread over the page."""
    paired = {ours for ours, _ in pairs}
    layers: dict[str, list[int]] = {}
    for at, text in text_layers(tree):
        layers.setdefault(" ".join(text.split()).casefold(), []).append(at)
    counts = Counter(leaf.text.casefold() for leaf in (*page, *design))
    able = [
        (leaf.key, layers[shown][0], leaf.text)
        for leaf, shown in ((leaf, leaf.text.casefold()) for leaf in page)
        if leaf.key in paired and len(leaf.text) >= 8 and leaf.y < MAX_TOP and counts[shown] == 2
        if len(layers.get(shown, ())) == 1
    ]
    return [able[(2 * i + 1) * len(able) // (2 * TEXTS)] for i in range(min(TEXTS, len(able)))]
