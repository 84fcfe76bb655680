"""The demo world's logins: one constant table for the seed, the panel, `marketplace status` and any script.

They are planted in development only, so their passwords may be read here; production has no such people.
"""

from typing import NamedTuple


class Family(NamedTuple):
    """Someone who books, most often a child for a parent; signs in with a code sent to the phone."""

    phone: str
    name: str


class Partner(NamedTuple):
    """A travel platform that books over REST."""

    client_id: str
    client_secret: str
    name: str


class Staff(NamedTuple):
    """Someone who works for an institution of the named cluster."""

    email: str
    password: str
    name: str
    cluster: str


class Officer(NamedTuple):
    """Someone of civil affairs, with a jurisdiction code; 长白山管委会 has one without being a division (GB/T 2260)."""

    email: str
    password: str
    level: str
    jurisdiction: str
    name: str
    jurisdiction_name: str


class Finance(NamedTuple):
    """Someone who sees to the platform's money, always together with another."""

    email: str
    password: str
    name: str


class Demo(NamedTuple):
    """Everyone who can sign in to the demo world."""

    families: tuple[Family, ...]
    partners: tuple[Partner, ...]
    institutions: tuple[Staff, ...]
    officers: tuple[Officer, ...]
    finance: tuple[Finance, ...]


PASSWORD = "houniao-demo-2026"  # noqa: S105 - planted in development only.

DEMO = Demo(
    families=(
        Family("+8613800000001", "陈晓岚"),
        Family("+8613800000002", "林国栋"),
        Family("+8613800000003", "黄美玲"),
        Family("+8613800000004", "吴志强"),
        Family("+8613800000005", "何秀英"),
    ),
    partners=(
        Partner("ptn_0190a5f0000070008000000000000001", "demo-secret-of-nanfang-travel-0001", "南方旅居平台（示例）"),
        Partner("ptn_0190a5f0000070008000000000000002", "demo-secret-of-lingnan-holidays-0002", "岭南假期（示例）"),
    ),
    institutions=(
        Staff("changbaishan@demo.example", PASSWORD, "赵雪梅", "changbaishan"),
        Staff("jian@demo.example", PASSWORD, "金明哲", "jian"),
        Staff("hunchun@demo.example", PASSWORD, "朴英淑", "hunchun"),
    ),
    officers=(
        Officer("province-1@demo.example", PASSWORD, "province", "220000", "孙立群", "吉林省民政厅"),
        Officer("province-2@demo.example", PASSWORD, "province", "220000", "周文静", "吉林省民政厅"),
        Officer("yanbian@demo.example", PASSWORD, "prefecture", "222400", "崔东日", "延边州民政局"),
        Officer("tonghua@demo.example", PASSWORD, "prefecture", "220500", "马春生", "通化市民政局"),
        Officer("changbaishan-gov@demo.example", PASSWORD, "prefecture", "changbaishan", "刘长河", "长白山管委会"),
        Officer("hunchun-gov@demo.example", PASSWORD, "county", "222404", "李顺姬", "珲春市民政局"),
        Officer("jian-gov@demo.example", PASSWORD, "county", "220582", "张海涛", "集安市民政局"),
    ),
    finance=(
        Finance("finance-1@demo.example", PASSWORD, "许静怡"),
        Finance("finance-2@demo.example", PASSWORD, "高文博"),
    ),
)


def listed() -> dict[str, list[dict[str, str]]]:
    """Return everyone as plain JSON: families, partners, institutions, officers, finance."""
    return {group: [person._asdict() for person in people] for group, people in DEMO._asdict().items()}
