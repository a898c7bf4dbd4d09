"""WebDataset: one tar a shard, in the shard's own shuffled order; readable by webdataset, img2dataset's users and tar.

A sample is `<capture_id>.png|jpg|webp …` (the original bytes), `.json` (all other columns), and where it has them
`.txt` (the caption), `.gesso` (the design's notation) and `.npy` (the embedding, float16). Samples differ in what they
hold, which `datasets`' reader of such tars does not take: what `datasets` reads is the hub's folder.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation.exports.rows import need_pictures, plain, row_groups

if TYPE_CHECKING:
    from curation.dataset import Dataset
    from curation.exports.folder import ExportFolder

DEFAULTS: dict[str, Any] = {}
APART = ("image", "embedding", "design")


def write(
    dataset: Dataset, folder: ExportFolder, progress: Callable[[str, int, int], None]
) -> tuple[int, dict[str, int]]:
    """One tar for each shard. Returns (rows, {})."""
    need_pictures(dataset)
    total = sum(shard["rows"] for shard in dataset.manifest["shards"])
    done = 0
    for shard, about in zip(dataset.shards, dataset.manifest["shards"], strict=True):
        name = f"{shard.stem}.tar"
        if not folder.has(name):
            with folder.file(name) as aside:
                write_tar(aside, shard)
        done += about["rows"]
        progress("tars", done, total)
    return total, {}


def write_tar(path: Path, shard: Path) -> None:
    """USTAR without clock, owner or mode of this machine: the same bytes from the same shard."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for table in row_groups(shard):
            for row in table.to_pylist():
                for name, data in sample(row):
                    entry = tarfile.TarInfo(name)
                    entry.size, entry.mode = len(data), 0o644
                    tar.addfile(entry, io.BytesIO(data))


def sample(row: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """(file name, bytes) of one row, by extension; the key is the capture id, which holds no dot."""
    key = row["capture_id"]
    facts = {name: plain(value) for name, value in row.items() if name not in APART}
    parts = {
        Path(row["image"]["path"]).suffix.lstrip("."): row["image"]["bytes"],
        "json": json.dumps(facts, ensure_ascii=False, sort_keys=True).encode(),
    }
    if row.get("caption"):
        parts["txt"] = row["caption"].encode()
    if row.get("design"):
        parts["gesso"] = row["design"].encode()
    if row.get("embedding") is not None:
        out = io.BytesIO()
        np.save(out, np.asarray(row["embedding"], np.float16), allow_pickle=False)
        parts["npy"] = out.getvalue()
    yield from ((f"{key}.{ending}", data) for ending, data in sorted(parts.items()))
