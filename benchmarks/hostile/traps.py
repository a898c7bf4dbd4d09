"""Sites without end, and sitemaps that are more than they seem."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from benchmarks.hostile.hazard import CAPTURED, Check, Hazard, Journey, Seen
from benchmarks.hostile.markup import hazard, page
from benchmarks.hostile.server import Ask, Reply

LIMIT = 90.0


def links(*targets: str) -> Reply:
    return page("".join(f'<p><a href="{target}">{target}</a></p>' for target in targets))


def at_most(most: int, least: int = 1) -> Check:
    """That so many pages were visited."""

    def check(seen: Seen) -> str | None:
        pages = len({capture.canonical_url for capture in seen.captures})
        return None if least <= pages <= most else f"{pages} pages were visited, not {least} to {most}"

    return check


def calendar(ask: Ask) -> Reply:
    month = int(ask.path.rpartition("/")[2] or 1) if ask.path != "/" else 1
    year = 2020 + month // 12
    return links(f"/calendar/{year}/{month % 12 + 1:02d}/{month + 1}", f"/calendar/{year}/{month % 12 + 1:02d}")


def months(ask: Ask) -> Reply:
    year, month = 2020, 1
    if "month=" in ask.query:
        year, month = map(int, ask.query.partition("month=")[2].split("-"))
    later = f"{year + month // 12}-{month % 12 + 1:02d}"
    return links(f"/events?month={later}")


def sessions(ask: Ask) -> Reply:
    token = f"{ask.before * 7919 + 104729:032x}"
    return links(f"/?PHPSESSID={token}", f"/about;jsessionid={token}", f"/shop?sid=a1{token}&utm_source={token}")


def filters(ask: Ask) -> Reply:
    number = ask.before
    return links(*(f"/shop?colour={number}{n}&size={n}&sort={number}" for n in range(9)))


def deeper(ask: Ask) -> Reply:
    return links("a/", "b/", "../a/b/")


def relative(ask: Ask) -> Reply:
    return links("about/team/")


def tokens(ask: Ask) -> Reply:
    return links(*(f"/item/{(ask.before * 31 + n) * 104729:024x}a{n}" for n in range(9)))


def pages_of_a_list(ask: Ask) -> Reply:
    page_number = int(ask.query.partition("page=")[2] or 1) if "page=" in ask.query else 1
    return links(f"/list?page={page_number + 1}")


def long_urls(ask: Ask) -> Reply:
    return links(ask.path.rstrip("/") + "/" + "x" * 400)


def endless() -> list[Hazard]:
    def site(name: str, answer: Callable[[Ask], Reply], most: int, least: int = 1) -> Hazard:
        return hazard(name, CAPTURED, LIMIT, answer, more={"*": answer}, check=at_most(most, least))

    return [
        site("calendar in paths", calendar, 30, 3),
        site("calendar in queries", months, 13, 3),
        site("session ids", sessions, 3, 2),
        site("query explosion", filters, 30, 5),
        site("repeated path segments", relative, 4, 2),
        site("folders in folders", deeper, 60, 3),
        site("tokens in paths", tokens, 30, 5),
        site("list without end", pages_of_a_list, 21, 3),
        site("addresses that grow", long_urls, 4, 1),
    ]


def listing(*urls: str) -> bytes:
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        + "".join(f"<url><loc>{url}</loc></url>" for url in urls)
        + "</urlset>"
    ).encode()


def sitemaps() -> list[Hazard]:
    def xml(data: bytes, kind: str = "application/xml") -> Reply:
        return Reply(data, 200, {"Content-Type": kind})

    def site(name: str, expect: str | tuple[str, ...], data: bytes, check: Check | None = None) -> Hazard:
        base = hazard(name, expect, 60, page(), more={"/map.xml": xml(data)}, check=check)
        return Hazard(base.name, expect, 60, base.sites, (f"{base.seeds[0]}map.xml",), check=check)

    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    laughs = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><urlset><url><loc>&l9;</loc></url></urlset>'
    )
    outside = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset><url><loc>'
        "http://sitemap-of-files.test/&f;</loc></url></urlset>"
    )
    start = b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    bomb = gzip.compress(start + b" " * (200 << 20) + b"</urlset>", 9)
    index = '<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>'
    circle = f"{index}http://sitemap-in-circles.test/map.xml</loc></sitemap></sitemapindex>".encode()
    return [
        site("sitemap bomb", ("sitemap_cut", "bad_sitemap", "too_large"), bomb),
        site("sitemap of entities", "bad_sitemap", laughs.encode()),
        site("sitemap of files", "bad_sitemap", outside.encode()),
        site("sitemap in circles", ("nothing",), circle),
        site("sitemap of other sites", ("nothing",), listing("http://elsewhere.test/", "http://127.0.0.1:1/")),
        site("sitemap that is a page", "bad_sitemap", page().body),
        site(
            "sitemap cut short",
            "captured + sitemap_cut",
            listing("http://sitemap-cut-short.test/").removesuffix(b"</urlset>") + b"<url><loc>htt",
            at_most(1),
        ),
    ]


def journeys() -> list[Journey]:
    arguments = {"views": "desktop", "themes": "light", "kinds": "fold"}
    settings = {"GESSO_PAGES": 3, "GESSO_PAGE_SECONDS": 20, "GESSO_PROBE": False, "CONCURRENT_REQUESTS": 64}
    caps = {"depth": "12", "per_query": "5", "per_token": "20", "per_site": "60", "per_list": "10"}
    caps["per_calendar"] = "6"
    return [
        Journey("endless sites", endless(), 150, arguments={**arguments, **caps}, settings=settings),
        Journey(
            "sitemaps", sitemaps(), 60, arguments={**arguments, "depth": "0"}, settings=settings, seeds_as="sitemap"
        ),
    ]
