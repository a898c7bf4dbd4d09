"""Pictures of a bounded size for shards: scaled to fit and written as JPEG, for who trains at that size anyway."""

from __future__ import annotations

import io

from PIL import Image

from crawlers.parsers.media import NotAnImage, sniff_image
from curation.features.base import ValueProblem
from curation.features.decode import decode_image

SAVED = {"quality": 95, "subsampling": 0}  # letters in colour keep their edges
GAP = 2.0  # box-reduced to no less than twice the last size before the bicubic step
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
    try:
        said = sniff_image(data)
        if max(said.width or 1, said.height or 1) <= longest:
            return data, format
        decoded = decode_image(data, longest=longest)
    except (NotAnImage, ValueProblem):
        return data, format
    width, height = fitted_size(said.width or 1, said.height or 1, longest)
    turned = decoded.orientation >= 5
    picture = decoded.image.resize(
        (height, width) if turned else (width, height), Image.Resampling.BICUBIC, reducing_gap=GAP
    )
    picture.info = {}
    out = io.BytesIO()
    picture.save(out, "JPEG", **SAVED)
    return out.getvalue(), FORMAT
