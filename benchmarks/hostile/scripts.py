"""Pages whose scripts would mislead whoever looks at them from inside."""

from __future__ import annotations

from benchmarks.hostile.hazard import CAPTURED, Hazard, both, shows, titled
from benchmarks.hostile.markup import GREEN, TOP, WORDS, bare, block, hazard, image, page, script
from benchmarks.hostile.server import Reply

QUICK = 25.0


def hostile_scripts() -> list[Hazard]:
    """Pages that would mislead whoever looks at them from inside."""
    broken = script(
        "Array.prototype.map = Array.prototype.filter = Array.prototype.push = () => { throw 1 };"
        "Array.prototype[Symbol.iterator] = null; JSON.stringify = () => 'x'; JSON.parse = () => ({});"
        "window.Promise = window.Set = window.Map = null; Promise = null; window.requestAnimationFrame = () => {};"
        "window.setTimeout = () => {}; Element.prototype.getBoundingClientRect = () => ({});"
        "document.querySelectorAll = () => []; window.getComputedStyle = () => null; window.scrollTo = () => {};"
        "Object.defineProperty(document, 'fonts', {value: null}); Object.prototype.toJSON = () => 'hacked';"
    )
    clobbered = "".join(
        f'<img name="{name}" alt="">'
        for name in (
            "body",
            "documentElement",
            "querySelectorAll",
            "querySelector",
            "images",
            "fonts",
            "title",
            "scrollingElement",
            "getAnimations",
            "createTreeWalker",
            "styleSheets",
            "adoptedStyleSheets",
            "links",
            "currentScript",
        )
    )
    inputs = "<form><input name=children><input name=parentElement><input name=getBoundingClientRect></form>"
    proto = "<form id=__proto__></form><img name=toString><a id=hasOwnProperty></a><iframe name=Array></iframe>"
    green = shows("fold", (5, 300, GREEN))
    return [
        hazard(
            "prototypes overridden",
            CAPTURED,
            QUICK,
            page(broken + block(GREEN, 800), head=TOP, title="Mine"),
            check=both(titled("Mine"), green),
        ),
        hazard(
            "DOM clobbered",
            CAPTURED,
            QUICK,
            page(clobbered + inputs + proto + block(GREEN, 3000), head=TOP, title="Mine"),
            check=both(titled("Mine"), green, shows("full", (5, 2500, GREEN))),
        ),
        hazard(
            "document.open after load",
            CAPTURED,
            QUICK,
            page(
                script(
                    "addEventListener('load', () => { document.open(); document.write('<title>New</title><h1>New</h1>"
                    + WORDS
                    + "'); document.close() })"
                )
            ),
            check=titled("New"),
        ),
        hazard(
            "removes its own root",
            ("captured: blank", "captured: blank, no_dom"),
            QUICK,
            page(script("addEventListener('load', () => document.documentElement.remove())")),
        ),
        hazard(
            "XHTML",
            CAPTURED,
            QUICK,
            Reply(
                b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>X</title></head>'
                b"<body><h1>X</h1>" + WORDS.encode() + b"</body></html>",
                200,
                {"Content-Type": "application/xhtml+xml"},
            ),
        ),
        hazard(
            "SVG as the page", "not_html", QUICK, image(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
        ),
        hazard(
            "frameset",
            CAPTURED,
            QUICK,
            bare("<title>F</title><frameset cols='50%,50%'><frame src='/a'><frame src='/a'></frameset>"),
            more={"/a": page(block(GREEN))},
        ),
    ]
