"""The report, top to bottom: read the version, compile the designs, reduce the pictures, lay out the map, write."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from crawlers.captures import CaptureStore
from curation.report import columns, facts, page, projection, sheets
from curation.report.pictures import Level, Picture, Progress, Want, previews
from curation.report.renderings import Renderings, compile_design, render
from curation.report.tables import MOST, ReportError, Row, Version, read_version

__all__ = ["ReportError", "write_report"]

PER_CAPTURE = 36_000  # bytes of the report that a capture may cost, up to MANY captures …
MANY, PER_FURTHER, LEAST = 700, 10_000, 8_000_000
ONE_FILE = 1500  # captures up to which everything is in one file
SCREENS, ASSETS, DESIGNS, FONTS = 0.6, 0.16, 0.16, 0.08  # how the budget is shared
BASE64 = 4 / 3


def write_report(
    dataset_dir: Path,
    home: Path,
    store_url: str,
    progress: Progress | None = None,
    *,
    one_file: int = ONE_FILE,
    most: int = MOST,
) -> Path:
    """Write `<dataset_dir>/report.html` and return its path. Previews and the map are cached under `<home>/previews`.

    With more than `one_file` captures, pictures and facts lie beside it in `report.files/`; of more than `most`, the
    report carries a sample. Raises ReportError where the folder is no version, StoreError where there is no store.
    """
    dataset_dir = Path(dataset_dir)
    version = read_version(dataset_dir, most)
    store = CaptureStore(store_url)
    rows = version.rows()
    budget = budget_for(len(rows))
    made = render(version.designs, store, compile_design, int(budget * FONTS / BASE64), progress)
    cache = Path(home) / "previews"
    wants = [Want(r["image_sha256"], r["format"]) for r in rows if r.get("image_sha256") and r["state"] != "failed"]
    screens, level = previews(store, wants, int(budget * SCREENS / BASE64), cache, progress)
    assets, _ = previews(store, made.wants, int(budget * ASSETS / BASE64), cache)
    laid = projection.plane(version, Path(home), progress)
    core, heavy = blocks(version, rows, made, screens, assets, level, budget, laid)
    counts = core["report"]["counts"]
    title = f"{version.name} {version.number} · Gesso"
    answer = f"{counts['input']:,} captures in, {counts['kept']:,} kept."
    beside = len(rows) > one_file
    core["report"]["key"] = _key(version) if beside else ""
    html = page.document(title, answer, core if beside else core | heavy, beside=beside)
    return _put(dataset_dir, html, dict(page.scripts(core["report"]["key"], heavy)) if beside else {})


def _key(version: Version) -> str:
    """Tells the files of one report from those of another."""
    return hashlib.sha256("\n".join([version.name, version.number, *version.ids]).encode()).hexdigest()[:16]


def _put(folder: Path, html: str, files: dict[str, str]) -> Path:
    """The files first, so that a kill leaves no document without them."""
    place, aside = folder / page.FOLDER, folder / f".{page.FOLDER}.part"
    shutil.rmtree(aside, ignore_errors=True)
    if files:
        aside.mkdir()
        for name, text in files.items():
            (aside / name).write_text(text, encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    if files:
        aside.replace(place)
    path = folder / "report.html"
    part = path.with_name("report.html.part")
    part.write_text(html, encoding="utf-8")
    part.replace(path)
    return path


def budget_for(captures: int) -> int:
    """Bytes that a report of so many captures should not exceed by much."""
    return max(LEAST, PER_CAPTURE * min(captures, MANY) + PER_FURTHER * max(0, captures - MANY))


def blocks(
    version: Version,
    rows: list[Row],
    made: Renderings,
    screens: dict[str, Picture],
    assets: dict[str, Picture],
    level: Level,
    budget: int,
    laid: projection.Plane | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every data block of the page by its id: what it opens with, and what it reads when it is looked at."""
    report = facts.assemble(version)
    shown = [r["image_sha256"] for r in rows if r.get("image_sha256") in screens]
    order = {sha256: index for index, sha256 in enumerate(dict.fromkeys(shown))}
    designs, left_out = _packed_designs(made, int(budget * DESIGNS))
    report["captures"].update(_shown(rows, made, designs, screens, order))
    report["chunk"] = page.CHUNK
    missing = sum(r["state"] != "failed" and r.get("image_sha256") not in screens for r in rows)
    report["footnotes"] = _footnotes(level, left_out, missing)
    atlas = sheets.atlas(screens, sheets.order_on(laid, rows, order))
    report["atlas"] = {"cell": sheets.CELL, "across": sheets.ACROSS, "places": columns.whole(atlas.places(rows))}
    report["plane"] = (
        None
        if laid is None
        else {
            "x": columns.pack(laid.xy[:, 0], "f4"),
            "y": columns.pack(laid.xy[:, 1], "f4"),
            "basis": laid.basis,
            "method": laid.method,
        }
    )
    details = [_detail(row, version, made) for row in rows]
    packed = {name: page.packed(page.embed(some)) for name, some in page.chunks("details", details).items()}
    return {"report": report}, {
        **page.chunks("images", [page.base64_of(screens[sha256].data) for sha256 in order]),
        **{f"sheets-{index}": page.base64_of(sheet) for index, sheet in enumerate(atlas.sheets)},
        **page.chunks("assets", [_asset(sha256, made, assets) for sha256 in made.assets]),
        **page.chunks("designs", designs),
        **packed,
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
) -> Row:
    """The columns that tie captures to their pictures and designs; sizes in px, of the screenshot and of the design."""
    names = ("image", "iw", "ih", "design", "designWidth", "designHeight")
    found: dict[str, list[int]] = {name: [] for name in names}
    states = []
    for row in rows:
        sha256, capture_id = row.get("image_sha256") or "", row["capture_id"]
        picture = screens.get(sha256)
        width = row.get("decoded_width") or row.get("width") or 0
        height = row.get("decoded_height") or row.get("height") or 0
        iw, ih = (picture.width, picture.height) if picture else (width or 3, height or 5)
        design = made.of.get(capture_id, -1)
        omitted = design >= 0 and not designs[design]
        viewport = row.get("viewport_width") or width or iw
        states.append(
            "omitted" if omitted else "shown" if design >= 0 else "error" if capture_id in made.broken else ""
        )
        tall = round(viewport * (height or ih) / (width or iw))
        values = (order.get(sha256, -1), iw, ih, -1 if omitted else design, viewport, tall)
        for name, value in zip(names, values, strict=True):
            found[name].append(value)
    return {name: columns.whole(values) for name, values in found.items()} | {"designState": columns.words(states)}


def _detail(row: Row, version: Version, made: Renderings) -> Row:
    about = facts.detail(row)
    about["notation"] = (version.designs.get(row["capture_id"]) or {}).get("design") or ""
    if row["capture_id"] in made.broken:
        about["errors"].append(f"design: {made.broken[row['capture_id']]}")
    return about


def _footnotes(level: Level, left_out: int, missing: int) -> list[str]:
    notes = [
        f"Pictures here are previews: screens at most {level.height} px high, long pages {level.width} px wide, "
        f"WebP quality {level.quality}. The originals are in the shards and in the capture store."
    ]
    if left_out:
        notes.append(f"{left_out} compiled designs were left out to keep this report small; their notation is here.")
    if missing:
        notes.append(
            f"{missing} captures have no picture here: their files are missing from the capture store or altered."
        )
    return notes
