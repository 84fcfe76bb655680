"""What a room type is, and how many an institution may sell."""

from typing import Literal
from uuid import UUID

import msgspec

from marketplace.catalog.errors import BeyondLicensedBeds
from marketplace.kit.errors import invalid

SoldBy = Literal["room", "bed"]
BedKind = Literal["single", "twin", "double", "care"]


class RoomTypeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sold: ``unit_count`` rooms or beds, each for up to ``guests_max`` guests.

    Beds stand ``beds_per_room`` to a room; where that is more than one, strangers of one gender may share the room.
    """

    name: str
    name_en: str
    sold_by: SoldBy
    unit_count: int
    guests_max: int
    area_m2: int
    bed_kind: BedKind
    is_barrier_free: bool
    beds_per_room: int = 1


class RoomType(RoomTypeDraft, frozen=True, kw_only=True):
    """What an institution sells."""

    id: UUID
    institution_id: UUID

    @property
    def is_shared(self) -> bool:
        """Whether guests who do not know each other may sleep in one room."""
        return self.beds_per_room > 1

    @property
    def beds(self) -> int:
        """How many licensed beds it uses: every guest needs one, also in a double bed."""
        return self.unit_count * self.guests_max


def check_room_type(found: RoomType) -> None:
    """Refuse an impossible room type. Refuses: Invalid."""
    if not 1 <= found.guests_max <= 8:
        raise invalid("guests_max", zh="每间可住 1 至 8 人", en="A unit sleeps 1 to 8 guests.")
    if found.sold_by == "bed" and found.guests_max != 1:
        raise invalid("guests_max", zh="按床出售的房型每床只住 1 人", en="A bed sleeps one guest.")
    if found.unit_count < 1:
        raise invalid("unit_count", zh="数量至少为 1", en="At least one unit is required.")
    if not 1 <= found.beds_per_room <= 8 or (found.sold_by == "room" and found.beds_per_room != 1):
        raise invalid("beds_per_room", zh="按床出售的房型每间 1 至 8 床", en="Where beds are sold, 1 to 8 to a room.")
    if found.unit_count % found.beds_per_room:
        raise invalid("unit_count", zh=f"须为每间 {found.beds_per_room} 床的整数倍", en="Beds must fill whole rooms.")
    if not 4 <= found.area_m2 <= 400:
        raise invalid("area_m2", zh="面积应为 4 至 400 平方米", en="The area must be 4 to 400 m².")


def check_beds(room_types: list[RoomType], *, licensed: int) -> None:
    """Refuse to sell beyond the licence (R34; 2024 预收费意见, "no sale beyond capacity"). Refuses: BeyondLicensedBeds."""
    beds = sum(room_type.beds for room_type in room_types)
    if beds > licensed:
        raise BeyondLicensedBeds(beds=beds, licensed=licensed)
