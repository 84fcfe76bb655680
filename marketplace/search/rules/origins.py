"""Where guests come from, with the mean temperatures of their months; a closed vocabulary like that of services.

The means are of 2008 and 2009, as two statistical yearbooks print them: official, but of two years, not normals.
"""

from collections.abc import Mapping

import msgspec

from marketplace.places.errors import unknown_code
from marketplace.places.rules import Confidence

_YEARBOOKS = "国家统计局《中国统计年鉴》2009、2010，2008–2009 两年平均（非常年值）"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A city with its twelve monthly means in °C, how far to trust them, and where they come from."""

    code: str
    name: str
    name_en: str
    means_c: tuple[float, ...]
    confidence: Confidence
    source: str


def _origin(  # noqa: PLR0913 - one line of a yearbook.
    code: str, name: str, name_en: str, means: str, *, confidence: Confidence = "high", source: str = _YEARBOOKS
) -> Origin:
    months = tuple(float(mean) for mean in means.split())
    return Origin(code=code, name=name, name_en=name_en, means_c=months, confidence=confidence, source=source)


_HAIKOU = "16.5 17.9 21.8 24.7 26.4 27.9 28.1 27.9 27.6 25.8 22.1 19.5"

ORIGINS: Mapping[str, Origin] = {
    found.code: found
    for found in (
        _origin("tianjin", "天津", "Tianjin", "-3.5 0.0 7.7 15.7 21.7 24.6 27.1 26.1 21.2 14.8 4.0 -2.0"),
        _origin("shanghai", "上海", "Shanghai", "4.0 6.5 11.0 16.1 21.8 25.1 29.5 28.1 25.3 21.0 12.6 7.0"),
        _origin("wuhan", "武汉", "Wuhan", "2.9 7.0 13.2 18.4 23.4 27.2 29.8 28.8 25.0 20.1 10.6 6.5"),
        _origin("guangzhou", "广州", "Guangzhou", "12.6 16.3 19.1 22.7 25.8 27.4 29.4 29.6 29.1 26.1 18.9 15.4"),
        _origin("chongqing", "重庆", "Chongqing", "7.0 10.2 15.2 18.9 22.9 25.6 29.0 27.4 26.2 19.6 13.6 9.7"),
        _origin("haikou", "海口", "Haikou", _HAIKOU),
        _origin("sanya", "三亚", "Sanya", _HAIKOU, confidence="low", source=f"以海口代替：{_YEARBOOKS}"),
        _origin("changchun", "长春", "Changchun", "-14.3 -9.2 0.5 11.1 16.6 20.1 22.9 22.7 16.4 8.9 -3.9 -11.9"),
    )
}


def origin_of(code: str | None) -> Origin | None:
    """Return the origin city, None when none was named. Refuses: UnknownCode suggesting the one that was meant."""
    if code is None:
        return None
    if code not in ORIGINS:
        known = {code: code for code in ORIGINS}
        for one in ORIGINS.values():
            known |= {one.name: one.code, one.name_en.casefold(): one.code}
        raise unknown_code(code, parameter="origin", known=known)
    return ORIGINS[code]
