"""What a family or a partner asks for, checked before anything is read."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import msgspec

from marketplace.catalog.rules import Filters, SoldBy, check_filters
from marketplace.inventory.rules import Gender
from marketplace.places.rules import Place
from marketplace.search.errors import wrong
from marketplace.search.rules.origins import Origin
from marketplace.search.rules.windows import Window

Sort = Literal["recommended", "price", "distance", "grade", "relief"]

GUESTS_PER_ROOM_MAX = 8


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who travels. Without ``rooms``, as few units are taken as the guests fit into; a bed is always one guest's.

    Without a ``gender`` nobody is put beside strangers: only rooms that nobody has yet are shown.
    """

    guests: int = 1
    rooms: int | None = None
    gender: Gender | None = None

    @property
    def may_share(self) -> bool:
        """Whether the party may sleep beside strangers of its own gender."""
        return self.gender in (Gender.FEMALE, Gender.MALE)

    def units(self, *, sold_by: SoldBy, guests_max: int) -> int:
        """Return how many units of a room type the party takes; they may still be too few when rooms are given."""
        if sold_by == "bed":
            return self.guests
        return self.rooms or -(-self.guests // guests_max)


class Climate(msgspec.Struct, frozen=True, kw_only=True):
    """Where the guests live, and by how many hundredths of a degree it must be cooler."""

    origin: Origin | None = None
    relief_min: int | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A search. ``price_max`` is fen for the whole stay, ``relief_min`` hundredths of a degree."""

    window: Window
    filters: Filters = Filters()
    party: Party = Party()
    price_max: int | None = None
    origin: Origin | None = None
    relief_min: int | None = None
    institution_id: UUID | None = None
    sort: Sort = "recommended"


def check_asked(asked: Asked, places: Mapping[str, Place]) -> Asked:
    """Return the search when it can be answered. Refuses: Invalid, UnknownCode, each naming its parameter."""
    check_filters(asked.filters, places)
    party = asked.party
    if party.guests > GUESTS_PER_ROOM_MAX * (party.rooms or 1):
        raise wrong(
            "guests",
            zh=f"每间最多 {GUESTS_PER_ROOM_MAX} 人，请用 rooms 说明间数",
            en=f"At most {GUESTS_PER_ROOM_MAX} guests per room; say how many rooms with rooms.",
        )
    if party.rooms is not None and party.rooms > party.guests:
        raise wrong("rooms", zh="间数不能多于人数", en="There are more rooms than guests.")
    if asked.relief_min is not None and asked.origin is None:
        raise wrong("relief_min", zh="relief_min 须与 origin 同用", en="relief_min needs origin.")
    if asked.sort == "distance" and asked.filters.near is None:
        raise wrong("sort", zh="按距离排序须填写 near", en="Sorting by distance needs near.")
    if asked.sort == "relief" and asked.origin is None:
        raise wrong("sort", zh="按避暑温差排序须填写 origin", en="Sorting by relief needs origin.")
    return asked
