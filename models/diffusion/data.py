"""From shards to what the two phases eat: pixels in -1 … 1, latents, and token ids."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from models.loader import ShardLoader

if TYPE_CHECKING:
    from models.diffusion.pipeline import Autoencoder, Tokenizer
    from models.images import Pixels

MEMORY_ROWS = 8192  # `latents: auto` keeps the latents of sets up to this many rows
NORMALISING_ROWS = 512

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class LatentBatch:
    """latents (b, c, h, w), scaled as the denoiser sees them · captions."""

    step: int
    latents: Tensor
    captions: tuple[str, ...]


def to_tensor(pixels: Pixels, device: torch.device) -> Tensor:
    """uint8 (B, H, W, 3) to float (B, 3, H, W) in -1 … 1."""
    return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float().div_(127.5).sub_(1).contiguous()


def encode(vae: Autoencoder, pixels: Pixels, device: torch.device) -> Tensor:
    """The mean of the posterior, unscaled: with a KL this small a sample of it differs by less than a grey level."""
    with torch.no_grad():
        mean: Tensor = vae.encode(to_tensor(pixels, device).to(vae.dtype)).latent_dist.mean
    return mean.float()


def token_ids(tokenizer: Tokenizer, captions: Sequence[str], drop: Tensor, device: torch.device) -> Tensor:
    """(b, length) int64; a dropped caption is the empty one, for classifier-free guidance."""
    texts = ["" if dropped else text for text, dropped in zip(captions, drop.tolist(), strict=True)]
    length = tokenizer.model_max_length
    ids: Tensor = tokenizer(
        texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt"
    ).input_ids
    return ids.to(device)


class LatentSource:
    """Latents by step, in the loader's order: all kept in memory, or encoded as they come.

    What is kept was encoded in row order in batches of one size, so it is the same after any resume.
    """

    def __init__(
        self, loader: ShardLoader, vae: Autoencoder, device: torch.device, mode: str, progress: Progress | None
    ) -> None:
        self.loader, self.vae, self.device = loader, vae, device
        self.scale = float(vae.config.scaling_factor)
        self.kept: Tensor | None = None
        if mode == "memory" or (mode == "auto" and loader.index.rows <= MEMORY_ROWS):
            parts: list[Tensor] = []
            texts: list[str] = []
            done = 0
            with closing(loader.in_order()) as batches:
                for batch in batches:
                    parts.append(encode(vae, batch.pixels, device))
                    texts += batch.captions
                    done += len(batch.rows)
                    if progress:
                        progress("latents", done, loader.index.rows)
            self.kept, self.texts = torch.cat(parts) * self.scale, texts

    def batches(self, start: int, stop: int) -> Generator[LatentBatch]:
        """This rank's batches of steps start … stop-1."""
        if self.kept is not None:
            for step in range(start, stop):
                rows = self.loader.rows_at(step)
                yield LatentBatch(step, self.kept[torch.from_numpy(rows)], tuple(self.texts[row] for row in rows))
            return
        with closing(self.loader.batches(start, stop)) as batches:
            for batch in batches:
                yield LatentBatch(batch.step, encode(self.vae, batch.pixels, self.device) * self.scale, batch.captions)


def normalise_latents(vae: Autoencoder, loader: ShardLoader, device: torch.device) -> None:
    """Make each latent channel of a trained autoencoder have mean 0 and deviation 1 over the data.

    What it draws stays: an affine map goes into the 1×1 convolutions on both sides of the latents.
    """
    parts, rows = [], 0
    with closing(loader.in_order()) as batches:
        for batch in batches:
            parts.append(encode(vae, batch.pixels, device))
            rows += len(batch.rows)
            if rows >= NORMALISING_ROWS:
                break
    latents = torch.cat(parts)
    mean, deviation = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3)).clamp(min=1e-4)
    channels = len(mean)
    with torch.no_grad():
        into, out = vae.quant_conv, vae.post_quant_conv  # moments: means in the first half, log variances in the second
        into.weight[:channels] /= deviation.view(-1, 1, 1, 1)
        into.bias[:channels] = (into.bias[:channels] - mean) / deviation
        into.bias[channels:] -= 2 * deviation.log()
        out.bias += out.weight[:, :, 0, 0] @ mean
        out.weight *= deviation.view(1, -1, 1, 1)
    vae.register_to_config(scaling_factor=1.0)
