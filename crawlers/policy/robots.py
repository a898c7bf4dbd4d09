"""robots.txt by RFC 9309: what an answer of a host means for our agent, with the lines that say so.

Beside the rules it carries what sites write there of training: groups for training agents, Content-Signal,
Content-Usage and RSL's License.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from protego import Protego

from crawlers.captures import Signal
from crawlers.policy.agents import TRAINING_AGENTS
from crawlers.policy.decide import ROBOTS
from crawlers.policy.usage import refuses_training

AGENT = "gesso"
MAX_BYTES = 500 << 10
MAX_EVIDENCE = 600
MAX_SITEMAPS = 1000
MAX_DELAY = 300.0
REFUSED_4XX = frozenset({429})  # "not now" is no permission
TRAINING, SIGNAL, USAGE, LICENCE = (
    "robots.txt training agents",
    "robots.txt Content-Signal",
    "robots.txt Content-Usage",
    "robots.txt License",
)
_LINE_END = re.compile(r"\r\n?|\n|\x0b|\x0c|\x85|\u2028|\u2029")


@dataclass
class _Group:
    lines: list[str] = field(default_factory=list)
    usage: list[tuple[str, str]] = field(default_factory=list)  # (directive, value) of Content-Signal and Content-Usage


@dataclass
class _Reading:
    """A robots.txt by groups of user agents, and what stands outside of them."""

    groups: dict[str, _Group] = field(default_factory=dict)
    licences: list[str] = field(default_factory=list)


class RobotsRules:
    """The rules of one host, from the status and body of its robots.txt; `status` None stands for unreachable.

    2xx is parsed (its first 500 KiB), 4xx but 429 allows everything, anything else disallows everything. `kind` names
    the failure where the host could not be asked.
    """

    def __init__(
        self, url: str, status: int | None, body: bytes = b"", *, reason: str = "", kind: str = "unreachable"
    ) -> None:
        self.url = url
        self.status = status
        self.reason = reason
        self.kind = kind
        self.sitemaps: tuple[str, ...] = ()
        self._rules: Protego | None = None
        self._reading = _Reading()
        self._excerpt = ""
        if status is not None and 200 <= status < 300:
            text = decode(body)
            self._rules = Protego.parse(text)
            self.sitemaps = tuple(dict.fromkeys(self._rules.sitemaps))[:MAX_SITEMAPS]
            self._reading = _read(text)
            self._excerpt = "\n".join(self._own().lines)[: 4 * MAX_EVIDENCE]

    def allows(self, url: str) -> bool:
        if self._rules is not None:
            return bool(self._rules.can_fetch(url, AGENT))
        return self.status is not None and 400 <= self.status < 500 and self.status not in REFUSED_4XX

    @property
    def crawl_delay(self) -> float | None:
        """Seconds that the host wants between requests, at most 300."""
        delay = self._rules.crawl_delay(AGENT) if self._rules is not None else None
        return None if delay is None or not delay >= 0 else min(float(delay), MAX_DELAY)

    def signal(self, url: str) -> Signal:
        """The evidence on one URL: where, with which status, and the group of lines that holds for us."""
        if self.status is None:
            evidence = f"{self.url} cannot be fetched: {self.reason}"
        else:
            evidence = f"{self.status} {self.url}" + (f"\n{self._excerpt}" if self._excerpt else "")
        return _signal(ROBOTS, evidence, "allow" if self.allows(url) else "disallow")

    def signals(self, url: str) -> tuple[Signal, ...]:
        """Every signal of the file on one URL, our own permission first."""
        found = [self.signal(url), *self._training_agents(url)]
        for directive, value in self._own().usage:
            path, rule = _split_path(value)
            if path and not _matches(path, url):
                continue
            source = SIGNAL if directive == "content-signal" else USAGE
            refused = refuses_training(rule)
            if refused is not None:
                found.append(_signal(source, f"{directive}: {value}", "disallow" if refused else "allow"))
            else:
                found.append(_signal(source, f"{directive}: {value}", "note"))
        found += [_signal(LICENCE, f"License: {licence}", "disallow") for licence in self._reading.licences]
        return tuple(found[:20])

    def _own(self) -> _Group:
        groups = self._reading.groups
        return groups.get(AGENT) or groups.get("*") or _Group()

    def _training_agents(self, url: str) -> list[Signal]:
        """One signal for all training agents that are named and kept from a URL; a note where we are named too."""
        named = sorted(TRAINING_AGENTS & self._reading.groups.keys())
        if self._rules is None or not named:
            return []
        refused = [name for name in named if not self._rules.can_fetch(url, name)]
        if not refused:
            return [_signal(TRAINING, "allowed: " + ", ".join(named), "note")]
        lines = "\n".join(self._reading.groups[refused[0]].lines)
        effect = "note" if AGENT in self._reading.groups else "disallow"
        return [_signal(TRAINING, f"disallowed: {', '.join(refused)}\n{lines}", effect)]


def decode(body: bytes) -> str:
    """The text of the first 500 KiB, whatever its encoding claims to be; a line cut off at the limit is dropped."""
    cut = len(body) > MAX_BYTES
    body = body[:MAX_BYTES]
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body.decode("utf-16", "replace")
    elif _mostly_nul(body[0:200:2]) != _mostly_nul(body[1:200:2]):
        text = body.decode("utf-16-be" if body[:1] == b"\0" else "utf-16-le", "replace")
    else:
        text = body.decode("utf-8-sig", "replace")
    lines = _LINE_END.split(text.replace("\0", "").lstrip("\ufeff"))
    return "\n".join(lines[:-1] if cut else lines)


def _mostly_nul(data: bytes) -> bool:
    return data.count(b"\0") * 4 > len(data) * 3


def _read(text: str) -> _Reading:
    found = _Reading()
    names: list[str] = []
    in_rules = False
    for raw in text.split("\n"):
        line = raw.split("#", 1)[0].strip()
        key, colon, value = (part.strip() for part in line.partition(":"))
        key = key.lower()
        if not colon:
            continue
        if key == "license":
            found.licences = [*found.licences, value[:300]][:5]
            continue
        if key == "user-agent":
            names = [value.lower()] if in_rules else [*names, value.lower()]
            in_rules = False
        elif key != "sitemap":
            in_rules = True
        for name in names or (["*"] if key in ("content-signal", "content-usage") else []):
            group = found.groups.setdefault(name, _Group())
            if len(group.lines) < 200:
                group.lines.append(line[:200])
            if key in ("content-signal", "content-usage") and len(group.usage) < 20:
                group.usage.append((key, value[:300]))
    return found


def _split_path(value: str) -> tuple[str, str]:
    """`/path rule` → (path, rule); the path is empty where a rule holds for all."""
    if value.startswith("/"):
        path, _, rule = value.partition(" ")
        return path, rule.strip()
    return "", value


def _matches(path: str, url: str) -> bool:
    """Whether a URL lies under a path pattern of robots.txt: the parser's own matching decides."""
    return not Protego.parse(f"User-agent: *\nDisallow: {path}\n").can_fetch(url, AGENT)


def _signal(source: str, evidence: str, effect: str) -> Signal:
    return Signal(source=source, evidence=evidence[:MAX_EVIDENCE], effect=effect)
