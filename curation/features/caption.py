"""caption: sentences about a screen: short, dense and as tags, with the name of who wrote them.

The writer `template` needs no model; `transformers` runs one here; `openai` asks an endpoint that sees the picture.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from curation.captions import template
from curation.captions.endpoint import PROMPT, Budget, Endpoint, EndpointWriter
from curation.captions.facts import Facts, Outline, facts_of, headings_of, outline_of
from curation.captions.picture import first_screen, jpeg
from curation.captions.transformers import LocalWriter
from curation.features.base import Feature, Item, Params, Row, ValueProblem

__all__ = ["Caption", "CaptionParams", "headings_of"]

BLIP = "Salesforce/blip-image-captioning-large"
PLACES = {"base_url", "key_env", "concurrency", "timeout", "max_calls", "max_tokens", "batch"}  # decide no value


class CaptionParams(Params):
    """`length` is the most characters a dense caption has; `words` quotes the largest ones that the feature text read.

    `model` (a hub name, a folder, or the endpoint's name for it), `side` (longer side of what it is shown, in pixels)
    and `batch` are for the writers that see; `writer: blip` is short for `transformers` with BLIP. For `openai`:
    `base_url` up to `/v1`, the environment variable that holds the key, the prompt, how many calls at a time, and how
    many calls and tokens a run may spend (0: no bound).
    """

    writer: Literal["template", "transformers", "openai"] = "template"
    length: int = Field(default=300, ge=80, le=2000)
    words: bool = False
    model: str = ""
    side: int = Field(default=1024, ge=64, le=4096)
    batch: int = Field(default=8, ge=1, le=256)
    base_url: str = ""
    key_env: str = Field(default="OPENAI_API_KEY", pattern=r"^([A-Z][A-Z0-9_]*)?$")
    prompt: str = Field(default=PROMPT, max_length=8000)
    concurrency: int = Field(default=4, ge=1, le=256)
    timeout: float = Field(default=120, gt=0, le=3600)
    max_calls: int = Field(default=0, ge=0)
    max_tokens: int = Field(default=0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _blip(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("writer") == "blip":
            return {"model": BLIP, **given, "writer": "transformers"}
        return given

    @model_validator(mode="after")
    def _whole(self) -> CaptionParams:
        if self.writer != "template" and not self.model:
            raise ValueError(f"writer {self.writer} needs a model: name it")
        if self.writer == "openai" and not self.base_url:
            raise ValueError("writer openai needs a base_url, such as http://localhost:8000/v1")
        return self


class Caption(Feature):
    """`caption` is the dense one. Foreign text is cleaned of markup, control and bidi characters, whoever wrote it.

    What a writer does not give comes from the template: tags beside a model that only says sentences.
    """

    name: ClassVar[str] = "caption"
    version: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("dom", "palette")
    parameters: ClassVar[type[Params]] = CaptionParams
    offers: ClassVar[str] = "sentences about the screen: dense, short, as tags; and who wrote them"
    params: CaptionParams

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        also = (("image",) if self.params.writer != "template" else ()) + (("text",) if self.params.words else ())
        self.needs = (*type(self).needs, *also)  # type: ignore[misc]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema(
            [
                ("caption", pa.string()),
                ("caption_short", pa.string()),
                ("caption_tags", pa.list_(pa.string())),
                ("caption_writer", pa.string()),
            ]
        )

    def check(self, home: Path) -> None:
        if self.writer is not None:
            self.writer.check()

    def identity(self) -> dict[str, Any]:
        names = {"writer", "length", "words"}
        if self.params.writer != "template":
            names |= {"model", "side"} | ({"prompt"} if self.params.writer == "openai" else set())
        return self.params.model_dump(mode="json", include=names)

    def weights_hash(self) -> str:
        return self.writer.weights_hash() if isinstance(self.writer, LocalWriter) else ""

    @cached_property
    def writer(self) -> LocalWriter | EndpointWriter | None:
        """Who sees the picture; None where nobody does."""
        p = self.params
        if p.writer == "transformers":
            return LocalWriter(p.model, p.batch, p.length)
        if p.writer == "openai":
            bound = max(400, p.length)  # tokens: no script needs much more than one a letter
            endpoint = Endpoint(p.base_url, p.model, p.key_env, p.prompt, p.concurrency, p.timeout, bound, p.length)
            return EndpointWriter(endpoint, Budget(p.max_calls, p.max_tokens))
        return None

    def prepare(self, item: Item) -> tuple[Facts, Any]:
        others = item.others
        facts = facts_of(item.capture, _outline(item), others.get("palette") or {}, others.get("text") or {})
        if self.writer is None:
            return facts, None
        assert item.decoded is not None
        seen = first_screen(item.decoded.image, self.params.side)
        return facts, jpeg(seen) if self.params.writer == "openai" else np.asarray(seen)

    def compute(self, prepared: list[tuple[Facts, Any]]) -> list[Row]:
        rows = [self._by_template(facts) for facts, _ in prepared]
        if self.writer is None or not prepared:
            return rows
        name = f"{self.params.writer}:{self.params.model}"
        seen = self.writer.write([picture for _, picture in prepared])
        return [
            said if isinstance(said, ValueProblem) else row | said | {"caption_writer": name}  # type: ignore[misc]
            for row, said in zip(rows, seen, strict=True)
        ]

    def _by_template(self, facts: Facts) -> Row:
        return {
            "caption": template.dense(facts, self.params.length),
            "caption_short": template.short(facts),
            "caption_tags": template.tags(facts),
            "caption_writer": "template",
        }


def _outline(item: Item) -> Outline:
    page = item.capture.page
    if page is None or page.dom_sha256 is None:
        return Outline()
    try:
        made: Outline = item.shared(f"outline {page.dom_sha256}", lambda: outline_of(item.snapshot() or {}))
    except ValueProblem:
        return Outline()  # the caption can do without; the design feature's error column says what is wrong
    return made
