"""What a dataset version says about every capture it was built from: the tables and the manifest that a report reads.

A version folder `datasets/<name>/<version>/` holds, beside the shards:

`review.parquet`, one row for EVERY input capture, sorted by capture_id:

| column | type | what |
|-|-|-|
| capture_id | string | |
| state | string | `kept`, `rejected` or `failed` |
| stage | string, null when kept | `decode`, `rule`, `relation` or `balance` |
| reason | string, null if kept | decode's `kind: message` · first rule it fails · relation · `balance:<name>` |
| kept_id | string | for `relation`: the kept capture that stands for it; null where balance dropped that one |
| copies | list<string> | for kept rows: the capture ids that it stands for |
| split | string, null unless kept | |
| component | string | smallest capture_id of what must lie in one split with it |
| margins | list<struct<rule, operand, op, threshold, value, margin>> | see below; the last three are double |
| errors | list<string> | `feature: kind: message` of each feature that had no value to give |
| then | | the capture columns of docs/contracts.md "Shards", capture_id … verdicts, in that order |
| then | | every public feature column but `embedding` and `design` (those stand in the shards) |

`margins` has one entry for each simple comparison `operand op number` in a keep rule, whether or not an earlier rule
had rejected the row; margin ≥ 0 on the passing side; value and margin are null where the operand is.

Columns of the built-in features: decode `decoded_format, decoded_width, decoded_height` (after the EXIF turn)`, aspect`
(height / width)`, mode, has_alpha, frames, orientation` · hashes `bytes_sha256, pixels_sha256, phash` (64 hex digits) ·
ink `entropy, blankness, text_coverage, whitespace, edge_density, sharpness` · palette `palette` (list<string> of
`#rrggbb`, largest share first)`, palette_shares` (list<float>)`, tone` (`light`/`dark`)`, lightness, chroma, contrast,
contrast_ground, contrast_ink` · text `text` (a run of words a line)`, text_words, text_lang, text_source` (`dom` or
`ocr`)`, text_area, pii` (list<string>)`, faces` · caption `caption, caption_short, caption_tags` (list<string>)`,
caption_writer` · design `design, design_nodes, design_texts, design_rows, design_columns, design_absolute,
design_components, design_instances, design_slots` (JSON) · embedding `embedding`.

The thumbnail of a row is the blob `image_sha256` of `format` in the capture store: hostile bytes, decode with
`curation.features.decode.decode_image`.

`cluster` (int32, 0 is the largest) and `cluster_name` come last, where there is an embedding.

`relations.parquet`, one row a related pair, a < b, sorted by (relation, a, b): `a, b` string, `relation` string,
`distance` float (0 for `exact`; see `curation.relations.find`), `why` string (the facts that decided). Pairs of all
decoded captures, also of rejected ones; a group of n equals is written as n-1 pairs with its smallest id, and only that
id has other relations.

`rejected.parquet`: the rows of review.parquet whose state is not `kept`.

`manifest.json` (no clock, no path, no version number: two builds of the same input are byte-identical):

    {"format": "gesso-dataset/1", "name": …, "description": …, "key": …,
     "counts": {"input": n, "kept": n, "rejected": n, "failed": n},
     "funnel": [{"name": rule, "sql": …, "stage": "rule", "rejected": n, "left": n}, …,
                {"name": "exact", "stage": "relation", "rejected": n, "left": n}, … of each relation,
                {"name": "balance:…", "sql": the group's, "stage": "balance", "rejected": n, "left": n}, …],
     "failed": {"truncated": n, …},                     (by kind)
     "relations": {"exact": pairs, "copy": pairs, …},
     "balance": [{"name", "groups": {group: {"before": n, "after": n}}}],   (the 100 largest)
     "clusters": [{"cluster", "name", "rows"}],         (of all captures; empty without an embedding)
     "sources": {source: {"input": n, "kept": n}},
     "rights": [{"source", "allowed", "licence", "kept": n}],
     "splits": {"train": {"share": 0.8, "rows": n, "sites": n, "components": n}, …},
     "shards": [{"file", "split", "rows", "bytes", "sha256"}],
     "files": [{"file", "bytes", "sha256"}],            (the other tables and the card)
     "features": [{"name", "version", "fingerprint", "params", "columns", "errors": {kind: n}}],
     "columns": {column: type}, "recipe": {…}, "notes": [line, …], "versions": {package: version}}

`funnel` starts from `counts.input - counts.failed` captures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation import captures_table, columns, redact
from curation.engine import written_aside
from curation.feature_table import ERROR
from curation.select import NOBODY, UNDECIDED, Decisions, Margin
from curation.splits import NO_SPLIT

KEPT_OUT = ("embedding", "design")  # large, and in the shards
ROW_GROUP = 20_000
MARGIN = pa.struct(
    [
        ("rule", pa.string()),
        ("operand", pa.string()),
        ("op", pa.string()),
        ("threshold", pa.float64()),
        ("value", pa.float64()),
        ("margin", pa.float64()),
    ]
)
STATE = pa.schema(
    [
        ("capture_id", pa.string()),
        ("state", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("kept_id", pa.string()),
        ("copies", pa.list_(pa.string())),
        ("split", pa.string()),
        ("component", pa.string()),
        ("margins", pa.list_(MARGIN)),
        ("errors", pa.list_(pa.string())),
    ]
)


@dataclass(frozen=True)
class Review:
    """The feature table beside what was decided about each of its rows; gives rows of tables, a slice at a time."""

    table: pa.Table
    decisions: Decisions
    margins: Sequence[Margin]
    splits: Sequence[str]
    split: np.ndarray
    component: np.ndarray

    @cached_property
    def _rows(self) -> columns.Rows:
        return columns.Rows(self.table)

    @cached_property
    def _ids(self) -> columns.Rows:
        return columns.Rows(self.table.select(["capture_id"]))

    @cached_property
    def copies(self) -> tuple[np.ndarray, np.ndarray]:
        """(offsets, rows): row i stands for `rows[offsets[i]:offsets[i + 1]]`, ascending."""
        kept_row = self.decisions.kept_row
        gone = np.flatnonzero(kept_row != NOBODY)
        counts = np.bincount(kept_row[gone], minlength=len(kept_row))
        return np.r_[0, np.cumsum(counts)], gone[np.argsort(kept_row[gone], kind="stable")]

    def slice(self, start: int, stop: int) -> pa.Table:
        """Rows of review.parquet."""
        decisions, rows = self.decisions, np.arange(start, stop)
        some = self._rows.at(rows)
        reason = decisions.reason[start:stop]
        names = pa.array([*(r.name for r in decisions.reasons), None], pa.string())
        stages = pa.array([*(r.stage for r in decisions.reasons), None], pa.string())
        states = pa.array(["failed" if r.stage == "decode" else "rejected" for r in decisions.reasons] + ["kept"])
        at = pa.array(np.where(reason == UNDECIDED, len(decisions.reasons), reason))
        reasons = names.take(at)
        failed = decisions.failed[start:stop]
        if failed.any():
            reasons = pc.if_else(pa.array(failed), some[f"{ERROR}decode"].combine_chunks(), reasons)
        state = pa.table(
            [
                some["capture_id"],
                states.take(at),
                stages.take(at),
                reasons,
                self.named(decisions.kept_row[start:stop]),
                self._copies(rows),
                self._split(rows),
                self.named(self.component[start:stop]),
                self._margins(start, stop),
                _errors(some),
            ],
            schema=STATE,
        )
        for name in shown(self.table.schema):
            state = state.append_column(self.table.schema.field(name), some[name])
        return state

    def shard_schema(self) -> pa.Schema:
        """Capture columns, public feature columns, `copies` and `split`."""
        fields = [self.table.schema.field(name) for name in _public(self.table.schema)]
        return pa.schema([*fields, ("copies", pa.list_(pa.string())), ("split", pa.string())])

    def shard_rows(self, rows: np.ndarray) -> pa.Table:
        """Kept rows as they stand in shards, in the order given."""
        some = self._rows.at(rows).select(_public(self.table.schema))
        return pa.table([*some.columns, self._copies(rows), self._split(rows)], schema=self.shard_schema())

    def places(self, rows: np.ndarray) -> pa.Table:
        """What the feature `text` found of personal data, for `curation.redact`."""
        return self._rows.at(rows).select(list(redact.PLACES))

    def named(self, rows: np.ndarray) -> pa.Array:
        """Capture ids of rows; null for NOBODY."""
        some = np.flatnonzero(rows != NOBODY)
        ids = self._ids.at(rows[some])["capture_id"].combine_chunks()
        at = np.full(len(rows), -1, np.int64)
        at[some] = np.arange(len(some))
        return ids.take(pa.array(at, mask=at < 0))

    def _copies(self, rows: np.ndarray) -> pa.Array:
        offsets, gone = self.copies
        counts = offsets[rows + 1] - offsets[rows]
        ends = np.r_[0, np.cumsum(counts)]
        within = np.arange(int(ends[-1])) - np.repeat(ends[:-1], counts)
        ids = self.named(gone[np.repeat(offsets[rows], counts) + within])
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), ids)

    def _split(self, rows: np.ndarray) -> pa.Array:
        split = self.split[rows]
        return pa.array(self.splits, pa.string()).take(pa.array(split, mask=split == NO_SPLIT))

    def _margins(self, start: int, stop: int) -> pa.Array:
        number, each = stop - start, len(self.margins)
        offsets = pa.array(np.arange(number + 1) * each, pa.int32())
        said = {
            name: pa.array([getattr(m, name) for m in self.margins] * number, MARGIN.field(name).type)
            for name in ("rule", "operand", "op", "threshold")
        }
        for name, side in (("value", "values"), ("margin", "margins")):
            values = (
                np.stack([getattr(m, side)[start:stop] for m in self.margins], 1) if each else np.zeros((number, 0))
            )
            said[name] = pa.array(values.ravel(), pa.float64(), from_pandas=True)
        return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(list(said.values()), fields=list(MARGIN)))


def shown(schema: pa.Schema) -> list[str]:
    """The capture and feature columns that review.parquet holds, but for capture_id."""
    return [n for n in schema.names if n != "capture_id" and n not in KEPT_OUT and not n.startswith("_")]


def _public(schema: pa.Schema) -> list[str]:
    names = captures_table.SCHEMA.names
    return [*names, *(n for n in schema.names if n not in names and not n.startswith("_"))]


def _errors(some: pa.Table) -> pa.Array:
    """`feature: kind: message` of each error, a list a row."""
    found: list[list[str]] = [[] for _ in range(len(some))]
    for name in some.schema.names:
        if name.startswith(ERROR) and some[name].null_count < len(some):
            for row, error in enumerate(some[name].to_pylist()):
                if error is not None:
                    found[row].append(f"{name.removeprefix(ERROR)}: {error}")
    return pa.array(found, pa.list_(pa.string()))


def write(review: Review, folder: Path) -> None:
    """review.parquet and rejected.parquet, in memory of one row group."""
    schema = pa.schema([*STATE, *(review.table.schema.field(n) for n in shown(review.table.schema))])
    with (
        _writer(folder / "review.parquet", schema) as everything,
        _writer(folder / "rejected.parquet", schema) as rejected,
    ):
        waiting: list[pa.Table] = []
        for start, stop in columns.slices(len(review.table), ROW_GROUP):
            rows = review.slice(start, stop)
            everything.write_table(rows, row_group_size=ROW_GROUP)
            waiting.append(rows.filter(pa.array(~review.decisions.kept[start:stop])))
            if sum(map(len, waiting)) >= ROW_GROUP:
                rejected.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)
                waiting = []
        if waiting:
            rejected.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)


def write_relations(review: Review, related: pa.Table, path: Path) -> None:
    """relations.parquet: the pairs of `relations.find` with capture ids in the place of row numbers."""
    schema = pa.schema([("a", pa.string()), ("b", pa.string()), *(f for f in related.schema if f.name not in "ab")])
    with _writer(path, schema) as out:
        for start, stop in columns.slices(len(related), ROW_GROUP):
            some = related.slice(start, stop - start)
            sides = [review.named(some[side].to_numpy().astype(np.int64)) for side in "ab"]
            rest = [some[field.name] for field in list(schema)[2:]]
            out.write_table(pa.table([*sides, *rest], schema=schema), row_group_size=ROW_GROUP)


@contextmanager
def _writer(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    with written_aside(path) as aside, pq.ParquetWriter(aside, schema.remove_metadata(), compression="zstd") as out:
        yield out
