"""Retrieval on a split that training does not see, while it trains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.encoder.looks import BATCH, Pictures
from models.encoder.retrieval import picture_to_text, same_group, text_to_group
from models.encoder.samples import Samples, read_samples
from models.loader import ShardReader

if TYPE_CHECKING:
    from models.encoder.config import EncoderConfig
    from models.encoder.towers import Towers


def validate(towers: Towers, folder: Path, config: EncoderConfig) -> dict[str, float]:
    """Same-group recall at 1 and 5, text → group at 1 and 5, picture → text at 5; a group's text is its first one."""
    import torch

    from models.encoder.objective import unit

    samples = read_samples(folder, config.validation, config.group, config.texts)
    pictures = Pictures(ShardReader(samples.index, ("image",)), towers.side, towers.fill)
    rows = [row for row in range(samples.index.rows) if samples.group_of[row] >= 0]
    groups = [samples.groups[samples.group_of[row]] for row in rows]
    like = next(towers.net.parameters())
    parts = []
    with torch.no_grad():
        for start in range(0, len(rows), BATCH):
            pixels = pictures.plain(rows[start : start + BATCH])
            parts.append(unit(towers.net.encode_image(towers.normalised(pixels, like))).cpu().numpy())
        said = first_texts(samples)
        ids = towers.tokens([text for _, text in said]).to(like.device)
        texts = unit(towers.encode_texts(ids)).cpu().numpy()
    pictures.close()
    vectors = np.concatenate(parts)
    owners = [group for group, _ in said]
    scores = texts @ vectors.T
    same = same_group(vectors, groups)
    found = text_to_group(scores, groups, owners, (1, 5))
    back = picture_to_text(scores, groups, owners, (5,))
    return {
        "same_group_1": same[1],
        "same_group_5": same[5],
        "text_group_1": found[1],
        "text_group_5": found[5],
        "picture_text_5": back[5],
    }


def first_texts(samples: Samples) -> list[tuple[str, str]]:
    """(group, text) of each group that says something: its first row's first text, columns in the recipe's order."""
    found = []
    for name, members in zip(samples.groups, samples.members, strict=True):
        texts = [column[0] for row in members.tolist() for column in samples.texts[row] if column]
        if texts:
            found.append((name, texts[0]))
    return found
