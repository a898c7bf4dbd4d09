"""Screens and listings come from an app repository as from shards, and the fused search finds what its words say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.apps.rankings import fused_search, hash_vectors
from benchmarks.apps.screens import SEEN, Apps, Listing, Screen, read_apps
from benchmarks.figures import CannotRun
from models.encoder.pack import pack
from tests.models.encoder.test_pack import _listings
from tests.models.shards import png, screen


def _repository(folder: Path) -> Path:
    packages = {}
    for number, app in enumerate(("test.music", "test.notes", "test.lonely")):
        shots = []
        for place in range(1 if app == "test.lonely" else 3):
            path = folder / app / f"{place}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(png(screen(min(place, 1) + 7 * number)))  # the third is the second again
            shots.append({"name": f"/{app}/{place}.png"})
        shots.append({"name": "/../outside.png"})
        texts = {"name": {"en-US": app}, "summary": {"en-US": f"about {app}"}, "description": {"en-US": "more"}}
        packages[app] = {"metadata": {**texts, "screenshots": {"phone": {"en-US": shots}}}}
    (folder / "index-v2.json").write_text(json.dumps({"packages": packages}))
    return folder


def test_an_app_repository_gives_each_screen_once_and_no_lonely_app(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "outside.png").write_bytes(png(screen(1)))
    apps = read_apps(_repository(tmp_path / "repo"), None)
    assert apps.names == ["test.music"] * 2 + ["test.notes"] * 2
    assert apps.listings["test.notes"].summary == "about test.notes"


def test_of_shards_the_test_split_counts_and_what_an_encoder_saw_does_not(tmp_path: Path) -> None:
    pack(_listings(tmp_path, 12), tmp_path, tmp_path / "shards", test=4, val=1, seed=1)
    every = read_apps(tmp_path / "shards", None)
    assert len(every.listings) == 4
    (tmp_path / SEEN).write_text(json.dumps({"groups": [every.names[0]]}))
    assert set(read_apps(tmp_path / "shards", tmp_path).names) == set(every.names) - {every.names[0]}
    (tmp_path / SEEN).write_text(json.dumps({"groups": sorted(every.listings)}))
    with pytest.raises(CannotRun, match="trained on 4"):
        read_apps(tmp_path / "shards", tmp_path)


def test_words_find_what_the_encoder_does_not_know_and_the_other_way_round() -> None:
    listings = {
        "a": Listing("Tune", "plays music files", "It plays music files without a network"),
        "b": Listing("Quill", "keeps your notes", "Nothing is said here"),
        **{f"c{n}": Listing(f"Other {n}", f"thing number {n}", f"thing number {n}") for n in range(8)},
    }
    screens = tuple(Screen(app, b"", f"{app}{n}") for app in listings for n in range(2))
    apps = Apps(screens, listings)
    scores = np.zeros((len(listings), len(screens)), np.float32)
    scores[1, [2, 3]] = 1.0  # the encoder knows the notes alone
    figures = {figure.name: figure for figure in fused_search(apps, scores, None)}
    assert figures["text → app @5, listing alone"].value == pytest.approx(0.9)
    assert figures["text → app @5, listing fused with the encoder"].value == 1.0
    assert figures["text → app @5, listing fused with the encoder"].target == "≥0.8"


def test_perceptual_hashes_order_as_their_bits_do() -> None:
    vectors = hash_vectors([screen(1), screen(1).resize((60, 45)), screen(4)])
    likeness = vectors @ vectors.T
    assert likeness[0, 0] == pytest.approx(1)
    assert likeness[0, 1] > likeness[0, 2]
