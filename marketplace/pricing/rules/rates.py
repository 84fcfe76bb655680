"""What an institution may say about its rates, and the nightly prices that follow from seasons and weekdays."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

import msgspec

from marketplace.inventory.rules import HORIZON_NIGHTS, PRICE_AMOUNT_MAX, STAY_NIGHTS_MAX, NightRange
from marketplace.kit.errors import invalid
from marketplace.kit.money import share
from marketplace.pricing.rules.plans import DISCOUNT_BPS_MAX, Discount, EarlyBooking, Supplements

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A weekday may be half as dear, or twice.
WEEKDAY_BPS = range(-5_000, 10_001)
DAYS_AHEAD_MAX = HORIZON_NIGHTS
THRESHOLDS_MAX = 8


class Season(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a unit on the nights ``[first, end)``, and what each weekday adds to it, Monday first."""

    first: date
    end: date
    price_amount: int
    weekday_bps: tuple[int, ...] = (0,) * 7

    def price_on(self, night: date) -> int:
        """Return the price of a night of the season."""
        return self.price_amount + share(self.price_amount, self.weekday_bps[night.weekday()])


def nightly_prices(seasons: Sequence[Season], *, on_sale: Collection[date]) -> list[NightRange]:
    """Return the prices of the nights of ``on_sale`` that lie in a season: nights of one price that follow make a range."""
    return [found for season in seasons for found in _ranges(season, sorted(on_sale))]


def _ranges(season: Season, nights: Sequence[date]) -> Iterator[NightRange]:
    one_day = timedelta(days=1)
    first: date | None = None
    for night in nights:
        if not season.first <= night < season.end:
            continue
        following = night + one_day
        if first is None:
            first = night
        goes_on = (
            following < season.end and following in nights and season.price_on(following) == season.price_on(night)
        )
        if not goes_on:
            yield NightRange(first=first, end=following, price_amount=season.price_on(night))
            first = None


def check_seasons(seasons: Sequence[Season], *, today: date) -> None:
    """Refuse seasons that no institution can mean. Refuses: Invalid naming the season and the field."""
    horizon = today + timedelta(days=HORIZON_NIGHTS)
    for i, season in enumerate(seasons):
        if season.end <= season.first:
            raise invalid(
                f"seasons.{i}.to", zh="结束日期须晚于开始日期", en="Must be after from; the range is [from, to)."
            )
        if season.first < today:
            raise invalid(f"seasons.{i}.from", zh="不能修改过去的日期", en="Nights in the past cannot be changed.")
        if season.end > horizon:
            raise invalid(
                f"seasons.{i}.to", zh=f"最多可设 {HORIZON_NIGHTS} 晚", en=f"At most {HORIZON_NIGHTS} nights ahead."
            )
        prices = [season.price_amount + share(season.price_amount, bps) for bps in season.weekday_bps]
        if min(prices) < 1 or max(prices) > PRICE_AMOUNT_MAX:
            raise invalid(
                f"seasons.{i}.price", zh="价格须在 ¥0.01 至 ¥1,000,000 之间", en="A price is ¥0.01 to ¥1,000,000."
            )
    order = sorted(range(len(seasons)), key=lambda i: seasons[i].first)
    for earlier, later in pairwise(order):
        if seasons[later].first < seasons[earlier].end:
            raise invalid(f"seasons.{later}.from", zh="日期段不能重叠", en=f"Overlaps with seasons[{earlier}].")


def check_plan(
    supplements: Supplements,
    length_of_stay: Sequence[Discount],
    early_booking: Sequence[EarlyBooking],
    *,
    effective_from_on: date,
    today: date,
) -> None:
    """Refuse a rate plan that cannot be. Refuses: Invalid naming the field."""
    if effective_from_on < today:
        raise invalid("effective_from", zh="生效日期不能早于今天", en="A plan begins today or later.")
    if not 0 <= supplements.single_use_bps <= DISCOUNT_BPS_MAX:
        raise invalid("single_use_discount_bps", zh="折扣最多 90%", en="A discount is at most 90 %.")
    amounts = {
        "companion_bed": supplements.companion_bed_amount or 0,
        "meals": max(supplements.meal_amounts.values(), default=0),
    }
    for field, amount in (amounts | {"care": max(supplements.care_amounts)}).items():
        if not 0 <= amount <= PRICE_AMOUNT_MAX:
            raise invalid(field, zh="价格最多 ¥1,000,000", en="A price is at most ¥1,000,000.")
    if min(supplements.care_amounts) < 0 or supplements.care_amounts[0] != 0:
        raise invalid("care", zh="能力完好者不另收护理费", en="Ability level 0 pays for no care.")
    _check_thresholds(
        "length_of_stay.{}.nights_min",
        [(one.nights_min, one.discount_bps) for one in length_of_stay],
        2,
        STAY_NIGHTS_MAX,
    )
    _check_thresholds(
        "early_booking.{}.days_ahead_min",
        [(one.days_ahead_min, one.discount_bps) for one in early_booking],
        1,
        DAYS_AHEAD_MAX,
    )


def _check_thresholds(field: str, found: Sequence[tuple[int, int]], least: int, most: int) -> None:
    for i, (threshold, bps) in enumerate(found):
        if not least <= threshold <= most or threshold in [other for other, _ in found[:i]]:
            raise invalid(
                field.format(i), zh=f"应为 {least} 至 {most}，且不重复", en=f"From {least} to {most}, each once."
            )
        if not 0 < bps <= DISCOUNT_BPS_MAX:
            place = field.format(i).rpartition(".")[0]
            raise invalid(f"{place}.discount_bps", zh="折扣须在 0.01% 至 90% 之间", en="A discount is 0.01 % to 90 %.")
