"""Every way of saying no to training that we know of: respected by default, recorded where that is asked for."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import replace

from benchmarks.hostile.hazard import CAPTURED, Check, Hazard, Journey, Seen
from benchmarks.hostile.markup import GREEN, block, hazard, image, page, picture
from benchmarks.hostile.server import Reply, Site

QUICK = 20.0
OPT_OUT = "opt_out"
APPS = "apps.test"


def text(body: str) -> Reply:
    return Reply(body.encode(), 200, {"Content-Type": "text/plain"})


def meta(name: str, content: str) -> Reply:
    return page(block(GREEN), head=f'<meta name="{name}" content="{content}">')


def allowed(wanted: bool) -> Check:
    """That the captures' rights say so, with the evidence of a signal beside robots.txt where they do not."""

    def check(seen: Seen) -> str | None:
        rights = [capture.rights for capture in seen.captures]
        if any(right.allowed != wanted for right in rights):
            return f"rights.allowed is {not wanted}"
        said = [s for right in rights for s in right.signals if s.effect == "disallow" and s.evidence]
        return None if wanted or said else "no evidence is kept"

    return check


def no_image(seen: Seen) -> str | None:
    """That not a byte of a picture was stored."""
    stored = [
        path for kind in ("png", "jpg", "webp") for path in seen.store.fs.glob(f"{seen.store.root}/blobs/*/*.{kind}")
    ]
    return f"{len(stored)} images are stored" if stored else None


def refusals() -> list[Hazard]:
    """A host for each signal that forbids."""
    plain = page(block(GREEN))

    def robots(name: str, body: str) -> Hazard:
        return hazard(name, OPT_OUT, QUICK, plain, more={"/robots.txt": text(body)})

    tdm = {"location": "/", "tdm-reservation": 1}
    well_known = {
        "/.well-known/tdmrep.json": Reply(json.dumps([tdm]).encode(), 200, {"Content-Type": "application/json"})
    }
    return [
        hazard("X-Robots-Tag: noai", OPT_OUT, QUICK, page(block(GREEN), X_Robots_Tag="noai")),
        hazard("X-Robots-Tag: noimageai", OPT_OUT, QUICK, page(block(GREEN), X_Robots_Tag="noindex, noimageai")),
        hazard("X-Robots-Tag for gesso", OPT_OUT, QUICK, page(block(GREEN), X_Robots_Tag="gesso: noai")),
        hazard("meta noai", OPT_OUT, QUICK, meta("robots", "noai")),
        hazard("meta noimageai", OPT_OUT, QUICK, meta("ROBOTS", "index, NoImageAI")),
        hazard(
            "meta noai set by a script",
            OPT_OUT,
            QUICK,
            page(
                block(GREEN) + "<script>addEventListener('load', () => "
                "{ const m = document.createElement('meta'); m.name = 'robots'; m.content = 'noai'; "
                "document.head.append(m) })</script>"
            ),
        ),
        hazard("Content-Signal header", OPT_OUT, QUICK, page(block(GREEN), Content_Signal="search=yes, ai-train=no")),
        hazard("Content-Usage header", OPT_OUT, QUICK, page(block(GREEN), Content_Usage="train-ai=n")),
        robots("robots.txt Content-Signal", "User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n"),
        robots("robots.txt Content-Usage", "User-agent: *\nAllow: /\nContent-Usage: train-ai=n\n"),
        robots("robots.txt RSL License", "License: https://rsl.test/license.xml\nUser-agent: *\nAllow: /\n"),
        robots("robots.txt for GPTBot", "User-agent: GPTBot\nDisallow: /\n"),
        robots("robots.txt for CCBot and others", "User-agent: CCBot\nUser-agent: ClaudeBot\nDisallow: /\n"),
        hazard("tdmrep.json", OPT_OUT, QUICK, plain, more=well_known),
        hazard("tdm-reservation header", OPT_OUT, QUICK, page(block(GREEN), TDM_Reservation="1")),
        hazard("tdm-reservation meta", OPT_OUT, QUICK, meta("tdm-reservation", "1")),
    ]


def grants() -> list[Hazard]:
    """What looks like a refusal and is none."""
    plain = page(block(GREEN))
    tdm = json.dumps([{"location": "/", "tdm-reservation": 1}]).encode()
    lifted: Site = {"/.well-known/tdmrep.json": Reply(tdm, 200, {"Content-Type": "application/json"})}
    both = "User-agent: GPTBot\nDisallow: /\n\nUser-agent: gesso\nAllow: /\n"
    return [
        hazard(
            "tdm meta lifts the file", CAPTURED, QUICK, meta("tdm-reservation", "0"), more=lifted, check=allowed(True)
        ),
        hazard(
            "X-Robots-Tag for another",
            CAPTURED,
            QUICK,
            page(block(GREEN), X_Robots_Tag="otherbot: noai"),
            check=allowed(True),
        ),
        hazard(
            "Content-Signal that allows",
            CAPTURED,
            QUICK,
            page(block(GREEN), Content_Signal="ai-train=yes"),
            check=allowed(True),
        ),
        hazard(
            "robots.txt names us beside GPTBot",
            CAPTURED,
            QUICK,
            plain,
            more={"/robots.txt": text(both)},
            check=allowed(True),
        ),
    ]


def recorded() -> list[Hazard]:
    """The same hosts under OPT_OUT=record: taken, and marked."""
    return [replace(h, name=f"{h.name}, recorded", expect=CAPTURED, check=allowed(False)) for h in refusals()]


def with_assertion(data: bytes, use: str) -> bytes:
    """A PNG with a C2PA training-mining assertion, as JSON in JUMBF boxes."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    def labelled(label: str, *contents: bytes) -> bytes:
        return box(b"jumb", box(b"jumd", b"\0" * 16 + b"\x03" + label.encode() + b"\0") + b"".join(contents))

    said = json.dumps({"entries": {"c2pa.ai_generative_training": {"use": use}}}).encode()
    assertion = labelled("c2pa.training-mining", box(b"json", said))
    manifest = labelled("c2pa", labelled("urn:uuid:1", labelled("c2pa.assertions", assertion)))
    chunk = b"caBX" + manifest
    return data[:33] + struct.pack(">I", len(manifest)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]


def listed() -> list[Hazard]:
    """Store images that say no, each the only screenshot of an app of its own."""
    png = picture(size=(72, 128))
    answers: Mapping[str, tuple[Reply, str]] = {
        "C2PA says not allowed": (image(with_assertion(png, "notAllowed")), OPT_OUT),
        "C2PA says allowed": (image(with_assertion(png, "allowed")), CAPTURED),
        "noimageai on a listed image": (image(png, X_Robots_Tag="noimageai"), OPT_OUT),
        "tdm-reservation on a listed image": (image(png, TDM_Reservation="1"), OPT_OUT),
    }
    found, apps = [], []
    for number, (name, (reply, expect)) in enumerate(answers.items(), 1):
        host = f"image{number}.test"
        apps.append(
            {
                "trackId": number,
                "bundleId": f"app{number}",
                "trackName": name,
                "screenshotUrls": [f"http://{host}/s.png"],
            }
        )
        found.append(Hazard(name, expect, QUICK, {host: {"/s.png": reply}}, keys=(host,)))
    lookup = Reply(
        json.dumps({"resultCount": len(apps), "results": apps}).encode(), 200, {"Content-Type": "application/json"}
    )
    return [replace(found[0], sites={**found[0].sites, APPS: {"/lookup": lookup}}), *found[1:]]


def journeys() -> list[Journey]:
    arguments = {"views": "desktop", "themes": "light", "kinds": "fold", "depth": "0"}
    settings = {"GESSO_PAGES": 4, "GESSO_PAGE_SECONDS": 20, "GESSO_PROBE": False, "CONCURRENT_REQUESTS": 64}
    none = refusals()
    none[0] = replace(none[0], check=no_image)
    store = {"GESSO_APPSTORE_API": f"http://{APPS}", "GESSO_APPSTORE_CALLS": 60_000}
    return [
        Journey("opt-outs respected", none, 90, arguments=arguments, settings=settings),
        Journey("opt-outs that are none", grants(), 90, arguments=arguments, settings=settings),
        Journey("opt-outs recorded", recorded(), 90, arguments=arguments, settings={**settings, "OPT_OUT": "record"}),
        Journey("opt-outs of images", listed(), 60, "appstore", {"ids": "1,2,3,4"}, store, whole=True),
    ]
