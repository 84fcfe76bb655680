"""Room types of the made-up institutions: three to six kinds that never sleep more people than the licence has beds."""

from random import Random

import msgspec

from marketplace.catalog.rules import BedKind, SoldBy


class RoomPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A room type to be; ``price_amount`` is a night in the shoulder season, in fen, and invented."""

    name: str
    name_en: str
    sold_by: SoldBy
    unit_count: int
    guests_max: int
    area_m2: int
    bed_kind: BedKind
    is_barrier_free: bool
    price_amount: int
    beds_per_room: int = 1


_TWIN = RoomPlan(
    name="双人间", name_en="Twin room", sold_by="room", unit_count=0, guests_max=2, area_m2=24, bed_kind="twin",
    is_barrier_free=False, price_amount=16_800,
)  # fmt: skip
_BARRIER_FREE = RoomPlan(
    name="无障碍双人间", name_en="Barrier-free twin room", sold_by="room", unit_count=0, guests_max=2, area_m2=30,
    bed_kind="twin", is_barrier_free=True, price_amount=18_800,
)  # fmt: skip
_DOUBLE = RoomPlan(
    name="大床间", name_en="Double room", sold_by="room", unit_count=0, guests_max=2, area_m2=26, bed_kind="double",
    is_barrier_free=False, price_amount=17_800,
)  # fmt: skip
_SINGLE = RoomPlan(
    name="单人间", name_en="Single room", sold_by="room", unit_count=0, guests_max=1, area_m2=16, bed_kind="single",
    is_barrier_free=False, price_amount=11_800,
)  # fmt: skip
_SUITE = RoomPlan(
    name="亲情套房", name_en="Family suite", sold_by="room", unit_count=0, guests_max=4, area_m2=52, bed_kind="twin",
    is_barrier_free=False, price_amount=32_800,
)  # fmt: skip
_SHARED_BED = RoomPlan(
    name="双人间床位", name_en="Bed in a shared twin room", sold_by="bed", unit_count=0, guests_max=1, area_m2=12,
    bed_kind="single", is_barrier_free=False, price_amount=7_800, beds_per_room=2,
)  # fmt: skip
_CARE_BED = RoomPlan(
    name="护理床位", name_en="Care bed", sold_by="bed", unit_count=0, guests_max=1, area_m2=14, bed_kind="care",
    is_barrier_free=True, price_amount=15_800, beds_per_room=2,
)  # fmt: skip

# Everyone has twin and barrier-free rooms; the rest is drawn.
_ALWAYS = (_TWIN, _BARRIER_FREE)
_SOMETIMES = (_DOUBLE, _SINGLE, _SUITE, _SHARED_BED)
_PRICE_STEP = 500


def plan_rooms(random: Random, *, licensed_bed_count: int, cares: bool, grade: int) -> tuple[RoomPlan, ...]:
    """Draw three to six room types within the licence (R34); houses that care for dependent guests have care beds."""
    extra = random.sample(_SOMETIMES, random.randint(1, 3))
    kinds = [*_ALWAYS, *extra, *((_CARE_BED,) if cares else ())]
    weights = [random.randint(2, 5) for _ in kinds]
    # Some beds are kept back for residents who are not guests.
    sold = licensed_bed_count * random.randint(70, 95) // 100
    level = random.uniform(0.9, 1.2) * (1 + 0.12 * (grade - 3))
    return tuple(
        msgspec.structs.replace(
            kind,
            unit_count=max(1, sold * weight // sum(weights) // (kind.guests_max * kind.beds_per_room))
            * kind.beds_per_room,
            price_amount=round(kind.price_amount * level / _PRICE_STEP) * _PRICE_STEP,
            area_m2=kind.area_m2 + random.randint(-2, 4),
        )
        for kind, weight in zip(kinds, weights, strict=True)
    )
