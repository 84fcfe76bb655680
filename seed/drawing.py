"""Pictures drawn by code: no photograph of a made-up house exists, and a drawing does not pretend to be one.

Everything follows from a ``Random``, so the same house always looks the same. Only shapes and gradients are used, as
``catalog.rules.check_picture`` demands.
"""

from collections.abc import Callable
from random import Random
from typing import Literal, NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 400
HORIZON = 215

Season = Literal["summer", "autumn", "winter"]
Scene = Literal["mountain", "river", "coast", "spring", "lake"]


class Palette(NamedTuple):
    """The colours of a season."""

    sky: tuple[str, str]
    far: str
    near: str
    ground: str
    tree: tuple[str, ...]
    water: str
    snow: bool


PALETTES: dict[Season, Palette] = {
    "summer": Palette(
        ("#8ec9ee", "#e8f4fb"), "#7f9fb5", "#5c8a6b", "#86b36b", ("#2f6b45", "#3d7f50", "#4f8f55"), "#6fb3cf", snow=False
    ),
    "autumn": Palette(
        ("#9cc3dd", "#fbeedd"), "#8c93a8", "#b4743c", "#c9a25a", ("#c8641f", "#d98a25", "#a8431d", "#4c7a4b"), "#6aa0b8",
        snow=False,
    ),
    "winter": Palette(
        ("#a9bfd6", "#f3f6fa"), "#9fb0c6", "#c9d6e4", "#f4f8fc", ("#6d8494", "#88a0ae", "#dfe9f1"), "#b9d4e3", snow=True
    ),
}  # fmt: skip


def draw_house(*, title: str, scene: Scene, season: Season, storeys: int, random: Random) -> str:
    """Draw a house in its landscape."""
    colours = PALETTES[season]
    parts = [
        _sky(colours),
        _sun(random, colours),
        _LANDSCAPES[scene](random, colours),
        _forest(random, colours, count=9, base=HORIZON + 40, reach=70),
        _house(random, colours, storeys=storeys),
        _forest(random, colours, count=4, base=HEIGHT - 8, reach=60),
    ]
    if colours.snow:
        parts.append(_snowfall(random))
    return _svg(title, parts, colours)


def draw_room(*, title: str, beds: int, season: Season, random: Random) -> str:
    """Draw a room with its beds and the season in the window."""
    colours = PALETTES[season]
    wall = random.choice(("#f6efe4", "#eef2ea", "#f3ece6", "#eaf0f4"))
    blanket = random.choice(("#c46a4a", "#4f7d8c", "#7a8f5a", "#b08a3e"))
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{wall}"/>',
        f'<rect y="300" width="{WIDTH}" height="100" fill="#c9a77c"/>',
        '<rect x="230" y="50" width="180" height="130" fill="url(#sky)" stroke="#8a6a48" stroke-width="8"/>',
        _peaks(random, colours.far, left=234, right=406, base=176, low=20, high=60, step=34),
        '<line x1="320" y1="50" x2="320" y2="180" stroke="#8a6a48" stroke-width="5"/>',
        # The rail and the call bell are what people look for first.
        '<rect x="40" y="208" width="560" height="8" rx="4" fill="#b8946a"/>',
        '<circle cx="596" cy="180" r="9" fill="#d0443e"/>',
    ]
    width = 250 if beds == 1 else min(230, 540 // beds - 16)
    gap = (WIDTH - beds * width) / (beds + 1)
    parts += [_bed(gap + number * (width + gap), width, blanket) for number in range(beds)]
    return _svg(title, parts, colours)


def _svg(title: str, parts: list[str], colours: Palette) -> str:
    top, bottom = colours.sky
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(title)}</title>"
        '<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/></linearGradient></defs>'
        f"{''.join(parts)}</svg>"
    )


def _sky(colours: Palette) -> str:
    return (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#sky)"/>'
        f'<rect y="{HORIZON}" width="{WIDTH}" height="{HEIGHT - HORIZON}" fill="{colours.ground}"/>'
    )


def _sun(random: Random, colours: Palette) -> str:
    fill = "#fffaf0" if colours.snow else "#fff1b8"
    return f'<circle cx="{random.randint(60, 580)}" cy="{random.randint(40, 90)}" r="26" fill="{fill}"/>'


def _peaks(  # noqa: PLR0913 - a ridge has these measures.
    random: Random, fill: str, *, left: int = 0, right: int = WIDTH, base: int = HORIZON, low: int, high: int, step: int
) -> str:
    """Draw a ridge whose points rise and fall between ``low`` and ``high`` above its base."""
    points = [f"{left},{base}"]
    for number, x in enumerate(range(left, right, step)):
        height = random.randint((low + high) // 2, high) if number % 2 else random.randint(low, (low + high) // 2)
        points.append(f"{x},{base - height}")
    return f'<polygon points="{" ".join([*points, f"{right},{base - low}", f"{right},{base}"])}" fill="{fill}"/>'


def _mountain(random: Random, colours: Palette) -> str:
    x, top = random.randint(220, 420), random.randint(28, 55)
    crater = f"{x - 60},{top + 14} {x - 22},{top} {x},{top + 16} {x + 26},{top - 4} {x + 62},{top + 18}"
    cap = f"{x - 60},{top + 14} {x - 22},{top} {x},{top + 16} {x + 26},{top - 4} {x + 62},{top + 18}"
    hem = f"{x + 84},{top + 52} {x + 40},{top + 38} {x},{top + 60} {x - 40},{top + 36} {x - 82},{top + 50}"
    return (
        f'<polygon points="{x - 260},{HORIZON} {crater} {x + 270},{HORIZON}" fill="{colours.far}"/>'
        f'<polygon points="{cap} {hem}" fill="#fbfdff"/>'
        + _peaks(random, colours.near, low=14, high=52, step=46)
    )  # fmt: skip


def _river(random: Random, colours: Palette) -> str:
    bend = random.randint(-60, 60)
    water = (
        f'<path d="M{300 + bend} {HORIZON} C {200 + bend} {HORIZON + 50}, {520 + bend} {HORIZON + 90}, {360 + bend} {HEIGHT}'
        f' L{620 + bend} {HEIGHT} C {660 + bend} {HORIZON + 80}, {300 + bend} {HORIZON + 40}, {340 + bend} {HORIZON} Z"'
        f' fill="{colours.water}"/>'
    )
    ridges = _peaks(random, colours.far, low=50, high=120, step=58) + _peaks(
        random, colours.near, low=18, high=64, step=40
    )
    return ridges + water


def _coast(random: Random, colours: Palette) -> str:
    cranes = "".join(
        f'<path d="M{x} {y} q 9 -9 18 0 q 9 -9 18 0" fill="none" stroke="#5a6470" stroke-width="2.5"/>'
        for x, y in ((random.randint(60, 560), random.randint(60, 130)) for _ in range(4))
    )
    sea = f'<rect y="{HORIZON - 26}" width="{WIDTH}" height="34" fill="{colours.water}"/>'
    return _peaks(random, colours.far, low=30, high=58, step=90) + sea + cranes


def _spring(random: Random, colours: Palette) -> str:
    x, y = random.randint(76, 92), random.randint(325, 350)
    stones = "".join(
        f'<ellipse cx="{x + dx}" cy="{y + random.randint(10, 24)}" rx="{random.randint(14, 22)}" ry="9" fill="#8d8f91"/>'
        for dx in range(-80, 90, 32)
    )
    steam = "".join(
        f'<path d="M{x + dx} {y - 16} q -10 -20 0 -36 q 10 -18 0 -36" fill="none" stroke="#ffffff" stroke-width="6"'
        ' stroke-linecap="round" stroke-opacity="0.7"/>'
        for dx in (-50, -8, 36)
    )
    pool = f'<ellipse cx="{x}" cy="{y}" rx="94" ry="25" fill="#5fb7c4"/>'
    ridges = _peaks(random, colours.far, low=40, high=96, step=64) + _peaks(
        random, colours.near, low=16, high=50, step=44
    )
    return ridges + pool + stones + steam


def _lake(random: Random, colours: Palette) -> str:
    shine = "".join(
        f'<line x1="{x}" y1="{y}" x2="{x + random.randint(30, 80)}" y2="{y}" stroke="#ffffff" stroke-width="2"'
        ' stroke-opacity="0.6"/>'
        for x, y in ((random.randint(10, 560), random.randint(HORIZON + 8, HORIZON + 44)) for _ in range(9))
    )
    lake = f'<rect y="{HORIZON}" width="{WIDTH}" height="54" fill="{colours.water}"/>'
    return _peaks(random, colours.far, low=8, high=30, step=100) + lake + shine


_LANDSCAPES: dict[Scene, Callable[[Random, Palette], str]] = {
    "mountain": _mountain,
    "river": _river,
    "coast": _coast,
    "spring": _spring,
    "lake": _lake,
}


def _forest(random: Random, colours: Palette, *, count: int, base: int, reach: int) -> str:
    trees = []
    for _ in range(count):
        # The middle is left to the house.
        x = random.choice((random.randint(0, 170), random.randint(470, WIDTH)))
        height, fill = random.randint(reach // 2, reach), random.choice(colours.tree)
        half = height // 4
        trees.append(
            f'<polygon points="{x - half},{base} {x},{base - height} {x + half},{base}" fill="{fill}"/>'
            f'<rect x="{x - 2}" y="{base}" width="4" height="7" fill="#6b5540"/>'
        )
    return "".join(trees)


def _house(random: Random, colours: Palette, *, storeys: int) -> str:
    wall = random.choice(("#f5e9d6", "#efe3d3", "#f2f0ea", "#e9dccb"))
    roof = "#f7fafc" if colours.snow else random.choice(("#8c3b2e", "#5b4a3f", "#3f5663", "#7a5a34"))
    columns = random.randint(5, 7)
    left, width, storey = 190, 260, 34
    top = 340 - storeys * storey
    lit = "#ffd98a" if colours.snow else "#bcd8e6"
    windows = "".join(
        f'<rect x="{left + 14 + column * (width - 20) / columns:.0f}" y="{top + 9 + row * storey}" width="20" height="18"'
        f' fill="{lit}" stroke="#7d6a55" stroke-width="2"/>'
        for row in range(storeys)
        for column in range(columns)
        if (row, column) != (storeys - 1, columns // 2)
    )
    door = left + 14 + (columns // 2) * (width - 20) / columns - 4
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{storeys * storey}" fill="{wall}"/>'
        f'<polygon points="{left - 18},{top} {left + width // 2},{top - 46} {left + width + 18},{top}" fill="{roof}"/>'
        f"{windows}"
        f'<rect x="{door:.0f}" y="{top + (storeys - 1) * storey + 6}" width="28" height="28" fill="#7a4a2b"/>'
        # A ramp instead of steps.
        f'<polygon points="{door - 60:.0f},348 {door:.0f},340 {door + 28:.0f},340 {door + 28:.0f},348" fill="#b9ae9d"/>'
    )


def _snowfall(random: Random) -> str:
    # A line of no length with round ends is a dot: one path instead of forty circles.
    flakes = "".join(f"M{random.randint(0, WIDTH)} {random.randint(0, HEIGHT)}h0" for _ in range(40))
    return f'<path d="{flakes}" stroke="#ffffff" stroke-width="5" stroke-linecap="round" stroke-opacity="0.8"/>'


def _bed(left: float, width: float, blanket: str) -> str:
    return (
        f'<rect x="{left:.0f}" y="236" width="{width:.0f}" height="52" rx="6" fill="#a97f55"/>'
        f'<rect x="{left:.0f}" y="270" width="{width:.0f}" height="66" rx="6" fill="#ffffff"/>'
        f'<rect x="{left:.0f}" y="294" width="{width:.0f}" height="58" rx="6" fill="{blanket}"/>'
        f'<ellipse cx="{left + width / 2:.0f}" cy="276" rx="{width / 3.2:.0f}" ry="13" fill="#f4f4f2" stroke="#dcdcd6"/>'
    )
