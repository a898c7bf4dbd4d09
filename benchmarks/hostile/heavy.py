"""Pages that are too much: bombs, endless trees, thousands of frames, a renderer that runs out of memory."""

from __future__ import annotations

from benchmarks.hostile.hazard import CAPTURED, Hazard, Journey, Seen, shows
from benchmarks.hostile.markup import BLUE, GREEN, bare, block, gzip_bomb, hazard, image, page, picture, png_bomb
from benchmarks.hostile.server import Reply

SLOW = 75.0
PAGE_SECONDS = 60
NODES = 50_000
FRAME = '<iframe src="/frame" width="40" height="20"></iframe>'
TOP = "<style>body{margin:0} h1,p{margin:0;height:50px;overflow:hidden}</style>"


def script(code: str) -> str:
    return f"<script>{code}</script>"


def whole_tree(seen: Seen) -> str | None:
    nodes = len(seen.tree()["snapshot"]["documents"][0]["nodes"]["nodeType"])
    return None if nodes > NODES else f"the tree has {nodes} nodes"


def no_large_asset(seen: Seen) -> str | None:
    """That a bomb is not among the assets that a page is kept with."""
    large = [url for url, asset in seen.tree()["assets"].items() if asset.get("width", 0) > 20_000]
    return f"{large[0]} is kept" if large else None


def svg(body: str, head: str = "") -> bytes:
    return f'{head}<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">{body}</svg>'.encode()


def laughs() -> str:
    """A billion laughs: ten entities, each ten of the one before."""
    names = [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)]
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{"".join(names)}]>'


def journeys() -> list[Journey]:
    hog = script("const all = []; for (;;) all.push(new Array(4e6).fill({}));")
    many = script(
        "setInterval(() => { for (let i = 0; i < 300; i++) document.body.append(document.createElement('p')) }, 1)"
    )
    use = "".join(f'<g id="g{n}">{f"""<use href="#g{n - 1}"/>""" * 10}</g>' for n in range(1, 6))
    uses = svg(f'<defs><rect id="g0" width="9" height="9"/></defs>{use}')
    bomb = {
        "/bomb.png": image(png_bomb(30_000)),
        "/bomb.svg": image(uses, "image/svg+xml"),
        "/laughs.svg": image(svg("&l9;", laughs()), "image/svg+xml"),
    }
    zipped = {"Content-Encoding": "gzip"}
    green = shows("fold", (20, 120, GREEN))
    hazards: list[Hazard] = [
        hazard("100,000 nodes", "captured: no_dom", SLOW, page("<i>x</i>" * 100_000)),
        hazard("50,000 nodes", CAPTURED, SLOW, page("<i>x</i>" * NODES), check=whole_tree),
        hazard(
            "200 frames",
            CAPTURED,
            SLOW,
            page(block(GREEN) + FRAME * 200, head=TOP),
            more={"/frame": page(block(BLUE))},
            check=green,
        ),
        hazard(  # 20 s to open on two idle cores: on busy ones the limit of a navigation may come first
            "1,000 frames",
            (CAPTURED, "timeout"),
            SLOW,
            page(block(GREEN) + FRAME * 1000, head=TOP),
            more={"/frame": page(block(BLUE))},
            check=lambda seen: green(seen) if seen.captures else None,
        ),
        hazard(
            "5,000 elements deep", (CAPTURED, "captured: no_dom"), SLOW, page("<div>" * 5000 + "deep" + block(GREEN))
        ),
        hazard(
            "20 MB data: image",
            CAPTURED,
            SLOW,
            page(
                block(GREEN)
                + script(
                    "const i = new Image(); i.src = 'data:image/bmp;base64,' + 'A'.repeat(20e6);document.body.append(i)"
                ),
                head=TOP,
            ),
            check=green,
        ),
        hazard(
            "20 MB inline style",
            CAPTURED,
            SLOW,
            page(block(GREEN), head=TOP + "<style>" + ".x{color:red}" * 1_500_000 + "</style>"),
            check=green,
        ),
        hazard(
            "pixel bomb in a page",
            CAPTURED,
            SLOW,
            page(block(GREEN) + '<img src="/bomb.png" width="200" height="200">', head=TOP),
            more=bomb,
            check=no_large_asset,
        ),
        hazard(
            "SVG that uses itself 100,000 times",
            CAPTURED,
            SLOW,
            page(block(GREEN) + '<img src="/bomb.svg">', head=TOP),
            more=bomb,
            check=green,
        ),
        hazard(
            "entity bomb in SVG",
            CAPTURED,
            SLOW,
            page(block(GREEN) + '<img src="/laughs.svg">', head=TOP),
            more=bomb,
            check=green,
        ),
        hazard(
            "gzip bomb page",
            ("timeout", "crashed", "too_large", "captured: truncated"),
            SLOW,
            Reply(gzip_bomb(2000, b"<p>bomb</p>"), 200, zipped),
        ),
        hazard(
            "gzip bomb style sheet",
            (CAPTURED, "timeout", "crashed"),
            SLOW,
            page(block(GREEN), head='<link rel="stylesheet" href="/x.css">' + TOP),
            more={"/x.css": Reply(gzip_bomb(500, b".x{color:red}\n"), 200, {**zipped, "Content-Type": "text/css"})},
        ),
        hazard("renderer out of memory", ("crashed", "timeout"), SLOW, page(block(GREEN) + hog)),
        hazard("tree that never stops growing", (CAPTURED, "captured: truncated"), SLOW, page(block(GREEN) + many)),
        hazard(
            "canvas of 8,000 px",
            CAPTURED,
            SLOW,
            page(
                block(GREEN)
                + script(
                    "const c = document.createElement('canvas'); c.width = c.height = 8000;"
                    "c.style.width = '90px'; document.body.append(c); c.getContext('2d').fillRect(0, 0, 9, 9)"
                ),
                head=TOP,
            ),
            check=green,
        ),
        hazard(
            "5,000 images",
            CAPTURED,
            SLOW,
            page(block(GREEN) + "".join(f'<img src="/i.png?{n}" width="9" height="9">' for n in range(5000)), head=TOP),
            more={"/i.png": image(picture(BLUE, (9, 9)))},
            check=green,
        ),
        hazard(  # Chromium sets the title anew with every piece that arrives: 10 s of a quiet core, 30 of a busy one
            "title of 10 MB",
            (CAPTURED, "timeout"),
            SLOW,
            bare(f"<title>{'x' * 10_000_000}</title>{block(GREEN)}"),
        ),
    ]
    arguments = {"views": "desktop", "themes": "light", "kinds": "fold,full", "depth": "0"}
    settings = {"GESSO_PAGES": 3, "GESSO_PAGE_SECONDS": PAGE_SECONDS, "GESSO_PROBE": False, "CONCURRENT_REQUESTS": 64}
    return [Journey("heavy", hazards, 300, arguments=arguments, settings=settings)]
