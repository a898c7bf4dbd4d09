"""Builds the example app store: renders the screens of src/ with Chromium and writes the F-Droid index of repo/.

    python examples/store/build.py               render everything, then index
    python examples/store/build.py APP_ID …      render only these apps, then index
    python examples/store/build.py --index       only write the index of the files that are there

A screen is an HTML fragment, src/<app id>/<screen>.html. In it `{{English||Deutsch}}` is a text in both locales,
`[[name]]` an icon of icons.svg and `[[screen:name]]` another screen of the same app, on a device.
The index is a pure function of src/*/app.json and the files of repo/.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SRC, REPO = HERE / "src", HERE / "repo"
LOCALES = ("en-US", "de-DE")
TIMESTAMP = 1767225600000  # 2026-01-01T00:00:00Z, fixed so that the same files give the same index
SIZES = {"phone": (360, 780), "tenInch": (1280, 800)}  # CSS px
EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp"}
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
STATUS_ICONS = (
    '<svg viewBox="0 0 52 12"><path d="M0 12 12 0v12z"/><path d="M16 8h2.500v4H16zm4-3h2.500v7H20zm4-3h2.500v10H24z"/>'
    '<path fill-rule="evenodd" d="M31 2.500h17v8H31zm1.300 1.300v5.400h14.400V3.800zM49 5h1.500v3H49z"/>'
    '<path d="M33.200 4.700h9v3.600h-9z"/></svg>'
)


# -- pages -------------------------------------------------------------------------------------------------------------


def localise(text: str, locale: str) -> str:
    """The text with every {{English||Deutsch}} resolved to one locale."""
    return re.sub(r"\{\{(.*?)\|\|(.*?)\}\}", lambda m: m[1 + LOCALES.index(locale)], text, flags=re.DOTALL)


def drawings(app: dict[str, Any]) -> dict[str, str]:
    """Name → inline SVG: the shared icons, on a grid of 24, and the app's own pictures."""
    found = {}
    for path, kind in ((SRC / "icons.svg", "i"), (SRC / app["id"] / "art.svg", "art")):
        text = path.read_text() if path.is_file() else ""
        for name, box, shapes in re.findall(r'<symbol id="([\w-]+)" viewBox="([^"]+)">(.*?)</symbol>', text, re.DOTALL):
            found[name] = f'<svg class="{kind}" viewBox="{box}">{shapes}</svg>'
    return found


def screen(app: dict[str, Any], name: str, locale: str, factor: str) -> str:
    """One screen as markup: fragment, status bar and gesture bar."""
    fragment = localise((SRC / app["id"] / f"{name}.html").read_text(), locale)
    fragment = re.sub(r"\[\[screen:([\w-]+)\]\]", lambda m: screen(app, m[1], locale, "phone"), fragment)
    pictures = drawings(app)
    fragment = re.sub(r"\[\[([\w-]+)\]\]", lambda m: pictures[m[1]], fragment)
    if name.startswith("frame"):
        return f'<main class="screen {name}">{fragment}</main>'
    status = f'<div class="status"><span>{app["time"]}</span>{STATUS_ICONS}</div>'
    return f'<main class="screen {factor} {name}">{status}{fragment}<i class="gesture"></i></main>'


def document(app: dict[str, Any], body: str, locale: str) -> str:
    """A whole page around the markup of a screen."""
    return (
        f'<!doctype html><html lang="{locale[:2]}"><meta charset="utf-8"><base href="{SRC.as_uri()}/">'
        f'<link rel="stylesheet" href="base.css"><link rel="stylesheet" href="{app["id"]}/style.css">'
        f"<body>{body}</body></html>"
    )


# -- pictures ----------------------------------------------------------------------------------------------------------


@contextmanager
def chromium() -> Iterator[Any]:
    """A Playwright browser, found the way that the crawlers find theirs where they are installed."""
    from playwright.sync_api import sync_playwright

    try:
        from crawlers.browser.find import require_chromium

        path = str(require_chromium())
    except ImportError:
        path = shutil.which("chromium") or shutil.which("google-chrome") or ""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path or None, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def photograph(browser: Any, page_html: str, size: tuple[int, int], ratio: float) -> bytes:
    """A PNG of a page. The page is a file while it is taken, so that its relative URLs are local ones."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=ratio)
    aside = SRC / ".page.html"
    try:
        aside.write_text(page_html)
        page = context.new_page()
        page.goto(aside.as_uri(), wait_until="load")
        page.evaluate("document.fonts.ready")
        return bytes(page.screenshot(animations="disabled"))
    finally:
        aside.unlink(missing_ok=True)
        context.close()


def encode(png: bytes, format: str, quality: int) -> bytes:
    """The picture in the format that the app ships; PNGs with a palette, as store pictures usually are."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        rgb = image.convert("RGB")
        if format == "png":
            rgb.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        elif format == "jpeg":
            rgb.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        else:
            rgb.save(out, "WEBP", quality=quality, method=6)
    return out.getvalue()


def render(browser: Any, app: dict[str, Any]) -> None:
    """Write the icon and all screenshots of an app, replacing what was there."""
    folder = REPO / app["id"]
    shutil.rmtree(folder, ignore_errors=True)
    icon = document(app, (SRC / app["id"] / "icon.svg").read_text(), LOCALES[0])
    write(folder / LOCALES[0] / "icon.png", encode(photograph(browser, icon, (256, 256), 2.0), "png", 0))
    format, quality = app["format"], app.get("quality", 80)
    for factor, locales in app["screens"].items():
        for locale, names in locales.items():
            for position, name in enumerate(names, 1):
                path = folder / locale / f"{factor}Screenshots" / f"{position}.{EXTENSIONS[format]}"
                if name.startswith("="):  # the very bytes of another locale's picture, as many real listings have it
                    write(path, (folder / name[1:] / path.parent.name / path.name).read_bytes())
                    continue
                whole = name.removesuffix("!")
                page = document(app, screen(app, whole, locale, factor), locale)
                data = encode(photograph(browser, page, SIZES[factor], app["ratio"][factor]), format, quality)
                write(path, data if whole == name else data[: len(data) * 2 // 5])


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# -- index -------------------------------------------------------------------------------------------------------------


def apps() -> list[dict[str, Any]]:
    """What src/*/app.json says, in order of app id."""
    return [json.loads(path.read_text()) for path in sorted(SRC.glob("*/app.json"))]


def entry(path: Path) -> dict[str, Any]:
    """A file as the index names it."""
    data = path.read_bytes()
    return {
        "name": f"/{path.relative_to(REPO).as_posix()}",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }


def package(app: dict[str, Any]) -> dict[str, Any]:
    """An app's entry in index-v2: its listing in both locales and its files."""
    folder = REPO / app["id"]
    shots: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for path in sorted(folder.glob("*/*Screenshots/*"), key=lambda p: (p.parent, int(p.stem))):
        factor, locale = path.parent.name.removesuffix("Screenshots"), path.parts[-3]
        shots.setdefault(factor, {}).setdefault(locale, []).append(entry(path))
    listing = {key: app[key] for key in ("added", "lastUpdated", "categories", "license", "authorName")}
    listing |= {key: app[key] for key in ("name", "summary", "description")}
    icon = {path.parent.name: entry(path) for path in sorted(folder.glob("*/icon.png"))}
    return {"metadata": {**listing, "icon": icon, "screenshots": shots}, "versions": {}}


def index_files() -> dict[str, bytes]:
    """The bytes of index-v2.json and entry.json for the files that are there."""
    packages = {app["id"]: package(app) for app in apps()}
    categories = sorted({name for one in packages.values() for name in one["metadata"]["categories"]})
    repo = {
        "name": dict.fromkeys(LOCALES, "Gesso examples"),
        "description": {
            "en-US": "Invented apps whose screens were drawn for Gesso",
            "de-DE": "Erfundene Apps, deren Bildschirme für Gesso gezeichnet wurden",
        },
        "address": "http://store.test/repo",
        "icon": {},
        "mirrors": [],
        "timestamp": TIMESTAMP,
        "antiFeatures": {},
        "categories": {name: {"name": {"en-US": name}} for name in categories},
        "releaseChannels": {},
    }
    index = as_json({"repo": repo, "packages": packages})
    facts = {"name": "/index-v2.json", "sha256": hashlib.sha256(index).hexdigest(), "size": len(index)}
    head = {"timestamp": TIMESTAMP, "version": 20002, "index": {**facts, "numPackages": len(packages)}, "diffs": {}}
    return {"index-v2.json": index, "entry.json": as_json(head)}


def as_json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def main() -> None:
    parser = argparse.ArgumentParser(description="Render the example app store and write its index.")
    parser.add_argument("apps", nargs="*", metavar="APP_ID", help="render only these (default: all)")
    parser.add_argument("--index", action="store_true", help="render nothing, only write the index")
    options = parser.parse_args()
    known = apps()
    unknown = set(options.apps) - {app["id"] for app in known}
    if unknown:
        parser.error(f"no such app: {', '.join(sorted(unknown))}; there are {', '.join(app['id'] for app in known)}")
    if not options.index:
        with chromium() as browser:
            for app in known:
                if not options.apps or app["id"] in options.apps:
                    render(browser, app)
    for name, data in index_files().items():
        write(REPO / name, data)
    files = [path for path in REPO.rglob("*") if path.is_file()]
    print(f"{len(known)} apps, {len(files)} files, {sum(p.stat().st_size for p in files) / 1e6:.2f} MB in {REPO}")


if __name__ == "__main__":
    main()
