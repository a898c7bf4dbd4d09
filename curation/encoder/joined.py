"""Convolutions joined with the activation after them: a layer's values are written once, and read once less.

oneDNN does both in one call, on weights that it lays out beforehand. torch has that under `torch.ops.mkldnn` for its
compiler, which wants a C++ compiler of whoever runs it; this needs none. Which activation follows which convolution is
seen in one forward pass, and the joined tower is taken only if it says the same.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from curation.encoder.folded import put, says_the_same

PIECE_BYTES = 16 << 20  # of a layer's values: larger blocks go back to the system after each layer, to be cleared anew
After = tuple[str, list[float | None], str | None]  # oneDNN's name of an activation, its numbers, its way
NOTHING: After = ("none", [], None)
ACTIVATIONS: dict[type[nn.Module], Callable[[Any], After]] = {
    nn.ReLU: lambda module: ("relu", [], None),
    nn.ReLU6: lambda module: ("hardtanh", [0.0, 6.0], None),
    nn.Hardtanh: lambda module: ("hardtanh", [module.min_val, module.max_val], None),
    nn.Hardswish: lambda module: ("hardswish", [], None),
    nn.SiLU: lambda module: ("swish", [], None),
    nn.Sigmoid: lambda module: ("sigmoid", [], None),
    nn.GELU: lambda module: ("gelu", [], module.approximate),
}


@dataclass
class Layer:
    """A convolution as it ran: the shape that came in, the bytes that went out, and the activation that took those."""

    conv: nn.Conv2d
    shape: tuple[int, ...]
    bytes: int
    activation: nn.Module | None = None


class Joined(nn.Module):
    """A convolution and what follows it in one call."""

    def __init__(self, conv: nn.Conv2d, shape: tuple[int, ...], after: After) -> None:
        super().__init__()
        self.geometry = ([int(p) for p in conv.padding], list(conv.stride), list(conv.dilation), conv.groups)
        weight = torch.ops.mkldnn._reorder_convolution_weight(conv.weight.detach(), *self.geometry, list(shape))
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = None if conv.bias is None else nn.Parameter(conv.bias.detach(), requires_grad=False)
        self.after = after

    def forward(self, x: Tensor) -> Tensor:
        joined: Tensor = torch.ops.mkldnn._convolution_pointwise(x, self.weight, self.bias, *self.geometry, *self.after)
        return joined


def join(net: Any, side: int) -> int:
    """Join what can be in `net.visual` (on the CPU, eval mode, in its last precision).

    Returns how many pictures it is best given at once, a power of two; 0 where the tower was left as it is.
    """
    if not torch.backends.mkldnn.is_available():
        return 0
    visual = copy.deepcopy(net.visual)
    try:
        layers = _layers(visual, side)
        names = {module: name for name, module in visual.named_modules()}
        room = PIECE_BYTES // max([layer.bytes for layer in layers], default=1)
        at_once = 1 << max(0, room.bit_length() - 1)
        for layer in layers:
            activation = layer.activation
            after = NOTHING if activation is None else ACTIVATIONS[type(activation)](activation)
            conv, shape = evenly_padded(layer.conv, layer.shape[-2:]), (at_once, *layer.shape[1:])
            put(visual, names[layer.conv], Joined(conv, shape, after))
            if activation is not None:
                put(visual, names[activation], nn.Identity())
        if not layers or not says_the_same(net.visual, visual, side):
            return 0
    except (AttributeError, RuntimeError):  # another release's operators, or a processor that oneDNN has no code for
        return 0
    net.visual = visual
    return at_once


def evenly_padded(conv: nn.Conv2d, size: tuple[int, ...]) -> nn.Conv2d:
    """The convolution with as much padding before as after, for inputs of height × width `size`.

    TensorFlow's `same` padding has one more at the end where the stride is 2. timm pads by a copy, which costs a fifth
    of a small tower's time; a zero row and column at the start of the kernel say the same without one.
    """
    if type(conv) is nn.Conv2d:
        return conv
    pads = [_same(*facts) for facts in zip(size, conv.kernel_size, conv.stride, strict=True)]
    front = [last - first for first, last in pads]
    even = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        (conv.kernel_size[0] + front[0], conv.kernel_size[1] + front[1]),
        (conv.stride[0], conv.stride[1]),
        (pads[0][1], pads[1][1]),
        groups=conv.groups,
        device="meta",
    )
    even.weight = nn.Parameter(nn.functional.pad(conv.weight.detach(), (front[1], 0, front[0], 0)), False)
    even.bias = conv.bias
    return even


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after that gives ⌈size / stride⌉ values."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _layers(visual: nn.Module, side: int) -> list[Layer]:
    """The convolutions that ran once and can be joined, each with the activation that ran once, on what it gave."""
    from timm.layers import Conv2dSame

    gave: list[tuple[Layer, Tensor]] = []
    took: list[tuple[nn.Module, Layer | None]] = []

    def remember(module: Any, inputs: Any, output: Tensor) -> None:
        gave.append((Layer(module, tuple(inputs[0].shape), output.nbytes), output))

    def match(module: Any, inputs: Any) -> None:
        took.append((module, next((layer for layer, output in gave if output is inputs[0]), None)))

    hooks = []
    for module in visual.modules():
        if type(module) is nn.Conv2d or (type(module) is Conv2dSame and module.dilation == (1, 1)):
            if module.padding_mode == "zeros" and not isinstance(module.padding, str):
                hooks.append(module.register_forward_hook(remember))
        elif type(module) in ACTIVATIONS:
            hooks.append(module.register_forward_pre_hook(match))
    some = next(visual.parameters())
    with torch.no_grad():
        visual(torch.zeros(1, 3, side, side, dtype=some.dtype))
    for hook in hooks:
        hook.remove()
    ran = [layer.conv for layer, _ in gave]
    used = [module for module, _ in took]
    for module, layer in took:
        if layer is not None and used.count(module) == 1:
            layer.activation = module
    return [layer for layer, _ in gave if ran.count(layer.conv) == 1]
