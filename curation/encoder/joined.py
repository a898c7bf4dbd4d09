"""An image tower's layers as oneDNN likes them: weights laid out once, convolutions joined with what follows them.

torch has both under `torch.ops.mkldnn` for its compiler, which wants a C++ compiler of whoever runs it; this needs
none. Which activation follows which convolution is seen in one forward pass, so no architecture is known by name, and
the tower is left as it was unless it says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from curation.encoder.folded import TOLERANCE, noise_through, put, same

ROUNDED = 2e-2  # as TOLERANCE, for a tower in bf16: one rounding moves all that come after it
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
    """A layer as it ran, and the activation that took what it gave where there is one.

    `came` and `said` are copies of what went into both and came out of both; what a layer gave may have been changed.
    """

    module: Any
    came: Tensor
    gave: Tensor
    said: Tensor
    activation: nn.Module | None = None
    after: After = NOTHING


class JoinedConv(nn.Module):
    """A convolution and what follows it in one call."""

    def __init__(self, conv: nn.Conv2d, shape: tuple[int, ...], after: After) -> None:
        super().__init__()
        self.geometry = ([int(p) for p in conv.padding], list(conv.stride), list(conv.dilation), conv.groups)
        weight = torch.ops.mkldnn._reorder_convolution_weight(conv.weight.detach(), *self.geometry, list(shape))
        self.weight, self.bias, self.after = _fixed(weight), _fixed(conv.bias), after

    def forward(self, x: Tensor) -> Tensor:
        joined: Tensor = torch.ops.mkldnn._convolution_pointwise(x, self.weight, self.bias, *self.geometry, *self.after)
        return joined


class LaidOutLinear(nn.Module):
    """A linear layer whose weights need not be laid out at each call, and what follows it."""

    def __init__(self, weight: Tensor, bias: Tensor | None, rows: int, after: After = NOTHING) -> None:
        super().__init__()
        self.after = (after[0], after[1], after[2] or "")
        self.weight, self.bias = _fixed(torch.ops.mkldnn._reorder_linear_weight(weight.detach(), rows)), _fixed(bias)

    def forward(self, x: Tensor) -> Tensor:
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, *self.after)
        return product


class LaidOutPatches(nn.Module):
    """A convolution whose steps are as long as its kernel: such a layer on patches, at half the time."""

    def __init__(self, conv: nn.Conv2d, rows: int) -> None:
        super().__init__()
        self.size = (conv.stride[0], conv.stride[1])
        self.patch = LaidOutLinear(conv.weight.flatten(1), conv.bias, rows)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        high, wide = self.size
        down, along = height // high, width // wide
        patches = x.reshape(batch, channels, down, high, along, wide).permute(0, 2, 4, 1, 3, 5)
        return self.patch(patches.reshape(batch, down, along, channels * high * wide)).permute(0, 3, 1, 2)


class LaidOutAttention(nn.Module):
    """Attention of a sequence to itself, batch first and without a mask, between two such layers."""

    def __init__(self, attention: nn.MultiheadAttention, rows: int) -> None:
        super().__init__()
        self.heads = attention.num_heads
        self.into = LaidOutLinear(attention.in_proj_weight, attention.in_proj_bias, rows)
        self.out = LaidOutLinear(attention.out_proj.weight, attention.out_proj.bias, rows)

    def forward(self, x: Tensor, *_: Any, **__: Any) -> tuple[Tensor, None]:
        batch, length, width = x.shape
        each = width // self.heads
        parts = self.into(x).view(batch, length, 3, self.heads, each).permute(2, 0, 3, 1, 4).contiguous()
        query, key, value = parts.flatten(1, 2).unbind(0)
        shares = torch.bmm(query * each**-0.5, key.transpose(1, 2)).softmax(-1)
        mixed = torch.bmm(shares, value).view(batch, self.heads, length, each)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width)), None


def join(net: Any, side: int) -> int:
    """Change what can be in `net.visual` (on the CPU, eval mode, in its last precision).

    Returns how many pictures it is best given at once, a power of two; 0 where the tower was left as it is.
    """
    if not torch.backends.mkldnn.is_available():
        return 0
    visual = net.visual
    before = noise_through(visual, side)
    layers = _layers(visual, side)
    room = PIECE_BYTES // max([layer.gave.nbytes for layer in layers], default=1)
    at_once = 1 << max(0, room.bit_length() - 1)
    names = {module: name for name, module in visual.named_modules()}
    undo: list[tuple[str, Any]] = []
    try:
        for layer in layers:
            new = _laid_out(layer, at_once)
            if not _says(new, layer):
                continue
            for old, new_one in ((layer.module, new), (layer.activation, nn.Identity())):
                if old is not None:
                    put(visual, names[old], new_one)
                    undo.append((names[old], old))
        within = ROUNDED if any(layer.gave.dtype == torch.bfloat16 for layer in layers) else TOLERANCE
        if undo and same(before, noise_through(visual, side), within):
            return at_once
    except (AttributeError, RuntimeError):  # another release's operators, or a processor that oneDNN has no code for
        pass
    for name, old in undo:
        put(visual, name, old)
    return 0


def _says(new: nn.Module, layer: Layer) -> bool:
    """Whether a layer says what the one did whose place it takes, but for rounding."""
    with torch.inference_mode():
        out = new(layer.came)
    return same(layer.said.float(), (out[0] if isinstance(out, tuple) else out).float())


def _laid_out(layer: Layer, at_once: int) -> nn.Module:
    module = layer.module
    rows = at_once * layer.came.shape[:-1].numel()
    if isinstance(module, nn.Linear):
        return LaidOutLinear(module.weight, module.bias, rows, layer.after)
    if isinstance(module, nn.MultiheadAttention):
        return LaidOutAttention(module, rows)
    if layer.activation is None and _takes_patches(module, layer.came.shape[-2:]):
        return LaidOutPatches(module, at_once * layer.gave.shape[-2:].numel())
    shape = layer.came.shape
    return JoinedConv(evenly_padded(module, shape[-2:]), (at_once, *shape[1:]), layer.after)


def _takes_patches(conv: nn.Conv2d, size: tuple[int, ...]) -> bool:
    """Whether a convolution cuts inputs of height × width `size` into patches without a rest."""
    plain = type(conv) is nn.Conv2d and conv.groups == 1 and conv.dilation == (1, 1) and conv.padding == (0, 0)
    whole = all(edge % step == 0 for edge, step in zip(size, conv.stride, strict=True))
    return plain and conv.kernel_size == conv.stride and whole and conv.stride != (1, 1)


def _fixed(values: Tensor | None) -> nn.Parameter | None:
    return None if values is None else nn.Parameter(values.detach(), requires_grad=False)


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
    """The layers that ran once and can be changed, each with the activation that ran once, on what it gave."""
    ran: list[Layer] = []
    took: list[tuple[nn.Module, Tensor, Tensor]] = []

    def remember(module: Any, inputs: Any, named: Any, output: Any) -> None:
        if isinstance(module, nn.MultiheadAttention):
            if not _to_itself(inputs, named):
                return
            output = output[0]
        if inputs:
            ran.append(Layer(module, inputs[0].clone(), output, output.clone()))

    def match(module: Any, inputs: Any, output: Tensor) -> None:
        took.extend((module, given, output.clone()) for given in inputs[:1])

    hooks = []
    for module in visual.modules():
        if _changeable(module):
            hooks.append(module.register_forward_hook(remember, with_kwargs=True))
        elif type(module) in ACTIVATIONS:
            hooks.append(module.register_forward_hook(match))
    noise_through(visual, side)
    for hook in hooks:
        hook.remove()
    used, all_of_them = [module for module, _, _ in took], [layer.module for layer in ran]
    once = [layer for layer in ran if all_of_them.count(layer.module) == 1]
    for module, given, output in took:
        for layer in once:
            if layer.gave is given and used.count(module) == 1 and not isinstance(layer.module, nn.MultiheadAttention):
                layer.activation, layer.said, layer.after = module, output, ACTIVATIONS[type(module)](module)
                break
    return once


def _to_itself(inputs: Any, named: dict[str, Any]) -> bool:
    """Whether an attention was asked about one sequence only, without a mask, and for nothing but the outcome."""
    asked = dict(zip(("query", "key", "value"), inputs, strict=False)) | named
    plain = all(
        value is None or value is False for name, value in asked.items() if name not in ("query", "key", "value")
    )
    return plain and "need_weights" in asked and inputs and asked["query"] is asked["key"] is asked["value"]


def _changeable(module: nn.Module) -> bool:
    """Whether a layer is exactly torch's, or timm's with TensorFlow's padding: a class of its own may do anything."""
    from timm.layers import Conv2dSame

    if type(module) is nn.Linear:
        return True
    if type(module) is nn.MultiheadAttention:
        own = module.in_proj_weight is not None and module.bias_k is None and not module.add_zero_attn
        return own and module.batch_first
    if not isinstance(module, nn.Conv2d) or module.padding_mode != "zeros" or isinstance(module.padding, str):
        return False
    return type(module) is nn.Conv2d or (type(module) is Conv2dSame and module.dilation == (1, 1))
