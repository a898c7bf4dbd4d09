"""Pictures of a bounded size for shards: scaled to fit and written as JPEG, for who trains at that size anyway."""

from __future__ import annotations

import io

from PIL import Image

from curation.features.base import ValueProblem
from curation.features.decode import FORMATS, decode_image

SAVED = {"quality": 95, "subsampling": 0}  # letters in colour keep their edges
GAP = 2.0  # box-reduced to no less than twice the last size before the last step
FORMAT = "jpeg"


def fitted_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size at which the longer side is `longest` pixels; the given one where it is no more."""
    long = max(width, height)
    if long <= longest:
        return width, height
    return max(1, round(width * longest / long)), max(1, round(height * longest / long))


def fitted(data: bytes, format: str, longest: int) -> tuple[bytes, str]:
    """(bytes, format) of the picture with no side above `longest` pixels: upright, over white, without metadata.

    A picture that fits already keeps its bytes, and so does one that does not decode. A JPEG is decoded at a scale of
    its own that is near. The bytes are the same on every run.
    """
    said = _said_size(data)
    if said is None or max(said) <= longest:
        return data, format
    try:
        decoded = decode_image(data, longest=longest)
    except ValueProblem:
        return data, format
    width, height = fitted_size(*said, longest)
    turned = decoded.orientation >= 5
    size = (height, width) if turned else (width, height)
    picture = decoded.pixels.resize(size, Image.Resampling.HAMMING, reducing_gap=GAP).convert("RGB")
    picture.info = {}
    out = io.BytesIO()
    picture.save(out, "JPEG", **SAVED)
    return out.getvalue(), FORMAT


def _said_size(data: bytes) -> tuple[int, int] | None:
    """Width and height as the header states them, before any turn; None where there is no header to read."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as source:
            return source.size
    except Exception:  # a header parser met with hostile bytes
        return None
