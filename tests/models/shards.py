"""Dataset versions made on the spot, in the contract's format: small drawn screens with captions."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

GROUNDS = ("#fbfaf7", "#17161a", "#2b4acb", "#f2d7c9", "#1f7a4d", "#e7e4dc")
SCHEMA = pa.schema(
    [
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("capture_id", pa.string()),
        ("site", pa.string()),
        ("format", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("view", pa.string()),
        ("title", pa.string()),
        ("caption", pa.string()),
        ("design", pa.string()),
        ("split", pa.string()),
    ]
)


def screen(number: int, size: tuple[int, int] = (120, 90)) -> Image.Image:
    """A page of a few bars on a ground; `number` decides both."""
    image = Image.new("RGB", size, GROUNDS[number % len(GROUNDS)])
    pen = ImageDraw.Draw(image)
    for row in range(1 + number % 4):
        top = 10 + row * 20
        pen.rectangle(
            (10, top, 20 + (number * 37 + row * 23) % (size[0] - 30), top + 9), fill=GROUNDS[(number + 3) % 6]
        )
    return image


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def row(number: int, data: bytes | None = None, **fields: Any) -> dict[str, Any]:
    data = png(screen(number)) if data is None else data
    return {
        "image": {"bytes": data, "path": f"{number}.png"},
        "capture_id": hashlib.sha256(str(number).encode()).hexdigest()[:24],
        "site": f"site{number % 5}.test",
        "format": "png",
        "width": 120,
        "height": 90,
        "view": "full" if number % 3 == 0 else "fold",
        "title": f"Page {number}",
        "caption": f"page {number} on {('paper', 'ink', 'blue', 'sand', 'green', 'grey')[number % 6]}",
        "split": "train",
        **fields,
    }


def write_version(folder: Path, rows: Sequence[dict[str, Any]], *, shards: int = 2, group: int = 4) -> Path:
    """Rows dealt over shards of small row groups. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    share = -(-len(rows) // shards)
    for number in range(shards):
        table = pa.Table.from_pylist(list(rows[number * share : (number + 1) * share]), SCHEMA)
        pq.write_table(table, folder / f"train-{number:05d}-of-{shards:05d}.parquet", row_group_size=group)
    return folder
