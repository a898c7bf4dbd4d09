"""A batch's loss from its vectors, the same on any number of ranks and in any number of parts.

Each rank computes the vectors of its own pictures and texts; the others' arrive without gradients. Every rank then has
the loss of the whole batch, and its gradients are those of its own part: they add up to the batch's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from models.encoder import losses

if TYPE_CHECKING:
    from models.encoder.config import EncoderConfig
    from models.ranks import Ranks

PARTS = ("texts", "pictures", "teacher", "aim")
AIM_SCALE = 20.0  # of the teacher's vectors, whose likenesses are less far apart than trained ones


@dataclass
class Vectors:
    """Unit vectors of a batch's n draws, of m sentences, and the teacher's of both; the other four (n,).

    `spoken` tells which draws have a text, `tied` which are positives of their group's other pictures. What the weights
    leave out is None.
    """

    groups: Tensor
    rows: Tensor
    spoken: Tensor
    tied: Tensor
    pictures: Tensor | None = None
    texts: Tensor | None = None
    aims: Tensor | None = None
    student: Tensor | None = None
    teacher: Tensor | None = None


def whole_batch(own: Vectors, ranks: Ranks) -> Vectors:
    """The vectors of all ranks in the order of ranks; gradients flow to this rank's own."""
    if ranks.world_size == 1:
        return own
    made = {name: None if value is None else _gathered(value, ranks) for name, value in vars(own).items()}
    return Vectors(**made)  # type: ignore[arg-type]


def _gathered(value: Tensor, ranks: Ranks) -> Tensor:
    import torch.distributed as dist

    parts = [torch.empty_like(value) for _ in range(ranks.world_size)]
    dist.all_gather(parts, value.detach().contiguous())
    parts[ranks.rank] = value
    return torch.cat(parts)


def joint(parts: list[Vectors]) -> Vectors:
    """The vectors of all parts, as leaves that gather gradients."""
    made: dict[str, Tensor | None] = {}
    for name in vars(parts[0]):
        values = [getattr(part, name) for part in parts if getattr(part, name) is not None]
        made[name] = torch.cat(values) if values else None
        if values and name in ("pictures", "texts", "student"):
            made[name] = torch.cat(values).requires_grad_(True)
    return Vectors(**made)  # type: ignore[arg-type]


def total(config: EncoderConfig, batch: Vectors, scale: Tensor, bias: Tensor | None) -> dict[str, Tensor]:
    """The parts of the loss that count, by name, unweighted. `scale` is the logarithm that CLIP keeps."""
    found: dict[str, Tensor] = {}
    spoken = batch.spoken
    if batch.pictures is not None and batch.texts is not None and config.weights.texts:
        given = (batch.pictures, batch.texts[spoken], batch.groups, batch.groups[spoken], scale.exp())
        if config.loss == "siglip":
            assert bias is not None
            found["texts"] = losses.siglip_loss(*given, bias)
        else:
            found["texts"] = losses.clip_loss(*given)
    if batch.pictures is not None and config.weights.pictures:
        tied = batch.tied
        found["pictures"] = losses.group_loss(
            batch.pictures[tied], batch.groups[tied], batch.rows[tied], config.temperature, config.same_picture
        )
    if batch.student is not None and batch.teacher is not None and config.weights.teacher:
        found["teacher"] = losses.teacher_loss(of_teacher(batch.student, batch.teacher), batch.teacher)
    if batch.pictures is not None and batch.aims is not None and config.weights.aim:
        sharp = torch.tensor(AIM_SCALE, device=batch.pictures.device)
        aimed = of_teacher(batch.pictures, batch.aims)
        found["aim"] = losses.clip_loss(aimed, batch.aims[spoken], batch.groups, batch.groups[spoken], sharp)
    return found


def of_teacher(vectors: Tensor, teacher: Tensor) -> Tensor:
    """The dimensions that the teacher has, at length 1: the first ones. What is left is free of it."""
    return vectors if vectors.shape[1] == teacher.shape[1] else unit(vectors[:, : teacher.shape[1]])


def unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors.float(), dim=-1)
