"""Captures as a table: the flat columns of docs/contracts.md "Shards", sorted by capture_id.

A store's log is read once and kept as a mapped table, so that another threshold parses no JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from crawlers.captures import Capture, CaptureStore
from curation import columns

DIGEST = pa.field("_digest", pa.binary(16))  # of the whole record but its run: what a dataset's key is made of
VERSION = 1  # raise when a row comes out otherwise than before

SCHEMA = pa.schema(
    [
        ("capture_id", pa.string()),
        ("source", pa.string()),
        ("spider", pa.string()),
        ("url", pa.string()),
        ("canonical_url", pa.string()),
        ("site", pa.string()),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
        ("http_status", pa.int32()),
        ("image_sha256", pa.string()),
        ("format", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("bytes", pa.int64()),
        ("view", pa.string()),
        ("viewport_width", pa.int32()),
        ("viewport_height", pa.int32()),
        ("dpr", pa.float32()),
        ("theme", pa.string()),
        ("form_factor", pa.string()),
        ("title", pa.string()),
        ("description", pa.string()),
        ("lang", pa.string()),
        ("dom_sha256", pa.string()),
        ("app_id", pa.string()),
        ("name", pa.string()),
        ("developer", pa.string()),
        ("summary", pa.string()),
        ("categories", pa.list_(pa.string())),
        ("rating", pa.float32()),
        ("rating_count", pa.int64()),
        ("locale", pa.string()),
        ("position", pa.int32()),
        ("allowed", pa.bool_()),
        ("licence", pa.string()),
        ("rights", pa.string()),
        ("verdicts", pa.list_(pa.string())),
    ]
)


def from_captures(captures: Iterable[Capture]) -> pa.Table:
    """One row a capture, sorted by capture_id."""
    rows = [row(capture) for capture in sorted(captures, key=lambda c: c.capture_id)]
    return pa.Table.from_pylist(rows, SCHEMA)


def of_store(store: CaptureStore, home: Path) -> pa.Table:
    """Every capture of the store, sorted by capture_id, and `_digest`; kept in `<home>/tables` for next time.

    Raises StoreError where the store holds a line that is not ours.
    """
    schema = SCHEMA.append(DIGEST)
    path = columns.folder(home) / f"captures-{columns.key_of(VERSION, str(schema), store.state())}.arrow"
    if (table := columns.found(path)) is not None:
        return table
    spill = columns.Spill(schema, path.parent)
    captures = store.captures()
    while some := list(islice(captures, columns.BATCH)):
        rows = [row(capture) | {DIGEST.name: _digest(capture)} for capture in some]
        spill.add(pa.Table.from_pylist(rows, schema))
    unsorted = spill.table()
    order = np.argsort(np.array(unsorted["capture_id"].to_pylist(), dtype=np.str_), kind="stable")
    return columns.write(path, schema, sorted_by(unsorted, order))


def sorted_by(table: pa.Table, order: np.ndarray) -> Iterator[pa.Table]:
    """The rows of `table` in that order, a batch at a time."""
    rows = columns.Rows(table)
    for start, stop in columns.slices(len(order)):
        yield rows.at(order[start:stop])


def digest(table: pa.Table) -> str:
    """Of all rows of a table of `of_store`, in their order."""
    found = hashlib.sha256()
    for chunk in table[DIGEST.name].chunks:
        found.update(b"".join(chunk.to_pylist()))
    return found.hexdigest()


def _digest(capture: Capture) -> bytes:
    return hashlib.sha256(capture.model_dump_json(exclude={"run_id", "damage"}).encode()).digest()[:16]


def row(capture: Capture) -> dict[str, Any]:
    page, listing = capture.page, capture.listing
    return {
        **{name: getattr(capture, name) for name in SCHEMA.names[:8]},
        "image_sha256": capture.image.sha256,
        "format": capture.image.format,
        "width": capture.image.width,
        "height": capture.image.height,
        "bytes": capture.image.bytes,
        "view": capture.view.kind,
        "viewport_width": capture.view.width,
        "viewport_height": capture.view.height,
        "dpr": capture.view.dpr,
        "theme": capture.view.theme,
        "form_factor": capture.view.form_factor,
        "title": page.title if page else None,
        "description": page.description if page else listing.description if listing else None,
        "lang": page.lang if page else None,
        "dom_sha256": page.dom_sha256 if page else None,
        "app_id": listing.app_id if listing else None,
        "name": listing.name if listing else None,
        "developer": listing.developer if listing else None,
        "summary": listing.summary if listing else None,
        "categories": list(listing.categories) if listing else None,
        "rating": listing.rating if listing else None,
        "rating_count": listing.rating_count if listing else None,
        "locale": listing.locale if listing else None,
        "position": listing.position if listing else None,
        "allowed": capture.rights.allowed,
        "licence": capture.rights.licence,
        "rights": json.dumps([s.model_dump(mode="json") for s in capture.rights.signals], sort_keys=True),
        "verdicts": list(capture.verdicts),
    }
