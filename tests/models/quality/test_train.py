"""`gesso train head`: from a store of damaged captures to a head in force, by a real encoder of random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from crawlers.captures import CaptureStore, Damage
from curation.heads import trained
from curation.heads.load import read_head, stated, weights_hash
from models.quality.pairs import PairsError
from models.quality.train import BY, KIND, HeadConfig, HeadRecipeError, HeadResult, load_config, train
from models.quality.vectors import Eyes
from tests.curation.conftest import encoded, make_capture, screen
from tests.curation.features.conftest import CONFIG, save_encoder

SITES = 6


def blurred(picture: Image.Image, strength: int) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(strength))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> HeadConfig:
    encoder = save_encoder(tmp_path_factory.mktemp("encoder"), CONFIG)
    return HeadConfig(encoder=str(encoder), members=1, hidden=8, steps=30)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Six sites of one page, each with a ladder of one kind."""
    store = CaptureStore(str(tmp_path / "captures"), create=True)
    for number in range(SITES):
        picture, site = screen(number), f"site{number}.test"
        original = make_capture(store, encoded(picture), f"o{number}", site=site)
        captures = [original]
        for strength in (1, 2, 3):
            damage = Damage(kind="contrast", strength=strength, seed=1, original=original.capture_id)
            made = make_capture(store, encoded(blurred(picture, strength)), f"d{number}{strength}", site=site)
            captures.append(made.model_copy(update={"damage": damage}))
        store.append("r", captures)
    return tmp_path


@pytest.fixture
def result(home: Path, config: HeadConfig) -> HeadResult:
    return train(config, home, home / "shipped")


def test_a_head_says_what_it_belongs_to_and_what_its_grades_mean(result: HeadResult, home: Path) -> None:
    manifest = trained.manifest(KIND, home, 1)
    assert (result.sites, result.pairs, result.in_force) == (SITES, SITES * 6, True)
    assert manifest["by"] == BY
    assert manifest["meaning"].startswith("7 is the middle page")
    assert manifest["head"]["sha256"] == weights_hash(result.path)
    assert stated(result.path)["embedding"] == manifest["embedding"]["fingerprint"]


def test_the_folder_to_ship_holds_the_same_head(result: HeadResult, home: Path) -> None:
    assert (home / "shipped" / trained.FILE).read_bytes() == result.path.read_bytes()
    assert json.loads((home / "shipped" / trained.MANIFEST).read_text()) == trained.manifest(KIND, home, 1)


def test_it_takes_the_embedding_and_craft(result: HeadResult, home: Path, config: HeadConfig) -> None:
    eyes = Eyes(config.encoder, home)
    captures = list(CaptureStore(str(home / "captures")).captures(damaged=True))
    vectors = eyes.vectors(CaptureStore(str(home / "captures")), captures, home / "runs" / "quality")
    assert len(vectors) == SITES * 4
    assert read_head(result.path).inputs == len(next(iter(vectors.values()))) > eyes.embedding.dimensions


def test_the_same_captures_give_the_same_head_and_no_picture_is_looked_at_twice(
    result: HeadResult, home: Path, config: HeadConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Eyes, "_look", lambda *_: pytest.fail("looked again"))
    again = train(config, home)
    assert again.path != result.path
    assert again.path.read_bytes() == result.path.read_bytes()


def test_a_head_that_labels_taught_stays_in_force(home: Path, config: HeadConfig) -> None:
    by_labels = trained.folder_of(KIND, home) / "1"
    by_labels.mkdir(parents=True)
    (by_labels / trained.MANIFEST).write_text('{"labels": ["a"]}', encoding="utf-8")
    trained.put_in_force(KIND, home, 1)
    result = train(config, home)
    assert not result.in_force
    assert (trained.folder_of(KIND, home) / trained.CURRENT).read_text(encoding="utf-8").strip() == "1"


def test_a_home_without_damaged_captures_is_told_how_to_have_some(tmp_path: Path, config: HeadConfig) -> None:
    CaptureStore(str(tmp_path / "captures"), create=True)
    with pytest.raises(PairsError, match="--jitter all"):
        train(config, tmp_path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"a: ["])
def test_a_recipe_that_is_none_is_named_with_a_remedy(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "head.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HeadRecipeError, match=r"head.yaml cannot be read .*: give a YAML file"):
        load_config(path)


def test_a_wrong_key_of_a_recipe_is_named(tmp_path: Path) -> None:
    path = tmp_path / "head.yaml"
    path.write_text("steps: none\n", encoding="utf-8")
    with pytest.raises(HeadRecipeError, match="steps"):
        load_config(path)
