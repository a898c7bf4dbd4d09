"""A DOM snapshot (`gesso-dom/1`) → a design, the slots its images go to, and its fonts. Pure: no I/O, no browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from design.components import with_components
from design.dom import css
from design.dom.arrange import arrange
from design.dom.background import fills_of
from design.dom.collect import collect
from design.dom.items import Findings, FontFace, Item, Slot
from design.dom.scale import with_scales
from design.dom.size import build
from design.dom.snapshot import Box, check_snapshot, load_snapshot, open_dom
from design.dom.tokens import with_tokens
from design.tree import Design, Node, Paint, SlotPaint, Solid, walk

__all__ = ["FontFace", "Imported", "Slot", "from_snapshot", "from_snapshots", "load_snapshot"]

MAX_FONTS = 200


@dataclass(frozen=True, slots=True)
class Imported:
    """A design and what it needs: `slots` by name, `fonts`, and `notes` on what was approximated or left out."""

    design: Design
    slots: dict[str, Slot]
    fonts: tuple[FontFace, ...]
    notes: tuple[str, ...]


def from_snapshot(snapshot: dict[str, Any], *, components: bool = True) -> Imported:
    """The design of a page as it was laid out, one root frame of the page's size. Raises SnapshotError.

    Without `components` what recurs is written out each time.
    """
    return from_snapshots([snapshot], components=components)


def from_snapshots(snapshots: Sequence[dict[str, Any]], *, components: bool = True) -> Imported:
    """One design with a root frame a snapshot, in their order: a page through several windows.

    Slots, tokens and components are shared by all frames. Raises SnapshotError.
    """
    slots: dict[str, Slot] = {}
    sources: dict[str, str] = {}
    notes: dict[str, int] = {}
    roots: list[Node] = []
    fonts: dict[FontFace, None] = {}
    for snapshot in snapshots:
        check_snapshot(snapshot)
        assets, url = snapshot.get("assets"), snapshot.get("url")
        found = Findings(url if isinstance(url, str) else "", assets if isinstance(assets, dict) else {})
        found.slots, found.by_source, found.notes = slots, sources, notes
        found.viewport = _size(snapshot.get("viewport")) or (0.0, 0.0)
        page = page_item(snapshot, open_dom(snapshot).boxes(), found)
        arrange(page)
        roots.append(build(page))
        fonts.update(dict.fromkeys(_fonts(snapshot, found)))
    design = with_tokens(Node("col", children=tuple(roots)))
    design = with_scales(replace(design, roots=design.roots[0].children))
    if components:
        design = with_components(design)
    used = {paint.slot for paint in slot_paints(design)}
    return Imported(
        design,
        {name: slot for name, slot in slots.items() if name in used},
        tuple(fonts),
        tuple(f"{text} ({count}×)" if count > 1 else text for text, count in notes.items()),
    )


def page_item(snapshot: dict[str, Any], boxes: list[Box], found: Findings) -> Item:
    """The page's own frame, of its size and in its paint, around the items that can be seen; not yet laid out."""
    page = _page(snapshot, boxes, found)
    tops = collect(boxes, found)
    page.children = [item for item in _unwrapped(tops) if _visible(item, page)]
    flow = [item.bottom for item in page.children if not item.hints.out]
    if page.bottom < max(flow, default=0.0) < page.bottom + 1:  # a page's height is in whole px, what it holds is not
        page.height = max(flow) - page.y
    page.hints.lines = next((item.hints.lines for item in tops if item.hints.lines), None)
    prune(page)
    return page


def _page(snapshot: dict[str, Any], boxes: list[Box], found: Findings) -> Item:
    size = _size(snapshot.get("page")) or _size(snapshot.get("viewport")) or (1440.0, 900.0)
    page = Item("frame", 0.0, 0.0, *size, (-1, -1))
    title = snapshot.get("title")
    page.name = title[:60] if isinstance(title, str) else ""
    background: tuple[Paint, ...] = (Solid("#ffffff"),)
    for tag in ("HTML", "BODY"):
        box = next((b for b in boxes if b.tag == tag), None)
        if box is not None and (fills := fills_of(box, found)):
            background += fills
            break
    if isinstance(background[-1], Solid) and len(background[-1].color) == 7:
        background = background[-1:]
    page.look = {"fills": background, "clip": True}
    return page


def _size(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, dict):
        return None
    width, height = value.get("width"), value.get("height")
    if not isinstance(width, int | float) or not isinstance(height, int | float):
        return None
    if not (1 <= width <= 100_000 and 1 <= height <= 1_000_000):
        return None
    return float(width), float(height)


def _unwrapped(items: list[Item]) -> list[Item]:
    """Without html and body, whose paint is the page's."""
    flat: list[Item] = []
    for item in items:
        bare = item.kind == "frame" and not any(item.look.get(key) for key in _OWN)
        flat.extend(item.children if bare else [item])
    return flat


_OWN = ("strokes", "shadows", "clip", "opacity")


def _visible(item: Item, page: Item) -> bool:
    left, top, right, bottom = item.reach if item.kind == "frame" else (item.x, item.y, item.right, item.bottom)
    return right > page.x and bottom > page.y and left < page.right and top < page.bottom


def prune(page: Item) -> None:
    """Drop what no clip lets through: slides outside their carousel, menus outside the page."""
    stack = [(page, (page.x, page.y, page.right, page.bottom))]
    while stack:
        frame, clip = stack.pop()
        if frame.look.get("clip"):
            clip = max(clip[0], frame.x), max(clip[1], frame.y), min(clip[2], frame.right), min(clip[3], frame.bottom)
        kept = []
        for child in frame.children:
            left, top, right, bottom = (
                child.reach if child.kind == "frame" else (child.x, child.y, child.right, child.bottom)
            )
            if right > clip[0] and bottom > clip[1] and left < clip[2] and top < clip[3]:
                kept.append(child)
                stack.append((child, clip))
        frame.children = kept


def slot_paints(design: Design) -> list[SlotPaint]:
    """Every image paint of a design, those of components and of what instances give them among them."""
    trees = [*design.roots, *(component.root for component in design.components)]
    return [
        paint
        for tree in trees
        for node, _ in walk(tree)
        for paint in (
            *node.fills,
            *(stroke.paint for stroke in node.strokes),
            *(run.paint for run in node.runs),
            *(prop.value for prop in node.props),
        )
        if isinstance(paint, SlotPaint)
    ]


def _fonts(snapshot: dict[str, Any], found: Findings) -> tuple[FontFace, ...]:
    faces = snapshot.get("fonts")
    result = []
    for face in (faces if isinstance(faces, list) else [])[:MAX_FONTS]:
        if not isinstance(face, dict):
            continue
        texts = {key: value for key, value in face.items() if isinstance(value, str)}
        url = urljoin(found.base, texts.get("url", ""))
        asset = found.assets.get(url)
        asset = asset if isinstance(asset, dict) else {}
        sha, form = asset.get("sha256"), asset.get("format")
        result.append(
            FontFace(
                next(iter(css.families(texts.get("family", ""))), ""),
                texts.get("weight", "400"),
                texts.get("style", "normal"),
                url,
                sha if isinstance(sha, str) else None,
                form if isinstance(form, str) else None,
            )
        )
    return tuple(result)
