"""A dataset version to label: drawn screens whose quality is known, with the columns that questions are chosen by."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

WIDTH = 32  # of an embedding
PAGE_TYPES = ("landing", "pricing", "dashboard", "feed", "article", "settings")
SIZES = {"desktop": (320, 200), "phone": (150, 320)}


def write(home: Path, count: int, seed: int = 7, *, scale: float = 1.0, name: str = "screens") -> Path:
    """`<home>/datasets/<name>/1` of `count` screens of as many sites as four go into. Returns its folder.

    The column `aesthetic` is a poor judge of the quality, which the embedding's first direction holds. `scale` is of
    the pictures' sides. The same arguments give the same pictures.
    """
    rng = np.random.default_rng(seed)
    quality = rng.random(count)
    vectors = rng.normal(0, 0.4, (count, WIDTH))
    vectors[:, 0] += (quality - 0.5) * 6
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    noisy = np.clip(5.5 + 2 * (quality - 0.5) + rng.normal(0, 1.5, count), 1, 10)
    rows = [_row(rng, number, float(quality[number]), float(noisy[number]), scale) for number in range(count)]
    folder = Path(home) / "datasets" / name / "1"
    folder.mkdir(parents=True)
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), WIDTH)
    table = pa.Table.from_pylist(rows).append_column("embedding", embedding)
    shard = "train-00000-of-00001.parquet"
    pq.write_table(table, folder / shard, row_group_size=500)
    review = table.select(["capture_id", "site", "image_sha256", "format"]).append_column(
        "state", pa.array(["kept"] * count)
    )
    pq.write_table(review, folder / "review.parquet")
    pq.write_table(review.slice(0, 0), folder / "rejected.parquet")
    pq.write_table(
        pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.string())}), folder / "relations.parquet"
    )
    shards = [{"file": shard, "split": "train", "rows": count, "sha256": "-"}]
    made = {"name": "embedding", "fingerprint": f"drawn-{seed}", "params": {"model": "drawn"}}
    manifest = {
        "name": name,
        "version": 1,
        "seed": seed,
        "shards": shards,
        "recipe": {},
        "features": [made],
        "counts": {"kept": count},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def qualities(count: int, seed: int = 7) -> np.ndarray:
    """The quality, 0 … 1, of each screen in the order of drawing: what a careful person would grade."""
    return np.random.default_rng(seed).random(count)


def capture_id(number: int) -> str:
    """Of the screen that was drawn as that one."""
    return hashlib.sha256(f"screen {number}".encode()).hexdigest()[:24]


def draw(number: int, quality: float, form_factor: str, scale: float) -> bytes:
    """PNG of a screen: what is good is even in its gaps and strong in contrast; every number gives other bytes."""
    rng = np.random.default_rng((number, 11))
    wide, high = (max(int(side * scale), 24) for side in SIZES[form_factor])
    hue = int(rng.integers(0, 360))
    ink, ground = f"hsl({hue}, 45%, {int(60 - 35 * quality)}%)", f"hsl({hue}, 30%, {int(78 + 18 * quality)}%)"
    image = Image.new("RGB", (wide, high), ground)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, wide, high * 0.09), fill=ink)
    top, step = high * 0.16, high * 0.12
    while top < high * 0.9:
        jitter = (1 - quality) * float(rng.normal(0, wide * 0.09))
        right = wide * (0.45 + 0.4 * float(rng.random()))
        left = min(max(wide * 0.08 + jitter, 0), right - 2)
        pen.rectangle((left, top, right, top + step * 0.5), fill=ink)
        top += step * (1 + (1 - quality) * float(rng.random()))
    image.putpixel((number % wide, number // wide % high), (number % 251, number % 241, number % 239))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _row(rng: np.random.Generator, number: int, quality: float, aesthetic: float, scale: float) -> dict[str, Any]:
    form_factor = "desktop" if number % 3 else "phone"
    data = draw(number, quality, form_factor, scale)
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    kind = PAGE_TYPES[number % len(PAGE_TYPES)]
    return {
        "image": {"bytes": data, "path": f"{number}.png"},
        "capture_id": capture_id(number),
        "image_sha256": hashlib.sha256(data).hexdigest(),
        "site": f"site{number // 4}.test",
        "format": "png",
        "width": width,
        "height": height,
        "view": "fold",
        "form_factor": form_factor,
        "caption": f"A {kind} screen with {3 + number % 4} bars under a header",
        "aesthetic": aesthetic,
        "nsfw": float(rng.beta(1, 30)),
        "tag_page_type": kind,
        "tag_page_type_score": float(0.4 + 0.6 * rng.random()),
        "split": "train",
    }
