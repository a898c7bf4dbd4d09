"""Gesso's own settings: what each is where nobody says, and the check of those that are numbers or switches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawlers.errors import GessoError

if TYPE_CHECKING:  # whoever only starts a crawl need not wait for Scrapy
    from scrapy.settings import BaseSettings

DEFAULTS: dict[str, Any] = {
    "GESSO_STORE": "workspace/captures",
    "GESSO_PROXY": "",
    "GESSO_ALLOW": "",
    "GESSO_CONTACT": "",
    "GESSO_RESPONSE_BYTES": 256 << 20,
    "GESSO_HOST_BYTES": 32 << 30,
    "GESSO_EGRESS_SECONDS": 600.0,
    "GESSO_MAX_WAIT": 120.0,
    "OPT_OUT": "respect",
    "GESSO_PAGES": 0,
    "GESSO_THEMES": "light,dark",
    "GESSO_KINDS": "fold,full",
    "GESSO_VIEWS": "desktop,phone",
    "GESSO_LOAD_EACH_VIEW": False,
    "GESSO_PROBE": True,
    "GESSO_MAX_HEIGHT": 20_000,
    "GESSO_PAGE_SECONDS": 120.0,
    "GESSO_REPORT": None,
    "GESSO_FRONTIER": "",
    "GESSO_LEASE_SECONDS": 60.0,
    "GESSO_MIN_FREE": 1 << 30,
}


MAY_BE_ZERO = frozenset({"GESSO_PAGES", "GESSO_MIN_FREE", "GESSO_MAX_WAIT"})  # a limit of 0 would fail every page


class SettingError(GessoError):
    """A setting that is no number, or no switch, where it must be one."""


def check_values(settings: BaseSettings) -> None:
    """Raise SettingError for the first of DEFAULTS that is not of its default's kind, before anything is fetched."""
    for name, usual in DEFAULTS.items():
        if isinstance(usual, bool):
            _check_switch(settings, name)
        elif isinstance(usual, int | float):
            _check_number(settings, name, usual)


def positive(settings: BaseSettings, name: str, usual: float) -> float:
    """A number above 0 that only one spider asks for. Raises SettingError."""
    try:
        number = settings.getfloat(name, usual)
    except (TypeError, ValueError):
        number = 0.0
    if not number > 0:
        raise SettingError(f"{name}={_shown(settings, name)} is no number above 0: write for example {usual}")
    return number


def _check_switch(settings: BaseSettings, name: str) -> None:
    try:
        settings.getbool(name)
    except (TypeError, ValueError):
        raise SettingError(f"{name}={_shown(settings, name)} is no switch: write 1 or 0") from None


def _check_number(settings: BaseSettings, name: str, usual: float) -> None:
    whole = isinstance(usual, int)
    zero = name in MAY_BE_ZERO
    try:
        number = settings.getint(name) if whole else settings.getfloat(name)
        right = number > 0 or (zero and number == 0)
    except (TypeError, ValueError, OverflowError):
        right = False
    if not right:
        kind = f"{'whole number' if whole else 'number'} {'from 0 up' if zero else 'above 0'}"
        raise SettingError(f"{name}={_shown(settings, name)} is no {kind}: write for example {usual}")


def _shown(settings: BaseSettings, name: str) -> str:
    return str(settings[name])[:80]
