"""A drawing that looks like a QR code, for pages that show where one would be; it cannot be scanned."""

import hashlib
from collections.abc import Iterator

_SIZE = 25
_EYE = 7


def code_svg(text: str) -> str:
    """Draw the pattern of a text; the same text always looks the same."""
    squares = "".join(f'<rect x="{x + 2}" y="{y + 2}" width="1" height="1"/>' for x, y in _squares(text))
    side = _SIZE + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img" '
        'aria-label="模拟二维码，不可扫描 Simulated code, cannot be scanned">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><g fill="#111">{squares}</g></svg>'
    )


def _squares(text: str) -> Iterator[tuple[int, int]]:
    bits = hashlib.shake_256(text.encode()).digest(_SIZE * _SIZE)
    for y in range(_SIZE):
        for x in range(_SIZE):
            corner = _corner(x, y)
            if corner is None:
                filled = bits[y * _SIZE + x] % 2 == 0
            else:
                ring = max(abs(corner[0] - _EYE // 2), abs(corner[1] - _EYE // 2))
                filled = ring != 2 and ring <= _EYE // 2
            if filled:
                yield x, y


def _corner(x: int, y: int) -> tuple[int, int] | None:
    """Where a square lies in one of the three eyes, their white border included; None outside of them."""
    far = _SIZE - _EYE
    for left, top in ((0, 0), (far, 0), (0, far)):
        if left - 1 <= x <= left + _EYE and top - 1 <= y <= top + _EYE:
            return x - left, y - top
    return None
