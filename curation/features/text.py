"""text: what a screen says, where, in which language, and what it gives away of people: words, boxes, personal data.

Of a page the words come from its own tree, exactly; of a store listing's pictures they are read (seconds a picture).
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from curation.errors import GessoError
from curation.features.base import Feature, Item, NotAtHand, Params, Row, ValueProblem
from curation.text import faces, language, ocr, personal
from curation.text.dom import on_picture, page_words
from curation.text.words import Word, covered, joined, lines

FACE = "face"
INSTALL = "pip install 'gesso[curate]'"


class TextError(GessoError):
    """Reading was asked for, and what reads is not installed."""


class TextParams(Params):
    """`source`: `dom` reads no picture, `ocr` reads all, `auto` reads those that came without a tree.

    `side` and `bands` bound the reading: pictures are read at 720 px (phones) or 1440 px width in at most `bands`
    bands of `side` px. `score` is the least confidence of a line. `face_model` is YuNet's ONNX file, if any.
    """

    source: Literal["auto", "dom", "ocr"] = "auto"
    side: int = Field(default=1440, ge=320, le=4096)
    bands: int = Field(default=8, ge=1, le=64)
    score: float = Field(default=0.5, ge=0, le=1)
    faces: bool = True
    face_model: str = ""


class Text(Feature):
    """`text` holds a run of words a line; it is null where nothing could be read, and "" where nothing stands.

    `pii` names the kinds of personal data found (email, phone, card, iban), `_pii_boxes` where they and the faces are;
    `text_area` is the share of the picture under words.
    """

    name: ClassVar[str] = "text"
    version: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("image", "dom")
    offers: ClassVar[str] = "words, language and personal data, from DOM or OCR"
    parameters: ClassVar[type[Params]] = TextParams
    params: TextParams

    @property
    def schema(self) -> pa.Schema:
        place = [(side, pa.int32()) for side in ("x", "y", "w", "h")]
        word = pa.struct([*place, ("line", pa.int32()), ("text", pa.string()), ("score", pa.float32())])
        return pa.schema(
            [
                ("text", pa.string()),
                ("text_words", pa.int32()),
                ("text_lang", pa.string()),
                ("text_source", pa.string()),
                ("text_area", pa.float32()),
                ("pii", pa.list_(pa.string())),
                ("faces", pa.int32()),
                ("_text_boxes", pa.list_(word)),
                ("_pii_boxes", pa.list_(pa.struct([("kind", pa.string()), *place]))),
            ]
        )

    def check(self, home: Path) -> None:
        if self.params.source != "dom" and not ocr.at_hand():
            if self.params.source == "ocr":
                raise TextError(f"text: source ocr needs rapidocr and onnxruntime: {INSTALL}, or say source: dom")
            raise NotAtHand(f"text left out: rapidocr or onnxruntime is not installed; {INSTALL}, or say source: dom")

    def weights_hash(self) -> str:
        reads = [ocr.weights()] if self.params.source != "dom" and ocr.at_hand() else []
        looks = [faces.identity(self.params.face_model)] if self.params.faces else []
        return " ".join([*reads, *looks, language.weights()])

    def identity(self) -> dict[str, Any]:
        return self.params.model_dump(mode="json", exclude={"face_model"})

    @cached_property
    def reader(self) -> ocr.Reader:
        return ocr.Reader(self.params.side, self.params.bands, self.params.score)

    def prepare(self, item: Item) -> Row:
        assert item.decoded is not None
        image = item.decoded.image
        source, words = self._words(item)
        looks = faces.faces(image, self.params.face_model) if self.params.faces else None
        found = [(FACE, *box) for box in looks or ()]
        if words is None:
            return self._row(None, None, None, looks, [], found)
        text = joined(words)
        lang = language.language(text)
        for line in lines(words):
            for span in personal.find(line.text, lang):
                found += [(span.kind, *_box(word)) for word in line.between(span.start, span.end)]
        return self._row(source, text, lang, looks, words, found) | {"text_area": round(covered(words, image.size), 4)}

    def _row(
        self,
        source: str | None,
        text: str | None,
        lang: str | None,
        looks: list[tuple[int, int, int, int]] | None,
        words: list[Word],
        found: list[tuple[str, int, int, int, int]],
    ) -> Row:
        return {
            "text": text,
            "text_words": None if text is None else len(words),
            "text_lang": lang,
            "text_source": source,
            "text_area": None,
            "pii": None if text is None else sorted({kind for kind, *_ in found} - {FACE}),
            "faces": None if looks is None else len(looks),
            "_text_boxes": [
                {"x": w.x, "y": w.y, "w": w.w, "h": w.h, "line": w.line, "text": w.text, "score": w.score}
                for w in words
            ],
            "_pii_boxes": [dict(zip(("kind", "x", "y", "w", "h"), box, strict=True)) for box in found],
        }

    def _words(self, item: Item) -> tuple[str | None, list[Word] | None]:
        """Where the words came from, and the words; (None, None) without a tree where none are to be read."""
        assert item.decoded is not None
        page = item.capture.page
        if self.params.source != "ocr" and page is not None and page.dom_sha256 is not None:
            try:
                width, words = item.shared(f"words {page.dom_sha256}", lambda: _of_page(item))
                return "dom", on_picture(words, width, item.decoded.size)
            except ValueProblem:
                if self.params.source == "dom":
                    raise
        if self.params.source == "dom":
            return None, None
        image = item.decoded.image
        return "ocr", self.reader.read(image, item.decoded.wide or image.width > image.height)


def _of_page(item: Item) -> tuple[float, list[Word]]:
    """The page's width in CSS pixels, and its words."""
    from design.errors import GessoError as DesignError

    snapshot = item.snapshot()
    if snapshot is None:
        raise ValueProblem("no_snapshot", "the DOM snapshot is not to be had")
    try:
        return float(snapshot["page"]["width"]), page_words(snapshot)
    except DesignError as error:
        raise ValueProblem("snapshot", str(error)) from None
    except (KeyError, TypeError, ValueError):
        raise ValueProblem("snapshot", "the snapshot does not say how wide its page is") from None


def _box(word: Word) -> tuple[int, int, int, int]:
    return word.x, word.y, word.w, word.h
