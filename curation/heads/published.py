"""Published heads by file name: which encoder each was trained on, what it wants, and where it is had.

None of them is in the repository; a file is looked for in $GESSO_HEADS and `<home>/heads`, and never fetched. QUALITY
is Gesso's own and ships with its encoder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from curation.heads.head import Input

HEADS = "GESSO_HEADS"
QUALITY = Path(__file__).parents[1] / "weights" / "quality" / "head.safetensors"  # docs/models/quality.md
AESTHETIC_V1 = "github.com/LAION-AI/aesthetic-predictor"
AESTHETIC_V2 = "github.com/christophschuhmann/improved-aesthetic-predictor"
SIMULACRA = "github.com/crowsonkb/simulacra-aesthetic-models"
NSFW = "github.com/LAION-AI/CLIP-based-NSFW-Detector"


@dataclass(frozen=True)
class Published:
    """`sha256` is empty where no copy was at hand to take it from; `encoder` is open_clip's NAME/TAG."""

    name: str
    file: str
    kind: Literal["aesthetic", "nsfw"]
    encoder: str
    source: str
    sha256: str = ""
    input: Input = "l2"


PUBLISHED = (
    Published(
        "laion-aesthetic-v2", "sac+logos+ava1-l14-linearMSE.pth", "aesthetic", "ViT-L-14/openai", AESTHETIC_V2,
        "21dd590f3ccdc646f0d53120778b296013b096a035a2718c9cb0d511bff0f1e0",
    ),
    Published(
        "laion-aesthetic-v1", "sa_0_4_vit_l_14_linear.pth", "aesthetic", "ViT-L-14/openai", AESTHETIC_V1,
        "2cd4e60f4f24ae3bcd57b847b13c1f3ba27edc28cc1a7f9ce74ee9f421243cba",
    ),
    Published(
        "laion-aesthetic-v1-b32", "sa_0_4_vit_b_32_linear.pth", "aesthetic", "ViT-B-32/openai", AESTHETIC_V1,
        "c7b14cead230694acc7b9447974d3cad78003c72da032e402a303b6c2429e85f",
    ),
    *(
        Published(f"simulacra-{short}", f"sac_public_2022_06_29_{long}_linear.pth", "aesthetic", encoder, SIMULACRA,
                  input="l2_sqrt_d")
        for short, long, encoder in (
            ("l14", "vit_l_14", "ViT-L-14/openai"),
            ("b16", "vit_b_16", "ViT-B-16/openai"),
            ("b32", "vit_b_32", "ViT-B-32/openai"),
        )
    ),
    Published(
        "laion-nsfw", "clip_autokeras_binary_nsfw.zip", "nsfw", "ViT-L-14/openai", NSFW,
        "905520bb0336accc73ee282c605d926aef90cf14248889d44b9cee50eef71f8a",
    ),
    Published(
        "laion-nsfw-b32", "clip_autokeras_nsfw_b32.zip", "nsfw", "ViT-B-32/openai", NSFW,
        "78715ab9d64485167e8c9ade3b8e6761a17a16c24d114bd47431ac1dab46462b",
    ),
)  # fmt: skip


def by_name(name: str) -> Published | None:
    """A published head by its name here, or by its file's name."""
    return next((head for head in PUBLISHED if name in (head.name, head.file)), None)


def at_hand(head: Published, home: Path) -> Path | None:
    """The file, in a folder of heads or below a folder of that."""
    for folder in (os.environ.get(HEADS, ""), home / "heads"):
        if folder and Path(folder).is_dir():
            found = sorted([*Path(folder).glob(head.file), *Path(folder).glob(f"*/{head.file}")])
            if found:
                return found[0]
    return None
