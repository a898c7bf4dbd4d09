"""`gesso crawl …`: one command a spider, and what keeps a crawl in hand: status, retry, takedown."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.crawl_options import DEFAULT_HOME, AsJson, Frontier, Home, spider_command
from pipelines.crawl_options import SpiderOption as Option

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Collect captures from sites and stores.")
HOSTS_SHOWN = 30
INTERRUPTED = 130

VISITS = (
    Option("depth", "How many links away from a seed; stays on its site.", "1"),
    Option("per_site", "At most this many pages a site.", "50"),
    Option("sections", "Take hero, features, pricing, footer … as captures of their own, too.", flag=True),
    Option("views", "Windows: desktop, laptop, tablet, phone or device names, joined by commas."),
    Option("themes", "light, dark or both, joined by commas."),
    Option("kinds", "fold, full or both, joined by commas."),
    Option(
        "jitter", "Also take each fold damaged, to learn from: all, or contrast, palette, spacing … joined by commas."
    ),
    Option("jitter_seed", "Another number, other damage.", "0"),
    Option("nofollow", "Follow links that ask not to be followed, too.", flag=True),
    Option("alternates", "Follow a page's other languages, too.", flag=True),
    Option("url_length", "Trap limit: characters of an address; 0 switches a limit off."),
    Option("path_depth", "Trap limit: segments of a path."),
    Option("path_repeats", "Trap limit: times that a segment is repeated in a path."),
    Option("parameters", "Trap limit: parameters of a query."),
    Option("per_calendar", "Trap limit: pages of one calendar."),
    Option("per_list", "Trap limit: pages of one list."),
    Option("per_query", "Trap limit: queries of one path."),
    Option("per_token", "Trap limit: addresses that differ in a token only."),
    Option("per_template", "Trap limit: addresses of one shape."),
)
SPIDERS: dict[str, tuple[str, str, tuple[Option, ...]]] = {
    "web": (
        "Take screenshots of web pages: desktop and phone, fold and full page, light and dark, with their DOM.",
        "--seeds seeds.txt --depth 1 --per-site 20",
        (
            Option("seeds", "Addresses joined by commas, or a file with one a line."),
            *VISITS,
            Option("sitemap", "Sitemaps to read, joined by commas."),
            Option("sitemaps", "robots: also read the sitemaps that the seeds' robots.txt name."),
            Option("cross_site", "Take what the named sitemaps list of other sites, too.", flag=True),
        ),
    ),
    "gallery": (
        "Follow a gallery's entries to the sites that they show, and take screenshots of those.",
        "--url https://gallery.example/ --preset mine.yaml --limit 100",
        (
            Option("url", "Addresses of the gallery's first pages, joined by commas."),
            Option("preset", "A preset's name, or a YAML file with url and selectors."),
            Option("name", "What the gallery is called in the captures."),
            Option("item", "CSS selector of an entry."),
            Option("link", "CSS selector of an entry's link to the site that it shows."),
            Option("detail", "CSS selector of an entry's link to its own page in the gallery."),
            Option("detail_link", "CSS selector, on an entry's own page, of the link to the site that it shows."),
            Option("title", "CSS selector of an entry's title."),
            Option("tags", "CSS selector of an entry's tags."),
            Option("votes", "CSS selector of an entry's votes."),
            Option("rank", "CSS selector of an entry's rank."),
            Option("next", "CSS selector of the link to the next page."),
            Option("pages", "At most this many pages of the gallery."),
            Option("limit", "At most this many entries."),
            Option("render", "Open the gallery in the browser, for one made by scripts.", flag=True),
            Option("depth", "How many links away from a shown site's entry page.", "0"),
            *VISITS[1:],
        ),
    ),
    "fdroid": (
        "Fetch every listing's screenshots and texts from an F-Droid repository.",
        "--repo https://f-droid.org/repo --locales en-US,de-DE",
        (
            Option("repo", "Address of an F-Droid repository (index-v2)."),
            Option("apps", "Only these app ids, joined by commas."),
            Option("limit_apps", "Only the first so many apps."),
            Option("locales", "Only these locales, joined by commas; all by default."),
            Option("fingerprint", "SHA-256 of the certificate that must have signed the repository."),
            Option("entry", "jar: the signed entry; json: the unsigned one, where there is no other."),
            Option("older", "Take a signed repository that is older than when it was last read.", flag=True),
        ),
    ),
    "appstore": (
        "Fetch listings and screenshots from Apple's App Store.",
        "--charts top-free --country us",
        (
            Option("search", "A term to search for."),
            Option("ids", "App ids or bundle ids, joined by commas."),
            Option("charts", "top-free, top-paid or both, joined by commas."),
            Option("feed", "Which charts to read: auto, v2 or legacy."),
            Option("country", "The country's store, two letters."),
            Option("language", "Of the texts, as in en_us."),
            Option("limit", "At most this many apps a search or chart."),
        ),
    ),
    "googleplay": (
        "Fetch listings and screenshots from Google Play.",
        "--search notes --country us",
        (
            Option("ids", "Package names, joined by commas."),
            Option("search", "A term to search for."),
            Option("language", "Of the texts, as in en or pt-BR."),
            Option("country", "The country's store, two letters."),
            Option("limit", "At most this many apps of a search."),
        ),
    ),
    "flathub": (
        "Fetch listings and screenshots from Flathub, or any AppStream or DEP-11 catalogue.",
        "--collection popular --limit 50",
        (
            Option("source", "appstream for Flathub's catalogue, or the URL of an appstream.xml(.gz)."),
            Option("dep11", "URL of a DEP-11 file."),
            Option("collection", "popular, trending, recently-updated, recently-added or category/NAME."),
            Option("ids", "App ids, joined by commas."),
            Option("locale", "Of the texts, as in en or pt_BR."),
            Option("limit", "At most this many apps."),
        ),
    ),
    "folder": (
        "Take over images that are on disk already: a folder, a Parquet file, or WebDataset shards.",
        "--path 'shots-{000..003}.tar' --source mine --licence CC-BY-4.0",
        (
            Option("path", "Folder (those in it are a site each, so are images in none), .parquet, .tar, or {0..3}."),
            Option("map", "FIELD:COLUMN pairs joined by commas, for metadata columns."),
            Option("source", "What the captures are said to come from."),
            Option("licence", "The licence of all of them."),
            Option("view", "What they show: listing, fold or full."),
        ),
    ),
}


def _crawl(spider: str, arguments: dict[str, str], settings: dict[str, Any], home: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from crawlers.run import crawl
    from pipelines import terminal

    with terminal.progress_lines(quiet=as_json) as progress:
        summary = crawl(spider, arguments, store=str(home / "captures"), settings=settings or None, progress=progress)
    if as_json:
        terminal.print_json(asdict(summary))
    else:
        if summary.failures:
            rows = [(kind, count) for kind, count in sorted(summary.failures.items(), key=lambda item: -item[1])]
            terminal.table("Not captured", ("why", "count"), rows, right=(1,))
        traps = {k.rpartition("/")[2]: n for k, n in sorted(summary.stats.items()) if k.startswith("gesso/traps/")}
        if traps:
            left_out = ", ".join(f"{kind} {number}" for kind, number in traps.items())
            terminal.note(f"links left out as traps: {left_out}")
        if summary.nothing_new:
            terminal.note(f"run {summary.run_id} was finished before; give --run NAME to fetch all of it again")
        what = f"{terminal.many(summary.captures, 'capture')} of {terminal.many(summary.sites, 'site')}"
        terminal.made(f"{what}, run {summary.run_id}", home / "captures")
    for seed in summary.unreachable:
        _say(f"seed {seed.url} gave nothing ({seed.kind}: {seed.reason}){_remedy(seed.kind, summary.run_id)}")
    if summary.reason == "shutdown":
        _say("stopped; the same command goes on from here")
        raise typer.Exit(INTERRUPTED)
    if summary.broken:
        _say(summary.broken)
    if summary.unreachable or summary.broken:
        raise typer.Exit(2)


for _name, (_about, _example, _options) in SPIDERS.items():
    app.command(_name, epilog=f"**Example** `gesso crawl {_name} {_example}`")(
        spider_command(_name, _about, _options, _crawl)
    )


@app.command("status", epilog="**Example** `gesso crawl status --watch 2`")
def crawl_status(
    run: Annotated[str, typer.Option(help="Only this run.")] = "",
    watch: Annotated[float, typer.Option(help="Draw it again every so many seconds, until Ctrl-C.", min=0)] = 0,
    frontier: Frontier = "",
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Show each run's hosts: done, queued, leased, failed and why, pages a minute and bytes."""
    from dataclasses import asdict

    from crawlers.status import named, status
    from pipelines import crawl_tables, terminal

    def found() -> list[Any]:
        store = str(home / "captures")
        runs = status(store, frontier=frontier or None)
        return named(runs, run, store) if run else runs

    if as_json:
        terminal.print_json([asdict(one) for one in found()])
    elif watch:
        crawl_tables.watch(found, max(watch, 0.2), HOSTS_SHOWN)
    else:
        crawl_tables.show(found(), HOSTS_SHOWN)


@app.command("retry", epilog="""**Example** `gesso crawl retry --where "verdict='timeout'" --dry-run`""")
def crawl_retry(
    where: Annotated[
        str, typer.Option(help="SQL condition over kind (= verdict), reason, host, url, depth, attempts, status, …")
    ] = "",
    run: Annotated[str, typer.Option(help="Only this run.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be put back.")] = False,
    frontier: Frontier = "",
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Put failed requests back into their queue: those that match, or those whose time for another try has come."""
    from dataclasses import asdict

    from crawlers.retry import retry
    from pipelines import terminal

    store = str(home / "captures")
    done = retry(store, where or None, run=run or None, frontier=frontier or None, dry_run=dry_run)
    if as_json:
        terminal.print_json([asdict(one) for one in done])
        return
    for one in done:
        rows = [(kind, count) for kind, count in one.by_kind.items()]
        if rows:
            terminal.table(f"{one.run_id}: {one.chosen} of {one.failed} failed", ("why", "count"), rows, right=(1,))
        what = "would be put back" if dry_run else "put back"
        terminal.note(f"{one.run_id}: {one.chosen if dry_run else one.put_back} {what}; {one.later} have a later plan")
        if one.put_back:
            elsewhere = "" if home == DEFAULT_HOME else f" --home {shlex.quote(str(home))}"
            terminal.made("now run", one.command + elsewhere)
    if not any(one.chosen for one in done):
        terminal.note("nothing matches" if where else "nothing is due for another try; --where chooses regardless")


@app.command("takedown", epilog="**Example** `gesso crawl takedown example.org --yes`")
def crawl_takedown(
    what: Annotated[str, typer.Argument(help="A site as its captures have it, an app id, or a capture's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only what would be done is shown.")] = False,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Remove a site's or a capture's files, refuse them from then on, and mark the datasets that hold them."""
    from pipelines import terminal
    from pipelines.takedown import take_down

    with terminal.progress_lines(quiet=as_json) as progress:
        done = take_down(home, what, dry_run=not yes, progress=progress)
    if as_json:
        terminal.print_json(done)
        return
    rows = [(name, f"{count} captures") for name, count in done["datasets"].items()]
    if rows:
        terminal.table("Dataset versions to build again", ("version", "holds"), rows)
    size = f"{done['blobs']} files ({done['bytes'] / 2**20:.1f} MiB), {done['kept_shared']} shared files stay"
    if yes:
        terminal.made(f"{len(done['capture_ids'])} captures taken down, {size}", home / "captures")
    else:
        terminal.note(f"would take down {len(done['capture_ids'])} captures, {size}; --yes does it")


def _remedy(kind: str, run: str) -> str:
    """What may help a seed of such a failure; a refusal says itself what would, if anything."""
    from crawlers.frontier.base import retry_at

    if retry_at(kind, 1, 0.0) is not None:
        return f": try again by `gesso crawl retry --run {run} --where \"kind = '{kind}'\"`, or check the address"
    return ": check the address" if kind.startswith("http_4") or kind in ("not_html", "bad_url") else ""


def _say(text: str) -> None:
    """One line on stderr, whatever breaks the text has."""
    sys.stderr.write(f"gesso: {' '.join(text.split())}\n")
