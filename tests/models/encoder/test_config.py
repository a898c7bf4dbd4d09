"""A recipe with a mistake is refused with the key and the remedy; the recipe that ships is whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from models.encoder.board import Board, BoardError
from models.encoder.config import load_config
from models.errors import RecipeError

ROOT = Path(__file__).resolve().parents[3]
MODEL = "model: {name: ViT-B-32, pretrained: laion2b_s34b_b79k}\n"


def _written(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["encoder-mini.yaml", "encoder-adapt.yaml", "encoder-tiny.yaml"])
def test_the_recipes_that_ship_are_read(name: str) -> None:
    assert load_config(ROOT / "recipes" / name).steps > 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MODEL + "stpes: 4", "did you mean 'steps'"),
        (MODEL + "weights: {text: 1}", "did you mean 'texts'"),
        ("model: {}", "either name or config"),
        (MODEL + "weights: {teacher: 1}\nsentences: 4", "need a teacher"),
        (MODEL + "weights: {texts: 0}", "all weights are 0"),
        (MODEL + "looks: 2", "image: locked"),
        (MODEL + "image: locked\ntext: locked", "both towers are locked"),
        (MODEL + "steps: 0", "steps is 0"),
        ("[]", "holds no keys"),
        ("model: [", "is not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        load_config(_written(tmp_path, text))


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no recipe at .*nothing\.yaml"):
        load_config(tmp_path / "nothing.yaml")


def test_tensorboard_is_asked_for_only_where_a_recipe_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Board(None) as board:
        board.add(1, {"loss": 1.0})
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(BoardError, match="pip install tensorboard"):
        Board(tmp_path)
