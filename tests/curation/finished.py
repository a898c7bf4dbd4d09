"""A home with two finished versions of one small dataset, for whatever reads versions."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image as Pictures

from crawlers.captures import CaptureStore, Listing, Page
from curation.run import curate
from tests.curation.conftest import encoded, fill, make_capture, screen, small_recipe

SNAPSHOT = Path(__file__).parent / "tern-404.dom.json.gz"
HOSTILE = '=cmd|"/c calc"!A1 <script>alert(1)</script> & "quoted"'
APPS = (
    ("app.nightjar", "Nightjar", "A calm sleep diary with charts", ("Health",), "en-US", "#10131f", "#e8ecff"),
    ("app.nightjar", "Nachtschwalbe", "Ein ruhiges Schlaftagebuch", ("Health",), "de-DE", "#10131f", "#e8ecff"),
    ("app.ledger", "Ledger", "Dark dashboard with charts of spending", ("Finance",), "en-US", "#000000", "#30ff90"),
    ("app.kiosk", "新聞", "今日のニュースを読む", ("News",), "ja-JP", "#ffffff", "#aa0000"),
    ("app.hostile", HOSTILE, HOSTILE, ("=1+1", "<b>"), "en-US", "#ffffff", "#2b4acb"),
)  # fmt: skip


@cache
def shared(base: Path) -> Path:
    """The home that all tests of a session share, made below its temp folder when the first one asks. Read-only."""
    return finished_version(base / "finished-home")


def finished_version(home: Path) -> Path:
    """`small@1`, and `small@2` of more captures and other rules. Web pages, listings, a page with its DOM."""
    store = fill(home)
    captures = [
        make_capture(
            store,
            encoded(screen(200 + number, ground=ground, ink=ink)),
            f"{app}-{locale}",
            site=app,
            kind="listing",
            listing=Listing(app_id=app, name=name, summary=text, description=text, categories=topics, locale=locale),
        )
        for number, (app, name, text, topics, locale, ground, ink) in enumerate(APPS)
    ]
    with gzip.open(SNAPSHOT) as file:
        about = json.load(file)
    dom = store.put_blob(SNAPSHOT.read_bytes(), "dom")
    captures.append(
        make_capture(
            store,
            encoded(page_of(about)),
            "moving",
            site="tern.test",
            size=(1440, 900),
            form_factor="desktop",
            page=Page(title=about["title"], description="Nothing here", lang="en", dom_sha256=dom),
        )
    )
    store.append("run1", captures)
    curate(recipe(), home, report=False)
    store.append("run2", [make_capture(store, encoded(screen(300)), "late", site="late.test")])
    later = [
        {"name": "found", "sql": "http_status < 400"},
        {"name": "large_enough", "sql": "least(decoded_width, decoded_height) >= 50"},
        {"name": "no_japanese", "sql": "coalesce(locale, '') <> 'ja-JP'"},
    ]
    curate(recipe(keep=later), home, report=False)
    return home


def recipe(**changes: Any) -> Any:
    features = ["decode", "hashes", "ink", "palette", "caption", "design"]
    return small_recipe(**{"features": features, "description": "Drawn screens", **changes})


def page_of(snapshot: dict[str, Any]) -> Pictures.Image:
    size = int(snapshot["page"]["width"]), int(snapshot["page"]["height"])
    return screen(400, size, "#f4f4f2", "#203040")


def tiny_encoder(folder: Path) -> Path:
    """A CLIP of random weights with both towers, as open_clip reads it from a folder."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    config = {
        "model_cfg": {
            "embed_dim": 32,
            "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
            "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
        },
        "preprocess_cfg": {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]},
    }
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    model = open_clip.model.CLIP(**config["model_cfg"])
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    return folder


def store_of(home: Path) -> CaptureStore:
    return CaptureStore(str(home / "captures"))
