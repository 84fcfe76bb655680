"""The price of a stay, in the published order.

1. Nights: the price of each night times the units; consecutive nights of one price make one line.
2. Length of stay: of the discounts whose threshold the stay reaches, the one with the longest; on the sum of 1.
3. The total is the sum of the lines; there are no other fees (R21).
"""

from collections.abc import Sequence
from datetime import date, timedelta

from marketplace.catalog.rules import RoomType
from marketplace.inventory.rules import STAY_NIGHTS_MAX, Night
from marketplace.kit.errors import invalid
from marketplace.kit.money import share, yuan
from marketplace.pricing.rules.records import Discount, Line

CURRENCY = "CNY"


def price_stay(nights: Sequence[Night], *, unit_count: int, discounts: Sequence[Discount]) -> tuple[Line, ...]:
    """Return the lines of a price: at least one, summing to more than zero; ``nights`` are consecutive."""
    lines = [_nights_line(run, unit_count) for run in _runs(nights)]
    discount = _discount_line(sum(line.amount for line in lines), night_count=len(nights), discounts=discounts)
    return (*lines, discount) if discount else tuple(lines)


def total_of(lines: Sequence[Line]) -> int:
    """Return the sum of the lines."""
    return sum(line.amount for line in lines)


def _runs(nights: Sequence[Night]) -> list[list[Night]]:
    runs: list[list[Night]] = []
    for night in nights:
        if runs and runs[-1][-1].price_amount == night.price_amount:
            runs[-1].append(night)
        else:
            runs.append([night])
    return runs


def _nights_line(run: Sequence[Night], unit_count: int) -> Line:
    price, quantity = run[0].price_amount, len(run) * unit_count
    units_zh = f" × {unit_count} 间" if unit_count > 1 else ""
    units_en = f" × {unit_count} units" if unit_count > 1 else ""
    return Line(
        code="nights",
        reason_zh=f"{yuan(price)} × {len(run)} 晚{units_zh}",
        reason_en=f"{yuan(price)} × {len(run)} nights{units_en}",
        amount=price * quantity,
        unit_amount=price,
        quantity=quantity,
        first_night=run[0].night,
        end_on=run[-1].night + timedelta(days=1),
    )


def length_of_stay(amount: int, *, night_count: int, discounts: Sequence[Discount]) -> tuple[Discount | None, int]:
    """Return the discount that a stay of ``night_count`` nights reaches, and what it takes off ``amount``."""
    reached = [discount for discount in discounts if discount.nights_min <= night_count]
    best = max(reached, key=lambda discount: discount.nights_min, default=None)
    return best, share(amount, best.discount_bps) if best else 0


def _discount_line(amount: int, *, night_count: int, discounts: Sequence[Discount]) -> Line | None:
    best, off = length_of_stay(amount, night_count=night_count, discounts=discounts)
    if best is None or off == 0:
        return None
    percent = f"{best.discount_bps / 100:g}%"
    return Line(
        code="length_of_stay_discount",
        reason_zh=f"连住 {best.nights_min} 晚及以上优惠 {percent}",
        reason_en=f"{percent} off stays of {best.nights_min} nights or more",
        amount=-off,
        bps=best.discount_bps,
    )


def check_dates(*, check_in: date, check_out: date, today: date) -> None:
    """Refuse dates of which no stay can be made. Refuses: Invalid naming the field."""
    if check_in < today:
        raise invalid("check_in", zh="入住日期已过", en="Check-in is in the past.")
    if check_out <= check_in:
        raise invalid("check_out", zh="离店日期须晚于入住日期", en="Check-out must be after check-in.")
    if (check_out - check_in).days > STAY_NIGHTS_MAX:
        raise invalid(
            "check_out", zh=f"一次最多预订 {STAY_NIGHTS_MAX} 晚", en=f"A stay lasts at most {STAY_NIGHTS_MAX} nights."
        )


def check_party(room_type: RoomType, *, guest_count: int, unit_count: int) -> None:
    """Refuse a party that does not fit: a couple needs two beds, or a room for two. Refuses: Invalid naming the field."""
    if guest_count < 1:
        raise invalid("guest_count", zh="至少一位入住人", en="At least one guest is required.")
    if not 1 <= unit_count <= room_type.unit_count:
        raise invalid(
            "unit_count",
            zh=f"数量须在 1 至 {room_type.unit_count} 之间",
            en=f"The room type has 1 to {room_type.unit_count} units.",
        )
    most = room_type.guests_max * unit_count
    if guest_count > most and room_type.sold_by == "bed":
        raise invalid(
            "guest_count", zh=f"按床出售，每床一人，{most} 床最多 {most} 人", en=f"One guest per bed: {most}."
        )
    if guest_count > most:
        raise invalid("guest_count", zh=f"最多入住 {most} 人", en=f"At most {most} guests fit.")
