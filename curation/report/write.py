"""The report, top to bottom: read the version, compile the designs, reduce the pictures, write one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crawlers.captures import CaptureStore
from curation.report import facts, page
from curation.report.pictures import Level, Picture, Progress, Want, previews
from curation.report.renderings import Renderings, compile_design, render
from curation.report.tables import ReportError, Row, Version, read_version

__all__ = ["ReportError", "write_report"]

PER_CAPTURE = 36_000  # bytes of the file that a capture may cost, up to MANY captures …
MANY, PER_FURTHER, LEAST = 700, 10_000, 8_000_000
SCREENS, ASSETS, DESIGNS, FONTS = 0.6, 0.16, 0.16, 0.08  # how the budget is shared
BASE64 = 4 / 3


def write_report(dataset_dir: Path, home: Path, store_url: str, progress: Progress | None = None) -> Path:
    """Write `<dataset_dir>/report.html` and return its path. Previews are cached under `<home>/previews`.

    Raises ReportError where the folder is not a dataset version, StoreError where the store is missing.
    """
    dataset_dir = Path(dataset_dir)
    version = read_version(dataset_dir)
    store = CaptureStore(store_url)
    budget = budget_for(len(version.rows))
    made = render(version.designs, store, compile_design, int(budget * FONTS / BASE64), progress)
    cache = Path(home) / "previews"
    wants = [
        Want(r["image_sha256"], r["format"]) for r in version.rows if r.get("image_sha256") and r["state"] != "failed"
    ]
    screens, level = previews(store, wants, int(budget * SCREENS / BASE64), cache, progress)
    assets, _ = previews(store, made.wants, int(budget * ASSETS / BASE64), cache)
    html = page.document(
        f"{version.name} {version.number} · Gesso", blocks(version, made, screens, assets, level, budget)
    )
    path = dataset_dir / "report.html"
    aside = path.with_name("report.html.part")
    aside.write_text(html, encoding="utf-8")
    aside.replace(path)
    return path


def budget_for(captures: int) -> int:
    """Bytes that a report of so many captures should not exceed by much."""
    return max(LEAST, PER_CAPTURE * min(captures, MANY) + PER_FURTHER * max(0, captures - MANY))


def blocks(
    version: Version,
    made: Renderings,
    screens: dict[str, Picture],
    assets: dict[str, Picture],
    level: Level,
    budget: int,
) -> dict[str, Any]:
    """Every data block of the page by its id."""
    report = facts.assemble(version)
    order = {
        sha256: index
        for index, sha256 in enumerate(
            dict.fromkeys(r["image_sha256"] for r in version.rows if r.get("image_sha256") in screens)
        )
    }
    designs, left_out = _packed_designs(made, int(budget * DESIGNS))
    report["captures"].update(_shown(version.rows, made, designs, screens, order))
    report["chunk"] = page.CHUNK
    report["footnotes"] = _footnotes(
        level, left_out, sum(r["state"] != "failed" and r.get("image_sha256") not in screens for r in version.rows)
    )
    details = [page.packed(_detail(row, version, made)) for row in version.rows]
    return {
        "report": report,
        **page.chunks("images", [page.base64_of(screens[sha256].data) for sha256 in order]),
        **page.chunks("assets", [_asset(sha256, made, assets) for sha256 in made.assets]),
        **page.chunks("designs", designs),
        **page.chunks("details", details),
    }


def _asset(sha256: str, made: Renderings, pictures: dict[str, Picture]) -> str:
    """A whole data: URL; empty where the bytes are not to be had."""
    if sha256 in made.fonts:
        type_, data = made.fonts[sha256]
        return f"data:{type_};base64,{page.base64_of(data)}"
    return f"data:image/webp;base64,{page.base64_of(pictures[sha256].data)}" if sha256 in pictures else ""


def _packed_designs(made: Renderings, budget: int) -> tuple[list[str], int]:
    """Compressed documents; those beyond the budget are left out, the largest first, and counted."""
    designs = [page.packed(html) for html in made.html]
    total, left_out = sum(map(len, designs)), 0
    for index in sorted(range(len(designs)), key=lambda i: -len(designs[i])):
        if total <= budget:
            break
        total -= len(designs[index])
        designs[index] = ""
        left_out += 1
    return designs, left_out


def _shown(
    rows: list[Row], made: Renderings, designs: list[str], screens: dict[str, Picture], order: dict[str, int]
) -> dict[str, list[Any]]:
    """The columns that tie captures to their pictures and designs; sizes in px, of the screenshot and of the design."""
    found: dict[str, list[Any]] = {
        name: [] for name in ("image", "iw", "ih", "design", "designState", "designWidth", "designHeight")
    }
    for row in rows:
        sha256, capture_id = row.get("image_sha256") or "", row["capture_id"]
        picture = screens.get(sha256)
        width = row.get("decoded_width") or row.get("width") or 0
        height = row.get("decoded_height") or row.get("height") or 0
        iw, ih = (picture.width, picture.height) if picture else (width or 3, height or 5)
        design = made.of.get(capture_id, -1)
        omitted = design >= 0 and not designs[design]
        viewport = row.get("viewport_width") or width or iw
        state = "omitted" if omitted else "shown" if design >= 0 else "error" if capture_id in made.broken else ""
        values = (
            order.get(sha256, -1),
            iw,
            ih,
            -1 if omitted else design,
            state,
            viewport,
            round(viewport * (height or ih) / (width or iw)),
        )
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    return found


def _detail(row: Row, version: Version, made: Renderings) -> str:
    about = facts.detail(row)
    about["notation"] = (version.designs.get(row["capture_id"]) or {}).get("design") or ""
    if row["capture_id"] in made.broken:
        about["errors"].append(f"design: {made.broken[row['capture_id']]}")
    return page.embed(about)


def _footnotes(level: Level, left_out: int, missing: int) -> list[str]:
    notes = [
        f"Pictures here are previews: screens at most {level.height} px high, long pages {level.width} px wide, "
        f"WebP quality {level.quality}. The originals are in the shards and in the capture store."
    ]
    if left_out:
        notes.append(f"{left_out} compiled designs were left out to keep this file small; their notation is here.")
    if missing:
        notes.append(
            f"{missing} captures have no picture here: their files are missing from the capture store or altered."
        )
    return notes
