"""Ranking by words: BM25 over what is said about and in a screen. Words of all scripts, without a language's rules."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

TITLES = ("title", "name", "caption_short")  # counted twice: what a screen calls itself
TEXTS = ("caption", "summary", "developer", "categories", "description", "text")
MAX_CHARACTERS = 4000  # of one column that are indexed
MAX_TOKENS = 600  # of one screen
WORD = re.compile(r"[^\W_]+")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
QUOTED = re.compile(r'"((?:[^"\\]|\\.){2,200})"')  # texts in a design's notation


def columns_of(known: Iterable[str]) -> list[str]:
    """The columns of a version that words are taken from; the notation only where no feature has read the text."""
    names = set(known)
    chosen = [name for name in (*TITLES, *TEXTS) if name in names]
    chosen += sorted(n for n in names if n.startswith(("caption_", "tag_")) and n not in chosen and "score" not in n)
    return chosen if "text" in names or "design" not in names else [*chosen, "design"]


def tokens(text: str) -> list[str]:
    """Folded words; a plural s goes. Scripts without spaces give pairs of characters, as is usual for them."""
    found: list[str] = []
    for word in WORD.findall(unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()):
        start = 0
        for run in UNSPACED.finditer(word):
            found += _plain(word[start : run.start()])
            found += [run[0][i : i + 2] for i in range(max(1, len(run[0]) - 1))]
            start = run.end()
        found += _plain(word[start:])
    return found


def _plain(word: str) -> list[str]:
    if not word:
        return []
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word]


def document(row: dict[str, Any]) -> list[str]:
    """The tokens of one row, at most 600."""
    found: list[str] = []
    for name, value in row.items():
        if not value:
            continue
        text = value if isinstance(value, str) else " ".join(str(part) for part in value if part)
        if name == "design":
            text = " ".join(QUOTED.findall(text[: 4 * MAX_CHARACTERS]))
        some = tokens(text)
        found += some * 2 if name in TITLES else some
        if len(found) >= MAX_TOKENS:
            break
    return found[:MAX_TOKENS]


class Words:
    """A BM25 index (Lucene's variant, k1 1.5, b 0.75) over rows by number."""

    def __init__(self, engine: Any, rows: int) -> None:
        self._engine = engine
        self.rows = rows

    @classmethod
    def build(cls, rows: Iterable[dict[str, Any]]) -> Words:
        """Index rows in their order. A row without words matches nothing."""
        bm25s = _bm25s()
        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(token, len(vocabulary)) for token in document(row)] for row in rows]
        if not vocabulary:
            return cls(None, len(ids))
        engine = bm25s.BM25(method="lucene")
        engine.index((ids, vocabulary), show_progress=False)
        return cls(engine, len(ids))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "rows").write_text(str(self.rows))
        if self._engine is not None:
            self._engine.save(folder / "bm25", show_progress=False, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Words:
        bm25s = _bm25s()
        rows = int((folder / "rows").read_text())
        if not (folder / "bm25").is_dir():
            return cls(None, rows)
        return cls(bm25s.BM25.load(folder / "bm25", mmap=True, load_corpus=False, allow_pickle=False), rows)

    def scores(self, query: str) -> np.ndarray:
        """One score a row, float32; 0 where no word of the query stands."""
        words = list(dict.fromkeys(tokens(query)))
        if self._engine is None or not words:
            return np.zeros(self.rows, np.float32)
        ids = self._engine.get_tokens_ids(words)
        if not len(ids):
            return np.zeros(self.rows, np.float32)
        return np.asarray(self._engine.get_scores_from_ids(ids), np.float32)


def _bm25s() -> Any:
    """The library, without the warning that its progress bars give in a notebook: none is ever shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import bm25s
    return bm25s


def ranked(scores: np.ndarray, allowed: np.ndarray | None, most: int) -> list[int]:
    """Row numbers of the best positive scores, best first; of equals the earlier row."""
    rows: np.ndarray = np.arange(len(scores)) if allowed is None else allowed
    own = scores[rows]
    order = np.lexsort((rows, -own))[:most]
    return [int(rows[i]) for i in order if own[i] > 0]
