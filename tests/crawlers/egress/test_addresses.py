"""Which spellings of which addresses count as public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.egress.addresses import (
    AllowError,
    literal,
    parse_allow,
    split_authority,
    why_not_public,
    why_not_public_name,
)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1"),
        *("0.0.0.0", "0", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0xa9fea9fe"),
        *("100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "203.0.113.9"),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.88.99.1"),
        *("::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:8.8.8.8", "::127.0.0.1", "fe80::1", "fec0::1"),
        *("fd00:ec2::254", "fc00::1", "ff02::1", "2001:db8::1", "2001:0:53aa:64c::1", "3fff::1", "100::1", "5f00::1"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::8.8.8.8"),
        *("2a00:1450::5efe:10.0.0.1", "2a00:1450::200:5efe:7f00:1"),
    ],
)
def test_addresses_that_are_not_public(host: str) -> None:
    address = literal(host)
    assert address is not None
    assert why_not_public(address) is not None


@pytest.mark.parametrize(
    "host",
    ["8.8.8.8", "134744072", "0x08.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1"],
)
def test_addresses_that_are_public(host: str) -> None:
    address = literal(host)
    assert address is not None
    assert why_not_public(address) is None


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "metadata.google.internal", "printer.local", "1.2.3.4.5"])
def test_names_that_are_not_public(host: str) -> None:
    assert literal(host) is None
    assert why_not_public_name(host) is not None


@pytest.mark.parametrize(
    "host", ["example.com", "internal.example.com", "1.example", "0x7f.example.org", "xn--bcher-kva.ch"]
)
def test_names_that_may_be_public(host: str) -> None:
    assert literal(host) is None
    assert why_not_public_name(host) is None


@given(st.integers(0, 2**32 - 1))
def test_every_spelling_of_an_ipv4_address_is_the_same_address(number: int) -> None:
    address = IPv4Address(number)
    for spelling in (
        str(number),
        hex(number),
        f"0{number:o}",
        str(address),
        ".".join(f"0x{b:x}" for b in address.packed),
    ):
        assert literal(spelling) == address


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_in_ipv6_is_never_more_public_than_itself(number: int) -> None:
    inner = IPv4Address(number)
    outers = (f"::ffff:{inner}", f"64:ff9b::{inner}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1", f"::{inner}")
    for outer in outers:
        if why_not_public(inner) is not None:
            assert why_not_public(IPv6Address(outer)) is not None


@given(st.ip_addresses())
def test_what_python_calls_private_is_not_public(address: IPv4Address | IPv6Address) -> None:
    if address.is_private or address.is_multicast or address.is_link_local or address.is_loopback:
        assert why_not_public(ip_address(str(address))) is not None or str(address).startswith("2001:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A.Test:80", ("a.test", 80)),
        ("a.test.", ("a.test", 443)),
        ("[::1]:8", ("::1", 8)),
        ("a.test:0", None),
        ("a.test:70000", None),
        ("a b:80", None),
        ("127%2e0.0.1:80", None),
        ("[::zz]:80", None),
        ("127。0。0。1:80", None),
        (":80", None),
    ],
)
def test_authority(text: str, expected: tuple[str, int] | None) -> None:
    assert split_authority(text, 443) == expected


def test_the_allow_list_names_hosts_and_ports() -> None:
    assert parse_allow("127.0.0.1:8000, [::1]:9 ,LOCALHOST:1,") == {("127.0.0.1", 8000), ("::1", 9), ("localhost", 1)}
    with pytest.raises(AllowError, match=r"'127\.0\.0\.1' is no host:port"):
        parse_allow("127.0.0.1")
