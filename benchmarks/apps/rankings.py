"""The figures: recall of pictures by pictures, of apps by texts, and of the fused search, each beside chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from benchmarks.apps.screens import Apps
from benchmarks.figures import Figure, at_least
from curation.features.hashes import phash
from curation.search.find import DEPTH, fused
from curation.search.words import Words, ranked
from models.encoder.retrieval import picture_to_text, same_group, same_group_chance, text_to_group

SAME_APP = {1: 0.85, 5: 0.95}
TEXT_TO_APP = {1: 0.25, 5: 0.55}
FUSED_5 = 0.80


def same_app(name: str, vectors: np.ndarray, apps: Sequence[str], *, must: bool, seen: str = "") -> list[Figure]:
    """Recall at 1 and 5 of a picture's sisters, with the targets where this ranking must reach them."""
    found = same_group(vectors, apps)
    figures = []
    for k, value in found.items():
        label, chance = f"same app @{k}, {name}", f"chance {same_group_chance(apps, k):.3f}"
        told = "; ".join(part for part in (seen, chance) if part)
        figure = at_least(label, round(value, 4), "", SAME_APP[k]) if must else Figure(label, round(value, 4), "")
        figures.append(Figure(figure.name, figure.value, "", figure.target, figure.ok, told))
    return figures


def by_text(name: str, vectors: np.ndarray, texts: np.ndarray, apps: Apps, *, must: bool) -> list[Figure]:
    """Text → app and picture → text at 1, 5 and 10; `texts` in the order of `apps.listings`."""
    owners = list(apps.listings)
    scores = texts @ vectors.T
    figures = []
    for k, value in text_to_group(scores, apps.names, owners, (1, 5, 10)).items():
        label, chance = f"text → app @{k}, {name}", f"chance {min(1, k / len(owners)):.3f}"
        limit = TEXT_TO_APP.get(k) if must else None
        figure = Figure(label, round(value, 4), "") if limit is None else at_least(label, round(value, 4), "", limit)
        figures.append(Figure(figure.name, figure.value, "", figure.target, figure.ok, chance))
    for k, value in picture_to_text(scores, apps.names, owners, (1, 5, 10)).items():
        figures.append(Figure(f"picture → text @{k}, {name}", round(value, 4), ""))
    return figures


def fused_search(apps: Apps, scores: np.ndarray, read: Sequence[str] | None) -> list[Figure]:
    """Recall of apps by their summaries, words and encoder fused as `gesso search` does.

    `scores` texts × pictures; `read` what was read from each picture. The summary is what is searched for, so it is not
    among the words; name, description and what was read are.
    """
    texts = read or [""] * len(apps.screens)
    rows = []
    for screen, text in zip(apps.screens, texts, strict=True):
        listing = apps.listings[screen.app]
        rows.append({"name": listing.name, "description": listing.description, "text": text})
    ways = {"listing": Words.build({**row, "text": ""} for row in rows)}
    if read is not None:
        ways["OCR"] = Words.build({"text": row["text"]} for row in rows)
        ways["listing and OCR"] = Words.build(rows)
    figures = []
    for way, words in ways.items():
        alone, both = _found(apps, words, None), _found(apps, words, scores)
        figures.append(Figure(f"text → app @5, {way} alone", round(alone, 4), ""))
        label, value = f"text → app @5, {way} fused with the encoder", round(both, 4)
        full = way == ("listing and OCR" if read is not None else "listing")
        figures.append(at_least(label, value, "", FUSED_5) if full else Figure(label, value, ""))
    return figures


def _found(apps: Apps, words: Words, scores: np.ndarray | None) -> float:
    hits = 0
    for number, (app, listing) in enumerate(apps.listings.items()):
        rankings = {"words": ranked(words.scores(listing.summary), None, DEPTH)}
        if scores is not None:
            rankings["embedding"] = [int(row) for row in np.argsort(-scores[number], kind="stable")[:DEPTH]]
        order = dict.fromkeys(apps.screens[row].app for row, _ in fused(rankings))
        hits += app in list(order)[:5]
    return hits / len(apps.listings)


def hash_vectors(images: Sequence[Image.Image]) -> np.ndarray:
    """n × 256 of ±1/16 from perceptual hashes: their products order as Hamming distances do."""
    codes = np.stack([np.unpackbits(np.frombuffer(bytes.fromhex(phash(i.convert("L"))), np.uint8)) for i in images])
    return ((codes.astype(np.float32) * 2 - 1) / 16).astype(np.float32)


def screens_text(images: Sequence[Image.Image]) -> list[str]:
    """The words that OCR reads in each picture."""
    from curation.text.ocr import Reader

    reader = Reader()
    return [" ".join(word.text for word in reader.read(i, i.width > i.height)) for i in images]
