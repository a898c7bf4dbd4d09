"""The slots that a page's images go to: one a source, named after it."""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin, urlsplit

from design.dom import css
from design.dom.items import Findings, Slot
from design.dom.snapshot import STILL, Box
from design.tree import FITS, Fit, SlotPaint

MAX_DATA_URL = 512 << 10


def image_slot(box: Box, address: str, found: Findings, kind: str) -> str:
    """The slot of an image by its address: one slot a source; the rect is that of its first use."""
    absolute = address if address.startswith("data:") else urljoin(found.base, address)
    if absolute in found.by_source:
        return found.by_source[absolute]
    stem = kind
    if absolute.startswith(STILL):
        stem = "video"
    elif not absolute.startswith("data:"):
        stem = unquote(urlsplit(absolute).path).rsplit("/", 1)[-1].rsplit(".", 1)[0] or kind
    asset = found.assets.get(absolute)
    asset = asset if isinstance(asset, dict) else {}
    name = slot_name(stem, found)
    sha, form = asset.get("sha256"), asset.get("format")
    if absolute.startswith("data:") and len(absolute) > MAX_DATA_URL:
        found.note("an inlined image of more than 512 KB is left without source")
        absolute = ""
    safe = absolute.startswith(("http:", "https:", "data:image/"))
    found.slots[name] = Slot(
        name,
        "image",
        rect_of(box),
        url=absolute if safe else None,
        sha256=sha if isinstance(sha, str) else None,
        format=form if isinstance(form, str) else None,
        leaf=kind == "image",
    )
    found.by_source[absolute] = name
    return name


def slot_name(stem: str, found: Findings) -> str:
    """A free slot name like the given words."""
    base = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:40] or "image"
    name, i = base, 2
    while name in found.slots:
        name, i = f"{base}-{i}", i + 1
    return name


def rect_of(box: Box) -> tuple[float, float, float, float]:
    return round(box.x, 2), round(box.y, 2), round(box.width, 2), round(box.height, 2)


def image_fill(box: Box, found: Findings) -> SlotPaint:
    """What an img, canvas, video or iframe shows."""
    address = box.dom.source(box.node) or box.attribute("src") if box.tag == "IMG" else box.attribute("poster")
    if box.tag == "INPUT":
        address = box.attribute("src")
    if box.tag == "VIDEO" and (still := box.dom.still(box.node)) in found.assets:
        address = still
    if address:
        slot = image_slot(box, address, found, "image")
    else:
        slot = slot_name(box.tag, found)
        found.slots[slot] = Slot(slot, "image", rect_of(box), leaf=True)
        found.note(f"a {box.tag.lower()} is a slot without source")
    value = box.css("object-fit") or "fill"
    fit: Fit = "contain" if value == "scale-down" else next((f for f in FITS if f == value), "fill")
    x, y = css.position(box.css("object-position") or "50% 50%", 100.0, 100.0)
    if fit not in ("cover", "contain"):
        x = y = 50.0
    if fit == "none":
        x = y = 0.0
    return SlotPaint(slot, fit, x, y)
