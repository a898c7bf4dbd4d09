"""Spider arguments: strings from a command line to frozen, checked values, before anything starts.

One module a spider: a frozen dataclass and a `parse` of strings. No Scrapy here, and no spider's module before it is
asked for, so that a command line checks quickly.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import import_module
from typing import Any

from crawlers.arguments.fields import ArgumentError
from crawlers.shards import Shard

__all__ = [
    "ArgumentError",
    "Arguments",
    "as_json",
    "parse_arguments",
    "parser_of",
    "run_id",
]

Arguments = Any  # one of the frozen dataclasses of this package
SPIDERS = ("appstore", "fdroid", "flathub", "folder", "gallery", "googleplay", "web")  # and the names of their modules
LATER = frozenset({"jitter", "jitter_seed"})  # arguments that were added since
_RUN = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


def parse_arguments(spider: str, given: Mapping[str, Any]) -> Arguments:
    """The checked arguments of a spider by name. Raises ArgumentError, which names the argument and the remedy."""
    texts = {
        key: str(value).strip() for key, value in given.items() if value is not None and key not in ("run", "shard")
    }
    return parser_of(spider)(texts)


def parser_of(spider: str) -> Callable[[Mapping[str, str]], Arguments]:
    """`parse` of a spider's module. Raises ArgumentError where there is no such spider."""
    if spider not in SPIDERS:
        raise ArgumentError(f"no spider named {spider!r}: there are {', '.join(SPIDERS)}")
    parse: Callable[[Mapping[str, str]], Arguments] = import_module(f"crawlers.arguments.{spider}").parse
    return parse


def run_id(spider: str, arguments: Arguments, named: str | None = None, shard: Shard | None = None) -> str:
    """The run's name: the one given, else a pure function of spider and arguments, so that a repeat resumes.

    A share of a crawl is a run of its own, and its name says which share.
    """
    suffix = shard.suffix if shard is not None else ""
    if named:
        if not _RUN.match(named):
            raise ArgumentError(f"run={named[:80]!r} is no name for a run: use letters, digits, - and _, at most 64")
        return f"{named}{suffix}"
    return f"{spider}-{hashlib.sha256(as_json(arguments).encode()).hexdigest()[:8]}{suffix}"


def as_json(arguments: Arguments) -> str:
    """Arguments in one spelling, for comparison and for keeping. What came later than crawls that go on is left out
    where it asks for nothing.
    """
    given = {name: value for name, value in asdict(arguments).items() if value or name not in LATER}
    return json.dumps(given, sort_keys=True, separators=(",", ":"))
