"""Draws variants of a prompt: PNGs that carry their parameters, and a grid of them.

Each image has a generator of its own and is denoised on its own, so that seed s gives the same picture among 1 or 64.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, PngImagePlugin

from models.diffusion.grid import draw_grid
from models.diffusion.pipeline import ModelError, load_pipeline
from models.errors import GessoError
from models.run import weights_digest

if TYPE_CHECKING:
    from models.diffusion.data import Progress
    from models.diffusion.pipeline import Pipeline

CHUNK = "gesso"  # the PNG's text chunk
MAX_CHUNK = 64 << 10
MAX_PROMPT = 4000
GUIDANCE_RESCALE = 0.7  # Lin et al. 2023: keeps guided pictures of zero-SNR models from over-exposure


class ParametersError(GessoError):
    """A picture that carries no parameters of ours, or damaged ones."""


class GenerateError(GessoError):
    """A request that no model could draw."""


@dataclass(frozen=True)
class Parameters:
    """Everything that decides a picture. `model_sha256` is of the weights, so a retrained model is told apart."""

    prompt: str
    seed: int
    steps: int
    guidance: float
    width: int
    height: int
    model: str
    model_sha256: str
    gesso: str


@dataclass(frozen=True)
class Generated:
    """The grid, and the images in the order of their seeds."""

    grid: Path
    images: list[Path]
    parameters: list[Parameters]


def find_model(model: str | Path, home: Path = Path("workspace")) -> str:
    """The folder of a run or of a diffusers pipeline, or a hub's name as it is.

    Raises ModelError where a run is half trained, or nothing by that name is there.
    """
    name = str(model)
    run = Path(home) / "runs" / name
    for folder in (run, Path(name)):
        for place in (folder / "model", folder):
            if (place / "model_index.json").is_file():
                return str(place)
        if (folder / "run.json").is_file():
            raise ModelError(
                f"run {name!r} is half trained: go on with `gesso train diffusion {folder / 'recipe.yaml'}`"
            )
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name) and not Path(name).exists():
        return name
    runs = sorted(path.parent.parent.name for path in (Path(home) / "runs").glob("*/model/model_index.json"))
    have = f"runs here: {', '.join(runs)}" if runs else "train one with `gesso train diffusion recipes/train-tiny.yaml`"
    raise ModelError(f"no model {name!r} in {home}: {have}, or give a diffusers folder or a hub name")


def generate(
    model: str | Path,
    prompt: str,
    *,
    n: int = 4,
    seed: int = 7,
    steps: int = 20,
    guidance: float = 3.0,
    size: tuple[int, int] | None = None,
    out_dir: Path,
    home: Path = Path("workspace"),
    progress: Progress | None = None,
) -> Generated:
    """Draw images of seeds seed … seed+n-1 into a folder of `out_dir` named for the prompt; `size` is (width, height).

    Raises ModelError where the model is not found, GenerateError where the request cannot be drawn.
    """
    prompt = " ".join(prompt.split())
    if not 0 < len(prompt) <= MAX_PROMPT:
        raise GenerateError(f"the prompt has {len(prompt)} characters: give 1 to {MAX_PROMPT}")
    if not (1 <= n <= 64 and 1 <= steps <= 1000 and guidance >= 0 and 0 <= seed < 2**63 - n):
        raise GenerateError(
            f"cannot draw n={n}, steps={steps}, guidance={guidance}, seed={seed}: keep n ≤ 64, steps ≤ 1000"
        )
    where = find_model(model, home)
    pipeline, digest = _load(where)
    width, height = size or _native_size(where, pipeline)
    _check_size(pipeline, width, height)
    common: dict[str, Any] = {"prompt": prompt, "steps": steps, "guidance": guidance, "width": width, "height": height}
    common |= {"model": _model_name(where), "model_sha256": digest, "gesso": _version()}
    wanted = [Parameters(seed=seed + number, **common) for number in range(n)]
    folder = Path(out_dir) / _slug(prompt)
    folder.mkdir(parents=True, exist_ok=True)
    pictures, paths = [], []
    for number, parameters in enumerate(wanted):
        pictures.append(_draw(pipeline, parameters))
        paths.append(folder / f"{parameters.seed}.png")
        _save_png(pictures[-1], paths[-1], parameters)
        if progress:
            progress("variants", number + 1, n)
    grid = folder / f"grid-{seed}-{n}.png"
    _write(grid, lambda path: draw_grid(pictures, [f"seed {p.seed}" for p in wanted], prompt).save(path, "PNG"))
    return Generated(grid, paths, wanted)


def read_parameters(path: Path) -> Parameters:
    """The parameters that a PNG of ours carries. Raises ParametersError where it carries none."""
    try:
        with Image.open(path, formats=("PNG",)) as image:
            text = getattr(image, "text", {}).get(CHUNK, "")
    except FileNotFoundError:
        raise ParametersError(f"no picture at {path}: give a PNG that `gesso generate` wrote") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ParametersError(f"{path} is no readable PNG ({error}): give one that `gesso generate` wrote") from None
    if not text or len(text) > MAX_CHUNK:
        raise ParametersError(f"{path} carries no parameters of gesso: give a PNG that `gesso generate` wrote")
    kinds: dict[str, Any] = {"int": int, "float": (int, float), "str": str}
    try:
        found = json.loads(text)
        values = {field.name: found[field.name] for field in fields(Parameters)}
        wrong = [f.name for f in fields(Parameters) if not isinstance(values[f.name], kinds[str(f.type)])]
        if wrong:
            raise TypeError(wrong[0])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ParametersError(f"the parameters in {path} are damaged: generate it again") from None
    return Parameters(**values)


def _load(where: str) -> tuple[Pipeline, str]:
    import torch

    folder = Path(where)
    pipeline = load_pipeline(where)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to("cuda" if torch.cuda.is_available() else "cpu")
    if folder.is_dir():
        return pipeline, weights_digest(folder)
    return pipeline, _hub_revision(pipeline)


def _hub_revision(pipeline: Pipeline) -> str:
    """A digest of the weights in memory, for a model that was loaded by a hub's name."""
    import hashlib

    from safetensors.torch import save

    digest = hashlib.sha256()
    for name in ("text_encoder", "unet", "vae"):
        state = getattr(pipeline, name).state_dict()
        for key in sorted(state):
            digest.update(key.encode() + save({"t": state[key].cpu().contiguous()}))
    return digest.hexdigest()


def _draw(pipeline: Pipeline, parameters: Parameters) -> Image.Image:
    import torch

    zero_snr = bool(pipeline.scheduler.config.get("rescale_betas_zero_snr"))
    with torch.inference_mode():
        answer = pipeline(
            parameters.prompt,
            width=parameters.width,
            height=parameters.height,
            num_inference_steps=parameters.steps,
            guidance_scale=parameters.guidance,
            guidance_rescale=GUIDANCE_RESCALE if zero_snr else 0.0,
            generator=torch.Generator().manual_seed(parameters.seed),
        )
    image: Image.Image = answer.images[0]
    return image


def _native_size(where: str, pipeline: Pipeline) -> tuple[int, int]:
    """What the run was trained at, or the UNet's own square."""
    recipe = Path(where).parent / "recipe.yaml"
    if recipe.is_file():
        from models.diffusion.config import load_config

        config = load_config(recipe)
        return config.width, config.height
    side = pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    return side, side


def _check_size(pipeline: Pipeline, width: int, height: int) -> None:
    multiple = pipeline.vae_scale_factor << (len(pipeline.unet.config.block_out_channels) - 1)
    if not all(multiple <= side <= 4096 and side % multiple == 0 for side in (width, height)):
        raise GenerateError(f"cannot draw {width}×{height}: give sides that are multiples of {multiple}, up to 4096")


def _model_name(where: str) -> str:
    path = Path(where)
    return path.parent.name if path.name == "model" and (path.parent / "run.json").is_file() else where


def _version() -> str:
    try:
        return version("gesso")
    except PackageNotFoundError:
        return "unknown"


def _slug(prompt: str) -> str:
    """A folder name of a prompt: plain letters, and a digest where letters alone would not tell it apart."""
    import hashlib

    plain = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
    return f"{words or 'prompt'}-{hashlib.sha256(prompt.encode()).hexdigest()[:6]}"


def _save_png(image: Image.Image, path: Path, parameters: Parameters) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt(CHUNK, json.dumps(asdict(parameters), ensure_ascii=False, sort_keys=True))
    _write(path, lambda aside: image.save(aside, "PNG", pnginfo=info))


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    write(aside)
    aside.replace(path)
