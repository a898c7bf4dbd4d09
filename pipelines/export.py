"""From a capture or a `.gesso` file to a file that an editor opens. `design.to` compiles; here is the I/O."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from crawlers.captures import Capture, CaptureStore, StoreError
from design import FontFace, Imported, Slot, from_snapshot, load_snapshot, parse, print_design, to_figma, to_html
from design.errors import NotationError
from design.to.layout import Places
from design.to.measured import measured
from design.to.penpot import to_penpot
from design.to.react import to_react
from design.to.svg import to_svg
from design.to.tokens import to_tokens
from design.tree import Design, expand
from pipelines.errors import GessoError

if TYPE_CHECKING:
    from crawlers.browser.render import RenderJob

SHORTEST_PREFIX = 6
MAX_NOTATION_BYTES = 10 << 20
PNG_WIDTH, MAX_PNG_WIDTH = 1440, 8192  # CSS px, for a frame that says none and at most
MIME = {"jpeg": "image/jpeg", "svg": "image/svg+xml", "woff2": "font/woff2", "woff": "font/woff"}


class ExportError(GessoError):
    """What was to be exported is not there, or the target is not one of ours."""


@dataclass(frozen=True)
class BoundDesign:
    """A design with what its slots and fonts were in the capture: slot name → data URI or SVG source."""

    design: Design
    slots: dict[str, str]
    fonts: tuple[tuple[FontFace, str], ...] = ()
    title: str = ""


def find_capture(store: CaptureStore, prefix: str) -> Capture:
    """The one capture whose id begins so. Raises ExportError where there is none or more than one."""
    if len(prefix) < SHORTEST_PREFIX:
        raise ExportError(f"{prefix!r} is too short for a capture id: give at least {SHORTEST_PREFIX} digits")
    found = [capture for capture in store.captures() if capture.capture_id.startswith(prefix)]
    if not found:
        raise ExportError(f"no capture {prefix} in {store.url}, and no such file: `gesso report` shows the ids")
    if len(found) > 1:
        raise ExportError(f"{prefix} begins {len(found)} capture ids: give more digits")
    return found[0]


def import_capture(store: CaptureStore, capture: Capture) -> Imported:
    """The design of a page's capture. Raises ExportError for a listing's screenshot, which has no DOM."""
    if capture.page is None or capture.page.dom_sha256 is None:
        raise ExportError(f"capture {capture.capture_id} has no DOM snapshot (a listing's screenshot?): give a page's")
    return from_snapshot(load_snapshot(store.read_blob(capture.page.dom_sha256, "dom")))


def data_uri(data: bytes, format: str) -> str:
    mime = MIME.get(format, f"image/{format}")
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def bind(imported: Imported, store: CaptureStore, title: str = "", capture: Capture | None = None) -> BoundDesign:
    """Fill slots and fonts with the files that the crawl kept; what it did not keep stays an empty slot.

    With a `capture`, what has no file of its own (a canvas, a video, a frame) is cut out of its screenshot.
    """
    slots: dict[str, str] = {}
    for name, slot in imported.slots.items():
        if slot.svg:
            slots[name] = slot.svg
        elif slot.url and slot.url.startswith("data:image/"):
            slots[name] = slot.url
        elif slot.sha256 and slot.format:
            try:
                slots[name] = data_uri(store.read_blob(slot.sha256, slot.format), slot.format)
            except StoreError:
                continue
    fonts: list[tuple[FontFace, str]] = []
    for face in imported.fonts:
        if face.sha256 and face.format:
            try:
                fonts.append((face, data_uri(store.read_blob(face.sha256, face.format), face.format)))
            except StoreError:
                continue
    if capture is not None:
        slots |= _cut_out(
            [slot for name, slot in imported.slots.items() if name not in slots], imported, store, capture
        )
    return BoundDesign(imported.design, slots, tuple(fonts), title)


def _cut_out(slots: list[Slot], imported: Imported, store: CaptureStore, capture: Capture) -> dict[str, str]:
    """The pieces of a capture's screenshot that slots without a source show, as data URIs by name."""
    wanted = [slot for slot in slots if slot.kind == "image" and slot.leaf]
    width = imported.design.roots[0].width
    if not wanted or not isinstance(width, float):
        return {}
    found: dict[str, str] = {}
    with Image.open(io.BytesIO(store.read_image(capture))) as image:
        ratio = image.width / width
        for slot in wanted:
            x, y, across, down = (round(value * ratio) for value in slot.rect)
            box = max(0, x), max(0, y), min(image.width, x + across), min(image.height, y + down)
            if box[2] > box[0] and box[3] > box[1]:
                piece = Image.new("RGB", (max(1, across), max(1, down)), "white")
                piece.paste(image.crop(box).convert("RGB"), (box[0] - x, box[1] - y))
                out = io.BytesIO()
                piece.save(out, "PNG")
                found[slot.name] = data_uri(out.getvalue(), "png")
    return found


def load(source: str, home: Path) -> tuple[str, BoundDesign]:
    """A name for the output, and the design: of a `.gesso` file, or of a capture by its id."""
    path = Path(source)
    if path.suffix == ".gesso" or path.is_file():
        if not path.is_file():
            raise ExportError(f"no file {path}: give a .gesso file or a capture id")
        if path.stat().st_size > MAX_NOTATION_BYTES:
            raise ExportError(f"{path} is over {MAX_NOTATION_BYTES >> 20} MiB: too large for a design")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ExportError(f"{path} is not UTF-8 text: give a .gesso file") from None
        try:
            design = parse(text)
        except NotationError as error:
            raise ExportError(f"{path}, {error}: gesso design fmt --repair leaves out what cannot be read") from None
        if not design.roots:
            raise ExportError(f"{path} has no node in it: write one, such as `col Page 390`, or give a capture id")
        return path.stem, BoundDesign(design, {}, title=path.stem)
    return bound_capture(source, home)


def bound_capture(prefix: str, home: Path) -> tuple[str, BoundDesign]:
    """The whole id and the bound design of the capture whose id begins so."""
    store = CaptureStore(str(home / "captures"))
    capture = find_capture(store, prefix)
    title = capture.page.title if capture.page else ""
    return capture.capture_id, bind(import_capture(store, capture), store, title, capture)


def _html(bound: BoundDesign) -> str:
    return to_html(bound.design, slots=bound.slots, fonts=bound.fonts, title=bound.title)


def _figma(bound: BoundDesign) -> str:
    return json.dumps(to_figma(bound.design, slots=bound.slots), ensure_ascii=False, indent=1) + "\n"


def _gesso(bound: BoundDesign) -> str:
    return print_design(bound.design)


def _svg(bound: BoundDesign) -> str:
    return to_svg(bound.design, slots=bound.slots, places=_places(bound))


def _penpot(bound: BoundDesign) -> bytes:
    return to_penpot(bound.design, slots=bound.slots, places=_places(bound), name=bound.title)


def _react(bound: BoundDesign) -> str:
    return to_react(bound.design, slots=bound.slots, name=bound.title or "Design")


def _tokens(bound: BoundDesign) -> str:
    return json.dumps(to_tokens(bound.design), ensure_ascii=False, indent=2) + "\n"


def _png(bound: BoundDesign) -> bytes:
    """The design as the browser draws its HTML, as wide as its first frame. Raises RenderError."""
    from crawlers.browser.render import render_html

    return render_html([_job(bound)])[0]


def _job(bound: BoundDesign) -> RenderJob:
    from crawlers.browser.render import RenderJob

    wide = bound.design.roots[0].width if bound.design.roots else None
    width = round(wide) if isinstance(wide, int | float) and wide >= 1 else PNG_WIDTH
    return RenderJob(html=_html(bound), width=min(width, MAX_PNG_WIDTH), height=64, full_page=True)


def _places(bound: BoundDesign) -> Places | None:
    """Where the browser lays the design out; None without one, and the targets reckon it themselves."""
    from crawlers.browser.find import BrowserNotFound
    from crawlers.browser.render import RenderError, render_with_trees

    try:
        (rendered,) = render_with_trees([_job(bound)])
    except (BrowserNotFound, RenderError):
        return None
    return measured(expand(bound.design), rendered.snapshot)


Compiled = str | bytes
TARGETS: dict[str, tuple[str, Callable[[BoundDesign], Compiled]]] = {
    "html": (".html", _html),
    "figma": (".figma.json", _figma),
    "svg": (".svg", _svg),
    "penpot": (".penpot", _penpot),
    "react": (".tsx", _react),
    "png": (".png", _png),
    "tokens": (".tokens.json", _tokens),
    "gesso": (".gesso", _gesso),
}


def export(source: str, to: str, home: Path, out: Path | None = None) -> Path:
    """Write `source` (capture id or .gesso file) as `to` (one of TARGETS); returns the file.

    Raises ExportError, with line and column where notation is at fault, or the browser's RenderError for a PNG.
    """
    if to not in TARGETS:
        raise ExportError(f"no export target {to!r}: one of {', '.join(sorted(TARGETS))}")
    name, bound = load(source, home)
    return write(bound, to, out or home / "designs" / f"{name}{TARGETS[to][0]}")


def write(bound: BoundDesign, to: str, path: Path) -> Path:
    """Compile a design for one of TARGETS into `path`."""
    compiled = TARGETS[to][1](bound)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(compiled.encode("utf-8") if isinstance(compiled, str) else compiled)
    return path
