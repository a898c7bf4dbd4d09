"""What is learnt, as pure functions of unit vectors: (n, d) pictures, (m, d) texts, and the group each belongs to.

All pictures and texts of one group are positives of each other: an app's screens share one listing, and none of them
may be pushed from it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def contrast(logits: Tensor, positive: Tensor) -> Tensor:
    """Mean over rows of the cross-entropy between softmax(logits) and the row's positives, evenly weighted.

    `logits` (n, m); `positive` (n, m) ≥ 0, the weight of each pair. Rows without a positive do not count.
    """
    weight = positive / positive.sum(1, keepdim=True).clamp_min(1e-12)
    counted = positive.sum(1) > 0
    loss = -(weight * F.log_softmax(logits, 1)).sum(1)
    return loss[counted].mean() if bool(counted.any()) else logits.sum() * 0.0


def clip_loss(pictures: Tensor, texts: Tensor, groups: Tensor, text_groups: Tensor, scale: Tensor) -> Tensor:
    """Both directions of CLIP's loss (Radford et al. 2021), with every text of a picture's group as its positive."""
    same = (groups[:, None] == text_groups[None, :]).float()
    logits = scale * pictures @ texts.T
    return (contrast(logits, same) + contrast(logits.T, same.T)) / 2


def siglip_loss(
    pictures: Tensor, texts: Tensor, groups: Tensor, text_groups: Tensor, scale: Tensor, bias: Tensor
) -> Tensor:
    """SigLIP's loss (Zhai et al. 2023): each pair is a yes or no of its own; the sum over pairs, a picture."""
    same = (groups[:, None] == text_groups[None, :]).float() * 2 - 1
    logits = scale * pictures @ texts.T + bias
    return -F.logsigmoid(same * logits).sum() / len(pictures)


def group_loss(pictures: Tensor, groups: Tensor, rows: Tensor, temperature: float, same_picture: float) -> Tensor:
    """Supervised contrast (Khosla et al. 2020) among pictures; another look of the same row weighs `same_picture`."""
    itself = torch.eye(len(pictures), dtype=torch.bool, device=pictures.device)
    logits = (pictures @ pictures.T / temperature).masked_fill(itself, -1e9)
    same = (groups[:, None] == groups[None, :]).float()
    same = same * torch.where(rows[:, None] == rows[None, :], same_picture, 1.0)
    return contrast(logits, same.masked_fill(itself, 0.0))


def teacher_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """1 - cosine, mean over texts, and how far the texts' likenesses to each other are from the teacher's."""
    near = (1 - (student * teacher).sum(1)).mean()
    return near + (student @ student.T - teacher @ teacher.T).square().mean()
