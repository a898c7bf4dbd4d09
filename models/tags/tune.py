"""`python -m models.tags.tune`: choose the prompts of `tags` and fit their calibration, on the training split alone.

    python -m models.tags.tune benchmarks/data/page_types.csv --shards corpora/listings --captures home/captures

Of the pictures of listings and the crawled pages those count that have a label of the split `train`; of apps with
categories, those screens. It writes prompts.yaml and tags_calibration.json where `tags` reads them, or into --out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from crawlers.captures import CaptureStore
from curation.encoder.prompts import Prompts, read_prompts
from curation.features import tags
from curation.features.base import NotAtHand
from curation.features.embedding import Embedding, EmbeddingParams
from curation.features.tags_calibration import CALIBRATION, Calibration, Scale, view_of
from models.errors import GessoError
from models.kept import Progress
from models.tags.categories import groups_of
from models.tags.fit import Choice, Examples, Texts, choose, cross_logits, fit, hits, label_matrix
from models.tags.labelled import OTHER, Label, LabelsError, Picture, crawled, listed, read_labels, vectors

CANDIDATES = Path(__file__).with_name("candidates.yaml")
HEAD = """\
# Default prompts of `tags`: in each group the labels compete for a screen, by the encoder's own text tower.
# A label's phrases are put into each template of its group; their vectors are averaged. Copy it to make your own.
# page_type and category were chosen by `python -m models.tags.tune` from models/tags/candidates.yaml.
"""
TUNED = ("page_type", "category")


def read_candidates(path: Path) -> tuple[dict[str, list[str]], dict[str, dict[str, list[str]]]]:
    """Templates of each group, and phrases of each group's labels."""
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read["templates"], read["groups"]


def examples_of(
    group: str, names: Sequence[str], labels: Sequence[Label], pictures: Sequence[Picture], looks: np.ndarray
) -> Examples:
    """The labelled pictures of a group of tags; those with another label than one of the names are left out."""
    by_key = {label.key: label for label in labels}
    rows, accepted, owners = [], [], []
    for number, picture in enumerate(pictures):
        wanted = _labels_of(group, by_key.get(picture.key), picture)
        row = np.array([name in wanted for name in names])
        if row.any():
            rows.append(number)
            accepted.append(row)
            owners.append(picture.group)
    if not rows:
        raise LabelsError(f"no picture with a label of {group} is among those given")
    return Examples(looks[rows], np.stack(accepted), tuple(owners))


def _labels_of(group: str, label: Label | None, picture: Picture) -> tuple[str, ...]:
    if group == "category":
        return groups_of(picture.categories)
    return () if label is None or OTHER in label.page_types else label.page_types


def texts_of(embedding: Embedding) -> Texts:
    """The encoder's text tower, which reads no text twice."""
    known: dict[str, np.ndarray] = {}

    def read(texts: Sequence[str]) -> np.ndarray:
        if todo := [text for text in dict.fromkeys(texts) if text not in known]:
            known.update(zip(todo, embedding.encoder().encode_texts(todo), strict=True))
        return np.stack([known[text] for text in texts])

    return read


def tuned(
    labels: Sequence[Label], pictures: Sequence[Picture], looks: np.ndarray, texts: Texts, progress: Progress
) -> tuple[dict[str, Choice], dict[str, Scale], dict[str, dict[str, float]]]:
    """For each group: what was chosen, its calibration, and what it reaches on the training split."""
    templates, groups = read_candidates(CANDIDATES)
    choices, scales, reached = {}, {}, {}
    for number, group in enumerate(TUNED):
        progress(f"choose {group}", number, len(TUNED))
        examples = examples_of(group, list(groups[group]), labels, pictures, looks)
        texts([t.replace("{}", p) for t in templates[group] for some in groups[group].values() for p in some])
        choice = choose(examples, templates[group], groups[group], texts)
        cosines = examples.vectors @ label_matrix(texts, choice.templates, choice.phrases).T
        scale, bias = fit(cosines, examples.accepted)
        logits = cross_logits(cosines, examples.accepted, examples.folds())
        choices[group] = choice
        scales[group] = Scale(
            scale=round(scale, 3), bias={n: round(float(b), 3) for n, b in zip(groups[group], bias, strict=True)}
        )
        reached[group] = {
            "screens": len(cosines),
            "first": float(hits(logits, examples.accepted).mean()),
            "three": float(hits(logits, examples.accepted, 3).mean()),
            "loss": choice.loss,
        }
    return choices, scales, reached


def prompts_with(choices: dict[str, Choice], before: Prompts) -> Prompts:
    """The prompts before with the chosen groups in place of theirs."""
    chosen = {group: choice.phrases for group, choice in choices.items()}
    groups = {group: chosen.get(group, labels) for group, labels in before.groups.items()} | chosen
    own = dict(before.templates_of) | {group: choice.templates for group, choice in choices.items()}
    return Prompts(templates=before.templates, templates_of=own, groups=groups)


def write_prompts(prompts: Prompts, path: Path) -> None:
    said: dict[str, Any] = json.loads(prompts.model_dump_json())
    body = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=118, default_flow_style=None)
    path.write_text(HEAD + body, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.tags.tune", description=__doc__)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--shards", type=Path, required=True, help="of store listings, with a split `train`")
    parser.add_argument("--captures", type=Path, default=None, help="store of the crawled pages")
    parser.add_argument("--encoder", default="auto")
    parser.add_argument("--kept", type=Path, default=None, help="folder that keeps embeddings for the next time")
    parser.add_argument("--out", type=Path, default=None, help="folder for both files instead of where `tags` reads")
    given = parser.parse_args(arguments)
    try:
        labels = [label for label in read_labels(given.labels) if label.split == "train"]
        embedding = Embedding(EmbeddingParams(model=given.encoder))
        embedding.check(Path())
    except (GessoError, NotAtHand) as error:
        print(f"tags: {error}", file=sys.stderr)
        return 2
    wanted = {label.key for label in labels}
    pages = crawled(CaptureStore(str(given.captures))) if given.captures else ()
    pictures = [picture for source in (listed(given.shards, "train"), pages) for picture in source]
    pictures = [picture for picture in pictures if picture.key in wanted]
    looks = vectors(pictures, embedding, given.kept, _say)
    choices, scales, reached = tuned(labels, pictures, looks, texts_of(embedding), _say)
    prompts = prompts_with(choices, read_prompts(tags.DEFAULT))
    into = given.out or tags.DEFAULT.parent
    into.mkdir(parents=True, exist_ok=True)
    write_prompts(prompts, into / tags.DEFAULT.name)
    calibration = Calibration(
        encoder=embedding.weights_hash(), view=view_of(embedding), prompts=prompts.digest(), groups=scales
    )
    text = json.dumps(calibration.model_dump(), indent=1, ensure_ascii=False)
    (into / CALIBRATION.name).write_text(text + "\n", encoding="utf-8")
    for group, facts in reached.items():
        told = ", ".join(f"{name} {value:.3f}" for name, value in facts.items())
        print(f"{group}: {told}; {list(choices[group].templates)}")
    return 0


def _say(what: str, done: int, total: int) -> None:
    print(f"\r{what} {done}/{total} ", end="\n" if done == total else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
