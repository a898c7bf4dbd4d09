"""Which addresses a crawl may reach: the public internet, and what the allow-list names by host and port.

Pure functions over host names and addresses; nothing is resolved here.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from crawlers.errors import GessoError

Address = IPv4Address | IPv6Address

# From the IANA special-purpose registries, as networks of our own: `is_global` differs between Python releases.
_NOT_PUBLIC_4 = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved by IETF"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("2001::/23", "reserved by IETF, Teredo among it"),
        ("2001:db8::/32", "documentation"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP = (0x00005EFE, 0x02005EFE)
_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa", "lan", "onion")
_AUTHORITY = re.compile(r"^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._~!$&'()*+,;=-]{1,255})(?::(\d{1,5}))?$", re.I)
_NUMBERS = re.compile(r"^(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}$", re.I)


class AllowError(GessoError):
    """GESSO_ALLOW or GESSO_PROXY does not name hosts and ports."""


def split_authority(text: str, default_port: int | None = None) -> tuple[str, int] | None:
    """(host, port) of `host:port`, the host in lower case without brackets or a final dot; None where it is neither."""
    match = _AUTHORITY.match(text)
    if match is None:
        return None
    host = match[1].strip("[]").rstrip(".").lower()
    port = int(match[2]) if match[2] else default_port
    if not host or port is None or not 0 < port < 65536:
        return None
    if ":" in host and literal(host) is None:
        return None
    return host, port


def literal(host: str) -> Address | None:
    """The address that a host name spells, in any form that a browser or the C library takes: 127.1, 0x7f000001, …"""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        pass
    if _NUMBERS.match(host):
        try:
            return IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return None


def why_not_public(address: Address) -> str | None:
    """What kind of address it is, where it is not one of the public internet; None where it is.

    An IPv6 address that carries an IPv4 address is judged by that one too.
    """
    if isinstance(address, IPv4Address):
        return next((what for network, what in _NOT_PUBLIC_4 if address in network), None)
    number = int(address)
    if address.ipv4_mapped is not None:
        return why_not_public(address.ipv4_mapped) or "an IPv4 address in IPv6 clothes"
    if address in _NAT64:
        return why_not_public(IPv4Address(number & 0xFFFFFFFF))
    if address not in _PUBLIC_6:
        return "loopback" if address.is_loopback else "no public IPv6 address"
    if address in _SIX_TO_FOUR:
        return why_not_public(IPv4Address(number >> 80 & 0xFFFFFFFF))
    if number >> 32 & 0xFFFFFFFF in _ISATAP:
        return why_not_public(IPv4Address(number & 0xFFFFFFFF))
    return next((what for network, what in _NOT_PUBLIC_6 if address in network), None)


def why_not_public_name(host: str) -> str | None:
    """Why a name can only be local, before anybody resolves it; None where it may be public."""
    if any(host == name or host.endswith("." + name) for name in _LOCAL_NAMES):
        return "a local name"
    last = host.rsplit(".", 1)[-1]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        return "no address"  # 1.2.3.4.5 and the like: a resolver may still make something of it
    return None


def normal(host: str) -> str:
    """One spelling for one host: addresses as Python prints them."""
    address = literal(host)
    return str(address) if address is not None else host


def parse_allow(text: str) -> frozenset[tuple[str, int]]:
    """The hosts and ports of `host:port,host:port`. Raises AllowError where a part is neither."""
    found = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        target = split_authority(part)
        if target is None:
            raise AllowError(f"GESSO_ALLOW: {part!r} is no host:port: write for example 127.0.0.1:8000,[::1]:8000")
        found.add((normal(target[0]), target[1]))
    return frozenset(found)
