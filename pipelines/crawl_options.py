"""The options of `gesso crawl SPIDER`: one for every argument that the spider knows, and those that all crawls share.

Values are handed to the spider's own parser as they were typed, so that one place says what is wrong with them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT_HOME = Path("workspace")
Home = Annotated[Path, typer.Option("--home", help="Where captures, datasets and runs are kept.", file_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Frontier = Annotated[
    str,
    typer.Option("--frontier", help="redis://host:port/db, for many workers; a file by default.", show_default=False),
]


@dataclass(frozen=True)
class SpiderOption:
    """An argument of a spider: its help, what is handed on where it is not given, and whether it is a mere flag."""

    name: str
    help: str
    default: str = ""
    flag: bool = False

    @property
    def many(self) -> bool:
        """Whether it may be given more than once: what may be joined by commas comes to the same."""
        return "joined by commas" in self.help


# name, help, default, setting; a tuple of texts may be given more than once.
SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("contact", "Whom a site may turn to: an address or a URL; needed beyond loopback.", "GESSO_CONTACT"),
    ("proxy", "HTTP proxy for all traffic, e.g. http://127.0.0.1:8765.", "GESSO_PROXY"),
    ("opt_out", "What to do where a page opts out of training: respect (no image) or record.", "OPT_OUT"),
    ("frontier", "redis://host:port/db, for many workers; a file by default.", "GESSO_FRONTIER"),
)
RUNNING = (
    ("run", "Name of the run; the same name goes on where it stopped."),
    ("shard", "Only this share of the sites, such as 3/16; counted from 0."),
)

Crawl = Callable[[str, dict[str, str], dict[str, Any], Path, bool], None]


def spider_command(spider: str, about: str, options: tuple[SpiderOption, ...], crawl: Crawl) -> Callable[..., None]:
    """A function with one typed parameter an option, as Typer reads them, that calls `crawl`."""

    def command(**given: Any) -> None:
        arguments = {option.name: _text(given[option.name]) for option in options}
        arguments |= {name: given[name] for name, _ in RUNNING}
        settings: dict[str, Any] = {setting: given[name] for name, _, setting in SETTINGS if given[name]}
        if given["allow"]:
            settings["GESSO_ALLOW"] = ",".join(given["allow"])
        crawl(spider, {k: v for k, v in arguments.items() if v}, settings, given["home"], given["as_json"])

    parameters = [_parameter(option) for option in options]
    parameters += [_keyword(name, _typed(str, help), "") for name, help in RUNNING]
    parameters += [_keyword(name, _typed(str, help), "") for name, help, _ in SETTINGS]
    allow = "HOST:PORT of this machine or its network that may be reached; may be given more than once."
    parameters.append(_keyword("allow", _typed(list[str], allow), []))
    parameters += [_keyword("home", Home, DEFAULT_HOME), _keyword("as_json", AsJson, False)]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": None}
    command.__doc__ = about
    command.__name__ = f"crawl_{spider}"
    return command


def _parameter(option: SpiderOption) -> inspect.Parameter:
    if option.flag:
        return _keyword(option.name, _typed(bool, option.help, f"--{option.name.replace('_', '-')}"), False)
    if option.many:
        return _keyword(option.name, _typed(list[str], option.help), [option.default] if option.default else [])
    return _keyword(option.name, _typed(str, option.help), option.default)


def _typed(kind: Any, help: str, *names: str) -> Any:
    return Annotated[kind, typer.Option(*names, help=help, show_default=kind is str)]


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return ("1" if value else "") if isinstance(value, bool) else str(value)
