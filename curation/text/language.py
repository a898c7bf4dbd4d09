"""The language of a text, by py3langid, which brings its model along; None where there is too little to tell."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from typing import Any

PACKAGE = "py3langid"
LETTERS = 24  # fewer say too little; a CJK character says as much as three letters
CERTAIN = 0.6
MOST = 4000  # characters that are looked at


def language(text: str) -> str | None:
    """A language code of two letters (ISO 639-1), or None."""
    words = " ".join(re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text[:MOST]))
    ideographs = len(re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", words))
    if sum(c.isalpha() for c in words) + 2 * ideographs < LETTERS:
        return None
    code, certainty = _identifier().classify(words.lower())  # the model has seen few capitals
    return str(code) if certainty >= CERTAIN else None


def weights() -> str:
    """Identifies the model, which comes with the package."""
    return f"{PACKAGE} {version(PACKAGE)}"


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in identifier.labels if len(code) == 2])  # dialects share their words
    return identifier
