"""What an encoder costs: its size on disk, the time until it is loaded, pictures and texts a second.

`python -m benchmarks.encoder [FOLDER]`: an open_clip folder, by default the one that Gesso ships, else the newest run's
in the workspace. Pictures are tensors of bytes at the encoder's own side: nothing is decoded. Rates are over the
processor time that other processes left, on all cores.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.embed import Clock, cores, processor
from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from curation.encoder.place import CONFIG, find, shipped
from curation.encoder.towers import Encoder

ROOT = Path(__file__).resolve().parents[1]
BATCH = 16
LOAD = """
import sys, time
import open_clip, torch
name = "local-dir:" + sys.argv[1]
start = time.process_time()
open_clip.create_model(name, require_pretrained=True, weights_only=True)
print(time.process_time() - start)
"""


def run(arguments: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="benchmarks.encoder")
    parser.add_argument("folder", type=Path, nargs="?", default=None)
    parser.add_argument("--pictures", type=int, default=256)
    options = parser.parse_args(arguments)
    folder = options.folder or newest()
    if not (folder / CONFIG).is_file():
        raise CannotRun(f"no encoder in {folder}: give an open_clip folder, as gesso train encoder leaves in model/")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    place = find(str(folder), None)
    encoder = Encoder(place)
    machine = f"{place.precision()}, {cores()} cores, {processor()}"
    parameters = sum(p.numel() for n, p in encoder.net.named_parameters() if n.startswith("visual.")) / 1e6
    return [
        Figure("size on disk", round(size, 2), "MB", "<25", size < 25),
        at_most("image tower", round(parameters, 2), "M parameters", 6),
        at_most("loaded in", round(load_seconds(folder), 3), "s", 1),
        at_least("pictures from tensors", round(pictures_a_second(encoder, options.pictures), 1), "img/s", 150),
        Figure("texts", round(texts_a_second(encoder), 1), "texts/s", seen=machine),
    ]


def newest() -> Path:
    """The shipped encoder, else the model of the workspace's newest encoder run."""
    if (own := shipped()) is not None:
        return own
    runs = sorted((ROOT / "workspace" / "runs").glob(f"*/model/{CONFIG}"), key=lambda path: path.stat().st_mtime)
    return runs[-1].parent if runs else ROOT / "workspace"


def load_seconds(folder: Path) -> float:
    """Median processor seconds of open_clip's loading in a fresh process, its imports not counted."""
    command = [sys.executable, "-c", LOAD, str(folder)]
    times = [float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    return statistics.median(times)


def pictures_a_second(encoder: Encoder, count: int) -> float:
    """Median of three rounds, after one that is not counted."""
    random = np.random.default_rng(0)
    pictures = list(random.integers(0, 256, (count, encoder.side, encoder.side, 3), np.uint8))
    encoder.encode(pictures[: BATCH * cores()], BATCH)
    return statistics.median(_rate(lambda: encoder.encode(pictures, BATCH), count) for _ in range(3))


def texts_a_second(encoder: Encoder) -> float:
    texts = [f"a calm screen of a music player with {number} songs in a list" for number in range(512)]
    encoder.encode_texts(texts[:64])
    return statistics.median(_rate(lambda: encoder.encode_texts(texts), len(texts)) for _ in range(3))


def _rate(once: Callable[[], object], count: int) -> float:
    with Clock() as clock:
        once()
    return count / clock.left


if __name__ == "__main__":
    sys.exit(main("encoder", run))
