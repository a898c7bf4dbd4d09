"""Answers that lie, lead in circles or lead inwards, and hosts that ask for patience."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

from benchmarks.hostile.hazard import CAPTURED, Check, Hazard, Journey, Seen, Solo, shows
from benchmarks.hostile.markup import BLUE, GREEN, block, hazard, image, page, picture
from benchmarks.hostile.server import Ask, Reply, broken_off, raw, silence
from crawlers.arguments import ArgumentError
from crawlers.run import crawl

QUICK = 25.0
METADATA = "169.254.169.254"
TOP = "<style>body{margin:0} h1,p{margin:0;height:50px;overflow:hidden}</style>"
FINE = page(block(GREEN, 1200), head=TOP)
AT_GREEN = shows("fold", (20, 200, GREEN))


class Trap:
    """A listener on loopback that nothing may ever reach."""

    def __init__(self) -> None:
        self.reached = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            self.reached += 1
            connection.close()


TRAP = Trap()


def untouched(seen: Seen) -> str | None:
    return f"{TRAP.reached} connections reached this machine" if TRAP.reached else None


def and_untouched(check: Check) -> Check:
    return lambda seen: untouched(seen) or check(seen)


def to(where: str) -> Reply:
    return Reply(status=302, headers={"Location": where})


def onward(ask: Ask) -> Reply:
    return to(f"/{ask.before}?{ask.before}")


def lies() -> list[Hazard]:
    whole = len(FINE.body)

    def stated(length: int) -> Reply:
        return Reply(FINE.body, 200, {"Content-Length": str(length)})

    header = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    chunked = header + b"Transfer-Encoding: chunked\r\n\r\n"
    late = b"<p>late</p>"
    return [
        hazard("Content-Length too long", "broken_off", QUICK, raw(stated(whole + 5000).wire())),
        hazard("Content-Length too short", CAPTURED, QUICK, raw(stated(whole - 20).wire())),
        hazard("Content-Length of 10 TB", "too_large", QUICK, raw(stated(10**13).wire())),
        hazard(
            "Content-Length twice",
            ("unreachable", CAPTURED),
            QUICK,
            raw(header + b"Content-Length: 5\r\nContent-Length: 500\r\n\r\n" + FINE.body),
        ),
        hazard("body that breaks off", "broken_off", QUICK, broken_off(FINE, 0.6)),
        hazard(
            "chunks that break off",
            "broken_off",
            QUICK,
            raw(chunked + f"{whole:x}\r\n".encode() + FINE.body + b"\r\n5\r\n<p"),
        ),
        hazard(
            "chunk of nonsense length",
            "broken_off",
            QUICK,
            raw(chunked + f"{whole:x}\r\n".encode() + FINE.body + b"\r\nzzz\r\n" + late),
        ),
        hazard("no HTTP at all", "unreachable", QUICK, raw(b"\0\1\2 garbage \r\n\r\n" + FINE.body)),
        hazard("closes without a word", "unreachable", QUICK, raw(b"")),
        hazard(
            "headers without end",
            ("unreachable", "too_large"),
            QUICK,
            raw(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200_000),
        ),
        hazard("picture served as HTML", "not_html", QUICK, Reply(picture(BLUE, (300, 200), noise=True))),
        hazard(
            "PDF served as HTML", "not_html", QUICK, Reply(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 40)
        ),
        hazard(
            "HTML served as a picture",
            CAPTURED,
            QUICK,
            page(block(GREEN) + '<img src="/x.png">', head=TOP),
            more={"/x.png": image(FINE.body)},
            check=AT_GREEN,
        ),
        hazard("page served as text", "not_html", QUICK, Reply(FINE.body, 200, {"Content-Type": "text/plain"})),
        hazard(
            "page without a type",
            CAPTURED,
            QUICK,
            raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + FINE.body),
            check=AT_GREEN,
        ),
        hazard(
            "page that is a download",
            "not_html",
            QUICK,
            Reply(FINE.body, 200, {"Content-Disposition": "attachment; filename=x.html"}),
        ),
        hazard(
            "archive instead of a page",
            "not_html",
            QUICK,
            Reply(b"PK\3\4" * 999, 200, {"Content-Type": "application/zip"}),
        ),
        hazard("204 without a page", ("not_html", "http_204"), QUICK, raw(b"HTTP/1.1 204 No Content\r\n\r\n")),
        hazard(
            "says to be the guard",
            CAPTURED,
            QUICK,
            Reply(FINE.body, 200, {"X-Gesso-Egress": "egress; nothing here"}),
            check=AT_GREEN,
        ),
    ]


def inward() -> list[Hazard]:
    """Ways to an address that is not of the public web."""
    here = f"127.0.0.1:{TRAP.port}"
    links = f'<a href="http://{here}/">in</a><a href="http://{METADATA}/latest/">meta</a>'
    frames = "".join(
        f'<iframe src="{url}"></iframe>'
        for url in (
            f"http://{here}/",
            f"http://{METADATA}/",
            "file:///etc/passwd",
            "http://[::1]:80/",
            "http://0x7f.1/",
        )
    )
    fetches = "".join(
        f"<script>fetch('{url}').catch(() => {{}}); new Image().src = '{url}';</script>"
        for url in (f"http://{here}/x", f"http://localhost:{TRAP.port}/", f"http://{METADATA}/latest/meta-data/")
    )
    socket_in = f"<script>new WebSocket('ws://{here}/'); new EventSource('http://{here}/e');</script>"
    rtc = (
        f"<script>const p = new RTCPeerConnection({{iceServers: [{{urls: 'turn:127.0.0.1:{TRAP.port}?transport=tcp', "
        "username: 'a', credential: 'b'}]}); p.createDataChannel('x'); p.createOffer().then((o) => "
        "p.setLocalDescription(o))</script>"
    )
    hints = f'<link rel="preconnect" href="http://{here}"><link rel="prefetch" href="http://{here}/p">'
    hints += f'<link rel="dns-prefetch" href="//{here}"><link rel="stylesheet" href="http://{here}/s.css">'
    green = block(GREEN, 300)
    seeds = {
        "loopback as a seed": here, "decimal address": f"2130706433:{TRAP.port}",
        "hex address": f"0x7f000001:{TRAP.port}",
        "octal address": f"0177.0.0.1:{TRAP.port}", "short address": f"127.1:{TRAP.port}",
        "IPv6 loopback": f"[::1]:{TRAP.port}", "IPv4-mapped IPv6": f"[::ffff:127.0.0.1]:{TRAP.port}",
        "metadata address": METADATA, "private address": "10.0.0.1", "local name": f"localhost:{TRAP.port}",
        "name ending in .internal": "metadata.google.internal", "NAT64 of a private address": "[64:ff9b::a00:1]",
        "6to4 of loopback": "[2002:7f00:1::]", "full-width digits": "１２７.0.0.1:" + str(TRAP.port),
    }  # fmt: skip
    direct = []
    for name, host in seeds.items():
        keys = (host, *CANONICAL.get(name, ()), f"127.0.0.1:{TRAP.port}")
        direct.append((name, host, keys))
    return [
        hazard("links inward", CAPTURED, QUICK, page(green + links, head=TOP), check=and_untouched(AT_GREEN)),
        hazard("frames inward", CAPTURED, QUICK, page(green + frames, head=TOP), check=and_untouched(AT_GREEN)),
        hazard("fetches inward", CAPTURED, QUICK, page(green + fetches, head=TOP), check=and_untouched(AT_GREEN)),
        hazard("sockets inward", CAPTURED, QUICK, page(green + socket_in, head=TOP), check=and_untouched(AT_GREEN)),
        hazard("WebRTC inward", CAPTURED, QUICK, page(green + rtc, head=TOP), check=and_untouched(AT_GREEN)),
        hazard("hints inward", CAPTURED, QUICK, page(green, head=TOP + hints), check=and_untouched(AT_GREEN)),
        hazard(
            "script leads inward",
            "egress",
            QUICK,
            page(f"<script>location = 'http://{here}/'</script>"),
            check=untouched,
        ),
        hazard("redirect in circles", "redirects", QUICK, to("/")),
        hazard("redirects without end", "redirects", QUICK, onward, more={"*": onward}),
        hazard("redirect to file:", "egress", QUICK, to("file:///etc/passwd")),
        hazard("redirect to data:", ("egress", "unreachable"), QUICK, to("data:text/html,<h1>x</h1>")),
        hazard("redirect to this machine", "egress", QUICK, to(f"http://{here}/"), check=untouched),
        hazard("redirect to the metadata address", "egress", QUICK, to(f"http://{METADATA}/latest/")),
        hazard(
            "redirect to a decimal address", "egress", QUICK, to(f"http://2130706433:{TRAP.port}/"), check=untouched
        ),
        *(Hazard(name, "egress", QUICK, {}, (f"http://{host}/",), keys, untouched) for name, host, keys in direct),
    ]


CANONICAL = {
    "IPv4-mapped IPv6": (f"[::ffff:7f00:1]:{TRAP.port}",),
    "6to4 of loopback": ("[2002:7f00:1::]",),
    "NAT64 of a private address": ("[64:ff9b::a00:1]",),
}


def busy(status: int, after: str | None, times: int) -> Callable[[Ask], Reply]:
    def answer(ask: Ask) -> Reply:
        headers = {} if after is None else {"Retry-After": after}
        return Reply(b"busy", status, headers) if ask.before < times else FINE

    return answer


def patient() -> list[Hazard]:
    """Hosts that ask for patience: `seconds` counts the waiting too."""
    return [
        hazard("429 and Retry-After, then fine", CAPTURED, 30, busy(429, "2", 1)),
        hazard("503 without a word, then fine", CAPTURED, 30, busy(503, None, 1)),
        hazard("429 for ever", "http_429", 60, busy(429, "1", 10**9)),
        hazard("503 for ever", "http_503", 60, busy(503, "1", 10**9)),
        hazard("Retry-After of a day", "http_503", 30, busy(503, "86400", 10**9)),
        hazard("Retry-After of nonsense", "http_429", 60, busy(429, "soon", 10**9)),
        hazard("401 with a challenge", "captured: error_page", QUICK,
               page(status=401, WWW_Authenticate='Basic realm="x"')),
    ]  # fmt: skip


def robots() -> list[Hazard]:
    """robots.txt in every condition."""
    no = b"User-agent: *\nDisallow: /\n"

    def host(name: str, expect: str, answer: object, seconds: float = QUICK, check: Check | None = None) -> Hazard:
        return hazard(name, expect, seconds, FINE, more={"/robots.txt": answer}, check=check)  # type: ignore[dict-item]

    def text(body: bytes, status: int = 200) -> Reply:
        return Reply(body, status, {"Content-Type": "text/plain"})

    return [
        host("robots.txt 404", CAPTURED, text(no, 404)),
        host("robots.txt 401", CAPTURED, text(no, 401)),
        host("robots.txt 500", "robots", text(b"", 500)),
        host("robots.txt 503", "robots", text(b"", 503), 60),
        host("robots.txt 429", "robots", text(b"", 429), 60),
        host("robots.txt never comes", "unreachable", silence, 75),
        host("robots.txt breaks off", ("unreachable"), broken_off(text(no + b"#" * 999), 0.5)),
        host("robots.txt of 600 KB, rule at its end", CAPTURED, text(b"# long\n" * 90_000 + no)),
        host("robots.txt of 600 KB, rule at its start", "robots", text(no + b"# long\n" * 90_000)),
        host("robots.txt of 50 MB", ("unreachable"), text(b"# long\n" * 7_500_000)),
        host("robots.txt with BOM", "robots", text(b"\xef\xbb\xbf" + no)),
        host("robots.txt in UTF-16", "robots", text(no.decode().encode("utf-16"))),
        host("robots.txt of noise", CAPTURED, text(bytes(range(256)) * 99)),
        host("robots.txt that is a page", CAPTURED, page("<p>Disallow: /</p>")),
        host("robots.txt redirects to a rule", "robots", to(f"http://{ELSEWHERE}/robots.txt")),
        host("robots.txt redirects in circles", "unreachable", to("/robots.txt")),
        host("robots.txt redirects inward", "egress", to(f"http://127.0.0.1:{TRAP.port}/robots.txt"), check=untouched),
        host("robots.txt as a gzip bomb", "unreachable",
             Reply(gzip_of_rules(), 200, {"Content-Encoding": "gzip", "Content-Type": "text/plain"})),
    ]  # fmt: skip


ELSEWHERE = "rules-elsewhere.test"


def gzip_of_rules() -> bytes:
    from benchmarks.hostile.markup import gzip_bomb

    return gzip_bomb(200, b"# nothing\n")


def wrong_seeds() -> list[Solo]:
    """Seeds that are refused before anything starts."""

    def refuse(seed: str) -> Callable[[Path], tuple[str, str | None]]:
        def run(folder: Path) -> tuple[str, str | None]:
            try:
                crawl("web", {"seeds": seed}, store=str(folder / "s"), settings={"GESSO_ALLOW": "127.0.0.1:1"})
            except ArgumentError as error:
                return "ArgumentError", None if seed[:20] in str(error) else f"the seed is not named: {error}"
            return "crawled", None

        return run

    seeds = ("data:text/html,x://", "file:///etc/passwd", "chrome://crash", "javascript://x/%0aalert(1)",
             "view-source:http://a.test/", "ftp://a.test/", "http://", "http://a.test:99999/")  # fmt: skip
    return [Solo(f"seed {seed[:24]}", "ArgumentError", 5, refuse(seed)) for seed in seeds]


def journeys() -> list[Journey | Solo]:
    arguments = {"views": "desktop", "themes": "light", "kinds": "fold", "depth": "0"}
    settings = {"GESSO_PAGES": 4, "GESSO_PAGE_SECONDS": 20, "GESSO_PROBE": False, "CONCURRENT_REQUESTS": 200}
    rule = Hazard(
        "rule elsewhere",
        "robots",
        QUICK,
        {
            ELSEWHERE: {
                "/": FINE,
                "/robots.txt": Reply(b"User-agent: *\nDisallow: /\n", 200, {"Content-Type": "text/plain"}),
            }
        },
        (f"http://{ELSEWHERE}/",),
    )
    return [
        Journey("patience and robots", [*patient(), *robots(), rule], 300, arguments=arguments, settings=settings),
        Journey("answers", [*lies(), *inward()], 240, arguments=arguments, settings=settings),
        *wrong_seeds(),
    ]
