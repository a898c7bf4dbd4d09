"""The diffusers pipeline that is trained and sampled: a small one built from a recipe, or a checkpoint by name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

from models.diffusion.config import DiffusionConfig, TinyConfig
from models.errors import GessoError

# The lazy modules of diffusers and transformers hide their classes from type checkers.
Pipeline: TypeAlias = Any
Autoencoder: TypeAlias = Any
Tokenizer: TypeAlias = Any
Module: TypeAlias = Any

START, END = "<|startoftext|>", "<|endoftext|>"


class ModelError(GessoError):
    """A model cannot be found or loaded, or is of a kind that this code does not drive."""


def keep_libraries_quiet() -> None:
    """No bars of the libraries' own: a task has one progress line, and it is ours."""
    import diffusers.utils.logging
    import transformers.utils.logging

    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def build_tokenizer(captions: Iterable[str], vocabulary: int, length: int) -> Tokenizer:
    """A CLIP tokenizer whose byte-pair merges are learnt from captions. It knows every byte, so no text is unknown."""
    from tokenizers import Regex, models, normalizers, pre_tokenizers, trainers
    from tokenizers import Tokenizer as BytePairs
    from transformers import CLIPTokenizer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner = BytePairs(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    words = Regex(r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+")
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(words, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    room = vocabulary - 2 - len(letters)  # for the letters' end-of-word forms and the merges
    trainer = trainers.BpeTrainer(
        vocab_size=room, initial_alphabet=letters, end_of_word_suffix="</w>", show_progress=False, min_frequency=2
    )
    learner.train_from_iterator(captions, trainer)
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    names = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges), START, END]
    vocab = {name: number for number, name in enumerate(dict.fromkeys(names))}
    with tempfile.TemporaryDirectory() as folder:  # the two files are what every release of transformers reads
        Path(folder, "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
        lines = ["#version: 0.2", *(" ".join(pair) for pair in merges), ""]
        Path(folder, "merges.txt").write_text("\n".join(lines), encoding="utf-8")
        tokenizer: Tokenizer = CLIPTokenizer.from_pretrained(folder, model_max_length=length)
    return tokenizer


def build_text_encoder(sizes: TinyConfig, tokenizer: Tokenizer) -> Module:
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=sizes.text_width,
            intermediate_size=4 * sizes.text_width,
            projection_dim=sizes.text_width,
            num_hidden_layers=sizes.text_layers,
            num_attention_heads=max(1, sizes.text_width // 32),
            max_position_embeddings=sizes.text_length,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def build_vae(sizes: TinyConfig, side: int) -> Autoencoder:
    """Halves the sides once per further entry of `vae_channels`. No attention in the middle: convolutions suffice."""
    from diffusers import AutoencoderKL

    from models.diffusion.vae_start import NORM_GROUPS, start_as_thumbnail

    levels = len(sizes.vae_channels)
    vae = AutoencoderKL(
        block_out_channels=sizes.vae_channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        latent_channels=sizes.latent_channels,
        norm_num_groups=NORM_GROUPS,
        mid_block_add_attention=False,
        sample_size=side,
        scaling_factor=1.0,
    )
    start_as_thumbnail(vae)
    return vae


def build_unet(sizes: TinyConfig, latent_side: int) -> Module:
    """Attends to the caption at every level but, where there are several, the finest."""
    from diffusers import UNet2DConditionModel

    levels = len(sizes.unet_channels)
    plain = 1 if levels > 1 else 0
    return UNet2DConditionModel(
        sample_size=latent_side,
        in_channels=sizes.latent_channels,
        out_channels=sizes.latent_channels,
        block_out_channels=sizes.unet_channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D",) * plain + ("CrossAttnDownBlock2D",) * (levels - plain),
        up_block_types=("CrossAttnUpBlock2D",) * (levels - plain) + ("UpBlock2D",) * plain,
        cross_attention_dim=sizes.text_width,
        attention_head_dim=4,  # heads, by a historical name
        norm_num_groups=8,
    )


def build_scheduler(prediction: str, *, zero_terminal_snr: bool) -> Any:
    """The noise schedule of Stable Diffusion; with zero terminal SNR (Lin et al. 2023) it ends in pure noise, which is
    what lets white and dark pages be white and dark."""
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=prediction,
        rescale_betas_zero_snr=zero_terminal_snr,
        timestep_spacing="trailing" if zero_terminal_snr else "leading",
        clip_sample=False,
        set_alpha_to_one=zero_terminal_snr,
        steps_offset=1,
    )


def build_tiny(config: DiffusionConfig, captions: Iterable[str]) -> Pipeline:
    """A Stable Diffusion pipeline of the recipe's `tiny` sizes; its first weights are a function of the seed."""
    import torch
    from diffusers import StableDiffusionPipeline

    sizes, side = config.tiny, max(config.width, config.height)
    tokenizer = build_tokenizer(captions, sizes.vocabulary, sizes.text_length)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        parts = {
            "vae": build_vae(sizes, side),
            "text_encoder": build_text_encoder(sizes, tokenizer),
            "unet": build_unet(sizes, side >> (len(sizes.vae_channels) - 1)),
        }
    keep_libraries_quiet()
    return StableDiffusionPipeline(
        **parts,
        tokenizer=tokenizer,
        scheduler=_schedule(config, "v_prediction"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def load_pipeline(name: str) -> Pipeline:
    """A checkpoint by hub name or folder, from safetensors only.

    Raises ModelError where there is none, it holds no safetensors, or it is no Stable Diffusion 1/2 pipeline.
    """
    from diffusers import DiffusionPipeline, StableDiffusionPipeline

    keep_libraries_quiet()
    known: dict[str, Any] = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    try:
        pipeline = DiffusionPipeline.from_pretrained(name, use_safetensors=True, **known)
    except Exception as error:  # a missing name, no network, a torn file: each library has its own
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"cannot load model {name!r} ({reason}): give a run, a diffusers folder or a hub name"
        ) from None
    if not isinstance(pipeline, StableDiffusionPipeline):
        kind = type(pipeline).__name__
        raise ModelError(
            f"{name} is a {kind}: give a Stable Diffusion 1 or 2 checkpoint, the kind that this code drives"
        )
    return pipeline


def for_training(config: DiffusionConfig, captions: Iterable[str]) -> Pipeline:
    """The recipe's base, with the schedule that the recipe asks for. The same code path follows for every base."""
    if config.base == "tiny":
        return build_tiny(config, captions)
    pipeline = load_pipeline(config.base)
    pipeline.scheduler = _schedule(config, pipeline.scheduler.config.prediction_type)
    return pipeline


def _schedule(config: DiffusionConfig, usual: str) -> Any:
    """What the recipe asks for; `usual` is the base's own prediction.

    An answer of ε says nothing about the picture where there is no signal, so its schedule does not go that far.
    """
    prediction = usual if config.prediction == "auto" else config.prediction
    zero_snr = config.zero_terminal_snr and prediction == "v_prediction"
    return build_scheduler(prediction, zero_terminal_snr=zero_snr)
