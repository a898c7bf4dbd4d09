"""What a design costs in tokens and characters, as notation and otherwise: `python -m benchmarks.notation [FOLDER…]`.

A folder holds sites, one a folder named for its host, or is a home with captures of an earlier crawl. Crawls are kept
under workspace/benchmarks/. Tokens are those of o200k_base. The forms all say what the notation says, each in its API's
terms; what has none there (that a child of a row aligns otherwise than its siblings, where in its box a picture lies)
is left out of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.entries import EXAMPLES, kept_crawl
from benchmarks.figures import CannotRun, Figure, at_least, main
from benchmarks.formats import plugin_js, property_json, rest_json, tight_json
from crawlers.captures import CaptureStore
from design import Design, parse, print_design, to_html
from pipelines import terminal
from pipelines.export import import_capture
from pipelines.fidelity import representative

VOCABULARY = "o200k_base"
FORMS: dict[str, Callable[[Design], str]] = {
    "property JSON": property_json,
    "tightest JSON": tight_json,
    "plugin JS": plugin_js,
    "REST JSON": rest_json,
    "HTML and CSS": to_html,
}
TARGETS = {"property JSON": 4.0, "plugin JS": 6.0}
WORST_SHOWN = 6


@dataclass(frozen=True)
class Size:
    tokens: int
    characters: int


@dataclass(frozen=True)
class Page:
    """One design: its sizes by form, and whether it is the same after being printed and parsed."""

    name: str
    notation: Size
    forms: dict[str, Size]
    same: bool

    def times(self, form: str) -> float:
        """How many times the notation's tokens the form takes."""
        return self.forms[form].tokens / self.notation.tokens


def counter() -> Callable[[str], int]:
    """The number of tokens of a text. Raises CannotRun where the vocabulary's package is missing."""
    try:
        import bpe_openai
    except ImportError:
        raise CannotRun("bpe-openai is not installed, which holds the vocabulary: pip install -e '.[dev]'") from None
    encoding = bpe_openai.get_encoding(VOCABULARY)
    return lambda text: len(encoding.encode_ordinary(text))


def measured(name: str, design: Design, tokens: Callable[[str], int]) -> Page:
    text = print_design(design)
    forms = {form: write(design) for form, write in FORMS.items()}
    sizes = {form: Size(tokens(written), len(written)) for form, written in forms.items()}
    return Page(name, Size(tokens(text), len(text)), sizes, parse(text) == design)


def designs_of(store: CaptureStore, pages: list[Page], tokens: Callable[[str], int]) -> None:
    captures = representative(store.captures())
    with terminal.progress_lines() as progress:
        for done, capture in enumerate(captures):
            progress("designs", done, len(captures))
            design = import_capture(store, capture).design
            pages.append(measured(f"{capture.url} {capture.view.form_factor}", design, tokens))


def figures_of(pages: Sequence[Page]) -> list[Figure]:
    own = [page.notation for page in pages]
    figures = [
        Figure("designs", len(pages), ""),
        at_least("equal after print and parse", round(100 * sum(p.same for p in pages) / len(pages), 2), "%", 100),
        Figure("notation, median", statistics.median(size.tokens for size in own), "tokens"),
        Figure("notation, largest", max(size.tokens for size in own), "tokens"),
        Figure("notation, median", statistics.median(size.characters for size in own), "characters"),
    ]
    for form in FORMS:
        times = [page.times(form) for page in pages]
        letters = [page.forms[form].characters / page.notation.characters for page in pages]
        median = round(statistics.median(times), 2)
        name = f"{form}: times the notation's tokens"
        figures.append(
            at_least(f"{name}, median", median, "×", TARGETS[form])
            if form in TARGETS
            else Figure(f"{name}, median", median, "×")
        )
        figures.append(Figure(f"{name}, worst", round(min(times), 2), "×"))
        figures.append(Figure(f"{form}: times its characters, median", round(statistics.median(letters), 2), "×"))
    return figures


def run(arguments: Sequence[str]) -> list[Figure]:
    tokens = counter()
    pages: list[Page] = []
    for folder in [Path(argument) for argument in arguments] or [EXAMPLES]:
        if (folder / "captures").is_dir():
            designs_of(CaptureStore(str(folder / "captures")), pages, tokens)
            continue
        designs_of(kept_crawl(folder)[0], pages, tokens)
    if not pages:
        raise CannotRun("no page gave a design: name folders of sites, or a home with captures")
    worst = sorted(pages, key=lambda page: page.times("property JSON"))[:WORST_SHOWN]
    rows = [(p.name, str(p.notation.tokens), *(f"{p.times(form):.1f}×" for form in FORMS)) for p in worst]
    terminal.table("Where the notation saves least", ("page", "tokens", *FORMS), rows, right=(1, 2, 3, 4, 5, 6))
    return figures_of(pages)


if __name__ == "__main__":
    raise SystemExit(main("notation", run))
