"""Rows as curation meets them, drawn from a seed: captures, features and embeddings, with planted copies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CHUNK = 50_000
DIMENSIONS = 512
CENTRES = 1024  # kinds of screens
SPREAD = 0.75  # noise to signal within a kind: two of a kind have a cosine of about 0.64
EQUAL, COPIED = 0.02, 0.03  # shares of the rows that repeat an earlier one, by pixels and re-made
COPY_BITS = 8  # of 256, the most that a re-made picture's hash differs by
COPY_NOISE = 0.15  # cosine of about 0.98
WORDS = (
    "pricing plans docs sleep music travel maps bank cards chat video shop cart food recipe health run news mail photo"
)
TONES = ("light", "dark")


@dataclass(frozen=True)
class Planted:
    """Pairs of capture ids: the original and what repeats it."""

    original: list[str]
    again: list[str]


def capture_id(row: int) -> str:
    return hashlib.sha256(f"synthetic {row}".encode()).hexdigest()[:24]


def write(rows: int, folder: Path, seed: int = 7) -> Planted:
    """`rows` rows as Parquet files in `folder`, in no order of their ids. A repeat repeats a row of its own file."""
    folder.mkdir(parents=True)
    originals: list[str] = []
    repeats: list[str] = []
    for number, (table, planted) in enumerate(tables(rows, seed)):
        pq.write_table(table, folder / f"{number:05d}.parquet", compression="zstd", compression_level=1)
        originals += planted.original
        repeats += planted.again
    return Planted(originals, repeats)


def tables(rows: int, seed: int) -> Iterator[tuple[pa.Table, Planted]]:
    """Tables of at most CHUNK rows each, with what was planted in them."""
    centres = np.random.default_rng(seed).standard_normal((CENTRES, DIMENSIONS)).astype(np.float32)
    for start in range(0, rows, CHUNK):
        yield _table(start, min(CHUNK, rows - start), centres, np.random.default_rng([seed, start]), rows)


def _table(
    start: int, number: int, centres: np.ndarray, draw: np.random.Generator, rows: int
) -> tuple[pa.Table, Planted]:
    kind = draw.integers(0, CENTRES, number)
    vectors = centres[kind] + SPREAD * draw.standard_normal((number, DIMENSIONS), np.float32)
    codes = draw.integers(0, 256, (number, 32), np.uint8)
    pixels = np.array([hashlib.sha256(f"{start + i}".encode()).hexdigest() for i in range(number)])
    repeats = np.sort(draw.choice(np.arange(number // 2, number), int(number * (EQUAL + COPIED)), replace=False))
    originals = draw.integers(0, number // 2, len(repeats))
    equal = draw.random(len(repeats)) < EQUAL / (EQUAL + COPIED)
    wide = draw.random(number) < 0.5
    vectors[repeats], kind[repeats], wide[repeats] = vectors[originals], kind[originals], wide[originals]
    vectors[repeats[~equal]] += COPY_NOISE * draw.standard_normal((int((~equal).sum()), DIMENSIONS), np.float32)
    codes[repeats] = codes[originals]
    for row in repeats[~equal]:
        for bit in draw.integers(0, 256, draw.integers(0, COPY_BITS + 1)):
            codes[row, bit // 8] ^= np.uint8(1 << (bit % 8))
    pixels[repeats[equal]] = pixels[originals[equal]]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sites = draw.geometric(min(0.05, 300 / rows), number)  # some large sites, many small ones
    ids = [capture_id(start + i) for i in range(number)]
    words = WORDS.split()
    captions = [f"A {words[k % len(words)]} screen with {words[(k // 20) % len(words)]}, drawn {i % 97}" for i, k in
                enumerate(kind.tolist())]  # fmt: skip
    urls = [f"https://s{s}.test/page/{start + i}" for i, s in enumerate(sites.tolist())]
    hexed = codes.tobytes().hex()
    table = pa.table(
        {
            "capture_id": ids,
            "source": pa.array(["web"] * number),
            "url": urls,
            "canonical_url": urls,
            "site": [f"s{s}.test" for s in sites.tolist()],
            "fetched_at": pa.array([datetime(2026, 1, 2, tzinfo=UTC)] * number, pa.timestamp("us", tz="UTC")),
            "http_status": pa.array(np.full(number, 200, np.int32)),
            "image_sha256": pixels.tolist(),
            "format": pa.array(["png"] * number),
            "width": pa.array(np.where(wide, 1440, 390).astype(np.int32)),
            "height": pa.array(np.where(wide, 900, 844).astype(np.int32)),
            "bytes": pa.array(draw.integers(20_000, 400_000, number)),
            "view": pa.array(["fold"] * number),
            "form_factor": np.where(wide, "desktop", "phone").tolist(),
            "title": [caption[2:30] for caption in captions],
            "allowed": pa.array(draw.random(number) < 0.98),
            "rights": pa.array(['[{"effect": "allow", "source": "robots.txt"}]'] * number),
            "decoded_width": pa.array(np.where(wide, 1440, 390).astype(np.int32)),
            "decoded_height": pa.array(np.where(wide, 900, 844).astype(np.int32)),
            "aspect": pa.array(np.where(wide, 0.625, 2.1641).astype(np.float32)),
            "pixels_sha256": pixels.tolist(),
            "phash": [hexed[at : at + 64] for at in range(0, len(hexed), 64)],
            "blankness": pa.array(draw.beta(1, 4, number).astype(np.float32)),
            "entropy": pa.array((8 * draw.beta(4, 2, number)).astype(np.float32)),
            "tone": np.array(TONES)[(draw.random(number) < 0.2).astype(int)].tolist(),
            "caption": captions,
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), DIMENSIONS),
        }
    )
    return table, Planted([ids[row] for row in originals], [ids[row] for row in repeats])
