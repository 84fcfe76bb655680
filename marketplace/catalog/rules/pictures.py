"""Which SVG may be served from our own origin: shapes, gradients and a title, nothing that runs or points elsewhere."""

import re
from uuid import UUID
from xml.etree import ElementTree as ET

import msgspec

from marketplace.catalog.errors import UnsafePicture

SVG = "{http://www.w3.org/2000/svg}"
SIZE_MAX = 65_536

_ELEMENTS = frozenset(
    (
        "svg", "g", "title", "desc", "defs", "linearGradient", "radialGradient", "stop",
        "rect", "circle", "ellipse", "path", "polygon", "polyline", "line",
    )
)  # fmt: skip
_ATTRIBUTES = frozenset(
    (
        "id", "viewBox", "width", "height", "role", "preserveAspectRatio", "transform", "gradientUnits",
        "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "d", "points", "offset",
        "fill", "fill-opacity", "opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap",
        "stroke-linejoin", "stop-color", "stop-opacity",
    )
)  # fmt: skip
_OWN_PAINT = re.compile(r"url\(#[\w-]+\)")


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to be shown of an institution, or of one of its room types."""

    room_type_id: UUID | None = None
    caption_zh: str
    caption_en: str
    svg: str


def check_picture(svg: str) -> None:
    """Refuse a picture that is not a plain drawing with an accessible title. Refuses: UnsafePicture."""
    if len(svg.encode()) > SIZE_MAX:
        raise UnsafePicture(reason="> 64 KiB")
    if "<!" in svg or "<?" in svg:
        # Without declarations there are no entities, so parsing below cannot be made to explode.
        raise UnsafePicture(reason="<!")
    try:
        root = ET.fromstring(svg)  # noqa: S314 - entities were refused above.
    except ET.ParseError:
        raise UnsafePicture(reason="XML") from None
    if root.tag != f"{SVG}svg":
        raise UnsafePicture(reason="not <svg>")
    title = root.find(f"{SVG}title")
    if title is None or not (title.text or "").strip():
        raise UnsafePicture(reason="no <title>")
    for element in root.iter():
        _check_element(element)


def _check_element(element: ET.Element) -> None:
    name = element.tag.removeprefix(SVG)
    if name not in _ELEMENTS:
        raise UnsafePicture(reason=f"<{name}>")
    for attribute, value in element.attrib.items():
        if attribute not in _ATTRIBUTES:
            raise UnsafePicture(reason=attribute)
        if "url" in value and not _OWN_PAINT.fullmatch(value):
            raise UnsafePicture(reason=value)
