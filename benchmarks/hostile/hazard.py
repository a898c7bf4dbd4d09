"""What a hazard is, what was seen of it, and the journeys: crawls that take many hazards at once."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from benchmarks.hostile.server import POLICY_FILES, HostileServer, Site
from crawlers.captures import Capture, CaptureStore, Failure
from crawlers.errors import GessoError
from crawlers.run import CrawlSummary, crawl
from crawlers.surroundings import missing_path

CAPTURED = "captured"
NOTHING = "nothing"
SAME = 12  # of 255: how far a colour may be off
WATCH_SECONDS = 0.05
Colour = tuple[int, int, int]


@dataclass
class Seen:
    """What a crawl left of one hazard."""

    captures: list[Capture]
    failures: list[Failure]
    store: CaptureStore
    summary: CrawlSummary
    server: HostileServer
    hosts: tuple[str, ...]

    def word(self) -> str:
        """`captured: verdicts`, the kinds of failures, or both."""
        verdicts = sorted({verdict for capture in self.captures for verdict in capture.verdicts})
        words = [CAPTURED + (f": {', '.join(verdicts)}" if verdicts else "")] if self.captures else []
        return " + ".join([*words, *sorted({failure.kind for failure in self.failures})]) or NOTHING

    def picture(self, kind: str = "full", width: int = 1440, theme: str = "light") -> Image.Image:
        """The picture of a view; the fold where there is no longer one."""
        views: dict[tuple[str, int, str | None], Capture] = {
            (c.view.kind, c.view.width, c.view.theme): c for c in self.captures
        }
        found = views.get((kind, width, theme)) or views[("fold", width, theme)]
        return Image.open(io.BytesIO(self.store.read_image(found))).convert("RGB")

    def tree(self) -> dict[str, Any]:
        """The DOM snapshot of the first capture."""
        import gzip

        page = self.captures[0].page
        assert page is not None
        assert page.dom_sha256 is not None
        found: dict[str, Any] = json.loads(gzip.decompress(self.store.read_blob(page.dom_sha256, "dom")))
        return found

    def asked(self, path: str) -> int:
        """How often a path of the hazard's hosts was asked for."""
        return sum(self.server.times(host, path) for host in self.hosts)

    def paths(self) -> list[str]:
        """Everything asked of the hazard's hosts but the files of permission."""
        return [a.path for a in self.server.asked if a.host in self.hosts and a.path not in POLICY_FILES]


Check = Callable[[Seen], str | None]  # what is wrong beside the outcome, if anything is


@dataclass(frozen=True)
class Hazard:
    """`expect` is the outcome as `Seen.word` puts it; several where each is right. `seconds` is its time limit.

    `sites` are served by host name; `seeds` are handed to the crawl; `keys` are the hosts or sites whose records count.
    """

    name: str
    expect: str | tuple[str, ...]
    seconds: float
    sites: Mapping[str, Site] = field(default_factory=dict)
    seeds: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    check: Check | None = None

    @property
    def expected(self) -> tuple[str, ...]:
        return (self.expect,) if isinstance(self.expect, str) else self.expect


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    expected: str
    seen: str
    seconds: float
    limit: float
    as_expected: bool

    @property
    def ok(self) -> bool:
        return self.as_expected and self.seconds <= self.limit


@dataclass(frozen=True)
class Solo:
    """A hazard that needs more than a crawl of its own making: `run` gives (seen, what is wrong with it)."""

    name: str
    expect: str
    seconds: float
    run: Callable[[Path], tuple[str, str | None]]

    def row(self, folder: Path) -> Row:
        begun = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            seen, wrong = self.run(folder)
        except Exception as error:  # whatever it was, it is not what was expected
            seen, wrong = f"{type(error).__name__}: {error}"[:200], None
        took = time.monotonic() - begun
        right = seen == self.expect and wrong is None
        return Row(self.name, self.expect, seen + (f", but {wrong}" if wrong else ""), took, self.seconds, right)


@dataclass(frozen=True)
class Journey:
    """One crawl over many hazards, and how long the whole may last; `whole`: its hazards cannot do without each other.

    The hazards' seeds are handed over as the argument that `seeds_as` names.
    """

    name: str
    hazards: Sequence[Hazard]
    seconds: float
    spider: str = "web"
    arguments: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False
    seeds_as: str = "seeds"

    def only(self, hazards: Sequence[Hazard]) -> Journey:
        """The same with some of its hazards, where it can be had with some."""
        return self if self.whole else replace(self, hazards=hazards)

    def rows(self, folder: Path) -> tuple[list[Row], Row]:
        """A row for each hazard, and one for whether the crawl ended."""
        store = folder / self.name
        sites = {host: site for hazard in self.hazards for host, site in hazard.sites.items()}
        server = HostileServer(sites)
        server.start()
        try:
            watch = Watch(store)
            begun = time.monotonic()
            outcome = self._crawl(store, server)
            took = time.monotonic() - begun
            watch.stop()
        finally:
            server.stop()
        ended = isinstance(outcome, CrawlSummary) and outcome.finished
        said = "ended" if ended else str(outcome)[:200]
        end = Row(f"the crawl of {self.name} ends", "ended", said, took, self.seconds, ended)
        if not isinstance(outcome, CrawlSummary):
            return [self._lost(hazard, said) for hazard in self.hazards], end
        opened = CaptureStore(str(store))
        return [
            self._row(hazard, opened, outcome, server, watch, (begun, begun + took)) for hazard in self.hazards
        ], end

    def _crawl(self, store: Path, server: HostileServer) -> CrawlSummary | str:
        """The summary, or what came instead of it; a crawl that does not end is left to end with this process."""
        arguments = {**self.arguments, "run": "".join(c if c.isalnum() else "-" for c in self.name.lower())}
        seeds = [seed for hazard in self.hazards for seed in hazard.seeds]
        if seeds:
            arguments[self.seeds_as] = ",".join(seeds)
        settings = {"GESSO_PROXY": server.address, **self.settings}
        found: list[CrawlSummary | str] = []

        def work() -> None:
            try:
                found.append(crawl(self.spider, arguments, store=str(store), settings=settings))
            except GessoError as error:
                found.append(f"{type(error).__name__}: {error}")

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(self.seconds)
        return found[0] if found else f"no end after {self.seconds:g} s"

    def _lost(self, hazard: Hazard, said: str) -> Row:
        return Row(hazard.name, " or ".join(hazard.expected), said, 0.0, hazard.seconds, False)

    def _row(
        self,
        hazard: Hazard,
        store: CaptureStore,
        summary: CrawlSummary,
        server: HostileServer,
        watch: Watch,
        span: tuple[float, float],
    ) -> Row:
        keys = hazard.keys or tuple(hazard.sites)
        captures = [c for c in store.captures() if {c.site, netloc(c.url)} & set(keys)]
        failures = [f for f in store.failures() if {f.site, netloc(f.url)} & set(keys)]
        seen = Seen(captures, failures, store, summary, server, tuple(hazard.sites))
        word, wrong = seen.word(), None
        right = word in hazard.expected
        if right and hazard.check is not None:
            try:
                wrong = hazard.check(seen)
            except Exception as error:  # a check that cannot look is a check that failed
                wrong = f"{type(error).__name__}: {error}"[:120]
        if not right:
            word += "".join(f" ({failure.reason[:150]})" for failure in failures[:1])
        took = watch.last(keys, span[1]) - first_ask(server, seen.hosts, span[0])
        said = word + (f", but {wrong}" if wrong else "")
        return Row(hazard.name, " or ".join(hazard.expected), said, took, hazard.seconds, right and wrong is None)


def netloc(url: str) -> str:
    """The host and port of a URL, as hazards are keyed by."""
    return urlsplit(url).netloc


def first_ask(server: HostileServer, hosts: Sequence[str], begun: float) -> float:
    """When a crawl first turned to a hazard: its pages, else its files of permission, else the crawl's own start.

    What a host is asked before its first page waits for a free tab (permission, and what it has not) starts no clock.
    """
    asks = [asked for asked in server.asked if asked.host in hosts]
    before = {*POLICY_FILES, *(f"/{missing_path(f'http://{host}')}" for host in hosts)}
    pages = [asked.at for asked in asks if asked.path not in before]
    return min(pages or [asked.at for asked in asks] or [begun])


class Watch:
    """Notes when each record of a store was written, from outside."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self._at: dict[str, float] = {}
        self._read: dict[Path, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def last(self, keys: Sequence[str], otherwise: float) -> float:
        """When the last record of any of these hosts or sites was written."""
        return max([self._at[key] for key in keys if key in self._at] or [otherwise])

    def _run(self) -> None:
        while not self._ended.wait(WATCH_SECONDS):
            self._look()

    def _look(self) -> None:
        for folder in ("log", "failures"):
            for path in (self.store / folder).glob("*.jsonl"):
                with path.open("rb") as file:
                    file.seek(self._read.get(path, 0))
                    lines = file.read().rpartition(b"\n")[0]
                self._read[path] = self._read.get(path, 0) + len(lines) + bool(lines)
                for line in lines.splitlines():
                    record = json.loads(line)
                    for key in (record["site"], netloc(record["url"])):
                        self._at[key] = time.monotonic()


def near(one: Any, other: Colour) -> bool:
    """Whether two colours are the same to the eye."""
    return all(abs(a - b) <= SAME for a, b in zip(one, other, strict=False))


def shows(kind: str, *places: tuple[int, int, Colour], width: int = 1440, theme: str = "light") -> Check:
    """That a picture has these colours at these pixels."""

    def check(seen: Seen) -> str | None:
        picture = seen.picture(kind, width, theme)
        for x, y, colour in places:
            if y >= picture.height or not near(picture.getpixel((x, y)), colour):
                found = picture.getpixel((x, y)) if y < picture.height else f"only {picture.height} rows"
                return f"pixel ({x}, {y}) is {found}, not {colour}"
        return None

    return check


def titled(wanted: str) -> Check:
    """That every page calls itself so."""

    def check(seen: Seen) -> str | None:
        found = {capture.page.title for capture in seen.captures if capture.page}
        return None if found == {wanted} else f"the title is {', '.join(found)!r}"

    return check


def asked_never(path: str) -> Check:
    """That a path was never asked for."""

    def check(seen: Seen) -> str | None:
        return f"{path} was asked for" if seen.asked(path) else None

    return check


def both(*checks: Check) -> Check:
    """The first thing that is wrong."""

    def check(seen: Seen) -> str | None:
        return next((wrong for one in checks if (wrong := one(seen)) is not None), None)

    return check
