"""Designs as the page shows them: notation compiled to HTML, slots and fonts bound to assets that all designs share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crawlers.captures import CaptureStore, StoreError
from curation.report.pictures import Progress, Want
from curation.report.tables import Row

Face = dict[str, str]  # family, weight, style, sha256, format
Compile = Callable[[str, Mapping[str, str], list[tuple[Face, str]]], str]
RASTER = ("png", "jpeg", "webp", "gif", "avif", "bmp")
FONTS = ("woff2", "woff", "ttf", "otf")
WIDEST = 1440  # px; a slot without a known width
INLINE = 65_536  # characters of a data: URL that a page held itself
LARGEST_SVG, LARGEST_FONT = 200_000, 200_000  # bytes


@dataclass
class Renderings:
    """Compiled designs, one for each different notation, and the assets that they name.

    `html[i]` holds `data:TYPE,gesso-asset-N` where asset N belongs. `of` maps capture_id to i, `broken` to a message.
    `assets` maps sha256 to N; its bytes come from `wants` (pictures, to be reduced) or stand in `fonts` as TYPE, bytes.
    """

    html: list[str] = field(default_factory=list)
    of: dict[str, int] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    assets: dict[str, int] = field(default_factory=dict)
    wants: list[Want] = field(default_factory=list)
    fonts: dict[str, tuple[str, bytes]] = field(default_factory=dict)


def render(
    designs: Mapping[str, Row],
    store: CaptureStore,
    compile_: Compile,
    font_budget: int,
    progress: Progress | None = None,
) -> Renderings:
    """Compile every design once, in the order of capture ids. One that does not compile is a message, not the end.

    A row of `designs` has design, design_slots and dom_sha256. At most `font_budget` bytes of fonts are taken along.
    """
    made = Renderings()
    known: dict[tuple[str, ...], int] = {}
    widths = _widths(designs)
    faces: dict[str, list[Face]] = {}
    for done, (capture_id, row) in enumerate(sorted(designs.items()), 1):
        dom = row.get("dom_sha256") or ""
        if dom not in faces:
            faces[dom] = faces_of(store, dom)
        key = (row["design"], row.get("design_slots") or "", dom if faces[dom] else "")
        if key not in known:
            used = [face for face in faces[dom] if face["family"] in row["design"]]
            fonts = [(face, url) for face in used if (url := _font(face, store, made, font_budget))]
            try:
                html = compile_(row["design"], _bound(slots_of(key[1]), store, made, widths), fonts)
            except Exception as error:  # a fault of the compiler must not cost the report
                made.broken[capture_id] = f"{type(error).__name__}: {error}"
                continue
            known[key] = len(made.html)
            made.html.append(html)
        made.of[capture_id] = known[key]
        if progress is not None:
            progress("report: designs", done, len(designs))
    return made


def compile_design(notation: str, slots: Mapping[str, str], fonts: list[tuple[Face, str]]) -> str:
    """The design room's own compiler, from notation to a document."""
    from design.dom.items import FontFace
    from design.notation import parse
    from design.to.html import to_html

    faces = [(FontFace(face["family"], face["weight"], face["style"]), url) for face, url in fonts]
    return to_html(parse(notation), slots=slots, fonts=faces)


def slots_of(text: str) -> dict[str, Row]:
    """Slot name → asset from the `design_slots` column; {} where it is not an object of objects."""
    try:
        slots = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(k): v for k, v in slots.items() if isinstance(v, dict)} if isinstance(slots, dict) else {}


def faces_of(store: CaptureStore, dom_sha256: str) -> list[Face]:
    """The font files that a page loaded and the crawler kept; [] where there are none or no snapshot."""
    from design.dom.snapshot import load_snapshot
    from design.errors import GessoError

    if not dom_sha256:
        return []
    try:
        snapshot = load_snapshot(store.read_blob(dom_sha256, "dom"))
    except (StoreError, GessoError, OSError):
        return []
    declared, assets = snapshot.get("fonts"), snapshot.get("assets")
    if not isinstance(declared, list) or not isinstance(assets, dict):
        return []
    found = []
    for font in declared[:200]:
        asset = assets.get(font.get("url")) if isinstance(font, dict) and isinstance(font.get("url"), str) else None
        if not isinstance(asset, dict) or asset.get("format") not in FONTS or not isinstance(asset.get("sha256"), str):
            continue
        face = {key: str(font.get(key) or "") for key in ("family", "weight", "style")}
        family = face["family"].strip("\"' ")
        if family:
            found.append({**face, "family": family, "sha256": asset["sha256"], "format": asset["format"]})
    return found


def _font(face: Face, store: CaptureStore, made: Renderings, budget: int) -> str | None:
    sha256, type_ = face["sha256"], f"font/{face['format']}"
    if sha256 not in made.fonts:
        try:
            data = store.read_blob(sha256, face["format"])
        except (StoreError, OSError):
            return None
        if len(data) > LARGEST_FONT or sum(len(d) for _, d in made.fonts.values()) + len(data) > budget:
            return None
        made.fonts[sha256] = (type_, data)
        made.assets[sha256] = len(made.assets)
    return f"data:{type_},gesso-asset-{made.assets[sha256]}"


def _bound(slots: dict[str, Row], store: CaptureStore, made: Renderings, widths: dict[str, int]) -> dict[str, str]:
    """Slot → the address of a shared asset, SVG source, or the small data: URL that the page held itself."""
    bound = {}
    for name, slot in sorted(slots.items()):
        sha256, format_, svg, url = (slot.get(key) for key in ("sha256", "format", "svg", "url"))
        if isinstance(svg, str) and svg:
            bound[name] = svg
        elif isinstance(sha256, str) and format_ in RASTER:
            if sha256 not in made.assets:
                made.assets[sha256] = len(made.assets)
                made.wants.append(Want(sha256, str(format_), widths[sha256]))
            bound[name] = f"data:image/webp,gesso-asset-{made.assets[sha256]}"
        elif isinstance(sha256, str) and format_ == "svg":
            if (source := _svg(store, sha256)) is not None:
                bound[name] = source
        elif isinstance(url, str) and url.startswith("data:image/") and len(url) <= INLINE:
            bound[name] = url
    return bound


def _svg(store: CaptureStore, sha256: str) -> str | None:
    try:
        data = store.read_blob(sha256, "svg")
    except (StoreError, OSError):
        return None
    text = data.decode("utf-8-sig", "replace") if len(data) <= LARGEST_SVG else ""
    start = text.find("<svg")  # whatever prolog there is; the compiler checks the rest
    return text[start:] if start >= 0 else None


def _widths(designs: Mapping[str, Row]) -> dict[str, int]:
    """sha256 → the widest that any design shows it."""
    widest: dict[str, int] = {}
    for row in designs.values():
        for slot in slots_of(row.get("design_slots") or "").values():
            if isinstance(slot.get("sha256"), str):
                widest[slot["sha256"]] = max(widest.get(slot["sha256"], 1), _width(slot.get("rect")))
    return widest


def _width(rect: Any) -> int:
    """rect is [x, y, width, height] in CSS px."""
    width = rect[2] if isinstance(rect, list) and len(rect) == 4 else None
    return max(1, min(WIDEST, round(width))) if isinstance(width, int | float) and width > 0 else WIDEST
