"""The encoder that made a version's embeddings, for queries: texts and pictures to vectors in the same space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from curation.encoder.place import EncoderError
from curation.encoder.views import views
from curation.features.base import NotAtHand
from curation.features.embedding import Embedding, EmbeddingParams, pooled

if TYPE_CHECKING:
    from curation.encoder.towers import Encoder


class QueryEncoder:
    """Both towers of the model that a manifest names. Raises NotAtHand where it is not here, with a note to show."""

    def __init__(self, manifest: Mapping[str, Any], home: Path) -> None:
        made = next((f for f in manifest["features"] if f["name"] == "embedding"), None)
        if made is None:
            raise NotAtHand("this version has no embeddings: found by words and perceptual hash alone")
        self.params = EmbeddingParams.model_validate(made["params"])
        feature = Embedding(self.params)
        try:
            feature.check(home)
        except (NotAtHand, EncoderError):
            raise NotAtHand(
                "the encoder of this version's embeddings is not at hand: found by words and perceptual hash alone"
            ) from None
        if made["fingerprint"] not in feature.fingerprints():
            raise NotAtHand(
                "the encoder at hand is not the one of this version's embeddings: found by words and perceptual hash "
                "alone; gesso curate --force embeds anew"
            )
        self._feature = feature

    def _encoder(self) -> Encoder:
        return self._feature.encoder()

    def text(self, text: str) -> np.ndarray:
        """d float32 of length 1."""
        return self._encoder().encode_texts([text])[0]

    def picture(self, image: Image.Image) -> np.ndarray:
        """d float32 of length 1, looked at as the version's pictures were."""
        encoder = self._encoder()
        seen = views(image, encoder.side, encoder.fill, self.params.view, self.params.tiles)
        return np.asarray(pooled(encoder.encode(list(seen), self.params.batch), [len(seen)])[0], np.float32)
