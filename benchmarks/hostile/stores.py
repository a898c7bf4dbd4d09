"""App stores whose payloads are damaged, shifted, empty or bombs."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

from benchmarks.hostile.hazard import CAPTURED, Hazard, Journey, Seen
from benchmarks.hostile.markup import gzip_bomb, image, page, picture, png_bomb
from benchmarks.hostile.server import Reply, Route, Site, broken_off

QUICK = 25.0
SHOT = picture(size=(72, 128))
API, PLAY = "api.test", "play.test"


def answer(value: Any, kind: str = "application/json") -> Reply:
    return Reply(value if isinstance(value, bytes) else json.dumps(value).encode(), 200, {"Content-Type": kind})


def entry(name: str, data: bytes, **other: Any) -> dict[str, Any]:
    return {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), **other}


def evidence(seen: Seen) -> str | None:
    """That the page which could not be read is kept."""
    reasons = [failure.reason for failure in seen.failures]
    names = [reason.rpartition("blob ")[2].removesuffix(".html") for reason in reasons if "blob " in reason]
    return None if names and seen.store.read_blob(names[0], "html") else "the page is not kept"


def repositories() -> list[Journey]:
    """F-Droid: what is not signed, or not what was signed."""
    files: dict[str, Route] = {"/good.png": image(SHOT), "/wrong.png": image(SHOT),
             "/bomb.png": image(png_bomb(30_000)),
             "/text.png": page(), "/cut.png": broken_off(image(SHOT), 0.5), "/zip.png": Reply(
                 gzip_bomb(600), 200, {"Content-Encoding": "gzip", "Content-Type": "image/png"})}  # fmt: skip
    shots: dict[str, tuple[dict[str, Any], str | tuple[str, ...]]] = {
        "screenshot as signed": (entry("/good.png", SHOT), CAPTURED),
        "screenshot with the wrong sha256": (entry("/wrong.png", SHOT, sha256="0" * 64), "sha256_mismatch"),
        "pixel bomb as a screenshot": (entry("/bomb.png", png_bomb(30_000)), "too_large"),
        "page as a screenshot": (entry("/text.png", page().body), "not_an_image"),
        "screenshot that breaks off": (entry("/cut.png", SHOT), ("unreachable", "size_mismatch", "download")),
        "gzip bomb as a screenshot": (entry("/zip.png", SHOT), ("too_large", "size_mismatch")),
        "screenshot named to climb out": (entry("/../../../etc/passwd", SHOT), ("bad_entry", "http_404")),
    }
    packages = {f"app{n}": {"metadata": {"name": {"en-US": name}, "screenshots": {"phone": {"en-US": [shot]}}}}
                for n, (name, (shot, _)) in enumerate(shots.items())}  # fmt: skip
    index = json.dumps({"repo": {"timestamp": 1}, "packages": packages}).encode()
    whole: Site = {"/entry.json": answer({"timestamp": 1, "index": entry("/index-v2.json", index), "diffs": {}}),
             "/index-v2.json": answer(index), **files}  # fmt: skip
    hazards = [Hazard(name, expect, QUICK, {"repo.test": whole}, keys=(f"app{n}",))
               for n, (name, (_, expect)) in enumerate(shots.items())]  # fmt: skip
    settings = {"GESSO_RESPONSE_BYTES": 40 << 20}
    journeys = [Journey("screenshots", hazards, 60, "fdroid", {"repo": "http://repo.test", "entry": "json"}, settings,
                        whole=True)]  # fmt: skip
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("entry.json", b"{}")
    unsigned = jar.getvalue()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/MANIFEST.MF", b"a" * (300 << 20))
    jars: dict[str, tuple[Reply, str | tuple[str, ...]]] = {
        "corrupt jar": (answer(unsigned[:-40], "application/zip"), "bad_jar"),
        "unsigned jar": (answer(unsigned, "application/zip"), ("bad_jar", "bad_signature", "unsigned")),
        "jar that is a bomb": (answer(bomb.getvalue(), "application/zip"), "bad_jar"),
        "index that is another": (answer({"timestamp": 1, "index": entry("/index-v2.json", b"{}"), "diffs": {}}),
                                  ("sha256_mismatch", "size_mismatch", "bad_index")),
    }  # fmt: skip
    for number, (name, (reply, expect)) in enumerate(jars.items()):
        host = f"jar{number}.test"
        is_jar = "jar" in name
        site: Site = {"/entry.jar": reply} if is_jar else {"/entry.json": reply, "/index-v2.json": answer(index)}
        given = {"repo": f"http://{host}", "entry": "jar" if is_jar else "json"}
        journeys.append(
            Journey(name.replace(" ", "-"), [Hazard(name, expect, QUICK, {host: site})], 40, "fdroid", given)
        )
    return journeys


def app(number: int, **fields: Any) -> dict[str, Any]:
    return {"trackId": number, "bundleId": f"app{number}", "trackName": f"App {number}", **fields}


def apple() -> Journey:
    """The App Store: no screenshots in the answer, and images that are none."""
    shelf = b"""<ul class="shelf-grid__list shelf-grid__list--grid-type-ScreenshotPhone"><li><picture>
      <source srcset="http://img.test/page.png/300x650bb.png 300w"></picture></li></ul>"""
    apps = [
        app(1, screenshotUrls=[], trackViewUrl="http://pages.test/one"),
        app(2, screenshotUrls=[], trackViewUrl="http://pages.test/two"),
        app(3, screenshotUrls=["http://img.test/bomb.png"]),
        app(4, screenshotUrls=["http://img.test/page.html"]),
        app(5, screenshotUrls=["file:///etc/passwd"]),
        app(6, screenshotUrls=["http://127.0.0.1:1/x.png"]),
        app(7, screenshotUrls="nonsense"),
    ]
    sites: dict[str, Site] = {
        API: {"/lookup": answer({"resultCount": len(apps), "results": apps})},
        "pages.test": {"/one": page(shelf.decode()), "/two": page("<p>another layout</p>")},
        "img.test": {"/page.png/9999x9999bb.png": image(SHOT), "/bomb.png": image(png_bomb(30_000)),
                     "/page.html": image(page().body)},
    }  # fmt: skip
    expected: list[tuple[str, str | tuple[str, ...]]] = [
        ("empty screenshotUrls", CAPTURED), ("store page of another layout", "layout_changed"),
        ("pixel bomb in the App Store", "too_large"), ("page as an App Store image", "not_an_image"),
        ("file: as an App Store image", "bad_entry + http_404"),  # no picture that counts: its store page is asked
        ("private address as an App Store image", "egress"),
        ("screenshotUrls of nonsense", "bad_entry + http_404"),
    ]  # fmt: skip
    hazards = [Hazard(name, expect, QUICK, sites if n == 1 else {}, keys=(f"app{n}",),
                      check=evidence if n == 2 else None) for n, (name, expect) in enumerate(expected, 1)]  # fmt: skip
    settings = {"GESSO_APPSTORE_API": f"http://{API}", "GESSO_APPSTORE_PAGES": "http://pages.test",
                "GESSO_APPSTORE_CALLS": 60_000}  # fmt: skip
    ids = ",".join(str(one["trackId"]) for one in apps)
    return Journey("App Store", hazards, 60, "appstore", {"ids": ids}, settings, whole=True)


def google() -> Journey:
    """Google Play: the block has moved, is broken, or is not there."""

    def callback(given: str) -> str:
        return f"<script>AF_initDataCallback({given});</script>"

    def details(app_id: str) -> list[Any]:
        found: list[Any] = [None] * 100
        found[0], found[77], found[68] = [f"App {app_id}"], [app_id], ["Studio"]
        found[78] = [[[None, 2, [128, 72], [None, None, "http://img.test/s.png"]]]]
        return found

    def block(key: str, data: Any) -> str:
        return callback(f"{{key: '{key}', hash: '1', data:{json.dumps(data)}, sideChannel: {{}}}}")

    pages = {
        "a.usual": ("details where they were last seen", block("ds:5", [None, [None, None, details("a.usual")]]),
                    CAPTURED),
        "a.shifted": ("shifted ds block", block("ds:17", [[[details("a.shifted")]]]), CAPTURED),
        "a.broken": ("broken layout", block("ds:5", [None, {"title": None}]), "layout_changed"),
        "a.empty": ("no data block at all", "<p>Sorry</p>", "layout_changed"),
        "a.deep": ("data block nested 100,000 deep", callback(f"{{key: 'ds:5', data:{'[' * 100_000}}}"),
                   "layout_changed"),
        "a.code": ("data block of code", callback("{key: 'ds:5', data:(function(){for(;;);})()}"),
                   "layout_changed"),
    }  # fmt: skip
    routes = {f"id={app_id}": page(body) for app_id, (_, body, _) in pages.items()}

    def play(ask: Any) -> Reply:
        return next((reply for key, reply in routes.items() if key in ask.query.split("&")), Reply(b"", 404))

    sites: dict[str, Site] = {PLAY: {"/store/apps/details": play}, "img.test": {"*": image(SHOT)}}
    hazards = [Hazard(name, expect, QUICK, sites if n == 0 else {}, keys=(app_id,),
                      check=evidence if expect == "layout_changed" else None)
               for n, (app_id, (name, _, expect)) in enumerate(pages.items())]  # fmt: skip
    settings = {"GESSO_GOOGLEPLAY": f"http://{PLAY}"}
    return Journey("Google Play", hazards, 60, "googleplay", {"ids": ",".join(pages)}, settings, whole=True)


def journeys() -> list[Journey]:
    return [*repositories(), apple(), google()]
