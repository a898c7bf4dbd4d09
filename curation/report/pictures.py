"""Pictures small enough to carry: WebP previews of screenshots and of the assets that designs show, within a budget."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crawlers.captures import CaptureStore, StoreError

if TYPE_CHECKING:
    from PIL import Image

TALL = 2.2  # height / width from which a picture is limited by its width
TALLEST = 12_000  # px; WebP ends at 16,383
SAMPLE = 40
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Level:
    """How far previews are reduced: `height` for screens, `width` for long pages and assets."""

    height: int
    width: int
    quality: int

    @property
    def name(self) -> str:
        return f"h{self.height}w{self.width}q{self.quality}"


LEVELS = (
    Level(720, 640, 74),
    Level(600, 520, 72),
    Level(480, 420, 70),
    Level(400, 340, 68),
    Level(320, 280, 64),
    Level(240, 200, 58),
    Level(160, 128, 50),
)


@dataclass(frozen=True)
class Picture:
    """A preview's WebP bytes and size in px."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Want:
    """A blob to make a preview of; `most` is the widest it is shown, in px, where that is known."""

    sha256: str
    format: str
    most: int | None = None


def previews(
    store: CaptureStore, wants: Iterable[Want], budget: int, cache: Path, progress: Progress | None = None
) -> tuple[dict[str, Picture], Level]:
    """sha256 → preview, all at one level: the best whose estimate fits into `budget` bytes.

    What cannot be read has no entry.
    """
    unique = {want.sha256: want for want in wants}
    order = [unique[sha256] for sha256 in sorted(unique)]
    made: dict[str, Picture] = {}
    with ThreadPoolExecutor(max_workers=max(1, min(4, os.cpu_count() or 1))) as pool:

        def each(some: list[Want], at: Level) -> Iterator[Picture | None]:
            return pool.map(lambda want: _preview(store, want, at, cache), some)

        sample = order[:: max(1, len(order) // SAMPLE)]
        level = next((at for at in LEVELS if _estimate(each(sample, at), len(order)) <= budget), LEVELS[-1])
        for done, (want, picture) in enumerate(zip(order, each(order, level), strict=True), 1):
            if picture is not None:
                made[want.sha256] = picture
            if progress is not None:
                progress("report: previews", done, len(order))
    return made, level


def _estimate(sample: Iterable[Picture | None], all_: int) -> float:
    sizes = [len(picture.data) for picture in sample if picture is not None]
    return sum(sizes) / len(sizes) * all_ if sizes else 0.0


def _preview(store: CaptureStore, want: Want, level: Level, cache: Path) -> Picture | None:
    """From the cache, else made and put there. None where the blob is missing, altered or not a picture."""
    from PIL import Image

    from curation.features.base import ValueProblem
    from curation.features.decode import decode_image

    width = level.width if want.most is None else max(1, min(level.width, want.most))
    path = cache / f"{level.name}-{width}" / want.sha256[:2] / f"{want.sha256}.webp"
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as known:
            return Picture(data, *known.size)
    except (OSError, SyntaxError, ValueError):
        pass  # not made yet, or cut short by a full disk
    try:
        blob = store.read_blob(want.sha256, want.format)
        image = _decode_asset(blob) if want.most is not None else decode_image(blob).image
    except (StoreError, ValueProblem, OSError):
        return None
    image = _reduced(image, level, width, asset=want.most is not None)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=level.quality, method=2)  # 4 takes twice as long for 5 % fewer bytes
    _put(path, out.getvalue())
    return Picture(out.getvalue(), *image.size)


def _decode_asset(data: bytes) -> Image.Image:
    """RGBA: unlike a screenshot, an asset lies on whatever the design puts under it."""
    from PIL import Image

    from curation.features.base import ValueProblem
    from curation.features.decode import FORMATS, decode_image

    decoded = decode_image(data)  # the limits and the typed errors
    if not decoded.has_alpha:
        return decoded.image
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as source:
            return source.convert("RGBA")
    except Exception as error:  # whatever a decoder throws at hostile bytes
        raise ValueProblem("corrupt", str(error)) from None


def _reduced(image: Image.Image, level: Level, width: int, *, asset: bool) -> Image.Image:
    from PIL import Image

    w, h = image.size
    scale = width / w if asset or h > TALL * w else min(level.height / h, 2 * level.width / w)
    scale = min(1.0, scale, TALLEST / h)
    if scale == 1.0:
        return image
    return image.resize(
        (max(1, round(w * scale)), max(1, round(h * scale))), Image.Resampling.HAMMING, reducing_gap=1.5
    )


def _put(path: Path, data: bytes) -> None:
    """Whole or absent, also after a kill; a cache that cannot be written is only slower."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        aside.write_bytes(data)
        aside.replace(path)
    except OSError:
        return
