"""Reads a dataset version folder: the manifest, one row for every input capture, related pairs, designs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.errors import GessoError

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
MOST = 20_000  # captures that one report carries
THEMES = {"light": 0, "dark": 1}
VIEWS = ("fold", "full", "section", "listing")
ORDER = ("site", "locale", "canonical_url", "form_factor", "theme", "view", "position", "capture_id")


class ReportError(GessoError):
    """The folder is not a dataset version, or a table of it cannot be read."""


@dataclass(frozen=True)
class Version:
    """What a build left behind; `table` is review.parquet in the order shown: by site, page, device, theme, view.

    `pairs` has a, b (row numbers in `table`), relation, distance and why. `sampled_of` is the number of captures where
    `table` holds only a sample of them, else 0.
    """

    name: str
    number: str
    manifest: Row
    table: pa.Table
    pairs: pa.Table
    designs: dict[str, Row]  # capture_id → design, design_slots, dom_sha256
    sampled_of: int = 0

    @property
    def ids(self) -> list[str]:
        ids: list[str] = self.table["capture_id"].to_pylist()
        return ids

    def column(self, name: str) -> list[Any]:
        """A column's values; None for every row where there is no such column."""
        if name not in self.table.column_names:
            return [None] * len(self.table)
        values: list[Any] = self.table[name].to_pylist()
        return values

    def rows(self) -> list[Row]:
        """One dict a capture: for small tables, and for what is written capture by capture anyway."""
        rows: list[Row] = self.table.to_pylist()
        return rows


def read_version(dataset_dir: Path, most: int = MOST) -> Version:
    """Raises ReportError where a file is missing or is not what a build writes."""
    manifest_path = dataset_dir / "manifest.json"
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReportError(f"no dataset version at {dataset_dir}: run gesso curate first") from None
    except ValueError as error:
        raise ReportError(f"{manifest_path} cannot be read ({error}): run gesso curate again") from None
    review, count = _review(dataset_dir / "review.parquet", most)
    table = review.take(_order(review))
    ids: list[str] = table["capture_id"].to_pylist()
    doms = table["dom_sha256"].to_pylist() if "dom_sha256" in table.column_names else [None] * len(ids)
    return Version(
        name=str(manifest.get("name") or dataset_dir.parent.name),
        number=_number(dataset_dir),
        manifest=manifest,
        table=table,
        pairs=_pairs(_read(dataset_dir / "relations.parquet"), dataset_dir / "review.parquet", ids),
        designs=_designs(dataset_dir, manifest, dict(zip(ids, doms, strict=True))),
        sampled_of=count if count > most else 0,
    )


def _review(path: Path, most: int) -> tuple[pa.Table, int]:
    """All rows and their number; of more than `most`, evenly spaced ones, a row group in memory at a time.

    Rows are sorted by id, and ids are hashes, so the sample is a fair one.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _named(path), pq.ParquetFile(path) as file:
        count = file.metadata.num_rows
        if count <= most:
            return file.read(), count
        chosen = [index * count // most for index in range(most)]
        parts, start, at = [], 0, 0
        for group in range(file.num_row_groups):
            end = start + file.metadata.row_group(group).num_rows
            wanted = []
            while at < most and chosen[at] < end:
                wanted.append(chosen[at] - start)
                at += 1
            parts.append(file.read_row_group(group).take(wanted))
            start = end
        return pa.concat_tables(parts), count


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What goes wrong with a table, with its name and what to do."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise ReportError(f"{path} is missing: run gesso curate again") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise ReportError(f"{path} cannot be read ({error}): run gesso curate again") from None


def _number(dataset_dir: Path) -> str:
    """A folder that is still being built has no number yet: it gets the next one."""
    if not dataset_dir.name.startswith("."):
        return dataset_dir.name
    taken = [int(path.name) for path in dataset_dir.parent.iterdir() if path.name.isdigit()]
    return str(max(taken, default=0) + 1)


def _order(review: pa.Table) -> list[int]:
    columns = [review[name].to_pylist() if name in review.column_names else [None] * len(review) for name in ORDER]

    def key(index: int) -> tuple[Any, ...]:
        site, locale, url, form, theme, view, position, capture_id = (column[index] for column in columns)
        return (
            *(site or "", locale or "", url or "", form or "", THEMES.get(theme or "", 0)),
            VIEWS.index(view) if view in VIEWS else len(VIEWS),
            position or 0,
            capture_id,
        )

    return sorted(range(len(review)), key=key)


def _read(path: Path, columns: list[str] | None = None) -> pa.Table:
    import pyarrow.parquet as pq

    with _named(path):
        if columns is not None:
            columns = [name for name in columns if name in pq.read_schema(path).names]
        return pq.read_table(path, columns=columns)


def _pairs(relations: pa.Table, review: Path, ids: list[str]) -> pa.Table:
    """Pairs by place in `ids`. The file has capture ids, or row numbers of `review`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    place = pa.array(ids, pa.string())

    def placed(name: str) -> pa.Array:
        column = relations[name]
        if pa.types.is_integer(column.type):
            column = _read(review, ["capture_id"])["capture_id"].take(column)
        return pc.index_in(column, value_set=place)

    a, b = placed("a"), placed("b")
    known = pc.and_(pc.is_valid(a), pc.is_valid(b))
    nothing = pa.array([""] * len(relations))
    columns = {
        "a": a,
        "b": b,
        "relation": relations["relation"],
        "distance": relations["distance"],
        "why": relations["why"] if "why" in relations.column_names else nothing,
    }
    return pa.table(columns).filter(known)


def _designs(dataset_dir: Path, manifest: Row, doms: dict[str, Any]) -> dict[str, Row]:
    """Notations stand in the shards only, so captures that were not kept have none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, Row] = {}
    shown = pa.array(list(doms), pa.string())
    for path in shard_paths(dataset_dir, manifest):
        shard = _read(path, ["capture_id", "design", "design_slots"])
        for row in shard.filter(pc.is_in(shard["capture_id"], value_set=shown)).to_pylist():
            if row.get("design"):
                found[row["capture_id"]] = {**row, "dom_sha256": doms[row["capture_id"]]}
    return found


def shard_paths(dataset_dir: Path, manifest: Row) -> list[Path]:
    return [dataset_dir / Path(str(shard["file"])).name for shard in manifest.get("shards", [])]
