"""Entry pages of folders of sites, crawled on loopback; in a work folder, so that they are crawled once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figures import CannotRun
from crawlers.captures import CaptureStore
from pipelines.corpus import crawl_all, read_corpus
from pipelines.errors import GessoError
from pipelines.site_server import entry_of, hosts_in, serving

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples" / "sites"
WORK = ROOT / "workspace" / "benchmarks"
CRAWL_BATCH = 4  # sites a crawl: what a run that is broken off has to do again at most


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


def kept_crawl(sites: Path, work: Path = WORK) -> tuple[CaptureStore, Path]:
    """The entry pages of `sites`, and the home they lie in: what an earlier run crawled is not crawled again.

    A home is named for the sites' files and the crawler's code. Raises CannotRun.
    """
    try:
        home = work / f"{sites.resolve().parent.name}-{_files_key(sites)}"
        done = {line for line in _read(home / "crawled").splitlines() if line}
        left = [url for url in entry_urls(sites) if url not in done]
        while left:
            batch, left = left[:CRAWL_BATCH], left[CRAWL_BATCH:]
            crawl_entries(sites, home, [urlsplit(url).netloc for url in batch])
            with (home / "crawled").open("a", encoding="utf-8") as crawled:
                crawled.writelines(f"{url}\n" for url in batch)
    except GessoError as error:
        raise CannotRun(str(error)) from None
    return CaptureStore(str(home / "captures")), home


def code_key(*parts: Path) -> str:
    """A digest of the source in files and folders: what was measured with other code has another one."""
    digest = hashlib.sha256()
    for path in _sources(parts):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _sources(parts: Iterable[Path]) -> list[Path]:
    found = (part.rglob("*") if part.is_dir() else [part] for part in parts)
    return sorted(path for paths in found for path in paths if path.suffix in (".py", ".js"))


def _files_key(sites: Path) -> str:
    """Of the files' names, sizes and times, and of the code that takes the pictures."""
    digest = hashlib.sha256(code_key(ROOT / "crawlers" / "browser").encode())
    for path in sorted(sites.rglob("*")):
        state = path.stat()
        if path.is_file():
            digest.update(f"{path.relative_to(sites)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
