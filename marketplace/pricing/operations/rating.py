"""What an institution says of its rates. Each change holds from a day on and leaves an audit line.

A quote made before a change keeps its price only while that is the price of the day on which it is used.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from marketplace.catalog import queries as catalog
from marketplace.institutions import queries as institutions
from marketplace.inventory import operations as inventory
from marketplace.inventory import queries as nights
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, transaction
from marketplace.pricing.rules import (
    Discount,
    EarlyBooking,
    MealPlan,
    Season,
    Supplements,
    check_plan,
    check_seasons,
    ensure_own,
    nightly_prices,
)


async def set_rate_plan(  # noqa: PLR0913 - a plan is these facts, each named at the call.
    *,
    actor: audit.Actor,
    institution_id: UUID,
    effective_from_on: date,
    supplements: Supplements,
    length_of_stay: Sequence[Discount],
    early_booking: Sequence[EarlyBooking],
    now: datetime,
) -> None:
    """Set everything that an institution charges or takes off beside its nights, from a day on until its next plan.

    It replaces the plan of the same day, if there is one. Institutions reach themselves only.
    Refuses: NotFound; Invalid naming the field.
    """
    ensure_own(actor, institution_id)
    check_plan(supplements, length_of_stay, early_booking, effective_from_on=effective_from_on, today=local_date(now))
    facts = {
        "single_use_bps": supplements.single_use_bps,
        "companion_bed_amount": supplements.companion_bed_amount,
        "breakfast_amount": supplements.meal_amounts.get(MealPlan.BREAKFAST),
        "half_board_amount": supplements.meal_amounts.get(MealPlan.HALF_BOARD),
        "full_board_amount": supplements.meal_amounts.get(MealPlan.FULL_BOARD),
        "care_amounts": list(supplements.care_amounts),
        "nights_min": [one.nights_min for one in length_of_stay],
        "nights_bps": [one.discount_bps for one in length_of_stay],
        "days_ahead_min": [one.days_ahead_min for one in early_booking],
        "days_ahead_bps": [one.discount_bps for one in early_booking],
    }
    places = ", ".join(f"${i}" for i in range(3, len(facts) + 3))
    renewed = ", ".join(f"{name} = excluded.{name}" for name in facts)
    async with transaction():
        await institutions.get(institution_id)
        await execute(
            f"INSERT INTO rate_plans (institution_id, effective_from_on, {', '.join(facts)}) VALUES ($1, $2, {places})"
            f" ON CONFLICT (institution_id, effective_from_on) DO UPDATE SET {renewed}",
            institution_id,
            effective_from_on,
            *facts.values(),
        )
        await audit.record(
            "rate_plan.set", actor=actor, subject=institution_id, now=now, after=(effective_from_on, facts)
        )


async def set_season_rates(*, actor: audit.Actor, room_type_id: UUID, seasons: Sequence[Season], now: datetime) -> int:
    """Price the nights of a room type by season and weekday; returns how many nights were priced.

    Only nights that are on sale are priced: their number and restrictions are set elsewhere and stay as they are.
    Refuses: NotFound; Invalid naming the season and the field.
    """
    room_type = await catalog.room_type(room_type_id)
    ensure_own(actor, room_type.institution_id)
    check_seasons(seasons, today=local_date(now))
    first, end = min(season.first for season in seasons), max(season.end for season in seasons)
    async with transaction():
        found = await nights.nights(room_type_ids=[room_type_id], first=first, end=end, now=now)
        ranges = nightly_prices(seasons, on_sale={night.night for night in found[room_type_id]})
        if ranges:
            await inventory.set_nights(actor=actor, room_type_id=room_type_id, ranges=ranges, now=now)
        await audit.record("season_rates.set", actor=actor, subject=room_type_id, now=now, after=seasons)
    return sum((one.end - one.first) // timedelta(days=1) for one in ranges)
