"""Reading heads from files that others made: their values, and typed refusals for what is no head."""

from __future__ import annotations

import json
import pickle
import zipfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.heads.head import Dense, HeadError, chain
from curation.heads.load import read_head, stated_encoder, write_head
from curation.heads.tensor_bundle import read_bundle
from tests.curation.heads.saved_model import bundle, saved_model

RNG = np.random.default_rng(5)


def mlp(*sizes: int, hidden: str = "relu", output: str = "sigmoid") -> list[Dense]:
    pairs = list(pairwise(sizes))
    kinds = [hidden] * (len(pairs) - 1) + [output]
    return [
        Dense(RNG.normal(size=pair), RNG.normal(size=pair[1]), kind) for pair, kind in zip(pairs, kinds, strict=True)
    ]  # type: ignore[arg-type]


def test_a_torch_state_dict_gives_what_torch_gives(tmp_path: Path) -> None:
    import torch

    net = torch.nn.Sequential(*(torch.nn.Linear(12, 8), torch.nn.GELU(), torch.nn.Linear(8, 3)))
    torch.save(net.state_dict(), tmp_path / "net.pth")
    head = read_head(tmp_path / "net.pth", input="raw", hidden="gelu")
    vectors = RNG.normal(size=(5, 12)).astype(np.float32)
    with torch.no_grad():
        assert head(vectors) == pytest.approx(net(torch.from_numpy(vectors)).numpy(), abs=1e-5)


def test_more_than_nine_layers_stay_in_order(tmp_path: Path) -> None:
    import torch

    net = torch.nn.Sequential(*(torch.nn.Linear(6, 6) for _ in range(12)))
    torch.save({"state_dict": net.state_dict()}, tmp_path / "deep.pth")
    vectors = RNG.normal(size=(2, 6)).astype(np.float32)
    with torch.no_grad():
        wanted = net(torch.from_numpy(vectors)).numpy()
    assert read_head(tmp_path / "deep.pth", input="raw")(vectors) == pytest.approx(wanted, abs=1e-4)


def test_a_head_written_is_read_as_it_was(tmp_path: Path) -> None:
    head = chain(mlp(16, 8, 1), "l2_sqrt_d")
    write_head(head, tmp_path / "mine.safetensors", encoder="ViT-B-32/openai")
    again = read_head(tmp_path / "mine.safetensors")
    vectors = RNG.normal(size=(4, 16))
    assert again.input == "l2_sqrt_d"
    assert again(vectors) == pytest.approx(head(vectors), abs=1e-5)
    assert stated_encoder(tmp_path / "mine.safetensors") == "ViT-B-32/openai"


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_saved_model_is_normalised_then_layer_by_layer(tmp_path: Path, as_folder: bool) -> None:
    first, last = mlp(6, 4, 1)
    mean, variance = RNG.normal(size=6), RNG.uniform(0.1, 2, 6)
    path = saved_model(tmp_path / "model.zip", mean, variance, [first, last])
    if as_folder:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path)
        path = tmp_path / "model"
    vectors = RNG.normal(size=(3, 6))
    inner = np.maximum((vectors - mean) / np.sqrt(variance) @ first.weight + first.bias, 0)
    wanted = 1 / (1 + np.exp(-(inner @ last.weight + last.bias)))
    assert read_head(path, input="raw")(vectors) == pytest.approx(wanted, abs=1e-5)


def test_a_batch_does_not_show_in_its_values() -> None:
    head = chain(mlp(64, 32, 1), "l2")
    vectors = RNG.normal(size=(97, 64)).astype(np.float16)
    assert head(vectors).tobytes() == np.concatenate([head(vectors[n : n + 1]) for n in range(97)]).tobytes()


def test_pickled_code_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (Path(tmp_path / "ran"),))  # type: ignore[return-value]

    (tmp_path / "trap.pth").write_bytes(pickle.dumps({"weight": Trap()}))
    with pytest.raises(HeadError, match=r"trap\.pth"):
        read_head(tmp_path / "trap.pth")
    assert not (tmp_path / "ran").exists()


def test_archives_that_unpack_to_too_much_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.heads.load.MAX_BYTES", 4000)
    monkeypatch.setattr("curation.heads.saved_model.MAX_BYTES", 4000)
    for name, member in (("bomb.pth", "bomb/data/0"), ("bomb.zip", "model/keras_metadata.pb")):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, bytes(1 << 20))
        with pytest.raises(HeadError, match=r"unpacks to|bytes"):
            read_head(tmp_path / name)


@pytest.mark.parametrize("name", ["head.pth", "head.safetensors", "head.zip", "head.pt"])
@given(data=st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_typed_refusal(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / name
    path.write_bytes(data)
    with pytest.raises(HeadError) as caught:
        read_head(path)
    assert "\n" not in str(caught.value)


@given(st.data())
def test_a_damaged_checkpoint_is_refused_or_read_but_never_crashes(data: st.DataObject) -> None:
    tensors = {f"layer_with_weights-{n}/kernel": RNG.normal(size=(3, n + 1)).astype(np.float32) for n in range(4)}
    index, values = bundle(tensors)
    at = data.draw(st.integers(0, len(index) - 1))
    damaged = index[:at] + data.draw(st.binary(min_size=0, max_size=3)) + index[at + data.draw(st.integers(0, 3)) :]
    with suppress(HeadError):
        assert all(array.dtype.kind in "fi" for array in read_bundle(damaged, values).values())


def test_what_is_no_chain_of_dense_layers_is_named(tmp_path: Path) -> None:
    import torch

    cases = {
        "conv": {"conv.weight": torch.zeros(2, 2, 3, 3)},
        "norm": {"a.weight": torch.zeros(2, 2), "a.running_mean": torch.zeros(2)},
        "gap": {"0.weight": torch.zeros(4, 8), "1.weight": torch.zeros(1, 5)},
        "nan": {"0.weight": torch.full((1, 8), float("nan"))},
        "empty": {},
    }
    for name, state in cases.items():
        torch.save(state, tmp_path / f"{name}.pth")
        with pytest.raises(HeadError, match=rf"{name}\.pth: "):
            read_head(tmp_path / f"{name}.pth")


def test_metadata_that_says_nonsense_is_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "odd.safetensors"
    save_file(
        {"0.weight": np.zeros((1, 4), np.float32)}, path, metadata={"gesso.head": json.dumps({"input": "sideways"})}
    )
    with pytest.raises(HeadError, match="says what no head can be"):
        read_head(path)
