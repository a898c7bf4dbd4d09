"""Pages that hang, loop, navigate by themselves or keep something open for ever."""

from __future__ import annotations

from benchmarks.hostile.hazard import CAPTURED, Hazard, Journey, Seen, asked_never, both, shows
from benchmarks.hostile.markup import BLUE, GREEN, block, hazard, image, page, picture
from benchmarks.hostile.server import Ask, Reply, dripping, forever, half_said, head, silence

PAGE_SECONDS = 25
SLOW = PAGE_SECONDS + 10.0
QUICK = 12.0
MAX_POPUPS = 20
EVENTS = head(200, {"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
SOCKET = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
SECURE = "127.0.0.1:81"  # the only kind of host that may have service workers without TLS


def script(code: str) -> str:
    return f"<script>{code}</script>"


def after_load(code: str) -> str:
    return script(f"addEventListener('load', () => {{ {code} }});")


def reload(ask: Ask) -> Reply:
    return page(script("location.reload()"))


def onward(ask: Ask) -> Reply:
    return page(script(f"location.href = '/?{ask.before}'"))


def popups(seen: Seen) -> str | None:
    """That windows are closed as they open: what one may still ask for is bounded by that."""
    asked = seen.asked("/popup")
    return f"/popup was asked for {asked} times" if asked > MAX_POPUPS else None


def hanging() -> list[Hazard]:
    """Something never comes."""
    font = "<style>@font-face{font-family:never;src:url(/never.woff2)} h1{font-family:never}</style>"
    sheet = '<link rel="stylesheet" href="/never.css">'
    never = {"/never.woff2": silence, "/never.css": silence, "/never.js": silence, "/never.png": silence}
    drip = image(picture(BLUE, (40, 40)))
    return [
        hazard("hung font", CAPTURED, SLOW, page(block(GREEN), head=font), more=never),
        hazard("hung header", "timeout", SLOW, silence),
        hazard("hung body", "timeout", SLOW, half_said(page(block(GREEN)))),
        hazard("hung image", CAPTURED, SLOW, page(block(GREEN) + '<img src="/never.png">'), more=never),
        hazard("hung style sheet", (CAPTURED, "timeout"), SLOW, page(block(GREEN), head=sheet), more=never),
        hazard("hung script in the head", "timeout", SLOW, page(head='<script src="/never.js"></script>'), more=never),
        hazard("hung deferred frame", CAPTURED, SLOW, page('<iframe src="/never.png"></iframe>'), more=never),
        hazard("page that drips", "timeout", SLOW, dripping(page(block(GREEN)))),
        hazard("image that drips", CAPTURED, SLOW, page('<img src="/drip.png">'), more={"/drip.png": dripping(drip)}),
    ]


def looping() -> list[Hazard]:
    """Something never ends."""
    return [
        hazard("endless loop while it loads", "timeout", SLOW, page(script("for (;;);"))),
        hazard("endless loop once loaded", "timeout", SLOW, page(after_load("setTimeout(() => { for (;;); }, 50)"))),
        hazard(
            "endless loop in microtasks",
            "timeout",
            SLOW,
            page(after_load("const on = () => Promise.resolve().then(on); on();")),
        ),
        hazard(
            "endless loop when scrolled",
            "timeout",
            SLOW,
            page(block(GREEN, 4000) + script("addEventListener('scroll', () => { for (;;); });")),
        ),
        hazard("alert storm", CAPTURED, SLOW, page(block(GREEN) + after_load("setInterval(() => alert(1), 1)"))),
        hazard(
            "alerts while it loads",
            CAPTURED,
            SLOW,
            page(script("for (let i = 0; i < 30; i++) alert(i);") + block(GREEN)),
        ),
        hazard(
            "confirm and prompt",
            CAPTURED,
            QUICK,
            page(script("document.title = String(confirm('?')) + prompt('?')") + block(GREEN)),
        ),
        hazard("print", CAPTURED, QUICK, page(block(GREEN) + after_load("print(); print();"))),
        hazard("reloads itself", "moved", SLOW, reload),
        hazard("leads onward for ever", "moved", SLOW, onward),
        hazard("meta refresh at once", "moved", SLOW, page(head='<meta http-equiv="refresh" content="0">')),
        hazard("meta refresh later", CAPTURED, QUICK, page(head='<meta http-equiv="refresh" content="30">')),
        hazard(
            "pushState storm",
            CAPTURED,
            SLOW,
            page(block(GREEN) + script("let n = 0; setInterval(() => history.pushState(0, '', '#' + n++), 5)")),
        ),
        hazard(
            "window.open storm",
            CAPTURED,
            SLOW,
            page(
                block(GREEN) + script("setInterval(() => window.open('/popup'), 10)"),
            ),
            check=popups,
        ),
        hazard(
            "beforeunload",
            CAPTURED,
            QUICK,
            page(block(GREEN) + script("addEventListener('beforeunload', (e) => e.preventDefault())")),
        ),
        hazard(
            "asks for permissions",
            CAPTURED,
            QUICK,
            page(
                block(GREEN)
                + script(
                    "Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => {});"
                    "navigator.clipboard && navigator.clipboard.readText(); navigator.mediaDevices && "
                    "navigator.mediaDevices.getUserMedia({video: true})"
                )
            ),
        ),
        hazard(
            "starts downloads",
            CAPTURED,
            QUICK,
            page(
                block(GREEN)
                + script(
                    "for (let i = 0; i < 20; i++) { const a = document.createElement('a'); a.href = '/file.zip?' + i;"
                    "a.download = 'x'; a.click(); }"
                )
            ),
            more={"/file.zip": Reply(b"PK" * 9999, 200, {"Content-Type": "application/zip"})},
        ),
    ]


def lasting() -> list[Hazard]:
    """Something stays open, and is no reason to wait."""
    worker = page(
        block(GREEN)
        + script("navigator.serviceWorker && navigator.serviceWorker.register('/worker.js').catch(() => {})")
    )
    serves = {"/worker.js": Reply(b"self.onfetch = () => {}", 200, {"Content-Type": "text/javascript"})}
    colours = shows("fold", (20, 200, GREEN))
    return [
        hazard(
            "WebSocket that never closes",
            CAPTURED,
            QUICK,
            page(block(GREEN) + script("new WebSocket('ws://' + location.host + '/socket')")),
            more={"/socket": forever(SOCKET, b"\x81\x01x")},
        ),
        hazard(
            "EventSource that never closes",
            CAPTURED,
            QUICK,
            page(block(GREEN) + script("new EventSource('/events')")),
            more={"/events": forever(EVENTS, b"data: x\n\n")},
        ),
        hazard(
            "polls all the time",
            CAPTURED,
            QUICK,
            page(block(GREEN) + script("setInterval(() => fetch('/poll?' + Math.random()), 50)")),
            more={"/poll": Reply(b"{}", 200, {"Content-Type": "application/json"})},
        ),
        hazard(
            "workers that spin",
            CAPTURED,
            SLOW,
            page(block(GREEN) + script("const code = URL.createObjectURL(new Blob(['for (;;);'])); new Worker(code);")),
            check=colours,
        ),
        Hazard(
            "service worker",
            CAPTURED,
            QUICK,
            {SECURE: {"/": worker, **serves}},
            (f"http://{SECURE}/",),
            check=both(asked_never("/worker.js"), colours),
        ),
    ]


def journeys() -> list[Journey]:
    hazards = [*hanging(), *looping(), *lasting()]
    arguments = {"views": "desktop", "themes": "light", "kinds": "fold,full", "depth": "0"}
    settings = {"GESSO_PAGES": 6, "GESSO_PAGE_SECONDS": PAGE_SECONDS, "GESSO_PROBE": False, "GESSO_ALLOW": SECURE}
    settings["CONCURRENT_REQUESTS"] = 64
    return [Journey("waits", hazards, 300, arguments=arguments, settings=settings)]
