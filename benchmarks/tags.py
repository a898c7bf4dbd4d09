"""How often zero-shot tags are right: page types of labelled captures, and categories of listings.

`python -m benchmarks.tags [FOLDER…] [--encoder E] [--split S] [--home HOME]`: a FOLDER holds shards of store listings
(`python -m models.encoder.pack` writes such), or one folder a site. Labels are benchmarks/data/page_types.csv; of sites
the pages that it names are crawled on loopback, with --home once and for all. What the encoder was trained on (its
seen.json) is left out of the split `test`; `--split train` shows what the prompts were chosen on. A screen counts as
right where one of its labels, of which it may have two, is among the first; an app where one of its categories is.
Whether a screen is light or dark no tag says: it is `tone` of the feature `palette`, held to the labels here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import numpy as np

from benchmarks.apps.screens import seen_by
from benchmarks.figures import CannotRun, Figure, at_least, main
from crawlers.captures import Capture, CaptureStore
from crawlers.run import crawl
from curation.features import create
from curation.features.base import Item, NotAtHand
from curation.features.decode import decode_image
from curation.features.embedding import Embedding, EmbeddingError, EmbeddingParams
from curation.features.tags import Tags
from models.tags.fit import Examples, hits, label_matrix
from models.tags.labelled import Label, LabelsError, Picture, crawled, listed, read_labels, vectors
from models.tags.tune import CANDIDATES, TUNED, examples_of, read_candidates, texts_of
from pipelines import terminal
from pipelines.site_server import hosts_in, serving

ROOT = Path(__file__).resolve().parents[1]
LABELS = ROOT / "benchmarks" / "data" / "page_types.csv"
FOLDERS = (ROOT / "corpora" / "listings", ROOT.parent / "shared" / "corpus" / "web" / "sites")
FIRST_TEMPLATES = ("a screenshot of {}", "the user interface of {}", "{}, app or web design")
FIRST_PHRASES = 2  # of each label, as they stood before anything was chosen
NAMES = {"page_type": "page type", "category": "category"}
TONE = 0.95


@dataclass(frozen=True)
class Rates:
    """Shares of right answers; `macro` is the mean over labels, a screen of two counted under both."""

    first: float
    three: float
    macro: float


def run(arguments: Sequence[str]) -> list[Figure]:
    parser = argparse.ArgumentParser(prog="benchmarks.tags")
    parser.add_argument("folders", type=Path, nargs="*", default=[path for path in FOLDERS if path.is_dir()])
    parser.add_argument("--encoder", default="auto", help="open_clip NAME/TAG, hf-hub:NAME or a folder")
    parser.add_argument("--split", default="test", choices=("test", "train"))
    parser.add_argument("--home", type=Path, default=None, help="keeps the crawl and the embeddings for the next time")
    options = parser.parse_args(arguments)
    if not options.folders:
        raise CannotRun("no shards of listings and no sites are at hand: give folders of them")
    try:
        embedding = Embedding(EmbeddingParams(model=options.encoder))
        embedding.check(options.home or Path())
    except (NotAtHand, EmbeddingError) as error:
        raise CannotRun(str(error)) from None
    labels = [label for label in read_labels(LABELS) if label.split == options.split]
    with tempfile.TemporaryDirectory(prefix="gesso-bench-") as scratch, terminal.progress_lines() as progress:
        home = options.home or Path(scratch)
        pictures = [p for folder in options.folders for p in _pictures(folder, options.split, labels, home)]
        seen = seen_by(embedding.place.folder) if options.split == "test" else set()
        left = [picture for picture in pictures if picture.group not in seen]
        known = {label.key for label in labels}
        left = [picture for picture in left if picture.categories or picture.key in known]
        if not left:
            raise CannotRun(f"none of {len(pictures)} pictures has a label and is new to the encoder")
        looks = vectors(left, embedding, home / "vectors", progress)
        return [
            Figure("pictures", len(left), "", seen=f"{embedding.place.name}; {len(pictures) - len(left)} left out"),
            *_measured(labels, left, looks, embedding, home),
            *_tones(labels, left),
        ]


def _pictures(folder: Path, split: str, labels: Sequence[Label], home: Path) -> list[Picture]:
    if any(folder.glob("*-of-*.parquet")):
        return list(listed(folder, split))
    if not folder.is_dir():
        raise CannotRun(f"no folder {folder}: give shards of listings or a folder of sites")
    hosts = hosts_in(folder)
    wanted = {label.picture for label in labels if label.window and urlsplit(label.picture).netloc in hosts}
    store = CaptureStore(str(home / "captures"))
    missing = wanted - {picture.key.split()[0] for picture in crawled(store)}
    if missing:
        asked = {"seeds": ",".join(sorted(missing)), "depth": "0", "views": "desktop,phone"}
        asked |= {"themes": "light", "kinds": "fold"}
        with serving(hosts) as server, terminal.progress_lines() as progress:
            at = {"GESSO_PROXY": server.address}
            summary = crawl("web", asked, store=str(home / "captures"), settings=at, progress=progress)
        for kind, count in summary.failures.items():
            terminal.note(f"not captured: {kind} {count}")
    return [picture for picture in crawled(store) if picture.key.split()[0] in wanted]


def _measured(
    labels: Sequence[Label], pictures: Sequence[Picture], looks: np.ndarray, embedding: Embedding, home: Path
) -> list[Figure]:
    feature = create("tags", {})
    assert isinstance(feature, Tags)
    feature.connect({"embedding": embedding})
    feature.check(home)
    _, groups = read_candidates(CANDIDATES)
    texts = texts_of(embedding)
    figures = []
    for group in TUNED:
        names = list(feature.prompts.groups[group])
        first = {label: groups[group][label][:FIRST_PHRASES] for label in names}
        plain = {label: feature.prompts.groups[group][label] for label in names}
        chosen = feature.prompts.templates_of.get(group, feature.prompts.templates)
        try:
            examples = examples_of(group, names, labels, pictures, looks)
        except LabelsError as error:
            terminal.note(str(error))
            continue
        before = examples.vectors @ label_matrix(texts, FIRST_TEMPLATES, first).T
        uncalibrated = examples.vectors @ label_matrix(texts, chosen, plain).T
        shares = feature.shares(examples.vectors)[group][1]
        steps = {"first wording": before, "chosen prompts": uncalibrated}
        figures += told(NAMES[group], names, examples, steps, shares)
        if group == "category":
            figures += told("category of an app", names, *by_group(examples, shares))
    return figures


def _tones(labels: Sequence[Label], pictures: Sequence[Picture]) -> list[Figure]:
    feature, nobody = create("palette", {}), cast(Capture, None)  # looks at the pixels alone
    themes = {label.key: label.theme for label in labels if label.theme}
    found = []
    for picture in pictures:
        if picture.key in themes:
            prepared: Any = feature.prepare(Item(nobody, picture.data, decode_image(picture.data)))
            rows: Any = feature.compute([prepared])
            found.append(rows[0]["tone"] == themes[picture.key])
    right = round(float(np.mean(found)), 3) if found else None
    return [replace(at_least("theme, `tone` of palette", right, "", TONE), seen=f"of {len(found)}")] if found else []


def told(
    name: str, names: Sequence[str], examples: Examples, steps: dict[str, np.ndarray], shares: np.ndarray
) -> list[Figure]:
    """Top-1, top-3 and macro of the shares that `tags` gives; chance, the majority's label, and the steps before."""
    accepted = examples.accepted
    rates, (label, majority) = rates_of(shares, accepted), majority_of(names, accepted)
    chance = float(accepted.mean(axis=1).mean())
    web = np.array([group.startswith("web.") for group in examples.groups])
    parts = {"apps": ~web, "pages": web} if 0 < web.mean() < 1 else {}
    apart = [f"{part} {hits(shares[rows], accepted[rows]).mean():.3f}" for part, rows in parts.items()]
    counts = f"{len(shares)} of {len(set(examples.groups))} apps and sites, {len(names)} labels"
    found = [
        Figure(
            *(f"{name}, top-1", round(rates.first, 3), ""),
            *(f">{majority:.3f}", rates.first > majority, "; ".join([counts, *apart])),
        ),
        Figure(f"{name}, top-3", round(rates.three, 3), ""),
        Figure(f"{name}, macro", round(rates.macro, 3), "", seen="mean over labels"),
        Figure(f"{name}, always {label}", round(majority, 3), "", seen=f"chance {chance:.3f}"),
    ]
    for step, logits in steps.items():
        were = rates_of(logits, accepted)
        found.append(Figure(f"{name}, {step}", round(were.first, 3), "", seen=f"top-3 {were.three:.3f}"))
    return found


def by_group(examples: Examples, shares: np.ndarray) -> tuple[Examples, dict[str, np.ndarray], np.ndarray]:
    """One row an app: the mean of its screens' shares."""
    apps = sorted(set(examples.groups))
    rows = [np.array([group == app for group in examples.groups]) for app in apps]
    one = Examples(
        np.stack([examples.vectors[mine].mean(axis=0) for mine in rows]),
        np.stack([examples.accepted[mine][0] for mine in rows]),
        tuple(apps),
    )
    return one, {}, np.stack([shares[mine].mean(axis=0) for mine in rows])


def rates_of(logits: np.ndarray, accepted: np.ndarray) -> Rates:
    right = hits(logits, accepted)
    each: dict[int, list[float]] = {}
    for answer, row in zip(right, accepted, strict=True):
        for label in np.flatnonzero(row):
            each.setdefault(int(label), []).append(float(answer))
    macro = float(np.mean([np.mean(answers) for answers in each.values()]))
    return Rates(float(right.mean()), float(hits(logits, accepted, 3).mean()), macro)


def majority_of(names: Sequence[str], accepted: np.ndarray) -> tuple[str, float]:
    """The label that is right most often, and how often it is."""
    shares = Counter({name: float(share) for name, share in zip(names, accepted.mean(axis=0), strict=True)})
    return shares.most_common(1)[0]


if __name__ == "__main__":
    sys.exit(main("tags", run))
