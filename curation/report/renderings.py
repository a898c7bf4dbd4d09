"""Designs as the page shows them: notation compiled to HTML, slots bound to numbered assets that all designs share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.report.pictures import Want
from curation.report.tables import Row

Compile = Callable[[str, Mapping[str, str]], str]
RASTER = ("png", "jpeg", "webp", "gif", "avif", "bmp", "ico")
WIDEST = 1440  # px; a slot without a known width


@dataclass
class Renderings:
    """Compiled designs, one for each different notation and slots, and the assets that they name.

    `html[i]` holds `data:,gesso-asset-N` where asset N belongs. `of` maps capture_id to i, `broken` to a message.
    """

    html: list[str] = field(default_factory=list)
    of: dict[str, int] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    assets: dict[str, int] = field(default_factory=dict)  # sha256 → N
    wants: list[Want] = field(default_factory=list)


def render(
    designs: Mapping[str, Row], compile_: Compile, progress: Callable[[str, int, int], None] | None = None
) -> Renderings:
    """Compile every design once, in the order of capture ids. One that does not compile is a message, not the end."""
    made = Renderings()
    known: dict[tuple[str, str], int] = {}
    widths = _widths(designs)
    for done, (capture_id, row) in enumerate(sorted(designs.items()), 1):
        key = (row["design"], row.get("design_slots") or "")
        if key not in known:
            try:
                html = compile_(row["design"], _bound(slots_of(key[1]), made, widths))
            except Exception as error:  # a fault of the compiler must not cost the report
                made.broken[capture_id] = f"{type(error).__name__}: {error}"
                continue
            known[key] = len(made.html)
            made.html.append(html)
        made.of[capture_id] = known[key]
        if progress is not None:
            progress("report: designs", done, len(designs))
    return made


def compile_design(notation: str, slots: Mapping[str, str]) -> str:
    """The design room's own compiler, from notation to a document."""
    from design import parse
    from design.to.html import to_html

    return to_html(parse(notation), slots=slots)


def slots_of(text: str) -> dict[str, Row]:
    """Slot name → asset from the `design_slots` column; {} where it is not an object of objects."""
    try:
        slots = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(k): v for k, v in slots.items() if isinstance(v, dict)} if isinstance(slots, dict) else {}


def _bound(slots: dict[str, Row], made: Renderings, widths: dict[str, int]) -> dict[str, str]:
    bound = {}
    for name, slot in sorted(slots.items()):
        sha256, format_ = slot.get("sha256"), slot.get("format")
        if not isinstance(sha256, str) or format_ not in RASTER:
            continue
        if sha256 not in made.assets:
            made.assets[sha256] = len(made.assets)
            made.wants.append(Want(sha256, str(format_), widths[sha256]))
        bound[name] = f"data:,gesso-asset-{made.assets[sha256]}"
    return bound


def _widths(designs: Mapping[str, Row]) -> dict[str, int]:
    """sha256 → the widest that any design shows it."""
    widest: dict[str, int] = {}
    for row in designs.values():
        for slot in slots_of(row.get("design_slots") or "").values():
            if isinstance(slot.get("sha256"), str):
                widest[slot["sha256"]] = max(widest.get(slot["sha256"], 1), _width(slot.get("rect")))
    return widest


def _width(rect: Any) -> int:
    """rect is [x, y, width, height] or an object with a width, in CSS px."""
    width = (
        rect[2] if isinstance(rect, list) and len(rect) == 4 else rect.get("width") if isinstance(rect, dict) else None
    )
    return max(1, min(WIDEST, round(width))) if isinstance(width, int | float) and width > 0 else WIDEST
