"""Gives a fresh autoencoder a start that already draws: latents hold a thumbnail, and the decoder enlarges it.

A convolutional autoencoder from random weights spends its first hundreds of steps on finding out about colour, because
group normalisation hides a picture's level. Here, colour k of the picture travels in group k of every layer as the
four channels (x, -x, p, -p): the signs keep the group's mean at 0 and the constant p its deviation, so normalisation
passes x on as it is. All else starts at random as usual, and training adds detail to the thumbnail.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

NORM_GROUPS = 4  # three colours, and one free
CARRIERS = 4  # channels a colour travels in
LEVEL = 4.0  # p
LIFT = 4.0  # added before SiLU, which is nearly straight up there
POWER = 0.4  # mean square of a pixel in -1 … 1
START_LOGVAR = -6.0

# lightness and two differences: pages are mostly grey, so the latents are nearly uncorrelated
TO_LATENT = torch.tensor([[1 / 3, 1 / 3, 1 / 3], [0.5, 0.0, -0.5], [-0.25, 0.5, -0.25]])


@torch.no_grad()
def start_as_thumbnail(vae: Any) -> None:
    """Set the carriers of an AutoencoderKL with four norm groups of at least four channels and no attention."""
    encoder, decoder = vae.encoder, vae.decoder
    for module in vae.modules():
        if type(module).__name__ == "ResnetBlock2D":
            module.conv2.weight.zero_()
            module.conv2.bias.zero_()
            if module.conv_shortcut is not None:
                _pass_on(module.conv_shortcut, _centre)
    _lift_in(encoder.conv_in, TO_LATENT)
    for block in encoder.down_blocks:
        for down in block.downsamplers or ():
            _pass_on(down.conv, _average)
    _read_out(encoder.conv_norm_out, encoder.conv_out, torch.eye(3))
    half = encoder.conv_out.out_channels // 2
    encoder.conv_out.weight[half:].zero_()
    encoder.conv_out.bias[half:] = START_LOGVAR
    for mixing in (vae.quant_conv, vae.post_quant_conv):
        mixing.weight.copy_(torch.eye(mixing.out_channels).view_as(mixing.weight))
        mixing.bias.zero_()
    _lift_in(decoder.conv_in, torch.eye(3))
    for block in decoder.up_blocks:
        for up in block.upsamplers or ():
            _pass_on(up.conv, _smooth)
    _read_out(decoder.conv_norm_out, decoder.conv_out, torch.linalg.inv(TO_LATENT))


def _carriers(channels: int) -> list[int]:
    """The first carrier of each colour among this many channels."""
    return [colour * (channels // NORM_GROUPS) for colour in range(3)]


def _centre(kernel: Tensor) -> None:
    kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] = 1.0


def _smooth(kernel: Tensor) -> None:
    """After an enlargement by repetition, this makes it a bilinear one."""
    kernel.copy_(torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16)


def _average(kernel: Tensor) -> None:
    """The mean of the 2×2 pixels that a stride of 2 starts at; the padding is on the other side."""
    kernel[:2, :2] = 0.25


def _pass_on(conv: Any, tap: Callable[[Tensor], None]) -> None:
    for old, new in zip(_carriers(conv.in_channels), _carriers(conv.out_channels), strict=True):
        conv.weight[new : new + CARRIERS].zero_()
        conv.bias[new : new + CARRIERS] = 0.0
        for number in range(CARRIERS):
            tap(conv.weight[new + number, old + number])


def _lift_in(conv: Any, colours: Tensor) -> None:
    """From the first three input channels, through a 3×3 matrix, to carriers and their constants."""
    for colour, first in enumerate(_carriers(conv.out_channels)):
        conv.weight[first : first + CARRIERS].zero_()
        conv.bias[first : first + CARRIERS] = torch.tensor([0.0, 0.0, LEVEL, -LEVEL])
        for source in range(3):
            conv.weight[first, source, 1, 1] = colours[colour, source]
            conv.weight[first + 1, source, 1, 1] = -colours[colour, source]


def _read_out(norm: Any, conv: Any, colours: Tensor) -> None:
    """Undo the normalisation, and take x from the difference of its two signs, in which SiLU's bend cancels."""
    size = norm.num_channels // NORM_GROUPS
    deviation = math.sqrt((2 * LEVEL**2 + 2 * POWER) / size)
    gate = 1 / (1 + math.exp(-LIFT))
    slope = gate * (1 + LIFT * (1 - gate))
    conv.weight[:3].zero_()
    conv.bias[:3] = 0.0
    for colour, first in enumerate(_carriers(norm.num_channels)):
        norm.weight[first : first + CARRIERS] = deviation
        norm.bias[first : first + CARRIERS] = LIFT
        for target in range(3):
            conv.weight[target, first, 1, 1] = colours[target, colour] / (2 * slope)
            conv.weight[target, first + 1, 1, 1] = -colours[target, colour] / (2 * slope)
