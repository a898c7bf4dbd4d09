"""What a dataset version says about every capture it was built from: the tables and the manifest that a report reads.

A version folder `datasets/<name>/<version>/` holds, beside the shards:

`review.parquet`, one row for EVERY input capture, sorted by capture_id:

| column | type | what |
|-|-|-|
| capture_id | string | |
| state | string | `kept`, `rejected` or `failed` |
| stage | string, null when kept | `rule`, `relation` or `decode` |
| reason | string, null when kept | name of the first keep rule it fails · `exact` or `copy` · `kind: message` of the decode error |
| kept_id | string | for `relation`: the kept capture that stands for it |
| copies | list<string> | for kept rows: the capture ids that it stands for |
| split | string, null unless kept | |
| margins | list<struct<rule, operand, op, threshold: double, value: double, margin: double>> | one entry for each simple comparison `operand op number` in a keep rule, whether or not an earlier rule had rejected the row; margin ≥ 0 on the passing side; value and margin are null where the operand is |
| errors | list<string> | `feature: kind: message` of each feature that had no value to give |
| then | | the capture columns of docs/contracts.md "Shards", capture_id … verdicts, in that order |
| then | | every public feature column but `embedding` and `design` (those stand in the shards) |

Columns of the built-in features: decode `decoded_format, decoded_width, decoded_height` (after the EXIF turn)`, aspect`
(height / width)`, mode, has_alpha, frames, orientation` · hashes `bytes_sha256, pixels_sha256, phash` (64 hex digits) ·
ink `entropy, blankness, text_coverage, whitespace, edge_density` · palette `palette` (list<string> of `#rrggbb`, largest
share first)`, palette_shares` (list<float>)`, tone` (`light`/`dark`)`, lightness, chroma` · caption `caption` · design
`design, design_nodes, design_texts, design_rows, design_columns, design_absolute, design_slots` (JSON) · embedding `embedding`.

The thumbnail of a row is the blob `image_sha256` of `format` in the capture store: hostile bytes, decode with
`curation.features.decode.decode_image`.

`relations.parquet`, one row a related pair, a < b, sorted by (relation, a, b): `a, b` string, `relation` string (`exact`,
`copy`), `distance` float (bits of 256 for `copy`, 0 for `exact`). Pairs of all decoded captures, also of rejected ones.

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
