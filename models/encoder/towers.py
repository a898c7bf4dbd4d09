"""An open_clip model to train: built or loaded, its start kept as a folder, its parts locked, its result saved.

What is saved is a folder of `open_clip_config.json`, safetensors and, for a vocabulary of our own, its tokenizer: any
code that loads open_clip models from a folder loads it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.encoder.config import EncoderConfig
from models.errors import GessoError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from models.encoder.teacher import Teacher

CONFIG = "open_clip_config.json"
WEIGHTS = "open_clip_model.safetensors"
SCALES = ("logit_scale", "logit_bias")


class TowersError(GessoError):
    """The architecture is none, its weights cannot be had, or it does not fit the recipe."""


HEAD = "visual.trunk.classifier"


@dataclass(frozen=True)
class Cut:
    """An image tower in three: `stem` to what is kept of a look, `rest` to its features, `head` to its vector.

    `opened` are the modules of rest and head.
    """

    stem: Callable[[Tensor], Tensor]
    rest: Callable[[Tensor], Tensor]
    head: Callable[[Tensor], Tensor]
    opened: list[Any]


@dataclass
class Towers:
    """The model in memory, and how pictures and texts come before it."""

    net: Any
    model_cfg: dict[str, Any]
    preprocess: dict[str, Any]
    tokenize: Callable[[list[str]], Tensor]
    tokenizer: Any

    @property
    def side(self) -> int:
        size = self.preprocess["size"]
        return int(size if isinstance(size, int) else max(size))

    @property
    def fill(self) -> tuple[int, int, int]:
        red, green, blue = (round(255 * value) for value in self.preprocess["mean"])
        return red, green, blue

    @property
    def dimensions(self) -> int:
        return int(self.model_cfg["embed_dim"])

    def normalised(self, pixels: np.ndarray, like: torch.Tensor) -> Tensor:
        """n × side × side × 3 bytes to n × 3 × side × side, in the precision and on the device of `like`."""
        import torch

        batch = torch.from_numpy(np.ascontiguousarray(pixels)).to(like.device).permute(0, 3, 1, 2).float()
        mean, std = (torch.tensor(self.preprocess[k], device=like.device).view(1, 3, 1, 1) for k in ("mean", "std"))
        return ((batch / 255 - mean) / std).to(like.dtype).contiguous(memory_format=torch.channels_last)

    def tokens(self, texts: Sequence[str]) -> Tensor:
        """n × t ids, without the padding that all of them end with: texts are read from left to right."""
        ids = self.tokenize(list(texts))
        used = int((ids != 0).any(0).nonzero().max()) + 1 if bool((ids != 0).any()) else 1
        return ids if self._sees_padding() else ids[:, :used]

    def encode_texts(self, ids: Tensor) -> Tensor:
        """n × t ids to n × d, t as short as `tokens` made it."""
        import open_clip

        net = self.net
        length = ids.shape[1]
        if length == net.context_length:
            return net.encode_text(ids)
        kind = net.transformer.get_cast_dtype()
        x = net.token_embedding(ids).to(kind) + net.positional_embedding[:length].to(kind)
        x = net.ln_final(net.transformer(x, attn_mask=net.attn_mask[:length, :length].to(kind)))
        pooled = open_clip.transformer.text_global_pool(x, ids, net.text_pool_type, eos_token_id=net.text_eos_id)
        projection = net.text_projection
        return projection(pooled) if callable(projection) else pooled @ projection

    def _sees_padding(self) -> bool:
        """Whether what follows a text's end counts, or the text tower is not CLIP's own."""
        plain = all(hasattr(self.net, name) for name in ("token_embedding", "positional_embedding", "text_pool_type"))
        return not plain or self.net.attn_mask is None or self.net.text_pool_type not in ("argmax", "eos")

    def cut(self, open_blocks: int) -> Cut:
        """An EfficientNet trunk in two: the rest are its last groups of layers and its head.

        Raises TowersError for other image towers.
        """
        visual = self.net.visual
        trunk = getattr(visual, "trunk", None)
        names = ("conv_stem", "bn1", "blocks", "conv_head", "bn2", "global_pool", "classifier")
        if trunk is None or not all(hasattr(trunk, name) for name in names):
            raise TowersError("looks and image_open with a lock cut EfficientNet trunks of timm only: leave them out")
        count = len(trunk.blocks) - open_blocks
        if count < 0:
            raise TowersError(f"image_open: the trunk has {len(trunk.blocks)} groups of layers")

        def features(x: Tensor) -> Tensor:
            return trunk.global_pool(trunk.bn2(trunk.conv_head(x)))

        def stem(pixels: Tensor) -> Tensor:
            x = trunk.bn1(trunk.conv_stem(pixels))
            for block in trunk.blocks[:count]:
                x = block(x)
            return x if open_blocks else features(x)

        def rest(x: Tensor) -> Tensor:
            for block in trunk.blocks[count:]:
                x = block(x)
            return features(x) if open_blocks else x

        opened = [*trunk.blocks[count:], trunk.conv_head, trunk.bn2] if open_blocks else []
        return Cut(stem, rest, lambda x: visual.head(trunk.classifier(x)), [*opened, trunk.classifier, visual.head])

    def lock(self, config: EncoderConfig) -> None:
        """Leave gradients only to what the recipe trains. Dropout and batch statistics stay as in inference."""
        self.net.eval().requires_grad_(False)
        for name, parameter in self.net.named_parameters():
            image = name.startswith("visual.")
            wanted = config.image if image else config.text
            parameter.requires_grad_(name in SCALES or wanted == "all")
        if config.image == "locked":
            self._open_image(config)

    def _open_image(self, config: EncoderConfig) -> None:
        visual = self.net.visual
        if hasattr(getattr(visual, "trunk", None), "conv_stem"):
            for module in self.cut(config.image_open).opened:
                module.requires_grad_(True)
        elif config.image_open:
            blocks = getattr(getattr(visual, "transformer", None), "resblocks", None)
            if blocks is None or len(blocks) < config.image_open:
                raise TowersError("image_open: this image tower's layers cannot be told: lock all of it, or nothing")
            for module in blocks[-config.image_open :]:
                module.requires_grad_(True)
            for name in ("ln_post", "proj"):
                part = getattr(visual, name, None)
                if part is not None:
                    part.requires_grad_(True)


def begin(config: EncoderConfig, folder: Path, texts: Sequence[str], teacher: Teacher | None, progress: Any) -> None:
    """Write the model that training starts from to `folder`, as it would be saved. `texts` make its vocabulary."""
    import open_clip
    import torch

    from models.encoder.words import save_vocabulary, spelled, train_vocabulary

    choice = config.model
    torch.manual_seed(config.seed)
    tokenizer: Any = None
    if choice.config is None:
        net, model_cfg, preprocess, tokenizer = _named(choice.name, choice.pretrained)
    else:
        model_cfg = copy.deepcopy(choice.config)
        vocabulary = None
        if choice.vocabulary:
            vocabulary = train_vocabulary(texts, choice.vocabulary)
            model_cfg.setdefault("text_cfg", {})
            model_cfg["text_cfg"] |= {"vocab_size": vocabulary.get_vocab_size(), "hf_tokenizer_name": "tokenizer.json"}
        bias = {"init_logit_bias": -10.0} if config.loss == "siglip" else {}
        try:
            given = {k: v for k, v in model_cfg.items() if k != "custom_text"}
            kind = open_clip.model.CustomTextCLIP if model_cfg.get("custom_text") else open_clip.model.CLIP
            net = kind(**(bias | given))
        except (TypeError, KeyError, RuntimeError, AssertionError) as error:
            raise TowersError(
                f"model.config is no architecture of open_clip ({error}): see its model_configs"
            ) from None
        model_cfg |= bias
        size = net.visual.image_size
        preprocess = {"size": list(size) if isinstance(size, tuple) else size}
        preprocess |= {"mean": list(choice.mean), "std": list(choice.std)}
        preprocess |= {"interpolation": "bicubic", "resize_mode": "longest"}
        if vocabulary is not None:
            save_vocabulary(vocabulary, folder)
            if choice.text_start == "static" and teacher is not None:
                from models.encoder.start import start_text

                words = spelled(vocabulary)
                vectors = teacher.vectors(words, progress)
                vectors[[not word for word in words]] = 0
                start_text(net, vectors)
    if choice.image_start == "efficientnet-lite0":
        from models.encoder.start import start_head, start_image

        start_image(net)
        start_head(net, config.seed)
    save(net.state_dict(), model_cfg, preprocess, folder, tokenizer=tokenizer)


def _named(name: str, pretrained: str) -> tuple[Any, dict[str, Any], dict[str, Any], Any]:
    import open_clip

    from curation.encoder.place import EncoderError, find

    try:
        place = find(f"{name}/{pretrained}" if pretrained else name, None)
        given = place.name.partition("/") if place.folder is None and ":" not in place.name else (place.name, "", "")
        net = open_clip.create_model(given[0], pretrained=given[2] or None, require_pretrained=True, weights_only=True)
    except EncoderError as error:
        raise TowersError(str(error)) from None
    except Exception as error:
        why = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        raise TowersError(
            f"model {name!r} cannot be loaded ({why}): give an open_clip name and tag, or a folder"
        ) from None
    config = place.config() or dict(open_clip.get_model_config(given[0]))
    return net, config, dict(open_clip.get_model_preprocess_cfg(net)), open_clip.get_tokenizer(given[0])


def load(folder: Path) -> Towers:
    """The model of a folder that `save` wrote. Raises TowersError."""
    import open_clip

    try:
        facts = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        name = f"local-dir:{folder}"
        net = open_clip.create_model(name, require_pretrained=True, weights_only=True)
        tokenizer = open_clip.get_tokenizer(name)
    except Exception as error:
        why = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        raise TowersError(f"no model in {folder} ({why}): train it anew") from None
    preprocess = dict(open_clip.get_model_preprocess_cfg(net))
    return Towers(net, facts["model_cfg"], preprocess, tokenizer, tokenizer)


def save(
    weights: dict[str, Tensor],
    model_cfg: dict[str, Any],
    preprocess: dict[str, Any],
    folder: Path,
    *,
    tokenizer: Any = None,
    dtype: Any = None,
) -> None:
    """Write config, weights (in `dtype` where given) and an own tokenizer's files."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    kept = {
        name: (tensor.detach().cpu().to(dtype) if dtype and tensor.is_floating_point() else tensor.detach().cpu())
        .clone(memory_format=_plain())
        for name, tensor in weights.items()
    }  # fmt: skip
    save_file(kept, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes for its owner alone
    facts = {"model_cfg": model_cfg, "preprocess_cfg": {k: v for k, v in preprocess.items() if k != "size"}}
    (folder / CONFIG).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    if model_cfg.get("text_cfg", {}).get("hf_tokenizer_name") and hasattr(tokenizer, "save_pretrained"):
        tokenizer.save_pretrained(folder)


def _plain() -> Any:
    import torch

    return torch.contiguous_format
