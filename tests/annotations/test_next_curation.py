"""The whole way of a label: screens, an encoder, comparisons, a head, and the next curation scores with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotations.consensus import write_consensus
from annotations.external import import_labels, line
from annotations.training import train
from crawlers.captures import CaptureStore
from curation.dataset import open_dataset
from curation.heads.load import read_head
from curation.recipe import Recipe, parse_recipe
from curation.run import curate
from tests.curation.conftest import encoded, make_capture, screen
from tests.curation.finished import tiny_encoder

SCREENS, SITES = 32, 8


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Screens from black to white, in no order over sites, and 400 comparisons by people who like them light."""
    place = tmp_path_factory.mktemp("home")
    store = CaptureStore(str(place / "captures"), create=True)
    light = np.random.default_rng(1).permutation(np.linspace(0, 255, SCREENS).astype(int))
    captures = [
        make_capture(store, encoded(screen(n, (180, 390), f"#{v:02x}{v:02x}{v:02x}", "#808080")), f"p{n}",
                     site=f"site{n % SITES}.test", size=(180, 390))
        for n, v in enumerate(light.tolist())
    ]  # fmt: skip
    store.append("run1", captures)
    draw = np.random.default_rng(2)
    with (place / "labels.jsonl").open("w") as file:
        for k in range(400):
            a, b = (int(i) for i in draw.choice(SCREENS, 2, replace=False))
            choice = "left" if draw.random() < 1 / (1 + np.exp(-(light[a] - light[b]) / 30)) else "right"
            left, right = captures[a].image.sha256, captures[b].image.sha256
            about = {"source": "test", "annotator": f"anna{k % 4}", "at": "2026-01-01T00:00:00Z", "dataset": "light"}
            file.write(line("comparison", id=str(k), left=left, right=right, choice=choice, **about) + "\n")
    import_labels(place / "labels.jsonl", place)
    return place


def recipe(encoder: Path) -> Recipe:
    kept = {"policy": "keep_all"}
    return parse_recipe(
        {
            "name": "light",
            "features": ["decode", {"embedding": {"model": str(encoder), "view": "letterbox"}}, "aesthetic"],
            "keep": [{"name": "found", "sql": "http_status < 400"}],
            "relations": {"copy": kept, "same_template": kept},
            "clusters": {"count": 0},
            "shards": {"images": False},
        }
    )


def test_a_head_that_won_scores_the_next_version(home: Path, tmp_path: Path) -> None:
    made_by = recipe(tiny_encoder(tmp_path / "encoder"))
    first = curate(made_by, home, report=False)
    assert any("aesthetic left out" in note for note in first.notes)
    before = open_dataset(first.path, home)
    consensus, _ = write_consensus(home)
    made = train("aesthetic", consensus, before, home)
    assert made.in_force, made.why
    second = curate(made_by, home, report=False)
    assert second.version == first.version + 1
    rows = open_dataset(second.path, home).rows(["embedding", "aesthetic"]).to_arrow_table()
    head = read_head(made.path / "head.safetensors")
    said = head(np.asarray(rows["embedding"].to_pylist(), np.float64))[:, 0]
    assert np.allclose(said, rows["aesthetic"].to_numpy(), atol=1e-5)
    assert curate(made_by, home, report=False).unchanged
