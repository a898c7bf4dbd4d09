"""Everything we look at on one page, from one load: windows × themes × fold, whole length and sections.

`visit` opens a page, lets it settle, and hands each picture and tree to a blob writer as soon as it is taken; what it
returns is small. The whole visit is under a watchdog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal

from playwright.async_api import Error

from crawlers.browser.devices import DESKTOP, PHONE, Viewport
from crawlers.browser.jitter import Jitter
from crawlers.browser.network import Answer, PutBlob
from crawlers.browser.outcome import PageFailure, failure_of
from crawlers.browser.session import BrowserSession
from crawlers.browser.settle import MAX_MOVES, Settled, SettleLimits, settle, settle_again
from crawlers.browser.shoot import Camera, Shot
from crawlers.browser.surroundings import Surroundings
from crawlers.browser.tab import NavigationError, Tab, Theme
from crawlers.browser.verdicts import Facts, NotFoundPage, is_binary, is_soft_404, judge
from crawlers.captures import Signal
from crawlers.policy.decide import decide
from crawlers.policy.opt_out import page_signals
from crawlers.urls import host_of

__all__ = ["DESKTOP", "PHONE", "Shot", "Visit", "VisitOptions", "visit"]

Kind = Literal["fold", "full"]
THROTTLED = frozenset({429, 503})
HTML = ("text/html", "application/xhtml+xml", "")
REACTION_SHARE = 0.02
REACTION_LOOKS = 3
PROBE_SECONDS = 15.0


@dataclass(frozen=True)
class VisitOptions:
    """What to take of a page, and how long it may last. `each_load` opens the page anew for every window."""

    viewports: tuple[Viewport, ...] = (DESKTOP, PHONE)
    themes: tuple[Theme, ...] = ("light", "dark")
    kinds: tuple[Kind, ...] = ("fold", "full")
    sections: bool = False
    jitter: Jitter | None = None
    each_load: bool = False
    opt_out: str = "respect"
    seconds: float = 120.0
    limits: SettleLimits = field(default_factory=SettleLimits)
    user_agents: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Visit:
    """What a page gave: `url` is where it ended up, `html` its document once settled, `seconds` the answer's delay."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    title: str = ""
    description: str = ""
    lang: str = ""
    html: str = ""
    consent: str = ""
    seconds: float = 0.0
    loads: int = 1
    signals: tuple[Signal, ...] = ()
    shots: list[Shot] = field(default_factory=list)
    undamaged: dict[str, int] = field(default_factory=dict)


async def visit(session: BrowserSession, url: str, put: PutBlob, around: Surroundings, options: VisitOptions) -> Visit:
    """Take all views of a page. Raises PageFailure, with a kind to count by, where the page gives none."""
    first = options.viewports[0]
    crashed, moves = False, 0
    limit = asyncio.timeout(options.seconds)
    try:
        async with session.tab(host_of(url), first, user_agent=_agent(first, options)) as tab, limit:
            try:
                return await _Look(tab, url, put, around, options).take()
            finally:
                crashed, moves = tab.crashed, tab.moves
    except TimeoutError:
        if limit.expired():
            raise _late(f"{url} was not done within {options.seconds:g} s", moves) from None
        raise _late(f"{url} keeps the browser from answering", moves) from None
    except (Error, NavigationError) as error:
        if crashed:
            raise PageFailure("crashed", f"{url} brought its renderer down") from None
        raise around.explain(url, str(error)) or failure_of(url, error) from None


def _late(reason: str, moves: int) -> PageFailure:
    """A page that is not done in time, or one that led elsewhere by itself all the time that it was given."""
    if moves > MAX_MOVES:
        return PageFailure("moved", f"{reason}: it led elsewhere by itself {moves - 1} times")
    return PageFailure("timeout", reason)


def _agent(viewport: Viewport, options: VisitOptions) -> str | None:
    return viewport.user_agent or options.user_agents.get("phone" if viewport.mobile else "desktop")


class _Look:
    """One page in one tab."""

    def __init__(self, tab: Tab, url: str, put: PutBlob, around: Surroundings, options: VisitOptions) -> None:
        self.tab, self.url, self.around, self.options = tab, url, around, options
        self.limits = options.limits
        self.camera = Camera(tab, put, options.limits.max_height, sections=options.sections)
        self.camera.jitter = options.jitter
        self.about: dict[str, Any] = {}
        self.verdicts: list[str] = []

    async def take(self) -> Visit:
        """All pictures of the page."""
        await self._probe()
        begun = monotonic()
        answer = await self._open()
        latency = monotonic() - begun
        if answer.status in THROTTLED:
            return Visit(self.tab.url, answer.status, answer.headers, seconds=latency)
        self.about = _checked(await self.tab.call("describe"))
        signals = await self._signals(answer)
        metas = self.about["metas"]
        settled = await settle(self.tab, self.limits)
        self.about = _checked(await self.tab.call("describe"))
        if self.tab.url != answer.url or self.about["metas"] != metas:
            answer = self.tab.network.document(self.tab.loader) or answer
            signals = await self._signals(answer)
        found = Visit(self.tab.url, answer.status, answer.headers, signals=signals, seconds=latency)
        found.title, found.description, found.lang = (self.about[key] for key in ("title", "description", "lang"))
        found.html = str(await self.tab.call("html") or "")
        found.consent = ":".join(filter(None, (settled.consent.method, settled.consent.rule)))
        facts = Facts.of(await self.tab.call("facts"), found.title)
        if is_binary(facts.text):
            raise PageFailure("not_html", f"{self.url} answers with a file of another kind that calls itself a page")
        self.verdicts = self._judged(answer, facts, settled)
        await self.camera.open(self.about, facts.text_length)
        await self._views(found)
        found.undamaged = self.camera.undamaged
        if self.tab.url.split("#")[0] != found.url.split("#")[0]:
            raise PageFailure("moved", f"{self.url} led to {self.tab.url[:200]} by itself while we looked")
        return found

    def _judged(self, answer: Answer, facts: Facts, settled: Settled) -> list[str]:
        verdicts = [*judge(answer.status, self.url, self.tab.url, facts), *settled.verdicts]
        if answer.status < 400 and is_soft_404(self.tab.url, facts, self.around.missing(self.url)):
            verdicts.insert(0, "soft_404")
        return verdicts

    async def _probe(self) -> None:
        """Look once at what the host shows for what is not there, where it says that all is well."""
        address = await self.around.probe(self.url)
        if address is None:
            return
        page: NotFoundPage | None = None
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                answer = await self.tab.navigate(address, PROBE_SECONDS)
                await self.tab.loaded(5)
                await self.tab.network.idle(self.limits.quiet, 2)
                if answer is not None and answer.status < 400:
                    title = _checked(await self.tab.call("describe"))["title"]
                    page = NotFoundPage(self.tab.url, Facts.of(await self.tab.call("facts"), title))
        except (Error, NavigationError, TimeoutError):
            pass
        finally:
            self.around.found_missing(self.url, page)

    async def _open(self) -> Answer:
        try:
            answer = await self.tab.navigate(self.url, self.limits.goto)
        except TimeoutError:
            raise _late(f"{self.url} did not open within {self.limits.goto:g} s", self.tab.moves) from None
        if answer is None:
            raise PageFailure("unreachable", f"{self.url} gave no answer: check the address")
        refusal = answer.header("x-gesso-egress")
        if refusal and answer.url.startswith("http:"):  # behind TLS the server could write it itself
            kind, _, reason = refusal.partition(";")
            raise PageFailure(kind.strip()[:40] or "egress", f"{self.url}: {reason.strip()}")
        if answer.mime not in HTML and answer.status not in THROTTLED:  # a busy host may say so in plain text
            kind = f"http_{answer.status}" if answer.status >= 400 else "not_html"
            raise PageFailure(kind, f"{self.url} answers {answer.status} with {answer.mime[:80]}, not with a page")
        return answer

    async def _signals(self, answer: Answer) -> tuple[Signal, ...]:
        """The evidence on where the page ended up, which may not be where it was asked for."""
        url = self.tab.url
        signals = (*await self.around.permit(url), *page_signals(answer.headers, self.about["metas"]))
        refusal = decide(signals, self.options.opt_out).refusal
        if refusal is not None:
            robots = refusal.source == "robots.txt"
            kind, says = ("robots", "is disallowed") if robots else ("opt_out", f"opts out: {refusal.source}")
            raise PageFailure(kind, f"{url} {says}: {refusal.evidence}", signals)
        return signals

    async def _views(self, found: Visit) -> None:
        """Every window, and in each every theme that the page reacts to. An error page is worth one picture."""
        options = self.options
        if not options.kinds and not options.sections:
            return
        one_is_enough = found.status >= 400 or bool({"bot_wall", "cookie_wall"} & set(self.verdicts))
        if one_is_enough:
            self.camera.sections, self.camera.jitter = False, None
            found.shots += await self.camera.take(options.viewports[0], "light", ("fold",), self.verdicts)
            return
        reacts: bool | None = None
        for number, viewport in enumerate(options.viewports):
            if number:
                found.loads += await self._turn(viewport)
            if "light" in options.themes:
                found.shots += await self.camera.take(viewport, "light", options.kinds, self.verdicts)
            if "dark" not in options.themes or (reacts is False and "light" in options.themes):
                continue
            reacts = await self._darken()
            if reacts or "light" not in options.themes:
                found.shots += await self.camera.take(viewport, "dark", options.kinds, self.verdicts)

    async def _turn(self, viewport: Viewport) -> int:
        """Look through another window. Returns how many loads that took: one where the page must know at its start."""
        tab, agent = self.tab, _agent(viewport, self.options)
        await asyncio.gather(tab.run_scripts(), tab.show_theme("light"), tab.show_as(viewport, agent))
        if self.options.each_load or self._varies_by_agent():
            return await self._load_again()
        await settle_again(tab, self.limits)
        if viewport.mobile and await tab.call("misfits"):
            return await self._load_again()
        return 0

    async def _load_again(self) -> int:
        """Open the page once more. Raises PageFailure where its server has another answer to it this time."""
        answer = await self._open()
        if answer.status >= 400:
            raise PageFailure(f"http_{answer.status}", f"{self.url} answers {answer.status} when it is asked again")
        self.about = _checked(await self.tab.call("describe"))
        await self._signals(answer)
        settled = await settle(self.tab, self.limits)
        self.verdicts = list(dict.fromkeys([*self.verdicts, *settled.verdicts]))
        return 1

    def _varies_by_agent(self) -> bool:
        """Whether the server says that a phone gets another document."""
        answer = self.tab.network.document(self.tab.loader)
        return answer is not None and "user-agent" in answer.header("vary").lower()

    async def _darken(self) -> bool:
        """Prefer the dark. Answers whether the page reacts to it; where it does not, it is left in the light."""
        tab = self.tab
        before = await tab.call("colours")
        await asyncio.gather(tab.run_scripts(), tab.show_theme("dark"))
        for _ in range(REACTION_LOOKS):  # a listener may take a frame more than a style sheet
            if changed_share(before, await tab.call("repainted")) >= REACTION_SHARE:
                await settle_again(tab, self.limits, painted=True)
                return changed_share(before, await tab.call("colours")) >= REACTION_SHARE
        if "light" in self.options.themes:
            await tab.show_theme("light")
        await settle_again(tab, self.limits)
        return False


def changed_share(before: Any, after: Any) -> float:
    """Share (0 to 1) of entries that differ between two lists; 1 where their lengths differ much."""
    if not isinstance(before, list) or not isinstance(after, list) or not before:
        return 0.0
    same = sum(a == b for a, b in zip(before, after, strict=False))
    return 1 - same / max(len(before), len(after))


def _checked(answer: Any) -> dict[str, Any]:
    """The page's description of itself with the types it should have: the page may have lied."""
    given = answer if isinstance(answer, dict) else {}
    about: dict[str, Any] = {key: str(given.get(key) or "")[:2000] for key in ("title", "description", "lang")}
    metas = given.get("metas") if isinstance(given.get("metas"), list) else []
    about["metas"] = [(str(m[0]), str(m[1])) for m in metas or [] if isinstance(m, list) and len(m) == 2]
    return about
