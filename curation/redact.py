"""Personal data out of shards: places of a picture painted over, the same words masked in the text columns beside it.

What is where was found by the feature `text`. A picture without such places keeps its bytes; the capture store and
review.parquet keep everything.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from PIL import Image

from curation.errors import GessoError
from curation.features.base import ValueProblem
from curation.features.decode import decode_image
from curation.text import personal

FACES, FACE = "faces", "face"
KINDS = (*personal.KINDS, FACES)
COLUMN = pa.field("redacted", pa.list_(pa.string()))
PLACES = ("_pii_boxes", "pii", "faces", "text_lang")  # what is read of the feature `text`
TEXTS = (
    "title",
    "description",
    "summary",
    "name",
    "developer",
    "text",
    "caption",
    "caption_short",
    "caption_tags",
    "design",
)
URLS = ("url", "canonical_url")  # addresses of people stand in them, but digits are numbers of pages
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_MARKS = rf'\((?:[^()"\n]|\((?:[^()"\n]|{_STRING})*\))*\)'  # of a run of text: its style, its link
_RUNS = re.compile(rf"{_STRING}(?: (?:{_MARKS})?{_STRING})*|'(?:[^'\\\n]|\\.)*'")
_PIECE = re.compile(rf"({_MARKS})|{_STRING}|'(?:[^'\\\n]|\\.)*'")
CELLS = 6  # a face is left this many colours wide
SAVED = {
    "png": {},
    "jpeg": {"quality": 92, "subsampling": 0},
    "webp": {"quality": 92, "method": 4},
    "avif": {"quality": 85},
    "gif": {},
    "bmp": {},
}


class RedactError(GessoError):
    """Something that was to be redacted cannot be: nothing is written then."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place of personal data, in pixels of the upright picture."""

    kind: str
    x: int
    y: int
    w: int
    h: int


def require(columns: pa.Schema, kinds: Sequence[str]) -> None:
    """Raise RedactError where something is to be redacted and the feature `text` is not among the columns."""
    if kinds and any(name not in columns.names for name in PLACES):
        raise RedactError(
            "shards.redact needs the feature text, which this run leaves out: "
            "pip install 'gesso[curate]', or say text: {source: dom}"
        )


def check(places: pa.Table, ids: pa.Array, kinds: Sequence[str]) -> None:
    """Raise RedactError where a row was not looked at: `places` holds PLACES, a row each of `ids`."""
    for column in sorted({"faces" if kind == FACES else "pii" for kind in kinds}):
        missing = places[column].is_null().to_numpy()
        if missing.any():
            first = ids[int(np.argmax(missing))].as_py()
            raise RedactError(
                f"{int(missing.sum())} kept captures have no {column!r} to redact by, {first} first: "
                f"add a keep rule {{name: unread, sql: '{column} IS NOT NULL'}}"
            )


def marks(places: pa.Table, kinds: Sequence[str]) -> list[tuple[Mark, ...]]:
    """The places of these kinds, of each row."""
    wanted = {FACE if kind == FACES else kind for kind in kinds}
    rows = places["_pii_boxes"].to_pylist()
    return [tuple(Mark(**box) for box in row or () if box["kind"] in wanted) for row in rows]


def schema(columns: pa.Schema, kinds: Sequence[str]) -> pa.Schema:
    """A shard's columns, with `redacted` where anything is."""
    return columns.append(COLUMN) if kinds else columns


def masked(rows: pa.Table, places: pa.Table, kinds: Sequence[str]) -> pa.Table:
    """Shard rows with personal data of these kinds masked in their texts; `redacted` says what was found."""
    langs = places["text_lang"].to_pylist()
    found = [{FACES if mark.kind == FACE else mark.kind for mark in some} for some in marks(places, kinds)]
    for name in (name for name in (*TEXTS, *URLS) if name in rows.schema.names):
        values = rows[name].to_pylist()
        for row, value in enumerate(values):
            parts = value if isinstance(value, list) else [value or ""]
            cleaned = [_masked(name, part, kinds, langs[row]) for part in parts]
            found[row].update(*(kinds_in for _, kinds_in in cleaned))
            if value:
                values[row] = [text for text, _ in cleaned] if isinstance(value, list) else cleaned[0][0]
        field = rows.schema.field(name)
        rows = rows.set_column(rows.schema.get_field_index(name), field, pa.array(values, field.type))
    return rows.append_column(COLUMN, pa.array([sorted(some) for some in found], COLUMN.type))


def mask(text: str, kinds: Iterable[str], lang: str | None = None) -> tuple[str, set[str]]:
    """The text with each letter of personal data as `•`, so that it stays as long; and the kinds that were there."""
    wanted, found, lines = set(kinds), set(), []
    for line in text.split("\n"):
        for span in personal.find(line, lang):
            if span.kind in wanted:
                found.add(span.kind)
                line = line[: span.start] + re.sub(r"\S", "•", line[span.start : span.end]) + line[span.end :]
        lines.append(line)
    return "\n".join(lines), found


def image(data: bytes, format: str, places: Sequence[Mark]) -> bytes:
    """The picture with its marked places painted over, in its own format and without its metadata.

    Text gives way to the colour around it, a face to a few large squares. The bytes are the same on every run. Raises
    RedactError where the picture cannot be decoded or written.
    """
    if not places:
        return data
    try:
        decoded = decode_image(data)
    except ValueProblem as problem:
        raise RedactError(f"a picture to be redacted does not decode ({problem}): reject it by a keep rule") from None
    picture = decoded.image.copy()
    for place in places:
        box = _grown(place, picture.size)
        if box[2] > box[0] and box[3] > box[1]:
            picture.paste(_mosaic(picture.crop(box)) if place.kind == FACE else _ground(picture.crop(box)), box)
    icc = picture.info.get("icc_profile") if decoded.mode in ("RGB", "RGBA", "P") else None
    picture.info = {}
    out = io.BytesIO()
    try:
        picture.save(out, format.upper(), **SAVED[format], **({"icc_profile": icc} if icc else {}))
    except (KeyError, OSError, ValueError) as error:
        raise RedactError(f"no picture can be written as {format} ({error}): reject it by a keep rule") from None
    return out.getvalue()


def _masked(column: str, text: str, kinds: Sequence[str], lang: str | None) -> tuple[str, set[str]]:
    if column in URLS:
        return _masked_url(text) if personal.EMAIL in kinds else (text, set())
    return _masked_design(text, kinds, lang) if column == "design" else mask(text, kinds, lang)


def _masked_url(url: str) -> tuple[str, set[str]]:
    plain = url.replace("%40", "@")
    cleaned, found = mask(plain.replace("/", " "), [personal.EMAIL])
    if not found:
        return url, found
    return "".join("/" if before == "/" else after for before, after in zip(plain, cleaned, strict=True)), found


def _masked_design(text: str, kinds: Sequence[str], lang: str | None) -> tuple[str, set[str]]:
    """Of notation, only what stands in quotes is text; the runs of one text are read as one, in whatever style."""
    found: set[str] = set()

    def cleaned(quoted: str) -> str:
        line = quoted.replace("\\n", "\n\u2028")  # as long, and read as the two lines it is
        line, kinds_in = mask(line, kinds, lang)
        found.update(kinds_in)
        return line.replace("\n\u2028", "\\n")

    def runs(match: re.Match[str]) -> str:
        pieces = list(_PIECE.finditer(match.group()))
        whole = cleaned("".join(piece.group()[1:-1] for piece in pieces if piece[1] is None))
        out, end, at = "", 0, 0
        for piece in pieces:
            out += match.group()[end : piece.start()]
            end = piece.end()
            if piece[1] is not None:
                out += re.sub(_STRING, lambda link: cleaned(link.group()), piece.group())
                continue
            size = len(piece.group()) - 2
            out += piece.group()[0] + whole[at : at + size] + piece.group()[-1]
            at += size
        return out

    return _RUNS.sub(runs, text), found


def _grown(place: Mark, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box somewhat larger than what was found: words of a tree are placed by estimate, faces have hair and chins."""
    across, down = (0.15 * place.w, 0.2 * place.h) if place.kind == FACE else (0.4 * place.h, 0.15 * place.h)
    return (
        max(0, round(place.x - across)),
        max(0, round(place.y - down)),
        min(size[0], round(place.x + place.w + across)),
        min(size[1], round(place.y + place.h + down)),
    )


def _mosaic(part: Image.Image) -> Image.Image:
    cells = (CELLS, max(1, round(CELLS * part.height / part.width)))
    return part.resize(cells, Image.Resampling.BOX).resize(part.size, Image.Resampling.NEAREST)


def _ground(part: Image.Image) -> Image.Image:
    """One colour: the most frequent one of the part's edge, where no letter stands."""
    pixels = np.asarray(part)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.uint32)
    colours, counts = np.unique(edge @ np.array([1 << 16, 1 << 8, 1], np.uint32), return_counts=True)
    most = int(colours[np.argmax(counts)])
    return Image.new("RGB", part.size, (most >> 16, most >> 8 & 255, most & 255))
