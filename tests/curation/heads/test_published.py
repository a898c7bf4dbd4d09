"""The published heads give the values that their authors' code gives. Read where the files are at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.encoder.place import Place
from curation.features.base import NotAtHand
from curation.heads.fit import HeadChoice, choose
from curation.heads.head import HeadError
from curation.heads.load import read_head
from curation.heads.published import PUBLISHED, by_name

HEADS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "heads"
L14, B32 = Place("ViT-L-14/openai"), Place("ViT-B-32/openai")
V1 = [-2.458, -0.138, 1.895, 3.585, 5.100, 6.470, 7.787, 9.048, 10.226, 11.304]
V2 = [1.655, 2.359, 3.070, 3.672, 4.238, 4.701, 5.073, 5.365, 5.577, 5.747]

pytestmark = pytest.mark.skipif(not HEADS.is_dir(), reason="the published heads are not beside the checkout")


def embeddings(tower: str) -> np.ndarray:
    folder = HEADS / "laion-aesthetic-v1" / f"{tower}_embeddings"
    return np.stack([np.load(folder / f"rating{n}.npy").ravel() for n in range(10)])


@pytest.mark.parametrize(("name", "golden"), [("laion-aesthetic-v1", V1), ("laion-aesthetic-v2", V2)])
def test_aesthetic_heads_give_the_known_values(
    name: str, golden: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GESSO_HEADS", str(HEADS))
    _, head = choose("aesthetic", HeadChoice(path=name), tmp_path, L14, 768, "aesthetic")
    assert head(embeddings("vit_l_14"))[:, 0] == pytest.approx(golden, abs=1e-3)


def test_the_second_aesthetic_head_is_one_affine_map() -> None:
    head = read_head(HEADS / "improved-aesthetic-v2" / "sac+logos+ava1-l14-linearMSE.pth")
    assert len(head.layers) == 1
    assert np.linalg.norm(head.layers[0].weight) == pytest.approx(17.996, abs=1e-3)
    assert head.layers[0].bias[0] == pytest.approx(5.2367, abs=1e-4)


def test_the_nsfw_head_gives_the_known_values_without_tensorflow() -> None:
    head = read_head(HEADS / "laion-nsfw" / "clip_autokeras_binary_nsfw.zip")
    found = head(embeddings("vit_l_14"))[:3, 0]
    assert found == pytest.approx([7.0415e-5, 1.18567e-4, 1.69519e-4], rel=1e-4)
    assert [layer.weight.shape for layer in head.layers] == [(768, 64), (64, 512), (512, 256), (256, 1)]


def test_the_small_nsfw_head_has_the_layers_of_the_reference() -> None:
    head = read_head(HEADS / "laion-nsfw" / "clip_autokeras_nsfw_b32.zip")
    assert [layer.weight.shape for layer in head.layers] == [(512, 32), (32, 32), (32, 1)]
    assert (head(embeddings("vit_b_32")) < 1e-3).all()


@pytest.mark.parametrize(
    ("place", "width", "name"), [(L14, 768, "laion-aesthetic-v2"), (B32, 512, "laion-aesthetic-v1-b32")]
)
def test_auto_takes_the_newest_head_that_fits_the_encoder(
    place: Place, width: int, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GESSO_HEADS", str(HEADS))
    chosen, _ = choose("aesthetic", HeadChoice(path="auto"), tmp_path, place, width, "aesthetic")
    assert chosen.published == by_name(name)


def test_a_head_of_another_encoder_is_refused_by_name_and_by_width() -> None:
    home, path = Path("nowhere"), str(HEADS / "laion-aesthetic-v1" / "sa_0_4_vit_b_32_linear.pth")
    with pytest.raises(HeadError, match=r"trained on ViT-B-32/openai, the embedding is of ViT-B-32/laion2b"):
        choose("taste", HeadChoice(path=path), home, Place("ViT-B-32/laion2b_s34b_b79k"), 512, None)
    with pytest.raises(HeadError, match=r"takes 512 numbers, the embedding of .* has 768"):
        choose("taste", HeadChoice(path=path, encoder="any"), home, L14, 768, None)


def test_a_file_under_a_published_name_must_be_the_published_one(tmp_path: Path) -> None:
    (tmp_path / "heads").mkdir()
    (tmp_path / "heads" / "sa_0_4_vit_l_14_linear.pth").write_bytes(b"another")
    with pytest.raises(HeadError, match="not the laion-aesthetic-v1 that was published"):
        choose("aesthetic", HeadChoice(path="laion-aesthetic-v1"), tmp_path, L14, 768, "aesthetic")


def test_auto_without_a_file_says_which_one_to_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GESSO_HEADS", raising=False)
    with pytest.raises(NotAtHand, match=r"put .* from github.com/.* into"):
        choose("aesthetic", HeadChoice(path="auto"), tmp_path, L14, 768, "aesthetic")


def test_openais_weights_are_known_by_all_their_names() -> None:
    names = [
        "ViT-L-14-quickgelu/openai",
        "hf-hub:timm/vit_large_patch14_clip_224.openai",
        "hf-hub:openai/clip-vit-large-patch14",
    ]
    assert all(Place(name).fits("ViT-L-14/openai") for name in names)
    assert not Place("ViT-L-14-336/openai").fits("ViT-L-14/openai")
    assert Place("local-dir:x", Path("x")).fits("ViT-L-14/openai") is None


def test_simulacra_heads_want_vectors_of_length_root_d() -> None:
    assert {head.input for head in PUBLISHED if head.name.startswith("simulacra")} == {"l2_sqrt_d"}
