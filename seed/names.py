"""What the made-up institutions are called, by the scene they stand in; no word here is the name of a real one."""

from random import Random

from marketplace.institutions.rules import EXAMPLE_SUFFIX
from marketplace.places.rules import Place
from seed.drawing import Scene

SCENES: dict[str, Scene] = {
    "erdaobaihe": "mountain",
    "chixi": "spring",
    "songjianghe": "mountain",
    "donggang": "mountain",
    "lushuihe": "mountain",
    "xianrenqiao": "spring",
    "linjiang": "river",
    "longjing": "spring",
    "jian": "river",
    "taiwang": "river",
    "hunchun": "coast",
    "jingxin": "coast",
    "lianhuashan": "spring",
    "jingyue": "lake",
    "shuangyang": "spring",
    "yitong": "spring",
    "jilin-city": "river",
    "yongji": "spring",
    "songyuan": "lake",
    "chaganhu": "lake",
}
_EPITHETS: dict[Scene, tuple[tuple[str, str], ...]] = {
    "mountain": (
        ("林海", "Forest Sea"), ("云松", "Cloud Pine"), ("白桦", "White Birch"), ("松涛", "Pine Wind"),
        ("雪岭", "Snow Ridge"), ("岳桦", "Mountain Birch"), ("杜鹃坡", "Azalea Slope"), ("红松", "Red Pine"),
    ),
    "river": (
        ("江月", "River Moon"), ("听江", "River Song"), ("渔火", "Fishing Lights"), ("柳岸", "Willow Bank"),
        ("枫林", "Maple Grove"), ("葡萄坡", "Vineyard Hill"), ("雾凇", "Rime Frost"), ("晚晴", "Evening Sun"),
    ),
    "coast": (
        ("晨曦", "First Light"), ("观鹤", "Crane View"), ("海风", "Sea Breeze"), ("芦苇荡", "Reed Marsh"),
        ("金达莱", "Azalea"), ("雁归", "Returning Geese"), ("望海", "Sea View"), ("暖阳", "Warm Sun"),
    ),
    "spring": (
        ("暖泉", "Warm Spring"), ("汤池", "Bathing Pool"), ("云汤", "Cloud Bath"), ("石上泉", "Spring on Stone"),
        ("松下泉", "Spring beneath Pines"), ("雪汤", "Snow Bath"), ("鹿泉", "Deer Spring"), ("月下汤", "Moonlit Bath"),
    ),
    "lake": (
        ("湖畔", "Lakeside"), ("月潭", "Moon Pool"), ("荷风", "Lotus Breeze"), ("渔歌", "Fisher's Song"),
        ("芦花", "Reed Flower"), ("银杏里", "Ginkgo Lane"), ("静湖", "Still Lake"), ("冬捕", "Winter Nets"),
    ),
}  # fmt: skip
_KINDS = (
    ("康养院", "Sojourn Care Home"),
    ("旅居公寓", "Sojourn Residence"),
    ("颐养中心", "Elder Care Centre"),
    ("候鸟之家", "House of Migratory Birds"),
    ("康养度假村", "Wellness Village"),
)
_STREETS = ("松桦路", "林溪街", "望江路", "白鹤街", "文化路", "站前街", "泉水路", "红叶街")
_TRIMMED = ("（防川）", "镇", "市", "区", "县")


def scene_of(place: Place) -> Scene:
    """Return what the landscape around a place looks like."""
    return SCENES[place.code]


def names_of(place: Place, random: Random, *, count: int) -> list[tuple[str, str]]:
    """Make ``count`` different names for institutions of a place, each marked as an example."""
    short = place.name_zh
    for suffix in _TRIMMED:
        short = short.removesuffix(suffix)
    town = place.name_en.partition(" (")[0]
    epithets = random.sample(_EPITHETS[scene_of(place)], count)
    found = []
    for epithet, epithet_en in epithets:
        kind, kind_en = random.choice(_KINDS)
        found.append((f"{short}{epithet}{kind}{EXAMPLE_SUFFIX}", f"{town} {epithet_en} {kind_en} (example)"))
    return found


def address_of(place: Place, random: Random) -> str:
    """Make up a street and a number."""
    return f"吉林省{place.name_zh}{random.choice(_STREETS)}{random.randint(2, 198)}号"
