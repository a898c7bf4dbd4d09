"""URLs: their canonical form, the site they belong to, and whether a link may lead to a page.

Pure and total: whatever a page gives as a link is answered with a value or a UrlError.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
import socket
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, unquote_plus, urlsplit, urlunsplit

import idna

from crawlers.errors import GessoError

if TYPE_CHECKING:
    from tldextract import TLDExtract

MAX_URL = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}
TRACKING_PREFIXES = ("utm_", "mtm_", "matomo_", "pk_", "piwik_", "hsa_", "oly_", "vero_", "_hs", "__hs", "fb_action_")
TRACKING = frozenset(
    {
        *("gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "_ga", "_gl", "gs_l"),
        *("fbclid", "fb_source", "fb_ref", "igshid", "igsh", "msclkid", "cvid", "yclid", "ysclid", "_openstat"),
        *("ttclid", "twclid", "li_fat_id", "epik", "rdt_cid", "scclid", "sccid", "irclickid", "irgwc", "wickedid"),
        *("mc_cid", "mc_eid", "mkt_tok", "ml_subscriber", "ml_subscriber_hash", "s_cid", "ns_mchannel", "ns_source"),
        *("spm", "scm", "cmpid", "campaign_id", "trk", "trkcampaign", "elqtrackid", "elqtrack", "rb_clickid"),
        *("mkcid", "mkevt", "mkrid", "campid", "toolid", "customid", "_branch_match_id", "_kx", "ck_subscriber_id"),
    }
)
SESSIONS = frozenset(
    {
        *("phpsessid", "phpsession", "jsessionid", "aspsessionid", "sessionid", "session_id", "sessid", "sess_id"),
        *("cfid", "cftoken", "oscsid", "zenid", "xtcsid", "osclsid", "symfony", "viewstate", "__viewstate"),
    }
)
MAYBE_SESSIONS = frozenset({"sid", "s", "session", "sess", "ssid", "token"})  # only where the value is a long token
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
_CONTROLS = re.compile(r"[\t\n\r]")
_ENDS = "".join(map(chr, range(33)))  # a browser strips C0 controls and spaces from both ends
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid|sid)=[^/]*", re.I)
_ASP_SESSION = re.compile(r"/\((?:[A-Z]\([^/()]*\))+\)(?=/|$)", re.I)
_TOKEN = re.compile(r"^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{16,}$|^\d{24,}$")
_BAD_HOST = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")
_NUMBERS = re.compile(r"^(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}$")


class UrlError(GessoError):
    """Text that no browser would open as a URL."""


@lru_cache(10_000)  # one request asks of its URL in five places
def canonical_url(url: str) -> str:
    """One spelling for one page; the canonical form of a canonical form is itself. Raises UrlError.

    Lower-case host in punycode, no credentials, default port, fragment, dot segments, tracking or session parameters;
    escapes upper-case and only where they are needed. What a server may tell apart stays: the order of parameters,
    doubled and trailing slashes, `index.html`. Other schemes than http and https are only stripped.
    """
    parts = _split(url)
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        return _CONTROLS.sub("", url.strip(_ENDS)).partition("#")[0].strip(_ENDS)
    netloc = _netloc(parts, url)
    return urlunsplit((scheme, netloc, _path(parts.path), _query(parts.query), ""))


def _split(url: str) -> SplitResult:
    text = _CONTROLS.sub("", url.strip(_ENDS))
    if re.match(r"https?:", text, re.I):  # to a browser a backslash is a slash, except in the query
        head, mark, tail = re.match(r"([^?#]*)([?#]?)(.*)", text, re.S).groups()  # type: ignore[union-attr]
        text = head.replace("\\", "/") + mark + tail
    try:
        return urlsplit(text)
    except ValueError as error:
        raise UrlError(f"{url[:200]!r} is not a URL ({error})") from None


def _netloc(parts: SplitResult, url: str) -> str:
    try:
        port = parts.port
    except ValueError:
        raise UrlError(f"{url[:200]!r} has no port that exists: give one from 0 to 65535, or none") from None
    host = _host(parts.hostname or "", url)
    host = f"[{host}]" if ":" in host else host
    return host if port in (None, DEFAULT_PORTS[parts.scheme.lower()]) else f"{host}:{port}"


def _host(host: str, url: str) -> str:
    """A host as a resolver takes it: punycode, or an address in its usual form. Raises UrlError."""
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host).compressed if "%" not in host else _no_host(url)
        except ValueError:
            return _no_host(url)
    host = unquote(host, errors="replace")
    if not host.isascii():
        host = _punycode(host, url)
    if ".." in host:
        return _no_host(url)
    host = host.lower().removesuffix(".")
    if not host or len(host) > 253 or host.startswith(".") or _BAD_HOST.search(host):
        return _no_host(url)
    if _NUMBERS.match(host):  # 0x7f.1, 2130706433: a browser reads these as IPv4
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except (OSError, UnicodeError):
            return _no_host(url)
    return host


def _punycode(host: str, url: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        pass
    try:  # emoji and the like: not of IDNA 2008, and registered all the same
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return _no_host(url)


def _no_host(url: str) -> str:
    raise UrlError(f"{url[:200]!r} names no host")


def _path(path: str) -> str:
    path = _escaped(path, safe="/:@!$&'()*+,;=~%")
    path = _ASP_SESSION.sub("", _PATH_SESSION.sub("", path))
    segments: list[str] = []
    names = path.split("/")[1:]
    for number, name in enumerate(names):
        last = number == len(names) - 1
        if name == "..":
            del segments[-1:]
        elif name != ".":
            segments.append(name)
            continue
        if last:
            segments.append("")
    return "/" + "/".join(segments)


def _query(query: str) -> str:
    pieces = (_escaped(piece, safe="/:@!$'()*+,;=~%?[]|") for piece in query.split("&"))
    return "&".join(piece for piece in pieces if piece and not _dropped(*piece.partition("=")[::2]))


def _escaped(text: str, *, safe: str) -> str:
    """Percent-encoding in its normal form: upper case, nothing escaped that needs no escape, no stray percent sign."""
    text = quote(_STRAY.sub("%25", text), safe=safe, errors="replace")
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter in _UNRESERVED else found[0].upper()


def _dropped(name: str, value: str) -> bool:
    low = unquote_plus(name).lower()
    if low in MAYBE_SESSIONS:
        return is_token(unquote_plus(value))
    return low in TRACKING or low in SESSIONS or low.startswith(TRACKING_PREFIXES) or low.startswith("aspsessionid")


def is_token(text: str) -> bool:
    """Whether text looks like something drawn at random for a visit: long, and letters mixed with digits."""
    return _TOKEN.match(text) is not None


@cache
def _suffixes() -> TLDExtract:
    import tldextract  # brings requests along: not before a domain is asked for

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def site_of(url: str) -> str:
    """The group that must not be split: registrable domain; host:port of an address; else the whole host name.

    Only the suffix list that tldextract ships is asked, never the network. Raises UrlError.
    """
    parts = urlsplit(canonical_url(url))
    host = parts.hostname or ""
    if is_loopback_name(host) or _is_address(host):
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return _registrable(host)


@lru_cache(100_000)
def _registrable(host: str) -> str:
    found = _suffixes()(host)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else host


def host_of(url: str) -> str:
    """scheme://host[:port], what a robots.txt holds for. Raises UrlError."""
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
    if len(url) > MAX_URL:
        return False
    try:
        parts = urlsplit(canonical_url(url))
    except UrlError:
        return False
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return False
    return posixpath.splitext(parts.path)[1].lower().lstrip(".") not in NOT_PAGES
