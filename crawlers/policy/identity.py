"""What we call ourselves, with where to reach whoever runs the crawl, and the checks of every setting of courtesy."""

from __future__ import annotations

import re
from typing import Any, Protocol
from urllib.parse import urlsplit

from crawlers.egress.addresses import AllowError, parse_allow
from crawlers.egress.dial import parse_upstream
from crawlers.errors import GessoError
from crawlers.policy.decide import OPT_OUTS
from crawlers.policy.robots import AGENT
from crawlers.urls import is_loopback_name

VERSION = "0.1"
_MAIL = re.compile(r"^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}$")
_PRINTABLE = re.compile(r"^[!-~]{1,200}$")


class IdentityError(GessoError):
    """GESSO_CONTACT is missing or no way to reach anybody."""


class OptOutError(GessoError):
    """OPT_OUT is neither respect nor record."""


class Settings(Protocol):
    """Scrapy's settings, or a dict."""

    def get(self, name: Any, default: Any = None, /) -> Any: ...


def identity(contact: str | None) -> str:
    """The user agent's own part: `gesso/0.1 (+contact)`."""
    return f"{AGENT}/{VERSION} (+{contact})" if contact else f"{AGENT}/{VERSION}"


def is_near(settings: Settings) -> bool:
    """Whether a crawl stays on this machine: behind a proxy on it, or without a contact and so held to GESSO_ALLOW."""
    if behind_loopback(settings):
        return True
    return bool(settings.get("GESSO_ALLOW")) and not settings.get("GESSO_CONTACT") and not settings.get("GESSO_PROXY")


def behind_loopback(settings: Settings) -> bool:
    """Whether everything goes to a proxy on this machine."""
    proxy = str(settings.get("GESSO_PROXY") or "")
    try:
        return is_loopback_name(urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname or "")
    except ValueError:
        return False


def check_settings(settings: Settings) -> None:
    """Raise IdentityError, OptOutError or AllowError, one clear line each, before anything starts."""
    opt_out(settings)
    parse_allow(str(settings.get("GESSO_ALLOW") or ""))
    proxy = str(settings.get("GESSO_PROXY") or "")
    if proxy:
        parse_upstream(proxy)
    contact = str(settings.get("GESSO_CONTACT") or "")
    if contact:
        check_contact(contact)
    elif not is_near(settings):
        raise IdentityError(
            "GESSO_CONTACT is empty: sites must be able to reach whoever crawls them, so set it (--contact) to an "
            "e-mail address or URL of yours; a server on this machine needs GESSO_ALLOW=host:port (--allow) instead"
        )


def check_contact(contact: str) -> None:
    """Raise IdentityError where a contact is neither an e-mail address nor an http(s) URL."""
    if _PRINTABLE.match(contact) and not set(contact) & set('()<>\\"'):
        if _MAIL.match(contact.removeprefix("mailto:")):
            return
        try:
            parts = urlsplit(contact)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme in ("http", "https") and "." in (parts.hostname or ""):
            return
    raise IdentityError(f"GESSO_CONTACT={contact!r} reaches nobody: set an e-mail address or an http(s) URL of yours")


def opt_out(settings: Settings) -> str:
    """The setting OPT_OUT, checked."""
    value = str(settings.get("OPT_OUT") or "respect").strip().lower()
    if value not in OPT_OUTS:
        raise OptOutError(f"OPT_OUT={value!r} is not known: write {' or '.join(OPT_OUTS)}")
    return value


__all__ = ["AllowError", "IdentityError", "OptOutError", "behind_loopback", "check_settings", "identity", "is_near"]
