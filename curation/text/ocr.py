"""Reading a picture: PP-OCR through onnxruntime, as the rapidocr package ships it. Nothing is fetched at run time.

A picture is brought to the width at which its letters read best, and a long page is read in bands that overlap.
"""

from __future__ import annotations

import importlib.util
from importlib.metadata import version
from queue import Empty, LifoQueue
from typing import Any

import numpy as np
from PIL import Image

from curation.text.words import Word

PACKAGE = "rapidocr"
WIDTH = {False: 720, True: 1440}  # px a phone's and any other screen is read at
ENLARGED = 2.0  # small pictures are enlarged by no more
OVERLAP = 128  # px two bands share, so that no line of text is cut in both


def at_hand() -> bool:
    """Whether the packages are installed; imports neither."""
    return all(importlib.util.find_spec(name) is not None for name in (PACKAGE, "onnxruntime"))


def weights() -> str:
    """Identifies package and weights, which come together."""
    return f"{PACKAGE} {version(PACKAGE)}"


class Reader:
    """Reads pictures in several threads at once; each takes an engine of its own and puts it back.

    `side` is the height of a band in pixels, `bands` the most that are read of one picture, `score` the least
    confidence of a line that is kept.
    """

    def __init__(self, side: int = 1440, bands: int = 8, score: float = 0.5) -> None:
        self.side, self.bands, self.score = side, bands, score
        self._idle: LifoQueue[Any] = LifoQueue()

    def read(self, image: Image.Image, wide: bool) -> list[Word]:
        """The words of an RGB picture, from the top to the bottom, in its own pixels."""
        scale = min(ENLARGED, WIDTH[wide] / image.width) if not wide else min(1.0, WIDTH[wide] / image.width)
        words: list[Word] = []
        runs = 0
        for top, bottom, first, last in bands(round(image.height * scale), self.side, OVERLAP)[: self.bands]:
            box = (0, top / scale, image.width, min(image.height, bottom / scale))
            size = (max(1, round(image.width * scale)), max(1, bottom - top))
            band = image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
            for run in self._lines(np.asarray(band)[:, :, ::-1]):
                middle = top + sum(y + h / 2 for _, y, _, h, _, _ in run) / len(run)
                if first <= middle < last:
                    words.extend(_word(part, top, scale, runs, image.size) for part in run)
                    runs += 1
        return words

    def _lines(self, pixels: np.ndarray) -> list[list[_Part]]:
        """Lines of words of a BGR picture. Each word is (x, y, width, height, text, score)."""
        try:
            engine = self._idle.get_nowait()
        except Empty:
            engine = _engine(self.score)
        try:
            found = engine(pixels)
        finally:
            self._idle.put(engine)
        if found.txts is None or not found.word_results:
            return []
        read = zip(found.txts, found.word_results, strict=False)
        return [words for text, parts in read if (words := _words(text, parts))]


_Part = tuple[float, float, float, float, str, float]


def _engine(score: float) -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,  # screens stand upright
            "Global.return_word_box": True,
            "Global.max_side_len": 8192,  # it was brought to size before
            "Global.text_score": score,
            "Det.limit_side_len": 32,
            "Rec.rec_batch_num": 1,  # a line reads the same whatever stands beside it, and nothing is padded
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # pictures are read side by side, and alike everywhere
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _words(text: str, parts: Any) -> list[_Part]:
    """The words of a line, as its spaces part it. The engine gives boxes of words, or of characters of a CJK text."""
    letters: list[tuple[float, float, float, float, float]] = []  # of each character that is no space
    for part, score, corners in parts:
        xs, ys = [float(p[0]) for p in corners], [float(p[1]) for p in corners]
        letters += [(min(xs), min(ys), max(xs), max(ys), float(score))] * len("".join(part.split()))
    words: list[_Part] = []
    at = 0
    for word in text.split():
        some = letters[at : at + len(word)]
        at += len(word)
        if some:
            left, top, right, bottom, scores = zip(*some, strict=True)
            x, y = min(left), min(top)
            words.append((x, y, max(right) - x, max(bottom) - y, word, min(scores)))
    return words


def _word(part: _Part, top: int, scale: float, line: int, size: tuple[int, int]) -> Word:
    x, y, w, h, text, score = part
    left, right = (min(size[0], max(0, round(side / scale))) for side in (x, x + w))
    upper, lower = (min(size[1], max(0, round((top + side) / scale))) for side in (y, y + h))
    return Word(left, upper, max(1, right - left), max(1, lower - upper), text, line, round(score, 3))


def bands(height: int, side: int, overlap: int) -> list[tuple[int, int, int, int]]:
    """(top, bottom, first, last) of bands: each shows [top, bottom), its lines have their middle in [first, last)."""
    if height <= side + overlap:
        return [(0, height, 0, height)]
    tops = list(range(0, height - overlap, side - overlap))
    edges = [0, *(top + overlap // 2 for top in tops[1:]), height]
    return [(top, min(height, top + side), edges[i], edges[i + 1]) for i, top in enumerate(tops)]
