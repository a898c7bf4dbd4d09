"""Pages whose picture is easily wrong: long, lazy, moving, walled, or not what was asked for."""

from __future__ import annotations

from benchmarks.hostile.hazard import CAPTURED, Check, Hazard, Journey, Seen, both, near, shows
from benchmarks.hostile.markup import (
    BLUE,
    GREEN,
    RED,
    TOP,
    WHITE,
    WORDS,
    YELLOW,
    bare,
    block,
    css,
    hazard,
    host_named,
    image,
    page,
    picture,
    script,
)
from benchmarks.hostile.scripts import hostile_scripts
from benchmarks.hostile.server import Reply

TRUNCATED = "captured: truncated"
QUICK = 25.0
MAX_HEIGHT = 20_000
LAZY = 6
CHAIRS = "".join(f"<h2>Chair {n}</h2>{WORDS}" for n in range(8))


def size(kind: str, height: int) -> Check:
    """That a picture has this height."""

    def check(seen: Seen) -> str | None:
        found = seen.picture(kind).height
        return None if found == height else f"the picture is {found} pixels high, not {height}"

    return check


def consent(method: str) -> Check:
    """How a dialog was dealt with."""

    def check(seen: Seen) -> str | None:
        found = {capture.page.consent for capture in seen.captures if capture.page}
        return None if found == {method} else f"consent is {', '.join(found)!r}, not {method!r}"

    return check


def rows_of_colour(x: int, colour: tuple[int, int, int], most: int) -> Check:
    """That a colour is in at most so many rows of the whole picture."""

    def check(seen: Seen) -> str | None:
        whole = seen.picture()
        rows = sum(near(whole.getpixel((x, y)), colour) for y in range(whole.height))
        return None if 0 < rows <= most else f"{rows} rows show {colour}, not 1 to {most}"

    return check


def long_pages() -> list[Hazard]:
    more = "<style>main{height:100vh;overflow:auto}</style>"
    lazy = "".join(
        f'<div style="height:900px"></div><img loading="lazy" width="300" height="100" '
        f'style="display:block" src="/{n}.png">'
        for n in range(LAZY)
    )
    reveal = "".join(
        f'<section class="hide" style="height:700px;background:{css(BLUE)};margin:0"></section>' for _ in range(4)
    )
    watch = script(
        "const o = new IntersectionObserver((all) => all.forEach((e) => e.isIntersecting && "
        "e.target.classList.add('in'))); document.querySelectorAll('.hide').forEach((e) => o.observe(e))"
    )
    style = (
        "<style>.hide{opacity:0;transform:translateY(40px);transition:all .6s} .in{opacity:1;transform:none}</style>"
    )
    grow = script(
        "addEventListener('scroll', () => { if (scrollY + innerHeight > document.body.scrollHeight - 900) "
        "for (let i = 0; i < 30; i++) document.body.insertAdjacentHTML('beforeend', "
        "'<p style=\"height:60px\">more and more</p>') })"
    )
    data_src = "".join(
        f'<div style="height:1200px"></div><img data-src="/{n}.png" width="300" height="100" style="display:block">'
        for n in range(LAZY)
    )
    loader = script(
        "const o = new IntersectionObserver((all) => all.forEach((e) => { if (e.isIntersecting) "
        "e.target.src = e.target.dataset.src })); document.images && [...document.images].forEach((i) => "
        "o.observe(i))"
    )
    images = {f"/{n}.png": image(picture(RED, (300, 100))) for n in range(LAZY)}
    return [
        hazard("infinite scroll", TRUNCATED, QUICK, page(block(GREEN, 1500) + grow)),
        hazard("66,000 px page", TRUNCATED, QUICK, page(block(GREEN, 66_000)), check=size("full", MAX_HEIGHT)),
        hazard("66,000 px wide page", CAPTURED, QUICK, page(block(GREEN, 300, "width:66000px;"))),
        hazard(
            "inner scroller",
            "captured: inner_scroller",
            QUICK,
            bare(f"{TOP}<title>In</title>{more}<main>{WORDS}{block(GREEN, 3000)}{block(RED, 400)}</main>"),
            check=shows("full", (5, 3200, RED)),
        ),
        hazard(
            "lazy images",
            CAPTURED,
            QUICK,
            page(lazy, head=TOP),
            more=images,
            check=shows("full", *((5, 1000 + 1000 * n + 50, RED) for n in range(LAZY))),
        ),
        hazard(
            "images by data-src",
            CAPTURED,
            QUICK,
            page(data_src + loader, head=TOP),
            more=images,
            check=shows("full", *((5, 1300 + 1300 * n + 50, RED) for n in range(LAZY))),
        ),
        hazard(
            "reveal on scroll",
            CAPTURED,
            QUICK,
            page(reveal + watch, head=TOP + style),
            check=shows("full", *((5, 100 + 700 * n + 350, BLUE) for n in range(4))),
        ),
        hazard(
            "100vh hero",
            CAPTURED,
            QUICK,
            page(block(GREEN, 0, "height:100vh;") + block(RED, 3000), head=TOP),
            check=shows("full", (5, 990, GREEN), (5, 1010, RED)),
        ),
        hazard(
            "sticky header",
            CAPTURED,
            QUICK,
            page(block(RED, 80, "position:sticky;top:0;") + block(GREEN, 5000), head=TOP),
            check=rows_of_colour(5, RED, 80),
        ),
        hazard(
            "fixed header",
            CAPTURED,
            QUICK,
            page(block(RED, 80, "position:fixed;top:0;left:0;right:0;") + block(GREEN, 5000), head=TOP),
            check=rows_of_colour(5, RED, 80),
        ),
    ]


def moving() -> list[Hazard]:
    """Pages that never come to rest by themselves."""
    spin = (
        "<style>@keyframes m{to{margin-left:400px;height:600px}}"
        f"#m{{animation:m 1s linear infinite alternate;height:90px;background:{css(GREEN)}}}</style>"
    )
    frames = script(
        "const m = document.getElementById('m'); const step = (t) => { m.style.height = 200 + t % 400 + 'px';"
        "requestAnimationFrame(step) }; requestAnimationFrame(step)"
    )
    timers = script(
        "const m = document.getElementById('m'); setInterval(() => { m.style.height = 100 + Math.random() *"
        " 400 + 'px' }, 15)"
    )
    box = f'<div id="m" style="background:{css(GREEN)}"></div>{CHAIRS}'
    web = script(
        "document.getElementById('m').animate([{height: '50px'}, {height: '700px'}], "
        "{duration: 700, iterations: Infinity})"
    )
    marquee = "<marquee>moving words</marquee><blink>blinking words</blink>"
    gif = "<img src='/moving.gif' width=300 height=200>"
    smil = (
        '<svg width="400" height="200"><rect width="90" height="90"><animate attributeName="x" from="0" to="300" '
        'dur="1s" repeatCount="indefinite"/></rect></svg>'
    )
    caret = '<input autofocus value="caret"><video src="/none.mp4" autoplay loop muted></video>'
    return [
        hazard("endless CSS animation", CAPTURED, QUICK, page(f'<div id="m"></div>{CHAIRS}', head=spin)),
        hazard("endless animation frames", CAPTURED, QUICK, page(box + frames)),
        hazard("endless timers", CAPTURED, QUICK, page(box + timers)),
        hazard("endless Web Animation", CAPTURED, QUICK, page(box + web)),
        hazard(
            "marquee, SVG and caret",
            CAPTURED,
            QUICK,
            page(marquee + gif + smil + caret + CHAIRS),
            more={"/moving.gif": image(moving_gif(), "image/gif")},
        ),
    ]


def moving_gif() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    frames = [Image.new("RGB", (60, 40), colour) for colour in (RED, GREEN, BLUE)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=40, loop=0)
    return out.getvalue()


def overlaid() -> list[Hazard]:
    """Dialogs that ask for consent, one that any of our ways can refuse and one that takes no refusal."""
    fixed = "position:fixed;left:0;right:0;bottom:0;z-index:9999;background:#fff;padding:30px;border:1px solid"
    yes = "document.body.style.background='red';this.closest('[role=dialog]').remove()"
    no = f"document.body.style.background='{css(YELLOW)}';this.closest('[role=dialog]').remove()"
    own = (
        f'<div role="dialog" id="cookie-banner" style="{fixed}">We use cookies and similar means.'
        f'<button onclick="{yes}">Accept all</button> <button onclick="{no}">Reject all</button></div>'
    )
    known = (
        f'<div id="cc-main"><div class="cm-wrapper"><div class="cm" role="dialog" style="{fixed}">Cookies here.'
        f'<button class="cm__btn" data-role="all" onclick="{yes}">Accept all</button>'
        f'<button class="cm__btn" data-role="necessary" onclick="{no}">Off</button></div></div></div>'
    )
    only = (
        f'<div role="dialog" class="cookie-note" style="{fixed}">This site uses cookies.'
        f'<button onclick="{yes}">OK</button> <button>Settings</button></div>'
    )
    wall = (
        f'<style>html,body{{overflow:hidden}}</style><div role="dialog" class="consent" style="{fixed};top:0">'
        f'<h2>Cookies</h2>Accept cookies to go on reading.<button onclick="{yes}">Accept and continue</button></div>'
    )
    letter = (
        f'<div role="dialog" style="{fixed};top:10%;left:10%;right:10%">Subscribe to our letter!'
        "<input type=email><button>Subscribe</button> <button>×</button></div>"
    )
    long = CHAIRS + block(GREEN, 1500)
    yellow = shows("fold", (1435, 5, YELLOW))
    return [
        hazard(
            "consent by its own button",
            "captured: consent_rejected",
            QUICK,
            page(long + own),
            check=both(consent("rejected"), yellow),
        ),
        hazard(
            "consent by autoconsent rule",
            "captured: consent_rejected",
            QUICK,
            page(long + known),
            check=both(consent("autoconsent:cookieconsent3"), yellow),
        ),
        hazard(
            "consent without a no",
            "captured: consent_hidden",
            QUICK,
            page(long + only),
            check=both(consent("hidden"), shows("fold", (1435, 5, WHITE))),
        ),
        hazard("cookie wall", "captured: cookie_wall", QUICK, page(long + wall), check=consent("wall")),
        hazard("newsletter overlay", "captured: overlay_hidden", QUICK, page(long + letter)),
    ]


def otherwise() -> list[Hazard]:
    """Not the page that was asked for."""
    login = page('<form><input name="user"><input type="password"><button>Sign in</button></form>', title="Sign in")
    to_login = Reply(status=302, headers={"Location": "/login?next=/"})
    parked = page("<p>This domain is for sale. Buy this domain now.</p>", title="parked.example")
    wall = page("<div id='challenge-form'></div><p>Checking your browser</p>", title="Just a moment...", status=403)
    captcha = page('<div class="g-recaptcha"></div>', title="Are you a human?")
    said = page("<p>Sorry, nothing is here: the page cannot be found.</p>", title="Not found")
    soft = host_named("soft 404")
    front = page(CHAIRS, title="Chairs")
    return [
        hazard("login wall", "captured: login_wall", QUICK, to_login, more={"/login": login}),
        hazard("parked domain", "captured: parked_domain", QUICK, parked),
        Hazard(
            "soft 404", "captured: soft_404", QUICK, {soft: {"/": front, "*": said}}, (f"http://{soft}/gone/chair",)
        ),
        Hazard(
            "a front page beside soft 404s",
            CAPTURED,
            QUICK,
            {f"www.{soft}": {"/": front, "*": said}},
            (f"http://www.{soft}/",),
            keys=(f"www.{soft}",),
        ),
        hazard("bot wall", "captured: bot_wall", QUICK, wall),
        hazard("bot wall that says 200", "captured: bot_wall", QUICK, captcha),
        hazard(
            "error page", "captured: error_page", QUICK, page("<p>An error on our side.</p>", title="500", status=500)
        ),
        hazard(
            "error without a body",
            ("captured: blank, error_page", "captured: error_page", "http_500"),
            QUICK,
            Reply(status=500),
        ),
        hazard("blank page", "captured: blank", QUICK, bare("<!doctype html><title></title><body></body>")),
        hazard("page of no bytes", "captured: blank", QUICK, bare("")),
    ]


def journeys() -> list[Journey]:
    arguments = {"views": "desktop", "themes": "light", "kinds": "fold,full", "depth": "0"}
    settings = {"GESSO_PAGES": 3, "GESSO_PAGE_SECONDS": 40, "GESSO_MAX_HEIGHT": MAX_HEIGHT, "CONCURRENT_REQUESTS": 64}
    hazards = [*long_pages(), *moving(), *overlaid(), *otherwise(), *hostile_scripts()]
    return [Journey("looks", hazards, 240, arguments=arguments, settings=settings)]
