"""Pictures are a function of model, prompt and seed; they carry their parameters; a missing model says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from models.diffusion.config import DiffusionConfig
from models.diffusion.infer import GenerateError, ParametersError, find_model, generate, read_parameters
from models.diffusion.pipeline import ModelError
from models.diffusion.train import train
from tests.models.shards import png, screen

PROMPT = 'page on "paper" – ruhig & 日本'


def test_pictures_carry_their_parameters(trained: Path, tmp_path: Path) -> None:
    made = generate("small", PROMPT, n=2, seed=7, steps=2, guidance=2.5, out_dir=tmp_path, home=trained)
    assert [read_parameters(path) for path in made.images] == made.parameters
    first = made.parameters[0]
    assert (first.prompt, first.seed, first.steps, first.guidance) == (PROMPT, 7, 2, 2.5)
    assert (first.model, first.width, first.height) == ("small", 32, 32)
    assert first.model_sha256 == json.loads((trained / "runs/small/training.json").read_text())["weights_sha256"]
    assert Image.open(made.grid).width > 480


def test_a_seed_gives_one_picture_whatever_stands_beside_it(trained: Path, tmp_path: Path) -> None:
    alone = generate("small", "page", n=1, seed=9, steps=2, out_dir=tmp_path / "a", home=trained)
    among = generate("small", "page", n=3, seed=7, steps=2, out_dir=tmp_path / "b", home=trained)
    again = generate("small", "page", n=3, seed=7, steps=2, out_dir=tmp_path / "c", home=trained)
    assert alone.images[0].read_bytes() == among.images[2].read_bytes()
    assert [path.read_bytes() for path in among.images] == [path.read_bytes() for path in again.images]
    assert among.grid.read_bytes() == again.grid.read_bytes()
    assert len({path.read_bytes() for path in among.images}) == 3


def test_another_size_can_be_asked_for(trained: Path, tmp_path: Path) -> None:
    made = generate("small", "page", n=1, steps=1, size=(48, 32), out_dir=tmp_path, home=trained)
    assert Image.open(made.images[0]).size == (48, 32)


def test_a_hostile_prompt_stays_inside_the_folder(trained: Path, tmp_path: Path) -> None:
    made = generate("small", "../../etc/passwd\n\x00", n=1, steps=1, out_dir=tmp_path, home=trained)
    assert made.grid.resolve().is_relative_to(tmp_path.resolve())


@pytest.mark.parametrize("wrong", [{"n": 0}, {"steps": 0}, {"guidance": -1.0}, {"size": (33, 32)}, {"seed": -1}])
def test_what_cannot_be_drawn_is_refused(trained: Path, tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(GenerateError, match="cannot draw"):
        generate("small", "page", out_dir=tmp_path, home=trained, **wrong)  # type: ignore[arg-type]


def test_an_empty_prompt_is_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(GenerateError, match="0 characters"):
        generate("small", " \n ", out_dir=tmp_path, home=trained)


def test_models_are_found_by_run_and_folder(trained: Path) -> None:
    model = trained / "runs/small/model"
    assert find_model("small", trained) == find_model(model, trained) == find_model(model.parent, trained) == str(model)
    assert find_model("someone/some-model", trained) == "someone/some-model"


def test_a_missing_model_lists_the_runs(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'smal' in .*: runs here: small"):
        find_model("smal", trained)
    with pytest.raises(ModelError, match="train one with"):
        find_model("small", tmp_path)


def test_a_half_trained_run_says_how_to_go_on(tmp_path: Path, config_of: Callable[..., DiffusionConfig]) -> None:
    def stop(task: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config_of(), tmp_path, progress=stop)
    with pytest.raises(ModelError, match=r"'small' is half trained: go on with `gesso train diffusion .*recipe\.yaml`"):
        find_model("small", tmp_path)


def _png_with(path: Path, text: str) -> Path:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("gesso", text)
    screen(1).save(path, pnginfo=info)
    return path


def test_pictures_without_parameters_are_refused(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    plain.write_bytes(png(screen(1)))
    with pytest.raises(ParametersError, match="carries no parameters"):
        read_parameters(plain)
    with pytest.raises(ParametersError, match="no picture at"):
        read_parameters(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(ParametersError, match="no readable PNG"):
        read_parameters(tmp_path / "text.png")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"prompt": 1}', "[" * 20_000, "x" * 70_000])
def test_damaged_parameters_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ParametersError):
        read_parameters(_png_with(tmp_path / "damaged.png", text))
