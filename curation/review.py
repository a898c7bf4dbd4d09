"""What a dataset version says about every capture it was built from: the tables and the manifest that a report reads.

A version folder `datasets/<name>/<version>/` holds, beside the shards:

`review.parquet`, one row for EVERY input capture, sorted by capture_id:

| column | type | what |
|-|-|-|
| capture_id | string | |
| state | string | `kept`, `rejected` or `failed` |
| stage | string, null when kept | `rule`, `relation` or `decode` |
| reason | string, null when kept | first keep rule it fails · `exact` or `copy` · `kind: message` of the decode error |
| kept_id | string | for `relation`: the kept capture that stands for it |
| copies | list<string> | for kept rows: the capture ids that it stands for |
| split | string, null unless kept | |
| margins | list<struct<rule, operand, op, threshold, value, margin>> | see below; the last three are double |
| errors | list<string> | `feature: kind: message` of each feature that had no value to give |
| then | | the capture columns of docs/contracts.md "Shards", capture_id … verdicts, in that order |
| then | | every public feature column but `embedding` and `design` (those stand in the shards) |

`margins` has one entry for each simple comparison `operand op number` in a keep rule, whether or not an earlier rule
had rejected the row; margin ≥ 0 on the passing side; value and margin are null where the operand is.

Columns of the built-in features: decode `decoded_format, decoded_width, decoded_height` (after the EXIF turn)`, aspect`
(height / width)`, mode, has_alpha, frames, orientation` · hashes `bytes_sha256, pixels_sha256, phash` (64 hex digits) ·
ink `entropy, blankness, text_coverage, whitespace, edge_density` · palette `palette` (list<string> of `#rrggbb`,
largest share first)`, palette_shares` (list<float>)`, tone` (`light`/`dark`)`, lightness, chroma` · caption `caption` ·
design `design, design_nodes, design_texts, design_rows, design_columns, design_absolute, design_slots` (JSON) ·
embedding `embedding`.

The thumbnail of a row is the blob `image_sha256` of `format` in the capture store: hostile bytes, decode with
`curation.features.decode.decode_image`.

`relations.parquet`, one row a related pair, a < b, sorted by (relation, a, b): `a, b` string, `relation` string
(`exact`, `copy`), `distance` float (bits of 256 for `copy`, 0 for `exact`). Pairs of all decoded captures, also of
rejected ones; a group of n equals is written as n-1 pairs with its smallest id, and only that id has copies.

`rejected.parquet`: the rows of review.parquet whose state is not `kept`.

`manifest.json` (no clock, no path, no version number: two builds of the same input are byte-identical):

    {"format": "gesso-dataset/1", "name": …, "description": …, "key": …,
     "counts": {"input": n, "kept": n, "rejected": n, "failed": n},
     "funnel": [{"name": rule, "sql": …, "stage": "rule", "rejected": n, "left": n}, …,
                {"name": "exact", "stage": "relation", "rejected": n, "left": n}, {"name": "copy", …}],
     "failed": {"truncated": n, …},                     (by kind)
     "relations": {"exact": pairs, "copy": pairs},
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

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation import captures_table
from curation.select import Decision, Margin

KEPT_OUT = ("embedding", "design")  # large, and in the shards
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
        ("margins", pa.list_(MARGIN)),
        ("errors", pa.list_(pa.string())),
    ]
)


def build(
    table: pa.Table,
    decisions: Mapping[str, Decision],
    margins: Sequence[Margin],
    splits: Mapping[str, str],
    errors: Mapping[str, Sequence[str]],
) -> pa.Table:
    """review.parquet's rows; `table` holds the capture columns and all features, sorted by capture_id."""
    stands_for = copies(decisions)
    rows: list[dict[str, Any]] = []
    for index, key in enumerate(table["capture_id"].to_pylist()):
        decision = decisions[key]
        rows.append(
            {
                "capture_id": key,
                "state": decision.state,
                "stage": decision.stage,
                "reason": decision.reason,
                "kept_id": decision.kept_id,
                "copies": stands_for.get(key, []),
                "split": splits.get(key),
                "margins": [_margin(m, index) for m in margins],
                "errors": list(errors.get(key, ())),
            }
        )
    state = pa.Table.from_pylist(rows, STATE)
    shown = [n for n in table.schema.names if n != "capture_id" and n not in KEPT_OUT and not n.startswith("_")]
    for name in shown:
        state = state.append_column(table.schema.field(name), table[name])
    return state


def copies(decisions: Mapping[str, Decision]) -> dict[str, list[str]]:
    """Kept capture → the rejected ones that it stands for, sorted."""
    found: dict[str, list[str]] = {}
    for key in sorted(decisions):
        if (kept := decisions[key].kept_id) is not None:
            found.setdefault(kept, []).append(key)
    return found


def shard_columns(table: pa.Table, decisions: Mapping[str, Decision], splits: Mapping[str, str]) -> pa.Table:
    """The kept rows as they stand in shards: capture columns, public feature columns, `copies` and `split`."""
    ids = table["capture_id"].to_pylist()
    rows = [index for index, key in enumerate(ids) if decisions[key].state == "kept"]
    features = [n for n in table.schema.names if n not in captures_table.SCHEMA.names and not n.startswith("_")]
    kept = table.select([*captures_table.SCHEMA.names, *features]).take(pa.array(rows, pa.int64()))
    stands_for = copies(decisions)
    keys = kept["capture_id"].to_pylist()
    kept = kept.append_column("copies", pa.array([stands_for.get(k, []) for k in keys], pa.list_(pa.string())))
    return kept.append_column("split", pa.array([splits[k] for k in keys], pa.string()))


def _margin(margin: Margin, index: int) -> dict[str, Any]:
    return {
        "rule": margin.rule,
        "operand": margin.operand,
        "op": margin.op,
        "threshold": margin.threshold,
        "value": margin.values[index],
        "margin": margin.margin(index),
    }
