"""A dataset version of any size without a crawl: drawn screens, features, embeddings in clumps, planted relations."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from crawlers.captures import CaptureStore

SIZES = (((320, 200), "desktop", "fold"), ((150, 325), "phone", "fold"), ((150, 900), "desktop", "full"))
NAMES = ("bank", "weather", "dashboard", "shop", "news", "onboarding", "settings", "player", "docs", "map")
RULES = {
    "allowed": "allowed",
    "blank": "blankness < 0.9 AND entropy > 0.05",
    "readable": "text_coverage > 0.02",
    "plain": "aesthetic >= 4.2 AND NOT list_contains(verdicts, 'error_page')",
    "nsfw": "nsfw < 0.2",
}
POLICIES = {
    "exact": {"policy": "keep_best", "rank": "width * height"},
    "copy": {"policy": "keep_best", "rank": "width * height"},
    "theme": {"policy": "keep_all", "rank": "0"},
    "same_template": {"policy": "cap", "cap": 50, "rank": "aesthetic"},
}
WIDTH = 64  # of an embedding


def write(home: Path, count: int, seed: int = 0) -> Path:
    """`<home>/datasets/synthetic/1` with its capture store, decided by RULES and POLICIES' `exact` and `copy`."""
    rng = np.random.default_rng(seed)
    store = CaptureStore(str(home / "captures"), create=True)
    clump = rng.integers(0, len(NAMES), count)
    with ThreadPoolExecutor(max_workers=2) as pool:
        blobs = list(pool.map(lambda i: _blob(store, i, int(clump[i]), seed), range(count)))
    pairs = list(_pairs(count))
    rows = _rows(rng, blobs, clump)
    _decide(rows, pairs)
    return _write(home / "datasets" / "synthetic" / "1", rows, pairs, _embeddings(rng, clump))


def draw(number: int, clump: int, seed: int) -> tuple[bytes, int, int]:
    """WebP of a screen: its clump decides ground and ink, its number the boxes."""
    rng = np.random.default_rng((seed, number))
    (width, height), _, _ = SIZES[number % len(SIZES)]
    hue = clump * 36 + int(rng.integers(-8, 8))
    dark = number % 5 == 0
    image = Image.new("RGB", (width, height), f"hsl({hue % 360}, 24%, {12 if dark else 96}%)")
    pen = ImageDraw.Draw(image)
    pen.rectangle([0, 0, width, 18], fill=f"hsl({hue % 360}, 70%, 45%)")
    for _ in range(int(rng.integers(18, 42))):
        x, y = int(rng.integers(0, width - 20)), int(rng.integers(20, height - 8))
        light = int(rng.integers(30, 80))
        box = [x, y, x + int(rng.integers(10, width // 2)), y + int(rng.choice([3, 3, 4, 18, 40]))]
        pen.rectangle(box, fill=f"hsl({(hue + int(rng.integers(0, 60))) % 360}, 30%, {light}%)")
    out = io.BytesIO()
    image.save(out, "WEBP", quality=70, method=0)
    return out.getvalue(), width, height


def _blob(store: CaptureStore, number: int, clump: int, seed: int) -> tuple[str, int, int, int]:
    data, width, height = draw(number, clump, seed)
    return store.put_blob(data, "webp"), width, height, len(data)


def _pairs(count: int) -> Iterator[tuple[int, int, str, float]]:
    """One pair in 40 captures of each of these, and a template of 8 in 400."""
    for at in range(0, count - 4, 40):
        yield at, at + 1, "exact", 0.0
        yield at + 2, at + 3, "copy", float(at % 17)
    for at in range(10, count - 2, 50):
        yield at, at + 1, "theme", 140.0
    for at in range(20, count - 8, 400):
        for other in range(at + 1, at + 8):
            yield at, other, "same_template", 52.0


def _rows(rng: np.random.Generator, blobs: list[tuple[str, int, int, int]], clump: np.ndarray) -> list[dict[str, Any]]:
    count = len(blobs)
    scores = {
        "blankness": rng.beta(2, 4, count),
        "entropy": rng.beta(4, 2, count),
        "text_coverage": rng.gamma(2, 0.06, count),
        "whitespace": rng.beta(3, 3, count),
        "edge_density": rng.gamma(3, 0.02, count),
        "aesthetic": rng.normal(5.4, 0.7, count),
        "nsfw": rng.beta(0.4, 6, count),
    }
    found = []
    for i, (sha256, width, height, size) in enumerate(blobs):
        _, form, view = SIZES[i % len(SIZES)]
        site = f"site{i // 12:05d}.test"
        hue = int(clump[i]) * 36
        found.append(
            {
                "capture_id": hashlib.sha256(f"{i}".encode()).hexdigest()[:24],
                **{"state": "kept", "stage": None, "reason": None, "kept_id": None, "copies": [], "split": None},
                **{"errors": [], "source": "web", "spider": "web", "url": f"https://{site}/page/{i}"},
                **{"canonical_url": f"https://{site}/page/{i}", "site": site, "http_status": 200},
                **{"fetched_at": datetime(2026, 1, 2, tzinfo=UTC), "image_sha256": sha256, "format": "webp"},
                **{"width": width, "height": height, "bytes": size, "view": view, "viewport_width": width},
                **{"theme": "dark" if i % 5 == 0 else "light", "form_factor": form, "verdicts": [], "lang": "en"},
                **{"title": f"{NAMES[clump[i]].title()} page {i} of {site}", "allowed": True, "licence": "CC0-1.0"},
                "rights": '{"signals": [{"source": "robots.txt", "effect": "allow", "evidence": "Allow: /"}]}',
                "aspect": height / width,
                "palette": [
                    f"#{(hue * 7 + k * 40) % 256:02x}{(hue * 3 + k * 60) % 256:02x}{200 - k * 40:02x}" for k in range(4)
                ],
                "palette_shares": [0.6, 0.2, 0.15, 0.05],
                "caption": f"A {NAMES[clump[i]]} screen.",
                **{name: float(np.float32(values[i])) for name, values in scores.items()},
                **{"cluster": int(clump[i]), "cluster_name": NAMES[clump[i]]},
            }
        )
    return found


def _decide(rows: list[dict[str, Any]], pairs: list[tuple[int, int, str, float]]) -> None:
    """By hand what the rules say, for the page to agree with."""
    tests = {
        "blank": lambda r: r["blankness"] < 0.9 and r["entropy"] > 0.05,
        "readable": lambda r: r["text_coverage"] > 0.02,
        "plain": lambda r: r["aesthetic"] >= 4.2,
        "nsfw": lambda r: r["nsfw"] < 0.2,
    }
    for row in rows:
        reason = next((name for name, test in tests.items() if not test(row)), None)
        if reason:
            row |= {"state": "rejected", "stage": "rule", "reason": reason}
    for relation in ("exact", "copy"):
        for a, b, name, _ in pairs:
            if name == relation and rows[a]["state"] == rows[b]["state"] == "kept":
                one, other = (rows[i] for i in (a, b))
                best = lambda r: (-r["width"] * r["height"], r["capture_id"])  # noqa: E731
                kept, gone = sorted((one, other), key=best)
                gone |= {"state": "rejected", "stage": "relation", "reason": relation, "kept_id": kept["capture_id"]}
                kept["copies"] = [gone["capture_id"]]
    for row in rows:
        if row["state"] == "kept":
            row["split"] = ("train", "train", "train", "val", "test")[int(row["site"][4:9]) % 5]


def _embeddings(rng: np.random.Generator, clump: np.ndarray) -> np.ndarray:
    centres = rng.normal(size=(len(NAMES), WIDTH))
    vectors = centres[clump] + 0.7 * rng.normal(size=(len(clump), WIDTH))
    unit: np.ndarray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    return unit


def _write(
    folder: Path, rows: list[dict[str, Any]], pairs: list[tuple[int, int, str, float]], vectors: np.ndarray
) -> Path:
    folder.mkdir(parents=True)
    order = sorted(range(len(rows)), key=lambda i: str(rows[i]["capture_id"]))
    pq.write_table(pa.Table.from_pylist([rows[i] for i in order]), folder / "review.parquet")
    ids = [row["capture_id"] for row in rows]
    related = [
        {"a": min(ids[a], ids[b]), "b": max(ids[a], ids[b]), "relation": name, "distance": d, "why": f"phash {d:.0f}"}
        for a, b, name, d in pairs
    ]
    pq.write_table(pa.Table.from_pylist(related), folder / "relations.parquet")
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), WIDTH)
    pq.write_table(pa.table({"capture_id": ids, "embedding": embedding}), folder / "train-00000-of-00001.parquet")
    (folder / "manifest.json").write_text(json.dumps(_manifest(rows)), encoding="utf-8")
    return folder


def _manifest(rows: list[dict[str, Any]]) -> dict[str, Any]:
    left, funnel = len(rows), []
    for name in (*RULES, *POLICIES):
        took = sum(row["reason"] == name for row in rows)
        left -= took
        stage = "rule" if name in RULES else "relation"
        funnel.append({"name": name, "stage": stage, "rejected": took, "left": left, "sql": RULES.get(name)})
    kept = [row for row in rows if row["state"] == "kept"]
    splits = {
        name: {"share": share, "rows": sum(r["split"] == name for r in kept)}
        for name, share in (("train", 0.6), ("val", 0.2), ("test", 0.2))
    }
    return {
        "format": "gesso-dataset/1",
        "name": "synthetic",
        "description": "Drawn screens, to measure the report.",
        "counts": {"input": len(rows), "kept": len(kept), "rejected": len(rows) - len(kept), "failed": 0},
        "funnel": funnel,
        "splits": splits,
        "shards": [{"file": "train-00000-of-00001.parquet", "split": "train", "rows": len(rows)}],
        "features": [
            {
                "name": "ink",
                "columns": ["blankness", "entropy", "text_coverage", "whitespace", "edge_density", "aspect"],
            },
            {"name": "heads", "columns": ["aesthetic", "nsfw"]},
        ],
        "recipe": {"name": "synthetic", "relations": POLICIES},
    }
