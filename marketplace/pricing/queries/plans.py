"""What makes prices out of nights: the rate plans in force, of as many institutions as are asked for, in one query."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.kit.clock import local_date, local_midnight
from marketplace.kit.db import fetch, fetch_one
from marketplace.pricing.rules import (
    NO_PLAN,
    Discount,
    EarlyBooking,
    MealPlan,
    RatePlan,
    Supplements,
    Terms,
    policy_on,
)

# 明码标价和禁止价格欺诈规定 20: a price shown struck through is at most the lowest deal of the seven days before.
DEAL_DAYS = 7


async def plans(institution_ids: Collection[UUID], *, now: datetime, on: date | None = None) -> dict[UUID, RatePlan]:
    """Return the rate plan of every institution asked for, as it is in force on ``on``, today unless said otherwise."""
    day = on or local_date(now)
    rows = await fetch(
        "SELECT DISTINCT ON (institution_id) * FROM rate_plans WHERE institution_id = ANY($1) AND effective_from_on <= $2"
        " ORDER BY institution_id, effective_from_on DESC",
        list(institution_ids),
        day,
    )
    fee = policy_on(day).service_fee_bps
    found = {institution_id: RatePlan(service_fee_bps=fee) if fee else NO_PLAN for institution_id in institution_ids}
    return found | {row["institution_id"]: _plan(row, service_fee_bps=fee) for row in rows}


async def plan_of(institution_id: UUID, *, now: datetime, on: date | None = None) -> RatePlan:
    """Return one institution's rate plan."""
    return (await plans([institution_id], now=now, on=on))[institution_id]


async def terms(*, institution_id: UUID, room_type_id: UUID, now: datetime) -> Terms:
    """Return what a room type is sold on today, in one query; an unlisted institution cares for nobody."""
    today = local_date(now)
    row = await fetch_one(
        "SELECT p.*, (SELECT ability_level_max FROM listings l WHERE l.institution_id = $1) AS ability_level_max,"
        " (SELECT min(night_amount) FROM deals d WHERE d.room_type_id = $2 AND d.dealt_at >= $4) AS lowest_deal"
        " FROM (SELECT) AS one LEFT JOIN (SELECT * FROM rate_plans WHERE institution_id = $1 AND effective_from_on <= $3"
        "   ORDER BY effective_from_on DESC LIMIT 1) AS p ON true",
        institution_id,
        room_type_id,
        today,
        local_midnight(today - timedelta(days=DEAL_DAYS)),
    )
    assert row is not None
    fee = policy_on(today).service_fee_bps
    return Terms(
        plan=RatePlan(service_fee_bps=fee) if row["institution_id"] is None else _plan(row, service_fee_bps=fee),
        ability_level_max=row["ability_level_max"] or 0,
        lowest_deal=row["lowest_deal"],
    )


def _plan(row: asyncpg.Record, *, service_fee_bps: int) -> RatePlan:
    nights = zip(row["nights_min"], row["nights_bps"], strict=True)
    ahead = zip(row["days_ahead_min"], row["days_ahead_bps"], strict=True)
    return RatePlan(
        effective_from_on=row["effective_from_on"],
        supplements=Supplements(
            single_use_bps=row["single_use_bps"],
            companion_bed_amount=row["companion_bed_amount"],
            meal_amounts={meal: row[column] for meal, column in _MEALS if row[column] is not None},
            care_amounts=tuple(row["care_amounts"]),
        ),
        length_of_stay=tuple([Discount(nights_min=least, discount_bps=bps) for least, bps in nights]),
        early_booking=tuple([EarlyBooking(days_ahead_min=least, discount_bps=bps) for least, bps in ahead]),
        service_fee_bps=service_fee_bps,
    )


_MEALS = (
    (MealPlan.BREAKFAST, "breakfast_amount"),
    (MealPlan.HALF_BOARD, "half_board_amount"),
    (MealPlan.FULL_BOARD, "full_board_amount"),
)
