"""Arguments of the store spiders: what is wrong is named, in one line."""

from __future__ import annotations

import pytest

from crawlers.arguments import ArgumentError, parse_arguments

HEX = "ab" * 32


@pytest.mark.parametrize(
    ("spider", "given", "said"),
    [
        ("appstore", {}, "nothing to read"),
        ("appstore", {"charts": "top"}, "is not one of top-free, top-paid"),
        ("appstore", {"ids": "1", "country": "usa"}, "two letters"),
        ("appstore", {"ids": "1", "limit": "201"}, "from 1 to 200"),
        ("appstore", {"ids": "1", "feed": "v3"}, "is not one of auto"),
        ("googleplay", {}, "nothing to read"),
        ("googleplay", {"ids": "../x"}, "give a list"),
        ("googleplay", {"ids": "nodots"}, "give a list"),
        ("flathub", {}, "nothing to read"),
        ("flathub", {"source": "file:///etc/x.xml"}, "appstream.xml"),
        ("flathub", {"dep11": "nowhere.yml"}, "DEP-11"),
        ("flathub", {"collection": "category/../x"}, "is not one of popular"),
        ("fdroid", {"repo": "http://a.test/r", "fingerprint": "12"}, "not a SHA-256"),
        ("fdroid", {"repo": f"http://a.test/r?fingerprint={HEX}", "fingerprint": "cd" * 32}, "the two differ"),
        ("fdroid", {"repo": "http://a.test/r", "fingerprint": HEX, "entry": "json"}, "no signature"),
        ("fdroid", {"repo": "http://a.test/r", "entry": "xml"}, "is not one of jar, json"),
    ],
)
def test_what_is_wrong_is_named(spider: str, given: dict[str, str], said: str) -> None:
    with pytest.raises(ArgumentError, match=said) as raised:
        parse_arguments(spider, given)
    assert "\n" not in str(raised.value)


def test_links_as_fdroid_hands_them_out() -> None:
    spelt = ":".join(HEX[i : i + 2] for i in range(0, 64, 2)).upper()
    for repo in (
        f"https://a.test/fdroid/repo/?fingerprint={HEX}",
        f"fdroidrepos://a.test/fdroid/repo?FINGERPRINT={HEX}",
    ):
        found = parse_arguments("fdroid", {"repo": repo, "fingerprint": spelt})
        assert (found.repo, found.fingerprint) == ("https://a.test/fdroid/repo", HEX)
