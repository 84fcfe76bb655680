"""What a guest could have, with lapsed holds added back."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from asyncpg import Range

from marketplace.catalog import queries as catalog
from marketplace.inventory.rules import Availability, Beside, Gender, Night, RoomNights, check_stay, sellable
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch, fetch_value

# Nights of some room types with what could be had: nothing when closed or stopped, and lapsed holds count as free.
# $1 the room types, $2 the nights, $3 now. Both tables are given the room types: the planner carries = but not ANY
# from one to the other, and would read every lock row there is.
_NIGHTS = """
WITH lapsed AS (
    SELECT room_type_id, lower(stay) + day AS night, lapsed_units(room_type_id, lower(stay) + day, $3) AS unit_count,
           sum(companion_bed_count) AS companion_bed_count
      FROM allocations, generate_series(0, upper(stay) - lower(stay) - 1) AS day
     WHERE room_type_id = ANY ($1) AND expires_at <= $3 AND stay && $2
     GROUP BY 1, 2
)
SELECT n.room_type_id, n.night, n.price_amount, n.min_stay_count, n.max_stay_count, n.lead_day_count,
       n.closed_to_arrival, n.closed_to_departure, n.closed OR l.stop_sale AS closed,
       CASE WHEN n.closed OR l.stop_sale THEN 0
            ELSE n.unit_count - n.taken_count + coalesce(lapsed.unit_count, 0) END::int AS available_count,
       (n.companion_bed_count - n.companion_taken_count + coalesce(lapsed.companion_bed_count, 0))::int
           AS companion_beds_left
  FROM room_nights n
  JOIN room_type_locks l USING (room_type_id)
  LEFT JOIN lapsed USING (room_type_id, night)
 WHERE n.room_type_id = ANY ($1) AND l.room_type_id = ANY ($1)
   AND n.night >= lower($2::daterange) AND n.night < upper($2::daterange)
 ORDER BY n.room_type_id, n.night
"""
# A stay is in one room type; its plan is the same for all of them, so that it is made once a connection.
_NIGHTS_OF_ONE = _NIGHTS.replace("= ANY ($1)", "= $1")


async def nights(*, room_type_ids: Sequence[UUID], first: date, end: date, now: datetime) -> dict[UUID, list[Night]]:
    """Return the nights on sale in ``[first, end)`` of each room type, in order, in one query."""
    if len(room_type_ids) == 1:
        rows = await fetch(_NIGHTS_OF_ONE, room_type_ids[0], Range(first, end), now)
    else:
        rows = await fetch(_NIGHTS, list(room_type_ids), Range(first, end), now)
    found: dict[UUID, list[Night]] = {room_type_id: [] for room_type_id in room_type_ids}
    for row in rows:
        found[row["room_type_id"]].append(
            Night(
                night=row["night"],
                available_count=row["available_count"],
                price_amount=row["price_amount"],
                min_stay_count=row["min_stay_count"],
                max_stay_count=row["max_stay_count"],
                lead_day_count=row["lead_day_count"],
                closed_to_arrival=row["closed_to_arrival"],
                closed_to_departure=row["closed_to_departure"],
                closed=row["closed"],
                companion_beds_left=row["companion_beds_left"],
            )
        )
    return found


async def stay_nights(  # noqa: PLR0913 - a stay is these facts, each named at the call.
    *,
    room_type_id: UUID,
    check_in: date,
    check_out: date,
    unit_count: int,
    gender: Gender | None = None,
    companion_bed_count: int = 0,
    now: datetime,
) -> list[Night]:
    """Return the nights of a stay that could be taken now; no lock, so ``take`` decides in the end.

    Refuses: NotAvailable (``first_full_night``), StayRestricted (``night``), CompanionBedsTaken (``night``).
    """
    departure = check_out + timedelta(days=1)
    found = (await nights(room_type_ids=[room_type_id], first=check_in, end=departure, now=now))[room_type_id]
    check = partial(
        check_stay,
        found,
        check_in=check_in,
        check_out=check_out,
        unit_count=unit_count,
        companion_bed_count=companion_bed_count,
        today=local_date(now),
    )
    if gender in (Gender.FEMALE, Gender.MALE) and await can_share(
        room_type_id=room_type_id,
        check_in=check_in,
        check_out=check_out,
        unit_count=unit_count,
        gender=gender,
        now=now,
    ):
        return check(in_shared_room=True)
    return check()


async def can_share(  # noqa: PLR0913 - a stay is these facts, each named at the call.
    *, room_type_id: UUID, check_in: date, check_out: date, unit_count: int, gender: Gender, now: datetime
) -> bool:
    """Say whether beds are left beside guests of the same gender, in one room on every night of a stay."""
    sql = "SELECT EXISTS (SELECT FROM best_share($1, $2, $3, $4, $5))"
    shares: bool = await fetch_value(sql, room_type_id, Range(check_in, check_out), unit_count, gender, now)
    return shares


async def beside(*, room_type_id: UUID, first: date, end: date, now: datetime) -> dict[date, Beside]:
    """Return the beds that are left in rooms that women, or men, share on each night; nights without any are left out."""
    rows = await fetch(_BESIDE, room_type_id, Range(first, end), now)
    return {
        row["night"]: Beside(women_count=row["women_count"], men_count=row["men_count"])
        for row in rows
        if row["women_count"] or row["men_count"]
    }


_BESIDE = """
SELECT share.night, coalesce(sum(l.beds_per_room - share.guests) FILTER (WHERE share.gender = 'female'), 0)::int AS women_count,
       coalesce(sum(l.beds_per_room - share.guests) FILTER (WHERE share.gender = 'male'), 0)::int AS men_count
  FROM (SELECT share_id, gender, lower(stay) + day AS night, sum(unit_count) AS guests
          FROM allocations, generate_series(0, upper(stay) - lower(stay) - 1) AS day
         WHERE room_type_id = $1 AND share_id IS NOT NULL AND stay && $2 AND (expires_at IS NULL OR expires_at > $3)
         GROUP BY 1, 2, 3) AS share
  JOIN room_type_locks l ON l.room_type_id = $1
  JOIN room_nights n ON n.room_type_id = $1 AND n.night = share.night
 WHERE $2 @> share.night AND NOT n.closed AND NOT l.stop_sale
 GROUP BY share.night ORDER BY share.night
"""


async def availability(*, institution_id: UUID, first: date, end: date, now: datetime) -> Availability:
    """Return what could be booked of an institution on ``[first, end)``, in three queries and one a shared room type.

    Refuses: NotFound.
    """
    listing = await catalog.listing(institution_id, now=now)
    until = listing.certification.valid_until if listing.bookable and listing.certification else None
    room_types = await catalog.room_types_of(institution_id)
    found = await nights(room_type_ids=[one.id for one in room_types], first=first, end=end, now=now)
    return Availability(
        institution_id=institution_id,
        bookable=listing.bookable,
        first=first,
        end=end,
        room_types=tuple(
            [
                RoomNights(
                    room_type=one,
                    nights=sellable(found[one.id], today=local_date(now), until=until),
                    beside=await beside(room_type_id=one.id, first=first, end=end, now=now)
                    if one.is_shared and listing.bookable
                    else {},
                )
                for one in room_types
            ]
        ),
    )
