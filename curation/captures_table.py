"""Captures as a table: the flat columns of docs/contracts.md "Shards", sorted by capture_id."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from crawlers.captures import Capture

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
