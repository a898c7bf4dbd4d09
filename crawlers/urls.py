"""URLs: their canonical form, the site they belong to, and whether a link may lead to a page."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from functools import cache
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import tldextract

MAX_URL = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}
TRACKING = frozenset({"gclid", "fbclid", "msclkid", "dclid", "mc_cid", "mc_eid", "igshid", "yclid", "_ga"})
SESSIONS = frozenset({"phpsessid", "jsessionid", "aspsessionid", "sessionid", "session_id", "sid"})
NOT_PAGES = frozenset(
    {
        *("7z", "apk", "bin", "bz2", "dmg", "exe", "gz", "iso", "jar", "msi", "rar", "rpm", "tar", "tgz", "xz", "zip"),
        *("aac", "avi", "flac", "m4a", "mid", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "ogg", "ogv", "wav", "webm"),
        *("avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp"),
        *("atom", "css", "csv", "ics", "js", "json", "map", "md", "rss", "txt", "xml"),
        *("doc", "docx", "epub", "odt", "ods", "pdf", "ppt", "pptx", "ps", "rtf", "xls", "xlsx"),
        *("eot", "otf", "ttf", "woff", "woff2"),
    }
)
_JSESSION = re.compile(r";jsessionid=[^/?#]*", re.I)


def canonical_url(url: str) -> str:
    """One spelling for one page: lower-case host, no default port, fragment, tracking or session parameters.

    The order of the other parameters and a trailing `index.html` stay: a server may tell them apart.
    """
    parts = urlsplit(url.strip())
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").rstrip(".").lower()
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    netloc = host if port in (None, DEFAULT_PORTS.get(scheme)) else f"{host}:{port}"
    path = _JSESSION.sub("", parts.path) or "/"
    path = quote(path, safe="/:@!$&'()*+,;=~%", errors="replace")  # the author's own escapes stay
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _dropped(k)])
    if not _has_dropped(parts.query):
        query = parts.query
    return urlunsplit((scheme, netloc, path, query, ""))


def _dropped(name: str) -> bool:
    low = name.lower()
    return low.startswith("utm_") or low in TRACKING or low in SESSIONS


def _has_dropped(query: str) -> bool:
    return any(_dropped(name) for name, _ in parse_qsl(query, keep_blank_values=True))


@cache
def _suffixes() -> tldextract.TLDExtract:
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def site_of(url: str) -> str:
    """The group that must not be split: registrable domain; host:port of an address; else the whole host name.

    Only the suffix list that tldextract ships is asked, never the network.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if is_loopback_name(host) or _is_address(host):
        port = parts.port or DEFAULT_PORTS.get(parts.scheme.lower(), 0)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    found = _suffixes()(host)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else host


def host_of(url: str) -> str:
    """scheme://host[:port], what a robots.txt holds for."""
    parts = urlsplit(canonical_url(url))
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback_name(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host in ("localhost", "ip6-localhost") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def may_be_page(url: str) -> bool:
    """Whether a link is worth opening in a browser: http(s), of sane length, not by its ending something else."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname or len(url) > MAX_URL:
        return False
    ending = posixpath.splitext(parts.path)[1].lower().lstrip(".")
    return ending not in NOT_PAGES
