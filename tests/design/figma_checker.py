"""A strict stand-in for the Plugin API: replays a `gesso-figma/1` payload and refuses what Figma would refuse."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Font(_Strict):
    family: str = Field(min_length=1)
    style: str = Field(min_length=1)


class Rgb(_Strict):
    r: float = Field(ge=0, le=1)
    g: float = Field(ge=0, le=1)
    b: float = Field(ge=0, le=1)


class Rgba(Rgb):
    a: float = Field(ge=0, le=1)


class Stop(_Strict):
    position: float = Field(ge=0, le=1)
    color: Rgba


class ImagePlace(_Strict):
    fit: Literal["cover", "contain", "fill", "none", "tile"]
    x: float
    y: float
    width: float = Field(ge=0)
    height: float = Field(ge=0)


class Paint(_Strict):
    type: Literal["SOLID", "IMAGE", "GRADIENT_LINEAR", "GRADIENT_RADIAL", "GRADIENT_ANGULAR"]
    token: str | None = None
    imageTransform: list[list[float]] | None = None
    place: ImagePlace | None = None
    color: Rgb | None = None
    opacity: float = Field(1, ge=0, le=1)
    gradientTransform: list[list[float]] | None = None
    gradientStops: list[Stop] | None = None
    scaleMode: Literal["FILL", "FIT", "CROP", "TILE"] | None = None
    imageHash: str | None = None
    slot: str | None = None

    def model_post_init(self, context: Any) -> None:
        if self.type == "SOLID":
            assert self.color is not None
        elif self.type == "IMAGE":
            assert self.scaleMode
            assert self.slot
            assert self.imageTransform is None or self.scaleMode == "CROP"
        else:
            assert self.gradientStops
            assert len(self.gradientStops) >= 2
            assert self.gradientTransform
            assert [len(row) for row in self.gradientTransform] == [3, 3]


class Vector(_Strict):
    x: float
    y: float


class Effect(_Strict):
    type: Literal["DROP_SHADOW", "INNER_SHADOW", "LAYER_BLUR", "BACKGROUND_BLUR"]
    visible: bool
    radius: float = Field(ge=0)
    blurType: Literal["NORMAL"] | None = None
    color: Rgba | None = None
    offset: Vector | None = None
    spread: float | None = None
    blendMode: Literal["NORMAL"] | None = None
    showShadowBehindNode: bool | None = None

    def model_post_init(self, context: Any) -> None:
        if "BLUR" in self.type:
            assert self.blurType == "NORMAL"
        else:
            assert self.color
            assert self.offset
            assert self.spread is not None
            assert self.blendMode


class LineHeight(_Strict):
    unit: Literal["PIXELS", "AUTO"]
    value: float | None = None


class Spacing(_Strict):
    unit: Literal["PIXELS"]
    value: float


class Track(_Strict):
    type: Literal["HUG", "FLEX", "FIXED"]
    value: float | None = Field(None, ge=0)

    def model_post_init(self, context: Any) -> None:
        assert (self.value is None) == (self.type == "HUG")


class Hyperlink(_Strict):
    type: Literal["URL"]
    value: str = Field(pattern="^(?i:https?|mailto|tel):")


class TypeProps(_Strict):
    fontName: Font | None = None
    fontSize: float | None = Field(None, ge=1)
    lineHeight: LineHeight | None = None
    letterSpacing: Spacing | None = None


class Range(TypeProps):
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    fills: list[Paint] | None = None
    textStyle: str | None = None
    hyperlink: Hyperlink | None = None
    textDecoration: Literal["UNDERLINE", "STRIKETHROUGH"] | None = None


class Props(TypeProps):
    name: str | None = None
    fills: list[Paint] | None = None
    fillStyle: str | None = None
    strokes: list[Paint] | None = None
    strokeAlign: Literal["INSIDE", "CENTER", "OUTSIDE"] | None = None
    strokeWeight: float | None = Field(None, ge=0)
    strokeTopWeight: float | None = Field(None, ge=0)
    strokeRightWeight: float | None = Field(None, ge=0)
    strokeBottomWeight: float | None = Field(None, ge=0)
    strokeLeftWeight: float | None = Field(None, ge=0)
    dashPattern: list[float] | None = None
    cornerRadius: float | None = Field(None, ge=0)
    topLeftRadius: float | None = Field(None, ge=0)
    topRightRadius: float | None = Field(None, ge=0)
    bottomRightRadius: float | None = Field(None, ge=0)
    bottomLeftRadius: float | None = Field(None, ge=0)
    effects: list[Effect] | None = None
    effectStyle: str | None = None
    visible: bool | None = None
    rotation: float | None = Field(None, ge=-180, le=180)
    blendMode: str | None = Field(None, pattern="^[A-Z_]+$")
    overflowDirection: Literal["HORIZONTAL", "VERTICAL", "BOTH"] | None = None
    opacity: float | None = Field(None, ge=0, le=1)
    clipsContent: bool | None = None
    layoutMode: Literal["NONE", "HORIZONTAL", "VERTICAL", "GRID"] | None = None
    primaryAxisAlignItems: Literal["MIN", "CENTER", "MAX", "SPACE_BETWEEN"] | None = None
    counterAxisAlignItems: Literal["MIN", "CENTER", "MAX", "BASELINE"] | None = None
    itemSpacing: float | None = None
    counterAxisSpacing: float | None = Field(None, ge=0)
    layoutWrap: Literal["WRAP"] | None = None
    paddingTop: float | None = Field(None, ge=0)
    paddingRight: float | None = Field(None, ge=0)
    paddingBottom: float | None = Field(None, ge=0)
    paddingLeft: float | None = Field(None, ge=0)
    strokesIncludedInLayout: bool | None = None
    gridColumnCount: int | None = Field(None, ge=1)
    gridRowCount: int | None = Field(None, ge=1)
    gridColumnGap: float | None = Field(None, ge=0)
    gridRowGap: float | None = Field(None, ge=0)
    gridRowSizes: list[Track] | None = None
    gridColumnSizes: list[Track] | None = None
    characters: str | None = None
    textStyle: str | None = None
    textAlignHorizontal: Literal["LEFT", "CENTER", "RIGHT", "JUSTIFIED"] | None = None
    textCase: Literal["UPPER"] | None = None
    textDecoration: Literal["UNDERLINE"] | None = None
    textAlignVertical: Literal["CENTER", "BOTTOM"] | None = None
    textTruncation: Literal["ENDING"] | None = None
    maxLines: int | None = Field(None, ge=1)
    textAutoResize: Literal["WIDTH_AND_HEIGHT", "HEIGHT", "NONE"] | None = None


class Sizing(_Strict):
    layoutSizingHorizontal: Literal["FIXED", "HUG", "FILL"] | None = None
    layoutSizingVertical: Literal["FIXED", "HUG", "FILL"] | None = None


class Place(_Strict):
    layoutPositioning: Literal["ABSOLUTE"] | None = None
    x: float | None = None
    y: float | None = None
    constraints: dict[str, Literal["MIN", "CENTER", "MAX", "STRETCH", "SCALE"]] | None = None


class Limits(_Strict):
    minWidth: float | None = Field(None, gt=0)
    maxWidth: float | None = Field(None, gt=0)
    minHeight: float | None = Field(None, gt=0)
    maxHeight: float | None = Field(None, gt=0)


class Override(_Strict):
    path: list[int] = Field(min_length=1)
    props: Props
    ranges: list[Range] = []


class Node(_Strict):
    type: Literal["FRAME", "COMPONENT", "INSTANCE", "TEXT", "RECTANGLE", "ELLIPSE", "SVG"]
    parent: int | None
    props: Props
    resize: list[float] | None = Field(min_length=2, max_length=2)
    sizing: Sizing
    limits: Limits
    place: Place
    data: dict[Literal["role", "bind", "shown", "raw", "link", "kind", "slot", "ratio", "use"], str]
    svg: str | None = None
    cell: list[int] | None = None
    span: list[int] | None = None
    component: int | None = None
    overrides: list[Override] = []
    ranges: list[Range] = []


class PaintStyle(_Strict):
    name: str
    paints: list[Paint]


class TextStyle(TypeProps):
    name: str


class EffectStyle(_Strict):
    name: str
    effects: list[Effect]


class Named(_Strict):
    name: str
    value: float


class Numbers(_Strict):
    space: list[Named]
    radius: list[Named]


class Component(_Strict):
    name: str
    variant: dict[str, str]
    node: int


class ImageSource(_Strict):
    slot: str
    url: str | None


class Payload(_Strict):
    format: Literal["gesso-figma/1"]
    fonts: list[Font]
    paintStyles: list[PaintStyle]
    textStyles: list[TextStyle]
    effectStyles: list[EffectStyle]
    numbers: Numbers
    images: list[ImageSource]
    components: list[Component]
    notes: list[str]
    nodes: list[Node]


FRAMES = ("FRAME", "COMPONENT")
FRAME_ONLY = {"clipsContent", "layoutMode"}
TEXT_ONLY = {"characters", "fontName", "fontSize", "textAutoResize", "textAlignHorizontal", "textCase", "lineHeight"}
AUTO_ONLY = {"itemSpacing", "primaryAxisAlignItems", "counterAxisAlignItems", "layoutWrap"}


def replay(raw: dict[str, Any]) -> list[str]:
    """What the Plugin API would refuse, in order; empty where it would take everything."""
    payload = Payload.model_validate(raw)
    loaded = {(font.family, font.style) for font in payload.fonts}
    paints, texts = {s.name for s in payload.paintStyles}, {s.name for s in payload.textStyles}
    images = {image.slot for image in payload.images}
    made: list[tuple[str, str]] = []  # (type, layout mode) of each node so far
    faults: list[str] = []
    for style in payload.textStyles:
        if style.fontName and (style.fontName.family, style.fontName.style) not in loaded:
            faults.append(f"text style {style.name}: font not loaded")
    for index, (node, source) in enumerate(zip(payload.nodes, raw["nodes"], strict=True)):
        where = f"node {index} {node.props.name!r}"
        faults += [f"{where}: {fault}" for fault in _props(node, source["props"], loaded, paints, texts, images)]
        mode = node.props.layoutMode or "NONE"
        if node.parent is not None and not (0 <= node.parent < index and made[node.parent][0] in FRAMES):
            faults.append(f"{where}: appended to what is no frame or does not exist yet")
            made.append((node.type, mode))
            continue
        parent_mode = made[node.parent][1] if node.parent is not None else "NONE"
        faults += [f"{where}: {fault}" for fault in _placed(node, mode, parent_mode)]
        if node.component is not None and not 0 <= node.component < len(payload.components):
            faults.append(f"{where}: an instance of no component")
        if node.component is not None and payload.components[node.component].node >= index:
            faults.append(f"{where}: an instance before its component")
        made.append((node.type, mode))
    return faults


def _props(node: Node, props: dict[str, Any], loaded: Any, paints: Any, texts: Any, images: Any) -> list[str]:
    faults = []
    if node.type not in FRAMES and FRAME_ONLY & set(props):
        faults.append(f"{FRAME_ONLY & set(props)} on a {node.type}")
    if node.type != "TEXT" and TEXT_ONLY & set(props):
        faults.append(f"{TEXT_ONLY & set(props)} on a {node.type}")
    if AUTO_ONLY & set(props) and node.props.layoutMode not in ("HORIZONTAL", "VERTICAL"):
        faults.append("auto layout properties without auto layout")
    keys = list(props)
    if "layoutMode" in keys and any(key in AUTO_ONLY for key in keys[: keys.index("layoutMode")]):
        faults.append("auto layout properties before layoutMode")
    if node.type == "TEXT":
        if keys.index("fontName") > keys.index("characters"):
            faults.append("characters before fontName")
        fonts = [node.props.fontName, *(r.fontName for r in node.ranges if r.fontName)]
        faults += [f"font {f} not loaded" for f in fonts if f is None or (f.family, f.style) not in loaded]
        length = len((node.props.characters or "").encode("utf-16-le")) // 2
        if any(not r.start < r.end <= length for r in node.ranges):
            faults.append("a range outside the text")
    elif node.type in (*FRAMES, "RECTANGLE", "ELLIPSE") and node.props.fills is None:
        faults.append("fills left at Figma's own white")
    if node.props.counterAxisAlignItems == "BASELINE" and node.props.layoutMode != "HORIZONTAL":
        faults.append("BASELINE in a column")
    if node.props.fillStyle and node.props.fillStyle not in paints:
        faults.append("unknown paint style")
    if node.props.textStyle and node.props.textStyle not in texts:
        faults.append("unknown text style")
    faults += [
        f"image {p.slot} not listed" for p in node.props.fills or [] if p.type == "IMAGE" and p.slot not in images
    ]
    return faults


def _placed(node: Node, mode: str, parent_mode: str) -> list[str]:
    faults = []
    sizes = {node.sizing.layoutSizingHorizontal, node.sizing.layoutSizingVertical}
    absolute = node.place.layoutPositioning == "ABSOLUTE"
    if "FILL" in sizes and (parent_mode == "NONE" or absolute):
        faults.append("FILL outside auto layout")
    hugs = node.type == "INSTANCE" or (node.type == "TEXT" and parent_mode != "NONE")
    if "HUG" in sizes and mode == "NONE" and not hugs:
        faults.append("HUG on what has no content to hug")
    if absolute and parent_mode == "NONE":
        faults.append("ABSOLUTE outside auto layout")
    if node.cell is not None and parent_mode != "GRID":
        faults.append("a cell outside a grid")
    if node.place.x is not None and parent_mode != "NONE" and not absolute:
        faults.append("x of a node that auto layout places")
    if node.resize is not None and min(node.resize) < 0.01:
        faults.append("resized to nothing")
    return faults
