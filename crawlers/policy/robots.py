"""robots.txt by RFC 9309: what an answer of a host means for our agent, with the lines that say so."""

from __future__ import annotations

from protego import Protego

from crawlers.captures import Signal

AGENT = "gesso"
MAX_BYTES = 500 << 10
MAX_EVIDENCE = 600


class RobotsRules:
    """The rules of one host, from the status and body of its robots.txt; `status` None stands for unreachable.

    2xx is parsed (its first 500 KiB), 4xx allows everything, anything else disallows everything.
    """

    def __init__(self, url: str, status: int | None, body: bytes = b"", *, reason: str = "") -> None:
        self.url = url
        self.status = status
        self.reason = reason
        self._rules: Protego | None = None
        self._excerpt = ""
        if status is not None and 200 <= status < 300:
            text = body[:MAX_BYTES].decode("utf-8", "replace").lstrip("\ufeff")
            self._rules = Protego.parse(text)
            self._excerpt = _group(text, AGENT)

    def allows(self, url: str) -> bool:
        if self._rules is not None:
            return bool(self._rules.can_fetch(url, AGENT))
        return self.status is not None and 400 <= self.status < 500

    @property
    def crawl_delay(self) -> float | None:
        return self._rules.crawl_delay(AGENT) if self._rules is not None else None

    def signal(self, url: str) -> Signal:
        """The evidence on one URL: where, with which status, and the group of lines that holds for us."""
        allowed = self.allows(url)
        if self.status is None:
            evidence = f"{self.url} cannot be fetched: {self.reason}"
        else:
            evidence = f"{self.status} {self.url}" + (f"\n{self._excerpt}" if self._excerpt else "")
        return Signal(source="robots.txt", evidence=evidence[:MAX_EVIDENCE], effect="allow" if allowed else "disallow")


def _group(text: str, agent: str) -> str:
    """The lines of the groups for `agent`, else of those for `*`, as they stand."""
    groups: dict[str, list[str]] = {}
    names: list[str] = []
    in_rules = False
    for raw in text.splitlines():
        line = raw.split("#", 1)[0].strip()
        key, _, value = (part.strip() for part in line.partition(":"))
        if not line:
            continue
        if key.lower() == "user-agent":
            names = [value.lower()] if in_rules else [*names, value.lower()]
            in_rules = False
        else:
            in_rules = True
        for name in names:
            groups.setdefault(name, []).append(line[:200])
    return "\n".join(groups.get(agent) or groups.get("*") or [])
