"""Clusters and places. Which town belongs to which cluster is our reading of the province's plan, which names only areas.

Positions marked with a wide accuracy are town centres read from maps; nothing nearer is published.
"""

from datetime import datetime

from marketplace.kit.audit import SYSTEM
from marketplace.places import operations
from marketplace.places.rules import ClimateMonth, Cluster, Gazetteer, Place, Position
from seed import climate
from seed.clocks import plant_clocks
from seed.divisions import DIVISIONS, JURISDICTIONS
from seed.holidays import plant_holidays

CHANGBAISHAN = Cluster(code="changbaishan", name_zh="长白山", name_en="Changbai Mountain", kind="silver_health")
JIAN = Cluster(code="jian", name_zh="集安", name_en="Ji'an", kind="silver_health")
HUNCHUN = Cluster(code="hunchun", name_zh="珲春", name_en="Hunchun", kind="silver_health")
SPRING_CHANGBAISHAN = Cluster(
    code="spring-changbaishan",
    name_zh="环长白山温泉",
    name_en="Hot springs around Changbai Mountain",
    kind="hot_spring",
)
SPRING_PLAIN = Cluster(
    code="spring-changchun-jilin-songyuan",
    name_zh="长春—吉林—松原温泉",
    name_en="Hot springs of Changchun, Jilin and Songyuan",
    kind="hot_spring",
)
CLUSTERS = (CHANGBAISHAN, JIAN, HUNCHUN, SPRING_CHANGBAISHAN, SPRING_PLAIN)

_NORTH_HUB = ("长白山站", "Changbaishan Railway Station")
_WEST_HUB = ("长白山西站", "Changbaishan West Railway Station")
_CHANGCHUN_HUB = ("长春站", "Changchun Railway Station")
_SONGYUAN_HUB = ("松原站", "Songyuan Railway Station")
_COUNTY_CENTRE_M = 500


def _place(  # noqa: PLR0913, PLR0917 - one line of a gazetteer.
    code: str,
    name: str,
    name_en: str,
    division: str,
    jurisdiction: str,
    position: Position,
    *clusters: Cluster,
    hub: tuple[str, str] | None = None,
    months: tuple[ClimateMonth, ...] = climate.UNKNOWN,
    accuracy_m: int = _COUNTY_CENTRE_M,
) -> Place:
    return Place(
        code=code,
        name_zh=name,
        name_en=name_en,
        division_code=division,
        jurisdiction_code=jurisdiction,
        position=position,
        accuracy_m=accuracy_m,
        hub=hub[0] if hub else None,
        hub_en=hub[1] if hub else None,
        clusters=clusters,
        climate=months,
    )


def _about(latitude: float, longitude: float) -> Position:
    return Position(latitude, longitude, "wgs84")


def _centre(code: str) -> Position:
    found = next(division.position for division in DIVISIONS if division.code == code)
    if found is None:
        raise ValueError(f"division {code} has no position")
    return found


PLACES = (
    _place(
        "erdaobaihe", "二道白河镇", "Erdaobaihe", "222426102", "changbaishan", _about(42.41, 128.12),
        CHANGBAISHAN, SPRING_CHANGBAISHAN, hub=_NORTH_HUB, months=climate.ERDAOBAIHE, accuracy_m=4_000,
    ),
    _place(
        "chixi", "池西区", "Chixi", "220621120", "changbaishan", _about(42.18, 127.50),
        CHANGBAISHAN, SPRING_CHANGBAISHAN, hub=_WEST_HUB, months=climate.FUSONG, accuracy_m=5_000,
    ),
    _place(
        "songjianghe", "松江河镇", "Songjianghe", "220621101", "220621", _about(42.19, 127.49),
        CHANGBAISHAN, hub=_WEST_HUB, months=climate.FUSONG, accuracy_m=3_000,
    ),
    _place(
        "donggang", "东岗镇", "Donggang", "220621107", "220621", _about(42.10, 127.57),
        CHANGBAISHAN, hub=_WEST_HUB, months=climate.FUSONG, accuracy_m=3_000,
    ),
    _place(
        "lushuihe", "露水河镇", "Lushuihe", "220621103", "220621", _about(42.51, 127.79),
        CHANGBAISHAN, months=climate.FUSONG, accuracy_m=5_000,
    ),
    _place(
        "xianrenqiao", "仙人桥镇", "Xianrenqiao", "220621104", "220621", _about(42.2, 127.2),
        SPRING_CHANGBAISHAN, months=climate.FUSONG, accuracy_m=10_000,
    ),
    _place(
        "linjiang", "临江市", "Linjiang", "220681", "220681", _centre("220681"),
        SPRING_CHANGBAISHAN, months=climate.LINJIANG,
    ),
    _place(
        "longjing", "龙井市", "Longjing", "222405", "222405", _centre("222405"),
        SPRING_CHANGBAISHAN, hub=("延吉西站", "Yanji West Railway Station"),
    ),
    _place(
        "jian", "集安市", "Ji'an", "220582", "220582", _centre("220582"),
        JIAN, hub=("通化站", "Tonghua Railway Station"), months=climate.JIAN,
    ),
    _place(
        "taiwang", "太王镇", "Taiwang", "220582108", "220582", _about(41.14, 126.22),
        JIAN, hub=("通化站", "Tonghua Railway Station"), months=climate.JIAN, accuracy_m=3_000,
    ),
    _place(
        "hunchun", "珲春市", "Hunchun", "222404", "222404", _centre("222404"),
        HUNCHUN, hub=("珲春站", "Hunchun Railway Station"), months=climate.HUNCHUN,
    ),
    _place(
        "jingxin", "敬信镇（防川）", "Jingxin (Fangchuan)", "222404101", "222404", _about(42.42, 130.62),
        HUNCHUN, hub=("珲春站", "Hunchun Railway Station"), months=climate.HUNCHUN, accuracy_m=5_000,
    ),
    _place(
        "lianhuashan", "莲花山", "Lianhuashan", "220105270", "220105", _about(43.87, 125.62),
        SPRING_PLAIN, hub=_CHANGCHUN_HUB, months=climate.CHANGCHUN, accuracy_m=8_000,
    ),
    _place(
        "jingyue", "净月", "Jingyue", "220172102", "220172", _about(43.79, 125.45),
        SPRING_PLAIN, hub=_CHANGCHUN_HUB, months=climate.CHANGCHUN, accuracy_m=3_000,
    ),
    _place(
        "shuangyang", "双阳区", "Shuangyang", "220112", "220112", _centre("220112"),
        SPRING_PLAIN, hub=_CHANGCHUN_HUB, months=climate.CHANGCHUN,
    ),
    _place(
        "yitong", "伊通", "Yitong", "220323", "220323", _centre("220323"),
        SPRING_PLAIN, hub=_CHANGCHUN_HUB, months=climate.YITONG,
    ),
    _place(
        "jilin-city", "吉林市", "Jilin City", "220200", "220200", _centre("220200"),
        SPRING_PLAIN, hub=("吉林站", "Jilin Railway Station"),
    ),
    _place(
        "yongji", "永吉县", "Yongji", "220221", "220221", _centre("220221"),
        SPRING_PLAIN, hub=("吉林站", "Jilin Railway Station"),
    ),
    _place(
        "songyuan", "松原市", "Songyuan", "220700", "220700", _centre("220700"),
        SPRING_PLAIN, hub=_SONGYUAN_HUB, months=climate.SONGYUAN,
    ),
    _place(
        "chaganhu", "查干湖", "Chagan Lake", "220721108", "220721", _about(45.25, 124.28),
        SPRING_PLAIN, hub=_SONGYUAN_HUB, months=climate.SONGYUAN, accuracy_m=6_000,
    ),
)  # fmt: skip

GAZETTEER = Gazetteer(divisions=DIVISIONS, jurisdictions=JURISDICTIONS, clusters=CLUSTERS, places=PLACES)


async def plant_places(*, now: datetime) -> None:
    """Plant the gazetteer, and the calendar and clocks that its authorities work by; repeating it changes nothing."""
    await operations.plant(gazetteer=GAZETTEER, actor=SYSTEM, now=now)
    await plant_holidays(now=now)
    await plant_clocks(now=now)
