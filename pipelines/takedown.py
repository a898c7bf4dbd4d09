"""A takedown through the whole house: the store's files and marks, and a mark beside every dataset that held them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawlers.captures import CaptureStore
from crawlers.takedown import take_down as take_out_of_store
from curation.dataset.versions import TAKEDOWNS, taken_down


def take_down(
    home: Path, what: str, *, dry_run: bool = True, progress: Callable[[str, int, int], None] | None = None
) -> dict[str, Any]:
    """Take a site or a capture down in a home; datasets are marked before the files go."""
    store = CaptureStore(str(home / "captures"))
    planned = take_out_of_store(store, what, dry_run=True, progress=progress)
    held = datasets_holding(home / "datasets", set(planned.capture_ids))
    if not dry_run:
        for version, ids in held.items():
            _mark(version, what, ids)
        planned = take_out_of_store(store, what, dry_run=False, progress=progress)
    names = {str(version.relative_to(home / "datasets")): len(ids) for version, ids in held.items()}
    return {**asdict(planned), "datasets": names}


def datasets_holding(datasets: Path, capture_ids: set[str]) -> dict[Path, list[str]]:
    """Folder of a dataset version → those of the captures that its shards hold, sorted."""
    found: dict[Path, set[str]] = {}
    for manifest in sorted(datasets.glob("*/*/manifest.json")):
        for shard in sorted(manifest.parent.glob("*.parquet")):
            held = capture_ids & set(_ids_in(shard))
            if held:
                found.setdefault(manifest.parent, set()).update(held)
    return {version: sorted(ids) for version, ids in found.items()}


def _ids_in(shard: Path) -> Iterator[str]:
    try:
        with pq.ParquetFile(shard) as file:
            if "capture_id" not in file.schema_arrow.names:
                return
            for batch in file.iter_batches(columns=["capture_id"]):
                yield from batch.column(0).to_pylist()
    except (OSError, pa.ArrowInvalid):
        return  # no Parquet, or torn: it holds nothing that anyone could read


def _mark(version: Path, what: str, ids: list[str]) -> None:
    path = version / TAKEDOWNS
    known = taken_down(version)  # a line torn by a kill is written again
    new = [one for one in ids if one not in known]
    if not new:
        return
    record = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "takedown": what, "capture_ids": new}
    with path.open("ab") as out:
        out.write(b"\n" if out.tell() else b"")  # the last writer may have died within a line
        out.write(json.dumps(record).encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())
