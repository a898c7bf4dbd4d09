"""COCO detection data: the pictures of captures that have a DOM, and a typed box for every layer that can be seen.

`images/<split>/<capture_id>.png` and `annotations/instances_<split>.json`; boxes are in pixels of the picture.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from crawlers.captures import CaptureStore, StoreError
from curation.exports.folder import ExportError
from curation.exports.rows import need_pictures, row_groups
from curation.fit import fitted_size
from design.boxes import TYPES, TypedBox, typed_boxes
from design.errors import GessoError as DesignProblem
from design.from_dom import load_snapshot

if TYPE_CHECKING:
    from curation.dataset import Dataset
    from curation.exports.folder import ExportFolder

DEFAULTS: dict[str, Any] = {}
LEAST = 2.0  # px of the picture a side
GROUPS = {
    "landmark": ("header", "nav", "main", "section", "article", "aside", "footer", "form", "dialog", "table"),
    "control": ("button", "input", "select"),
    "content": ("text", "image", "icon"),
    "paint": ("shape", "container"),
}
CATEGORIES = [
    {"id": number, "name": name, "supercategory": next(g for g, names in GROUPS.items() if name in names)}
    for number, name in enumerate(TYPES, 1)
]


def write(
    dataset: Dataset, folder: ExportFolder, progress: Callable[[str, int, int], None]
) -> tuple[int, dict[str, int]]:
    """One JSON file a split. Returns the number of pictures, and why captures have none. Raises ExportError."""
    need_pictures(dataset)
    store = CaptureStore(dataset.captures)
    total = sum(shard["rows"] for shard in dataset.manifest["shards"])
    longest = dataset.manifest["recipe"]["shards"].get("longest_side")
    done, rows = 0, 0
    left_out: Counter[str] = Counter()
    for split in sorted({shard["split"] for shard in dataset.manifest["shards"]}):
        shards = [
            path
            for path, about in zip(dataset.shards, dataset.manifest["shards"], strict=True)
            if about["split"] == split
        ]
        with folder.file(f"annotations/instances_{split}.json") as aside, aside.open("w", encoding="utf-8") as out:
            file = _Instances(out, dataset, split)
            for row in _rows(shards):
                done += 1
                progress("boxes", done, total)
                problem = _add(file, row, store, folder, split, longest)
                left_out[problem] += bool(problem)
            file.close()
        rows += file.images_written
    left_out = Counter({reason: number for reason, number in left_out.items() if reason})
    if total and not rows and left_out["the DOM snapshot cannot be read"]:
        raise ExportError(
            f"{dataset.captures} has none of the DOM snapshots: give --captures, or --home where they are"
        )
    return rows, dict(left_out)


def _add(
    file: _Instances, row: dict[str, Any], store: CaptureStore, folder: ExportFolder, split: str, longest: int | None
) -> str:
    """Write one capture's picture and boxes; why not, where it has none. `longest` is the recipe's bound of a side."""
    if not row.get("dom_sha256"):
        return "no DOM snapshot"
    try:
        snapshot = load_snapshot(store.read_blob(row["dom_sha256"], "dom"))
        boxes = typed_boxes(snapshot)
    except (StoreError, OSError, DesignProblem):
        return "the DOM snapshot cannot be read"
    name = f"images/{split}/{Path(row['image']['path']).name}"
    if not folder.has(name):
        with folder.file(name) as aside:
            aside.write_bytes(row["image"]["bytes"])
    if longest:
        row["width"], row["height"] = fitted_size(row["width"], row["height"], longest)
    file.add(row, f"{split}/{Path(name).name}", scaled(boxes, snapshot, row["width"], row["height"]))
    return ""


def scaled(boxes: list[TypedBox], snapshot: dict[str, Any], width: int, height: int) -> list[TypedBox]:
    """Boxes in pixels of a picture `width` × `height`, cut at its edges: a fold shows the top of the page only."""
    page = snapshot.get("page") or {}
    wide = page.get("width") if isinstance(page, dict) else None
    scale = width / wide if isinstance(wide, int | float) and wide > 0 else 1.0
    found = []
    for box in boxes:
        left, top, right, bottom = (edge * scale for edge in box.rect)
        rect = max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom)
        if rect[2] - rect[0] >= LEAST and rect[3] - rect[1] >= LEAST:
            found.append(TypedBox(box.type, rect, box.depth, box.text))
    return found


def _rows(shards: list[Path]) -> Iterator[dict[str, Any]]:
    columns = ("capture_id", "image", "dom_sha256", "width", "height", "url", "fetched_at", "licence", "site")
    for shard in shards:
        for table in row_groups(shard):
            yield from table.select([name for name in columns if name in table.column_names]).to_pylist()


class _Instances:
    """Writes the annotations as they come, and the pictures' entries at the end."""

    def __init__(self, out: TextIO, dataset: Dataset, split: str) -> None:
        self.out = out
        self.images: list[dict[str, Any]] = []
        self.licences: dict[str, int] = {}
        self.annotations = 0
        self.texts = not dataset.redacted  # the trees of the capture store know nothing of redaction
        about = {"description": f"{dataset.name}, {split}", "version": str(dataset.folder.name), "contributor": "Gesso"}
        out.write(f'{{"info": {json.dumps(about)},\n"categories": {json.dumps(CATEGORIES)},\n"annotations": [')

    @property
    def images_written(self) -> int:
        return len(self.images)

    def add(self, row: dict[str, Any], name: str, boxes: list[TypedBox]) -> None:
        image = len(self.images) + 1
        licence = row.get("licence") or "as stated by the source; see the dataset card"
        self.images.append(
            {
                "id": image,
                "file_name": name,
                "width": row["width"],
                "height": row["height"],
                "license": self.licences.setdefault(licence, len(self.licences) + 1),
                "date_captured": row["fetched_at"].strftime("%Y-%m-%d %H:%M:%S"),
                "capture_id": row["capture_id"],
                "source_url": row["url"],
            }
        )
        for box in boxes:
            self.annotations += 1
            self.out.write(("\n" if self.annotations == 1 else ",\n") + json.dumps(self._annotation(image, box)))

    def _annotation(self, image: int, box: TypedBox) -> dict[str, Any]:
        left, top, right, bottom = (round(edge, 2) for edge in box.rect)
        width, height = round(right - left, 2), round(bottom - top, 2)
        entry: dict[str, Any] = {
            "id": self.annotations,
            "image_id": image,
            "category_id": TYPES.index(box.type) + 1,
            "bbox": [left, top, width, height],
            "area": round(width * height, 2),
            "iscrowd": 0,
            "segmentation": [[left, top, right, top, right, bottom, left, bottom]],
            "depth": box.depth,
        }
        return entry | ({"text": box.text[:500]} if box.text and self.texts else {})

    def close(self) -> None:
        licences = [{"id": number, "name": name, "url": ""} for name, number in self.licences.items()]
        self.out.write(f'\n],\n"licenses": {json.dumps(licences)},\n"images": {json.dumps(self.images)}}}\n')
