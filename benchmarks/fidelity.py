"""Page → snapshot → design → HTML → pixels, against the screenshot: `python -m benchmarks.fidelity [SITES]`."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figures import CannotRun, Figure, at_least, at_most, main
from crawlers.captures import Capture, CaptureStore
from design import parse, print_design
from design.compare.design2code import median_of
from pipelines import terminal
from pipelines.corpus import crawl_all, read_corpus
from pipelines.errors import GessoError
from pipelines.export import import_capture
from pipelines.fidelity import Fidelity, measure, representative
from pipelines.site_server import entry_of, hosts_in, serving

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "sites"
MEDIAN_LIMIT, P90_LIMIT = 1.0, 5.0  # % of pixels
SCORE_LIMIT = 0.97
WORST_SHOWN = 8


def entry_urls(sites: Path) -> list[str]:
    """Where each site begins: as a `sites.jsonl` beside the folder says, else at its root."""
    listed = sites.parent / "sites.jsonl"
    if listed.is_file() and sites.name == "sites" and sites.parent.name == "web":
        return list(read_corpus(sites.parents[1]).entries.values())
    found = ((host, entry_of(root)) for host, root in sorted(hosts_in(sites).items()))
    return [f"http://{host}/{'' if entry == 'index.html' else entry}" for host, entry in found if entry]


def crawl_entries(sites: Path, home: Path, only: Sequence[str] = ()) -> CaptureStore:
    """Crawl every site's entry page into `home`; of the hosts in `only`, where any are given."""
    seeds = [url for url in entry_urls(sites) if not only or urlsplit(url).netloc in only]
    if not seeds:
        raise CannotRun(f"no site to crawl in {sites}")
    with serving(hosts_in(sites)) as server:
        crawl_all("web", {"seeds": ",".join(seeds), "depth": "0"}, home, server.address)
    return CaptureStore(str(home / "captures"))


def round_trips(store: CaptureStore, captures: Sequence[Capture]) -> int:
    """How many captures' designs are the same tree after being printed and parsed."""
    designs = (import_capture(store, capture).design for capture in captures)
    return sum(parse(print_design(design)) == design for design in designs)


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def figures_of(results: Sequence[Fidelity]) -> list[Figure]:
    figures = []
    for form_factor in ("desktop", "phone"):
        values = [100 * r.difference for r in results if r.form_factor == form_factor and r.difference is not None]
        if values:
            median, high = statistics.median(values), percentile(values, 0.9)
            figures.append(at_most(f"{form_factor}: differing pixels, median", round(median, 2), "%", MEDIAN_LIMIT))
            figures.append(at_most(f"{form_factor}: differing pixels, 90th percentile", round(high, 2), "%", P90_LIMIT))
    scores = [r.scores for r in results if r.scores is not None and r.scores.pairs]
    if scores:
        middle = median_of(scores)
        named = (
            ("block", middle.block),
            ("text", middle.text),
            ("position", middle.position),
            ("colour", middle.colour),
        )
        figures += [at_least(f"Design2Code {name}, median", round(v, 3), "", SCORE_LIMIT) for name, v in named]
    failed = sum(1 for r in results if r.difference is None)
    return [Figure("designs compared", len(results), ""), at_most("without a design", failed, "", 0), *figures]


def run(arguments: Sequence[str]) -> list[Figure]:
    sites = Path(arguments[0]) if arguments else EXAMPLES
    with tempfile.TemporaryDirectory(prefix="gesso-fidelity-") as folder:
        try:
            store = crawl_entries(sites, Path(folder))
        except GessoError as error:
            raise CannotRun(str(error)) from None
        with terminal.progress_lines() as progress:
            captures = representative(store.captures())
            results = measure(store, captures, progress=progress)
        same = round_trips(store, captures)
    worst = sorted((r for r in results if r.difference is not None), key=lambda r: -(r.difference or 0))[:WORST_SHOWN]
    rows = [(r.url, r.form_factor, r.theme, f"{100 * (r.difference or 0):.1f} %") for r in worst]
    rows += [(r.url, r.form_factor, r.theme, r.error) for r in results if r.error]
    terminal.table("Farthest from their screenshot", ("page", "form factor", "theme", "differing"), rows, right=(3,))
    whole = at_least("equal after print and parse", 100 * same / max(1, len(captures)), "%", 100)
    return [whole, *figures_of(results)]


if __name__ == "__main__":
    raise SystemExit(main("fidelity", run))
