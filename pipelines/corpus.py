"""Crawl and curate a whole corpus folder on loopback, and account for every screenshot and every site in it.

`python -m pipelines.corpus FOLDER` where FOLDER holds `apps/repo/` (an F-Droid repository) and `web/sites/` (a folder a
site), as `make corpus` calls it. Exit 0 when nothing is missing, 1 when something is, 2 when it could not run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from crawlers.captures import Capture, CaptureStore, Failure
from crawlers.errors import GessoError as CrawlersError
from crawlers.run import CrawlSummary, crawl
from curation.errors import GessoError as CurationError
from pipelines import terminal
from pipelines.errors import GessoError
from pipelines.site_server import hosts_in, serving

STORE_HOST = "store.test"
RECIPE = Path(__file__).resolve().parents[1] / "recipes" / "corpus.yaml"
FORM_FACTORS_CROSSED = frozenset({"desktop", "phone"})


class CorpusError(GessoError):
    """The folder is not a corpus, or a step of the run ended badly."""


@dataclass(frozen=True)
class Corpus:
    """What a corpus folder promises: where each site begins, and which screenshots its app index lists."""

    root: Path
    entries: dict[str, str]  # site → address of its first page
    screenshots: dict[str, list[str]]  # app id → names as the index spells them

    def sample(self, sites: int | None, apps: int | None) -> Corpus:
        """The first so many sites and apps in the order of their names; None takes all."""
        entries = dict(sorted(self.entries.items())[:sites])
        return Corpus(self.root, entries, dict(sorted(self.screenshots.items())[:apps]))


def read_corpus(root: Path) -> Corpus:
    """Read what there is; either half may be absent. Raises CorpusError when both are."""
    sites, repo = root / "web" / "sites", root / "apps" / "repo"
    listed: dict[str, str] = {}
    if (root / "web" / "sites.jsonl").is_file():
        rows = [json.loads(line) for line in (root / "web" / "sites.jsonl").read_text().splitlines() if line.strip()]
        listed = {row["slug"]: row.get("entry", "") for row in rows}
    entries = {}
    for folder in sorted(sites.glob("*/")) if sites.is_dir() else []:
        entry = listed.get(folder.name, "")
        entries[folder.name] = f"http://{folder.name}/{'' if entry == 'index.html' else entry}"
    screenshots: dict[str, list[str]] = {}
    if (repo / "index-v2.json").is_file():
        for app_id, package in json.loads((repo / "index-v2.json").read_text())["packages"].items():
            screenshots[app_id] = list(_screenshot_names(package["metadata"]))
    if not entries and not screenshots:
        raise CorpusError(f"{root} holds neither web/sites/ nor apps/repo/index-v2.json: name a corpus folder")
    return Corpus(root, entries, screenshots)


def _screenshot_names(metadata: dict[str, Any]) -> Iterable[str]:
    for locales in metadata.get("screenshots", {}).values():
        for files in locales.values():
            yield from (file["name"] for file in files)


def unaccounted_screenshots(corpus: Corpus, captures: Iterable[Capture], failures: Iterable[Failure]) -> list[str]:
    """Screenshots in the index that became neither a capture nor a typed failure. Must be empty."""
    seen = {unquote(c.url) for c in captures} | {unquote(f.url) for f in failures}
    wanted = [name for names in corpus.screenshots.values() for name in names]
    return [name for name in wanted if f"http://{STORE_HOST}/repo{name}" not in seen]


def unaccounted_entries(corpus: Corpus, captures: Iterable[Capture], failures: Iterable[Failure]) -> list[str]:
    """Sites whose first page has neither pictures in both viewports nor a typed failure. Must be empty."""
    crossed: dict[str, set[str]] = {}
    for capture in captures:
        crossed.setdefault(capture.url, set()).add(capture.view.form_factor)
    failed = {failure.url for failure in failures}
    return [
        site
        for site, url in corpus.entries.items()
        if not crossed.get(url, set()) >= FORM_FACTORS_CROSSED and url not in failed
    ]


def crawl_all(spider: str, arguments: dict[str, str], home: Path, proxy: str) -> CrawlSummary:
    """A crawl into `<home>/captures` with its progress line; what failed is named beside the count."""
    with terminal.progress_lines() as progress:
        summary = crawl(
            spider, arguments, store=str(home / "captures"), settings={"GESSO_PROXY": proxy}, progress=progress
        )
    failed = ", ".join(f"{kind} {count}" for kind, count in summary.failures.items())
    terminal.made(f"{spider}: {summary.captures} captures{f'; failed: {failed}' if failed else ''}", home / "captures")
    return summary


def crawl_corpus(corpus: Corpus, home: Path, *, depth: int, per_site: int, sections: bool = False) -> None:
    """Serve the corpus on loopback and crawl both halves into `<home>/captures`."""
    hosts = dict(hosts_in(corpus.root / "web" / "sites")) if corpus.entries else {}
    hosts[STORE_HOST] = corpus.root / "apps"
    home.mkdir(parents=True, exist_ok=True)
    with serving(hosts) as server:
        if corpus.screenshots:
            arguments = {"repo": f"http://{STORE_HOST}/repo", "apps": ",".join(corpus.screenshots), "entry": "json"}
            crawl_all("fdroid", arguments, home, server.address)
        if corpus.entries:
            arguments = {"seeds": ",".join(corpus.entries.values()), "depth": str(depth), "per_site": str(per_site)}
            crawl_all("web", arguments | ({"sections": "1"} if sections else {}), home, server.address)


def run_corpus(
    corpus: Corpus, home: Path, *, depth: int = 1, per_site: int = 50, sections: bool = False
) -> dict[str, Any]:
    """Crawl, curate, account; returns the summary that is also written to `<home>/summary.json`."""
    from curation.recipe import load_recipe
    from curation.run import curate

    started = time.monotonic()
    crawl_corpus(corpus, home, depth=depth, per_site=per_site, sections=sections)
    crawl_seconds = time.monotonic() - started
    store = CaptureStore(str(home / "captures"))
    captures, failures = list(store.captures()), list(store.failures())
    with terminal.progress_lines() as progress:
        version = curate(load_recipe(RECIPE), home, progress=progress)
    pages = {c.canonical_url for c in captures if c.page}
    summary = {
        "sites": len(corpus.entries),
        "pages": len(pages),
        "apps": len(corpus.screenshots),
        "screenshots_listed": sum(map(len, corpus.screenshots.values())),
        "screenshots_captured": sum(1 for c in captures if c.listing),
        "screenshots_missing": unaccounted_screenshots(corpus, captures, failures),
        "sites_failed": {site: f.kind for f in failures for site, url in corpus.entries.items() if f.url == url},
        "sites_missing": unaccounted_entries(corpus, captures, failures),
        "captures": len(captures),
        "captures_by_view": dict(
            Counter(f"{c.view.form_factor}/{c.view.kind}/{c.view.theme or '-'}" for c in captures)
        ),
        "sections": dict(Counter(c.section.name for c in captures if c.section)),
        "consent": dict(Counter(c.page.consent for c in captures if c.page and c.page.consent)),
        "verdicts": dict(Counter(verdict for c in captures for verdict in c.verdicts)),
        "failures": dict(Counter(failure.kind for failure in failures)),
        "input": version.input,
        "kept": version.kept,
        "rejected": version.rejected,
        "rejected_by": version.rejected_by,
        "failed": version.failed,
        "shards": version.shards,
        "report": str(version.path / "report.html"),
        "crawl_seconds": round(crawl_seconds, 1),
        "seconds": round(time.monotonic() - started, 1),
    }
    (home / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return summary


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--home", type=Path, default=Path("workspace/corpus"))
    parser.add_argument("--sites", type=int, help="only the first so many sites")
    parser.add_argument("--apps", type=int, help="only the first so many apps")
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--per-site", type=int, default=50)
    parser.add_argument("--sections", action="store_true", help="captures of semantic sections, too")
    options = parser.parse_args(argv)
    try:
        corpus = read_corpus(options.folder).sample(options.sites, options.apps)
        summary = run_corpus(
            corpus, options.home, depth=options.depth, per_site=options.per_site, sections=options.sections
        )
    except (GessoError, CrawlersError, CurationError) as error:
        terminal.errors.print(f"corpus: {error}", markup=False)
        return 2
    rows = [(name, json.dumps(value, ensure_ascii=False)) for name, value in summary.items()]
    terminal.table("Corpus", ("what", "value"), rows)
    terminal.made("summary", options.home / "summary.json")
    return 1 if summary["screenshots_missing"] or summary["sites_missing"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
