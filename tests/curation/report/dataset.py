"""Builds a small dataset version and its capture store, in the shape that curation/review.py writes down."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from crawlers.captures import CaptureStore

HOSTILE = '</script><img src=x onerror="window.hacked=1"><script>window.hacked=2</script> & \u2028 ‘Aurora’'
RULES = {"not_blank": "blankness < 0.9", "readable": "text_coverage > 0.02", "allowed": "allowed"}
FUNNEL_RELATIONS = ("exact", "copy", "theme")
POLICIES = {
    "exact": {"policy": "keep_best", "rank": "width * height"},
    "copy": {"policy": "keep_best", "rank": "width * height"},
    "theme": {"policy": "keep_all", "rank": "0"},
}


def screen(width: int, height: int, ground: str, ink: str, lines: int = 9) -> bytes:
    """A drawn screen: a bar, a heading and lines of text, enough to look at and to tell apart."""
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    unit = width // 20
    draw.rectangle([0, 0, width, unit], fill=ink)
    draw.rectangle([unit, 3 * unit, 11 * unit, 4 * unit], fill=ink)
    for line in range(lines):
        top = 6 * unit + line * unit
        draw.rectangle([unit, top, unit + (9 + 3 * (line % 3)) * unit, top + unit // 3], fill=ink)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def row(store: CaptureStore, data: bytes, site: str, **changes: Any) -> dict[str, Any]:
    """One row of review.parquet for a picture, stored on the way; a kept web page unless `changes` say otherwise."""
    width, height = changes.pop("size", None) or Image.open(io.BytesIO(data)).size
    base: dict[str, Any] = {
        "state": "kept",
        "stage": None,
        "reason": None,
        "kept_id": None,
        "copies": [],
        "split": "train",
        "margins": [],
        "errors": [],
        "source": "web",
        "spider": "web",
        "url": f"http://{site}/",
        "canonical_url": f"http://{site}/",
        "site": site,
        "fetched_at": datetime(2026, 1, 2, tzinfo=UTC),
        "http_status": 200,
        "image_sha256": store.put_blob(data, changes.get("format", "png")),
        "format": "png",
        "width": width,
        "height": height,
        "bytes": len(data),
        "view": "fold",
        "viewport_width": 1440,
        "viewport_height": 900,
        "dpr": 1.0,
        "theme": "light",
        "form_factor": "desktop",
        "title": site.split(".")[0].title(),
        "description": "",
        "lang": "en",
        "app_id": None,
        "name": None,
        "developer": None,
        "categories": None,
        "locale": None,
        "position": None,
        "allowed": True,
        "licence": "CC0-1.0",
        "rights": json.dumps(
            {
                "allowed": True,
                "signals": [{"source": "robots.txt", "evidence": "User-agent: *\nAllow: /", "effect": "allow"}],
            }
        ),
        "verdicts": [],
        "decoded_width": width,
        "decoded_height": height,
        "aspect": height / width,
        "blankness": 0.4,
        "text_coverage": 0.12,
        "palette": ["#fbfaf7", "#2b4acb"],
        "palette_shares": [0.8, 0.2],
        "caption": f"A page of {site}.",
        "design_nodes": None,
    }
    base |= changes
    base["margins"] = [
        {
            "rule": "not_blank",
            "operand": "blankness",
            "op": "<",
            "threshold": 0.9,
            "value": base["blankness"],
            "margin": 0.9 - base["blankness"],
        },
        {
            "rule": "readable",
            "operand": "text_coverage",
            "op": ">",
            "threshold": 0.02,
            "value": base["text_coverage"],
            "margin": base["text_coverage"] - 0.02,
        },
    ]
    key = json.dumps(
        [
            base["canonical_url"],
            base["view"],
            base["theme"],
            base["form_factor"],
            base["position"],
            base["image_sha256"],
            base["title"],
        ]
    )
    return {"capture_id": changes.get("capture_id") or hashlib.sha256(key.encode()).hexdigest()[:24], **base}


def write_version(
    folder: Path,
    rows: list[dict[str, Any]],
    relations: list[dict[str, Any]],
    designs: dict[str, tuple[str, dict[str, Any]]],
) -> Path:
    """Write manifest.json, review.parquet, relations.parquet and one shard, and return the folder."""
    folder.mkdir(parents=True)
    rows = sorted(rows, key=lambda r: r["capture_id"])
    pq.write_table(pa.Table.from_pylist(rows), folder / "review.parquet")
    ends = [("a", pa.string()), ("b", pa.string())]
    schema = pa.schema([*ends, ("relation", pa.string()), ("distance", pa.float32()), ("why", pa.string())])
    pq.write_table(pa.Table.from_pylist(relations, schema), folder / "relations.parquet")
    kept = [r for r in rows if r["state"] == "kept"]
    shard = [
        {
            "capture_id": r["capture_id"],
            "design": designs.get(r["capture_id"], (None,))[0],
            "design_slots": json.dumps(designs[r["capture_id"]][1]) if r["capture_id"] in designs else None,
        }
        for r in kept
    ]
    schema = pa.schema([("capture_id", pa.string()), ("design", pa.string()), ("design_slots", pa.string())])
    pq.write_table(pa.Table.from_pylist(shard, schema), folder / "train-00000-of-00001.parquet")
    left = sum(r["state"] != "failed" for r in rows)
    funnel: list[dict[str, Any]] = []
    for name in (*RULES, *FUNNEL_RELATIONS):
        took = sum(r["state"] == "rejected" and r["reason"] == name for r in rows)
        left -= took
        funnel.append(
            {"name": name, "stage": "rule" if name in RULES else "relation", "rejected": took, "left": left}
            | ({"sql": RULES[name]} if name in RULES else {})
        )
    splits = {
        name: {
            "share": part,
            "rows": sum(r["split"] == name for r in kept),
            "sites": len({r["site"] for r in kept if r["split"] == name}),
            "components": len({r["site"] for r in kept if r["split"] == name}),
        }
        for name, part in (("train", 0.8), ("validation", 0.1), ("test", 0.1))
    }
    states = {state: sum(r["state"] == state for r in rows) for state in ("kept", "rejected", "failed")}
    manifest = {
        "format": "gesso-dataset/1",
        "name": folder.parent.name,
        "description": "Screens drawn for a test.",
        "counts": {"input": len(rows), **states},
        "funnel": funnel,
        "splits": splits,
        "shards": [{"file": "train-00000-of-00001.parquet", "split": "train", "rows": len(kept)}],
        "features": [
            {"name": "ink", "columns": ["blankness", "text_coverage", "aspect"]},
            {"name": "palette", "columns": ["palette", "palette_shares"]},
            {"name": "design", "columns": ["design_nodes"]},
        ],
        "recipe": {"name": folder.parent.name, "relations": POLICIES},
        "notes": ["No encoder weights at hand: the embedding was left out."],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return folder


def small(home: Path) -> Path:
    """Twelve captures of four sites: every state, a group of copies, a listing, a hostile title, a missing blob."""
    store = CaptureStore(str(home / "captures"), create=True)
    blue = screen(1440, 900, "#ffffff", "#2b4acb")
    rows = [
        row(store, blue, "aurora.test", title=HOSTILE, capture_id="a" * 24),
        row(
            store,
            screen(1440, 5200, "#ffffff", "#2b4acb", 60),
            "aurora.test",
            view="full",
            capture_id="b" * 24,
            design_nodes=12,
        ),
        row(
            store, screen(1440, 900, "#141317", "#8fa2ff"), "aurora.test", theme="dark", palette=["#141317", "#8fa2ff"]
        ),
        row(
            store,
            screen(780, 1688, "#fff4e8", "#b3402e"),
            "aurora.test",
            form_factor="phone",
            viewport_width=390,
            viewport_height=844,
            dpr=2.0,
            text_coverage=0.021,
        ),
        row(store, screen(1440, 900, "#f2efe4", "#1f7a4d"), "birch.test", split="test", palette=["#f2efe4", "#1f7a4d"]),
        row(
            store,
            screen(1440, 900, "#fefefe", "#fdfdfd"),
            "birch.test",
            state="rejected",
            stage="rule",
            reason="not_blank",
            split=None,
            blankness=0.98,
            palette=["#fefefe"],
            palette_shares=[1.0],
        ),
        row(
            store,
            screen(1440, 900, "#ffffff", "#d0d0d0", 1),
            "birch.test",
            state="rejected",
            stage="rule",
            reason="readable",
            split=None,
            text_coverage=0.018,
        ),
        row(
            store,
            b"\x89PNG\r\n\x1a\n cut short",
            "birch.test",
            size=(1440, 900),
            state="failed",
            stage="decode",
            reason="truncated: image file is truncated",
            split=None,
            palette=None,
            palette_shares=None,
            blankness=float("nan"),
            text_coverage=float("nan"),
        ),
    ]
    for position, ground in enumerate(("#0f766e", "#f59e0b"), 1):
        listing = {
            "name": "Cedar",
            "app_id": "org.cedar",
            "developer": "Cedar makers",
            "locale": "en-US",
            "title": None,
        }
        view = {"source": "fdroid", "spider": "fdroid", "view": "listing", "form_factor": "phone", "theme": None}
        data = screen(1080, 2340, ground, "#ffffff")
        rows.append(row(store, data, "org.cedar", position=position, palette=[ground, "#ffffff"], **listing, **view))
    twin = row(
        store, blue, "mirror.test", state="rejected", stage="relation", reason="exact", split=None, kept_id="a" * 24
    )
    near = row(
        store,
        screen(720, 450, "#ffffff", "#2b4acb"),
        "mirror.test",
        state="rejected",
        stage="relation",
        reason="copy",
        split=None,
        kept_id="a" * 24,
    )
    rows += [twin, near]
    rows[0]["copies"] = [twin["capture_id"], near["capture_id"]]
    lost = store.blob_path(rows[6]["image_sha256"], "png")
    Path(lost).unlink()
    ties = [
        (twin["capture_id"], "exact", 0.0, "equal pixels"),
        (near["capture_id"], "copy", 14.0, "phash 14, thumb 1.2"),
        (rows[2]["capture_id"], "theme", 150.0, "same boxes"),
    ]
    relations = [
        {"a": min(x, "a" * 24), "b": max(x, "a" * 24), "relation": relation, "distance": distance, "why": why}
        for x, relation, distance, why in ties
    ]
    notation = 'col Page 1440 #fff\n t 820 #2b4acb "Aurora </script>"\n img 400x300 &hero\n'
    slots = {"hero": {"sha256": rows[4]["image_sha256"], "format": "png", "rect": [0, 0, 400, 300]}}
    return write_version(
        home / "datasets" / "small" / "1", rows, relations, {"a" * 24: (notation, slots), "b" * 24: (notation, slots)}
    )
