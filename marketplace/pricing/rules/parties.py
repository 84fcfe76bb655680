"""Whether a party fits into a room type, and whether the institution offers what it chose."""

from collections.abc import Sequence

from marketplace.catalog.rules import RoomType
from marketplace.inventory.rules import Gender
from marketplace.kit.errors import invalid
from marketplace.pricing.rules.plans import MealPlan, Party, Terms
from marketplace.pricing.rules.wording import MEALS


def party_in(  # noqa: PLR0913 - a party is these facts, each named at the call.
    room_type: RoomType,
    *,
    guest_count: int,
    unit_count: int = 1,
    companion_bed_count: int = 0,
    meal_plan: MealPlan = MealPlan.NONE,
    care_levels: Sequence[int] = (),
    gender: Gender | None = None,
) -> Party:
    """Put a party into units of a room type; guests spread over the units as evenly as they can.

    Its ``gender`` is asked, and kept, only where rooms are shared. Refuses: Invalid naming the field.
    """
    check_party(room_type, guest_count=guest_count, unit_count=unit_count, companion_bed_count=companion_bed_count)
    if len(care_levels) > guest_count:
        raise invalid("care_levels", zh="需护理人数多于入住人数", en="More guests in care than guests.")
    if room_type.is_shared:
        check_gender(gender, room_type, guest_count=guest_count, unit_count=unit_count, companions=companion_bed_count)
    return Party(
        guest_count=guest_count,
        unit_count=unit_count,
        single_use_count=single_use_count(
            guest_count - companion_bed_count, unit_count=unit_count, guests_max=room_type.guests_max
        ),
        companion_bed_count=companion_bed_count,
        meal_plan=meal_plan,
        # Level 0 needs no care, and the order in which guests are named makes no difference to a price.
        care_levels=tuple(sorted(level for level in care_levels if level > 0)),
        gender=gender if room_type.is_shared else None,
    )


def single_use_count(sleeper_count: int, *, unit_count: int, guests_max: int) -> int:
    """Return how many units for two or more are slept in by one guest when guests spread evenly."""
    if guests_max < 2:
        return 0
    return sleeper_count if sleeper_count <= unit_count else max(0, 2 * unit_count - sleeper_count)


def check_party(room_type: RoomType, *, guest_count: int, unit_count: int, companion_bed_count: int = 0) -> None:
    """Refuse a party that does not fit: a couple needs two beds, or a room for two, or a companion bed for one.

    A unit has place for one companion bed, and not everybody can be a companion. Refuses: Invalid naming the field.
    """
    if guest_count < 1:
        raise invalid("guest_count", zh="至少一位入住人", en="At least one guest is required.")
    if not 1 <= unit_count <= room_type.unit_count:
        raise invalid(
            "unit_count",
            zh=f"数量须在 1 至 {room_type.unit_count} 之间",
            en=f"The room type has 1 to {room_type.unit_count} units.",
        )
    if not 0 <= companion_bed_count <= min(unit_count, guest_count - 1):
        raise invalid(
            "companion_beds",
            zh="每间（床）最多加一张陪护床，且须少于入住人数",
            en="At most one companion bed for each unit, and fewer than there are guests.",
        )
    most = room_type.guests_max * unit_count
    if guest_count - companion_bed_count > most and room_type.sold_by == "bed":
        raise invalid(
            "guest_count", zh=f"按床出售，每床一人，{most} 床最多 {most} 人", en=f"One guest per bed: {most}."
        )
    if guest_count - companion_bed_count > most:
        raise invalid("guest_count", zh=f"最多入住 {most} 人", en=f"At most {most} guests fit.")


def check_gender(
    gender: Gender | None, room_type: RoomType, *, guest_count: int, unit_count: int, companions: int
) -> None:
    """Refuse who may not sleep in a shared room: strangers in it are of one gender, and a mixed party has it to itself.

    Whoever brings a companion of another gender takes all beds of the room. Refuses: Invalid naming the field.
    """
    if gender is None:
        raise invalid("gender", zh="合住房间须说明入住人性别", en="Rooms are shared here: say the party's gender.")
    if gender is Gender.MIXED and guest_count == 1:
        raise invalid("gender", zh="一位入住人请选择女或男", en="One guest is female or male.")
    if gender is Gender.MIXED and companions and unit_count % room_type.beds_per_room:
        raise invalid(
            "companion_beds",
            zh=f"异性陪护须包下整间 {room_type.beds_per_room} 床",
            en=f"With a companion of another gender take all {room_type.beds_per_room} beds of a room.",
        )


def check_offered(party: Party, terms: Terms) -> None:
    """Refuse what the institution does not offer under its plan of the day. Refuses: Invalid naming the field."""
    prices = terms.plan.supplements
    if party.companion_bed_count and prices.companion_bed_amount is None:
        raise invalid("companion_beds", zh="该机构不提供陪护床", en="The institution has no companion beds.")
    if party.meal_plan is not MealPlan.NONE and party.meal_plan not in prices.meal_amounts:
        offered = [MealPlan.NONE, *prices.meal_amounts]
        raise invalid(
            "meal_plan",
            zh=f"该机构提供：{'、'.join(MEALS[one][0] for one in offered)}",
            en=f"Offered here: {', '.join(offered)}.",
        )
    if party.care_levels and party.care_levels[-1] > terms.ability_level_max:
        raise invalid(
            "care_levels",
            zh=f"该机构接待能力等级至 {terms.ability_level_max} 级的长者",
            en=f"The institution cares for ability levels up to {terms.ability_level_max}.",
        )
