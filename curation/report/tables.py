"""Reads a dataset version folder: the manifest, one row for every input capture, related pairs, designs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import GessoError

Row = dict[str, Any]
THEMES = {"light": 0, "dark": 1}
VIEWS = ("fold", "full", "section", "listing")


class ReportError(GessoError):
    """The folder is not a dataset version, or a table of it cannot be read."""


@dataclass(frozen=True)
class Version:
    """What a build left behind; `rows` in the order they are shown: by site, page, device, theme, view."""

    name: str
    number: str
    manifest: Row
    rows: list[Row]
    relations: list[Row]
    designs: dict[str, Row]  # capture_id → design, design_slots, dom_sha256


def read_version(dataset_dir: Path) -> Version:
    """Raises ReportError where a file is missing or is not what a build writes."""
    manifest_path = dataset_dir / "manifest.json"
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReportError(f"no dataset version at {dataset_dir}: run gesso curate first") from None
    except ValueError as error:
        raise ReportError(f"{manifest_path} cannot be read ({error}): run gesso curate again") from None
    rows = _read(dataset_dir / "review.parquet")
    return Version(
        name=str(manifest.get("name") or dataset_dir.parent.name),
        number=_number(dataset_dir),
        manifest=manifest,
        rows=sorted(rows, key=_order),
        relations=_read(dataset_dir / "relations.parquet"),
        designs=_designs(dataset_dir, manifest, {row["capture_id"]: row.get("dom_sha256") for row in rows}),
    )


def _number(dataset_dir: Path) -> str:
    """A folder that is still being built has no number yet: it gets the next one."""
    if not dataset_dir.name.startswith("."):
        return dataset_dir.name
    taken = [int(path.name) for path in dataset_dir.parent.iterdir() if path.name.isdigit()]
    return str(max(taken, default=0) + 1)


def _order(row: Row) -> tuple[Any, ...]:
    view = row.get("view")
    return (
        row.get("site") or "",
        row.get("locale") or "",
        row.get("canonical_url") or "",
        row.get("form_factor") or "",
        THEMES.get(row.get("theme") or "", 0),
        VIEWS.index(view) if view in VIEWS else len(VIEWS),
        row.get("position") or 0,
        row["capture_id"],
    )


def _read(path: Path, columns: list[str] | None = None) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if columns is not None:
            columns = [name for name in columns if name in pq.read_schema(path).names]
        rows: list[Row] = pq.read_table(path, columns=columns).to_pylist()
    except FileNotFoundError:
        raise ReportError(f"{path} is missing: run gesso curate again") from None
    except pa.ArrowInvalid as error:
        raise ReportError(f"{path} cannot be read ({error}): run gesso curate again") from None
    return rows


def _designs(dataset_dir: Path, manifest: Row, doms: dict[str, Any]) -> dict[str, Row]:
    """Notations stand in the shards only, so captures that were not kept have none."""
    found: dict[str, Row] = {}
    for shard in manifest.get("shards", []):
        path = dataset_dir / Path(str(shard["file"])).name
        for row in _read(path, ["capture_id", "design", "design_slots"]):
            if row.get("design"):
                found[row["capture_id"]] = {**row, "dom_sha256": doms.get(row["capture_id"])}
    return found
