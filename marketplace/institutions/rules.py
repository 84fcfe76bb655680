"""What an institution must be before it may be registered."""

import re
from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.kit.errors import invalid
from marketplace.places.rules import Position

EXAMPLE_SUFFIX = "（示例）"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_PHONE = re.compile(r"^\+[0-9]{5,15}$")


class Institution(msgspec.Struct, frozen=True, kw_only=True):
    """An institution as it is registered; ``phone`` is the business's, in E.164."""

    id: UUID
    name: str
    name_en: str
    uscc: str | None
    place_code: str
    jurisdiction_code: str
    address: str
    position: Position
    licensed_bed_count: int
    phone: str | None
    opened_on: date
    is_example: bool
    registered_at: datetime


def is_uscc(code: str) -> bool:
    """Say whether ``code`` is a unified social credit code with the right check character (GB 32100-2015, mod 31)."""
    if len(code) != 18 or any(character not in _USCC_ALPHABET for character in code):
        return False
    total = sum(_USCC_ALPHABET.index(c) * weight for c, weight in zip(code[:17], _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET.index(code[17]) == -total % 31


def check_registration(found: Institution) -> None:
    """Refuse what cannot be an institution. Refuses: Invalid.

    A made-up institution says so in its name and may lack a credit code; a real one may do neither.
    """
    if found.is_example != found.name.endswith(EXAMPLE_SUFFIX):
        raise invalid("name", zh="只有示例机构的名称以（示例）结尾", en="Examples, and only they, end with （示例）.")
    if found.uscc is None and not found.is_example:
        raise invalid("uscc", zh="请填写统一社会信用代码", en="A unified social credit code is required.")
    if found.uscc is not None and not is_uscc(found.uscc):
        raise invalid("uscc", zh="统一社会信用代码不正确", en="The unified social credit code is not valid.")
    if found.licensed_bed_count < 1:
        raise invalid("licensed_bed_count", zh="核定床位数至少为 1", en="At least one licensed bed is required.")
    if found.phone is not None and not _PHONE.match(found.phone):
        raise invalid("phone", zh="电话须为国际格式，如 +8643388888888", en="The phone must be in E.164.")
