"""A query to hits: which rankings it can use, fused by reciprocal rank (Cormack, Clarke and Büttcher 2009)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from curation.dataset.versions import taken_down
from curation.errors import GessoError
from curation.features.base import NotAtHand, ValueProblem
from curation.features.decode import decode_image
from curation.features.hashes import phash
from curation.search.cache import Indexes, Progress, indexes
from curation.search.vectors import alike
from curation.search.words import columns_of, document, ranked

if TYPE_CHECKING:
    from PIL import Image

    from curation.dataset import Dataset
    from curation.grid import Grid
    from curation.search.encode import QueryEncoder

RRF = 60  # how far down a ranking counts; the paper's value
DEPTH = 200  # of each ranking that are fused, at least
CAPTURE = re.compile(r"[0-9a-f]{6,24}\Z")
PICTURE = re.compile(r"^\S+\.(png|jpe?g|webp|gif|bmp|avif)$", re.I)  # no words, but the name of a file
BARS = (0.035, 0.97)  # of a tall screen's height: a phone's status and navigation bars, which hashes do not look at
TALL = 1.5
FACTS = ("site", "form_factor", "view", "title", "name", "caption")
MAX_FILE = 64 << 20


class SearchError(GessoError):
    """A query that is none: an unknown capture, a file that is no picture."""


@dataclass(frozen=True)
class Hit:
    """One kept capture. `by` names each ranking that had it, with its place there (1 is best) and its own measure."""

    rank: int
    capture_id: str
    score: float
    by: dict[str, tuple[int, float]]
    facts: dict[str, Any]


@dataclass(frozen=True, repr=False)
class Results:
    """Hits, best first; `notes` say which rankings could not be used, and why."""

    query: str
    dataset: str
    hits: tuple[Hit, ...]
    notes: tuple[str, ...]
    source: Dataset

    def as_dict(self) -> dict[str, Any]:
        hits = [asdict(hit) for hit in self.hits]
        return {"query": self.query, "dataset": self.dataset, "notes": list(self.notes), "hits": hits}

    def grid(self) -> Grid:
        """The hits as screens with place, site and caption."""
        from curation.dataset.opened import cell_of, fact
        from curation.grid import Cell, Grid, Group

        ids = ", ".join(f"'{hit.capture_id}'" for hit in self.hits) or "''"
        found = {p.capture_id: p for p in self.source.images(None, f"capture_id IN ({ids})", None, [])}
        cells = []
        for hit in self.hits:
            ways = ", ".join(f"{name} {place}" for name, (place, _) in hit.by.items())
            lines = [f"{hit.rank} · {hit.facts.get('site', hit.capture_id)}"]
            lines += [fact(n, hit.facts[n]) for n in ("caption", "title", "name") if hit.facts.get(n)][:1]
            cells.append(Cell(hit.capture_id, cell_of(found[hit.capture_id], []).picture, (*lines, ways)))
        return Grid((Group(tuple(cells)),), f"{self.query} · {self.dataset}", " ".join(self.notes))

    def __repr__(self) -> str:
        return f"<Results of {self.query!r} in {self.dataset}: {len(self.hits)} hits>"

    def _repr_html_(self) -> str:
        return self.grid()._repr_html_()


def open_search(dataset: Dataset, progress: Progress | None = None) -> Search:
    """Search in a version; its indexes are built once, below the version's home."""
    return Search(dataset, indexes(dataset, progress))


class Search:
    """Queries of one version. `n` hits each; `where` is SQL over the kept rows that a hit must pass."""

    def __init__(self, dataset: Dataset, index: Indexes) -> None:
        self.dataset = dataset
        self.index = index

    def find(self, query: str, n: int = 12, where: str | None = None) -> Results:
        """A picture where `query` is a file, a capture where it is one's id (or its start), else words."""
        if len(query) < 1000 and _is_file(query):
            return self.image(Path(query), n, where)
        if PICTURE.search(query):
            raise SearchError(f"no picture at {query!r}: give the path of one, or words")
        if CAPTURE.match(query) and self._captures(query):
            return self.capture(query, n, where)
        return self.text(query, n, where)

    def text(self, query: str, n: int = 12, where: str | None = None) -> Results:
        """By words, and by the encoder's text tower where it is at hand. Raises SearchError for an empty query."""
        if not query.strip():
            raise SearchError("nothing to search for: give words, a picture's file or a capture id")
        allowed, notes = self._allowed(where), []
        rankings = {"words": self._by_words(query, allowed, n)}
        try:
            rankings["embedding"] = self._near(self._encoder.text(query), allowed, n)
        except NotAtHand as problem:
            notes.append(str(problem))
        return self._results(query, rankings, n, notes)

    def image(self, picture: Path | bytes | Image.Image, n: int = 12, where: str | None = None) -> Results:
        """By embedding where the encoder is at hand, and by perceptual hash. Raises SearchError: no picture."""
        name, image = _opened(picture)
        allowed, notes = self._allowed(where), []
        rankings = {"phash": self._alike(image, allowed, n)}
        try:
            rankings["embedding"] = self._near(self._encoder.picture(image), allowed, n)
        except NotAtHand as problem:
            notes.append(str(problem))
        return self._results(name, rankings, n, notes)

    def capture(self, capture_id: str, n: int = 12, where: str | None = None) -> Results:
        """More like this one, itself left out: by its stored embedding and hash, and by its words.

        A rejected capture has no embedding in a version and is looked for by hash and words. Raises SearchError.
        """
        found = self._captures(capture_id)
        if len(found) != 1:
            many = f"{len(found)} captures begin with {capture_id!r}: give more digits"
            raise SearchError(many if found else f"no capture {capture_id!r} in {self.dataset.name}")
        row = found[0]
        key = row.pop("capture_id")
        own = self._row_of.get(key)
        allowed = self._allowed(where)
        hashes = [row.pop("phash")] if row.get("phash") else []
        rankings = {
            "phash": alike(self.index.codes, hashes, allowed, self._depth(n)),
            "words": self._by_words(" ".join(dict.fromkeys(document(row))), allowed, n),
        }
        notes = []
        if self.index.vectors is not None and own is not None:
            rankings["embedding"] = self._near(self.index.vectors.row(own), allowed, n)
        else:
            notes.append("no embedding of this capture: found by words and perceptual hash alone")
        rankings = {name: [(r, v) for r, v in ranking if r != own] for name, ranking in rankings.items()}
        return self._results(f"like {key}", rankings, n, notes)

    @cached_property
    def _encoder(self) -> QueryEncoder:
        from curation.search.encode import QueryEncoder

        return QueryEncoder(self.dataset.manifest, self.dataset.home)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {key: row for row, key in enumerate(self.index.ids)}

    @staticmethod
    def _depth(n: int) -> int:
        return max(DEPTH, 4 * n)

    def _allowed(self, where: str | None) -> np.ndarray | None:
        gone = taken_down(self.dataset.folder)
        if where is None and not gone:
            return None
        keys = {key for (key,) in self.dataset.rows(["capture_id"], where).fetchall()}
        return np.asarray(sorted(self._row_of[key] for key in keys - gone), np.int64)

    def _captures(self, prefix: str) -> list[dict[str, Any]]:
        """Rows of the review table whose id begins so; at most two."""
        known = list(self.dataset.review.columns)
        columns = [n for n in ("capture_id", "phash", *columns_of(known)) if n in known]
        where = f"starts_with(capture_id, '{prefix}')" if CAPTURE.match(prefix) else "false"
        rows: list[dict[str, Any]] = (
            self.dataset.rows(columns, where, "capture_id", 2, "review").to_arrow_table().to_pylist()
        )
        return rows

    def _by_words(self, query: str, allowed: np.ndarray | None, n: int) -> list[tuple[int, float]]:
        scores = self.index.words.scores(query)
        return [(row, float(scores[row])) for row in ranked(scores, allowed, self._depth(n))]

    def _near(self, vector: np.ndarray, allowed: np.ndarray | None, n: int) -> list[tuple[int, float]]:
        vectors = self.index.vectors
        if vectors is None:
            raise NotAtHand("this version has no embeddings: found by words and perceptual hash alone")
        return vectors.nearest(vector, allowed, self._depth(n))

    def _alike(self, image: Image.Image, allowed: np.ndarray | None, n: int) -> list[tuple[int, float]]:
        """The picture as it is and, where it is tall, without a phone's bars, as stored hashes may be."""
        grey = image.convert("L")
        views = [grey]
        if grey.height > TALL * grey.width:
            views.append(grey.crop((0, round(grey.height * BARS[0]), grey.width, round(grey.height * BARS[1]))))
            views.append(grey.crop((0, round(grey.height * BARS[0]), grey.width, grey.height)))
        return alike(self.index.codes, [phash(view) for view in views], allowed, self._depth(n))

    def _results(
        self, query: str, rankings: Mapping[str, Sequence[tuple[int, float]]], n: int, notes: list[str]
    ) -> Results:
        best = fused({name: [row for row, _ in ranking] for name, ranking in rankings.items()})[:n]
        values = {name: dict(ranking) for name, ranking in rankings.items()}
        places = {name: {row: i for i, (row, _) in enumerate(ranking, 1)} for name, ranking in rankings.items()}
        facts = self._facts([row for row, _ in best])
        hits = []
        for rank, (row, score) in enumerate(best, 1):
            by = {name: (places[name][row], round(values[name][row], 4)) for name in places if row in places[name]}
            hits.append(Hit(rank, self.index.ids[row], round(score, 5), by, facts[self.index.ids[row]]))
        return Results(query, self.dataset.name, tuple(hits), tuple(notes), self.dataset)

    def _facts(self, rows: list[int]) -> dict[str, dict[str, Any]]:
        ids = ", ".join(f"'{self.index.ids[row]}'" for row in rows) or "''"
        columns = ["capture_id", *(name for name in FACTS if name in self.dataset.columns)]
        found = self.dataset.rows(columns, f"capture_id IN ({ids})").to_arrow_table().to_pylist()
        return {row["capture_id"]: {n: v for n, v in row.items() if n != "capture_id" and v} for row in found}


def fused(rankings: Mapping[str, Sequence[int]]) -> list[tuple[int, float]]:
    """(row, score) by Σ 1 / (60 + place) over the rankings, best first; of equals the earlier row."""
    scores: dict[int, float] = {}
    for ranking in rankings.values():
        for place, row in enumerate(ranking, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (RRF + place)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _opened(picture: Path | bytes | Image.Image) -> tuple[str, Image.Image]:
    """(name, RGB picture). Whatever file it is, it is hostile until decoded."""
    if not isinstance(picture, Path | bytes):
        return "picture", picture.convert("RGB")
    name = picture.name if isinstance(picture, Path) else "picture"
    try:
        if isinstance(picture, Path):
            if picture.stat().st_size > MAX_FILE:
                raise SearchError(f"{name} has more than {MAX_FILE >> 20} MB: give a smaller picture")
            picture = picture.read_bytes()
        return name, decode_image(picture).image
    except (OSError, ValueProblem) as error:
        raise SearchError(f"{name} is no picture to search with ({error}): give PNG, JPEG or WebP") from None
