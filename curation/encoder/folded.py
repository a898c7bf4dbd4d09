"""Batch normalisation folded into the convolutions before it: at inference it only scales and shifts what they give.

Which convolution a normalisation follows is seen in one forward pass, so no architecture is known by name; the folded
tower is taken only if it says the same.
"""

from __future__ import annotations

import copy
from typing import Any

TOLERANCE = 4e-3  # of the length of what the tower says: its direction then agrees to a cosine within 1e-5


def fold(net: Any, side: int) -> int:
    """Fold what can be in `net.visual` (fp32, on the CPU, eval mode); returns how many convolutions took one in."""
    import torch

    if not any(isinstance(module, torch.nn.BatchNorm2d) for module in net.visual.modules()):
        return 0
    visual = copy.deepcopy(net.visual)
    found = _pairs(visual, side)
    if not found:
        return 0
    names = {module: name for name, module in visual.named_modules()}
    for conv, norm in found:
        put(visual, names[conv], torch.nn.utils.fusion.fuse_conv_bn_eval(conv, norm))
        after = [getattr(norm, part) for part in ("drop", "act") if hasattr(norm, part)]  # timm's does these as well
        put(visual, names[norm], torch.nn.Sequential(*after))
    if not same(noise_through(net.visual, side), noise_through(visual, side)):
        return 0
    net.visual = visual
    return len(found)


def noise_through(visual: Any, side: int) -> Any:
    """What an image tower gives for a picture of noise."""
    import torch

    noise = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return visual(noise.to(next(visual.parameters()).dtype)).float()


def same(before: Any, now: Any, within: float = TOLERANCE) -> bool:
    """Whether two towers, or layers, gave the same: within that share of its length."""
    return bool((now - before).norm() <= within * before.norm())


def _pairs(visual: Any, side: int) -> list[tuple[Any, Any]]:
    """(convolution, normalisation of just what it gave), where each of both ran once."""
    import torch

    norms = [m for m in visual.modules() if isinstance(m, torch.nn.BatchNorm2d) and m.running_mean is not None]
    gave: list[tuple[Any, Any]] = []
    pairs: list[tuple[Any, Any]] = []

    def remember(module: Any, _: Any, output: Any) -> None:
        gave.append((module, output))

    def match(module: Any, inputs: Any) -> None:
        pairs.extend((conv, module) for conv, output in gave if output is inputs[0])

    convs = [m for m in visual.modules() if isinstance(m, torch.nn.Conv2d)]
    hooks = [m.register_forward_hook(remember) for m in convs] + [m.register_forward_pre_hook(match) for m in norms]
    with torch.no_grad():
        visual(torch.zeros(1, 3, side, side))
    for hook in hooks:
        hook.remove()
    ran = [module for module, _ in gave]
    once = [(c, n) for c, n in pairs if ran.count(c) == 1]
    return [(c, n) for c, n in once if sum(n is m for _, m in once) == 1 and sum(c is m for m, _ in once) == 1]


def put(root: Any, name: str, module: Any) -> None:
    """Put a module in place of the one called `name`."""
    parent, _, own = name.rpartition(".")
    setattr(root.get_submodule(parent), own, module)
