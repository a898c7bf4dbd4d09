"""What may enter a document that is made of strangers' designs: inert URLs, inert SVG, inert CSS words."""

from __future__ import annotations

import base64
import re
from html import escape
from xml.etree import ElementTree

from design.svg import DRAWING_ELEMENTS

MAX_SVG = 2_000_000
MAX_SVG_ELEMENTS = 20_000
ELEMENTS = DRAWING_ELEMENTS | {"title"}
_NAMESPACES = ("", "http://www.w3.org/2000/svg")
_ATTRIBUTE = re.compile(r"(?!on)[A-Za-z][A-Za-z0-9_-]*\Z", re.IGNORECASE)
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!['\"]?#)|javascript:|data:|expression\(|@import|&#", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp|avif|bmp|x-icon|svg\+xml)[;,]", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def safe_url(url: str) -> str | None:
    """The URL where it is http(s), relative, or an inlined image; None for anything else."""
    url = re.sub(r"[\x00-\x20\x7f]", lambda m: "%20" if m[0] == " " else "", url.strip())
    if _DATA_IMAGE.match(url):
        return url
    if not url or (_SCHEME.match(url) and not url.lower().startswith(("http://", "https://"))):
        return None
    return url


def safe_svg(source: str) -> str | None:
    """An SVG document's drawing: known elements and attributes only, nothing fetched; None where it cannot be read."""
    if len(source) > MAX_SVG or "<!DOCTYPE" in source.upper() or "<!ENTITY" in source.upper():
        return None
    try:
        root = ElementTree.fromstring(source)
    except (ElementTree.ParseError, ValueError, RecursionError):
        return None
    if _local(root.tag) != "svg":
        return None
    out: list[str] = []
    stack: list[ElementTree.Element | str] = [root]
    count = 0
    while stack:
        entry = stack.pop()
        if isinstance(entry, str):
            out.append(entry)
            continue
        name = _local(entry.tag)
        if name not in ELEMENTS:
            continue
        count += 1
        if count > MAX_SVG_ELEMENTS:
            return None
        lead = ' xmlns="http://www.w3.org/2000/svg"' if entry is root else ""
        out.append(f"<{name}{lead}{_attributes(entry)}>")
        shows_text = name in ("text", "tspan", "title")
        if shows_text and entry.text:
            out.append(escape(entry.text))
        stack.append(f"</{name}>")
        for child in reversed(list(entry)):
            if shows_text and child.tail:
                stack.append(escape(child.tail))
            stack.append(child)
    return "".join(out)


def _local(tag: object) -> str:
    if not isinstance(tag, str):
        return ""
    namespace, _, name = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
    return name if namespace in _NAMESPACES else ""


def _attributes(element: ElementTree.Element) -> str:
    parts = []
    for name, value in element.attrib.items():
        name = "href" if name.endswith("}href") else name
        if not _ATTRIBUTE.match(name) or name in ("style", "class") or _OUTSIDE.search(value):
            continue
        if name == "href" and not value.startswith("#"):
            continue
        parts.append(f' {name}="{escape(value)}"')
    return "".join(parts)


def svg_data_url(source: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(source.encode()).decode()


def css_url(url: str) -> str:
    """`url("…")` that can end neither its string nor its style element."""
    url = url.replace("\\", "%5C").replace('"', "%22").replace("<", "%3C").replace(">", "%3E").replace("\n", "")
    return f'url("{url}")'


def css_families(value: str) -> str:
    """A font-family list without anything that could end a declaration."""
    names = []
    for part in value.split(","):
        name = re.sub(r"[\"'\\<>{};()/*@\x00-\x1f]", "", part).strip()
        if name:
            generic = name in ("serif", "sans-serif", "monospace", "cursive", "fantasy", "system-ui", "ui-monospace")
            names.append(name if generic or name.startswith("-apple") or name == "BlinkMacSystemFont" else f'"{name}"')
    return ",".join(names) or "sans-serif"
