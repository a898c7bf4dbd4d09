"""tags: page type, style, platform, industry and whatever a YAML of prompts names, by the encoder's own text tower.

In each group the labels compete: softmax over the cosines of the embedding and the labels' texts, at the temperature
that the encoder was trained with; for the encoder and prompts that tags_calibration.json was fitted on, at its scale
and with its biases. The best label and its share are columns. A group for which a head was trained on
labels (`gesso label train tags`) is told by that head instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from curation.features.base import Feature, Item, Params, Row
from curation.features.embedding import Embedding, vector_of
from curation.features.tags_calibration import CALIBRATION, Calibration, read_calibration
from curation.heads import trained
from curation.heads.head import Head, HeadError
from curation.heads.load import read_head, stated, weights_hash

if TYPE_CHECKING:
    from curation.encoder.prompts import Prompts

DEFAULT = Path(__file__).with_name("prompts.yaml")


class TagsParams(Params):
    """`prompts` is a YAML file like curation/features/prompts.yaml, which is the default."""

    prompts: str = ""


class Tags(Feature):
    """`tag_<group>` holds the best label, `tag_<group>_score` its share of the group, 0 to 1."""

    name: ClassVar[str] = "tags"
    needs: ClassVar[tuple[str, ...]] = ("embedding",)
    parameters: ClassVar[type[Params]] = TagsParams
    offers: ClassVar[str] = "best label and its share for each group: page type, style, platform, industry, category"
    params: TagsParams
    _home: Path

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._trained: dict[str, tuple[Path, Head, list[str]]] = {}
        self._calibration: Calibration | None = None

    @cached_property
    def prompts(self) -> Prompts:
        from curation.encoder.prompts import read_prompts

        return read_prompts(Path(self.params.prompts) if self.params.prompts else DEFAULT)

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(
            column
            for group in self.prompts.groups
            for column in ((f"tag_{group}", pa.string()), (f"tag_{group}_score", pa.float32()))
        )

    def connect(self, needed: Mapping[str, Feature]) -> None:
        embedding = needed["embedding"]
        assert isinstance(embedding, Embedding)
        self._embedding = embedding

    def check(self, home: Path) -> None:
        self._home = home
        self._trained = {}
        fitted = read_calibration(CALIBRATION)
        fits = fitted and fitted.fits(self._embedding, self.prompts)
        self._calibration = fitted if fits else None
        for group in self.prompts.groups:
            if path := trained.current(f"tags-{group}", home, self._embedding.fingerprints()):
                head, labels = read_head(path), stated(path).get("labels", [])
                if head.inputs != self._embedding.dimensions or head.outputs != len(labels):
                    raise HeadError(f"tags: {path} does not fit the embedding or its own labels: train it again")
                self._trained[group] = (path, head, [str(label) for label in labels])

    def identity(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"prompts": self.prompts.digest()}
        if self._calibration:
            facts["calibration"] = self._calibration.digest()
        heads = {group: weights_hash(path) for group, (path, _, _) in self._trained.items()}
        return facts | ({"heads": heads} if heads else {})

    @cached_property
    def _labels(self) -> np.ndarray:
        from curation.encoder.prompts import label_vectors

        return label_vectors(self.prompts, self._embedding.encoder(), self._home)

    def prepare(self, item: Item) -> np.ndarray:
        return vector_of(item)

    def compute(self, prepared: list[np.ndarray]) -> list[Row]:
        if not prepared:
            return []
        rows: list[Row] = [{} for _ in prepared]
        for group, (names, shares) in self.shares(np.stack(prepared)).items():
            best = shares.argmax(axis=1)
            for row, index, share in zip(rows, best, shares, strict=True):
                row[f"tag_{group}"], row[f"tag_{group}_score"] = names[index], round(float(share[index]), 4)
        return rows

    def shares(self, vectors: np.ndarray) -> dict[str, tuple[list[str], np.ndarray]]:
        """For each group its labels, and n × labels shares that add up to 1, of n × d vectors."""
        vectors = np.asarray(vectors, np.float64)
        found: dict[str, tuple[list[str], np.ndarray]] = {}
        start = 0
        for group, labels in self.prompts.groups.items():
            if group in self._trained:
                _, head, names = self._trained[group]
                found[group] = names, np.asarray(head(vectors), np.float64)
            else:
                texts = self._labels[start : start + len(labels)].astype(np.float64)
                found[group] = list(labels), self._told(group, vectors @ texts.T)
            start += len(labels)
        return found

    def _told(self, group: str, cosines: np.ndarray) -> np.ndarray:
        if self._calibration and group in self._calibration.groups:
            return softmax(self._calibration.logits(group, list(self.prompts.groups[group]), cosines))
        return softmax(cosines * self._embedding.encoder().logit_scale)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Shares of each row, adding up to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
