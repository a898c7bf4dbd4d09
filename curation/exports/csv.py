"""A CSV sample: some rows for a spreadsheet, without pictures, embeddings and designs. The whole is the Parquet files.

Which rows is a function of seed and capture id. A text that a spreadsheet would run as a formula gets a leading `'`.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from curation.exports.rows import plain

if TYPE_CHECKING:
    from curation.dataset import Dataset
    from curation.exports.folder import ExportFolder

DEFAULTS: dict[str, Any] = {"rows": 1000, "seed": 0}
LEFT_OUT = ("image", "embedding", "design")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(
    dataset: Dataset, folder: ExportFolder, progress: Callable[[str, int, int], None], *, rows: int, seed: int
) -> tuple[int, dict[str, int]]:
    """sample.csv: UTF-8, RFC 4180, a header, lists and structs as JSON, null as an empty field."""
    ids = [key for (key,) in dataset.rows(["capture_id"]).fetchall()]
    chosen = sorted(ids, key=lambda key: hashlib.sha256(f"{seed} {key}".encode()).digest())[:rows]
    names = [name for name in dataset.columns if name not in LEFT_OUT]
    place = {key: index for index, key in enumerate(chosen)}
    lines: list[list[str]] = [[] for _ in chosen]
    for batch in dataset.batches(names):
        for row in batch.to_pylist():
            if row["capture_id"] in place:
                lines[place[row["capture_id"]]] = [cell(row[name]) for name in names]
    with folder.file("sample.csv") as aside, aside.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        writer.writerows(lines)
    progress("rows", len(lines), len(lines))
    left = len(ids) - len(lines)
    return len(lines), {"beyond the sample": left} if left else {}


def cell(value: Any) -> str:
    """One field."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA) else text
