"""Reads of inventory: what a guest could have, with lapsed holds added back, and whether the counters are true."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from asyncpg import Range

from marketplace.catalog import queries as catalog
from marketplace.catalog.rules import RoomType
from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.inventory.rules import Availability, Drift, Night, OutOfService, Room, RoomNights, check_stay, sellable
from marketplace.kit.audit import Actor
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch
from marketplace.kit.errors import NotFound

# Nights of some room types with what could be had: nothing when closed or stopped, and lapsed holds count as free.
# $1 the room types, $2 the nights, $3 now.
_NIGHTS = """
WITH lapsed AS (
    SELECT room_type_id, lower(stay) + day AS night, sum(unit_count) AS unit_count
      FROM allocations, generate_series(0, upper(stay) - lower(stay) - 1) AS day
     WHERE room_type_id = ANY ($1) AND expires_at <= $3 AND stay && $2
     GROUP BY 1, 2
)
SELECT n.room_type_id, n.night, n.price_amount, n.min_stay_count, n.max_stay_count, n.lead_day_count,
       n.closed_to_arrival, n.closed_to_departure, n.closed OR l.stop_sale AS closed,
       CASE WHEN n.closed OR l.stop_sale THEN 0
            ELSE n.unit_count - n.taken_count + coalesce(lapsed.unit_count, 0) END::int AS available_count
  FROM room_nights n
  JOIN room_type_locks l USING (room_type_id)
  LEFT JOIN lapsed USING (room_type_id, night)
 WHERE n.room_type_id = ANY ($1) AND n.night >= lower($2::daterange) AND n.night < upper($2::daterange)
 ORDER BY n.room_type_id, n.night
"""


async def hosted_room_type(room_type_id: UUID, *, actor: Actor) -> RoomType:
    """Return a room type that ``actor`` may manage: institutions reach their own only. Refuses: NotFound."""
    found = await catalog.room_type(room_type_id)
    if isinstance(actor, Principal) and not can(actor, Action.HOST, Resource(institution_id=found.institution_id)):
        raise NotFound
    return found


async def nights(*, room_type_ids: Sequence[UUID], first: date, end: date, now: datetime) -> dict[UUID, list[Night]]:
    """Return the nights on sale in ``[first, end)`` of each room type, in order, in one query."""
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
            )
        )
    return found


async def stay_nights(
    *, room_type_id: UUID, check_in: date, check_out: date, unit_count: int, now: datetime
) -> list[Night]:
    """Return the nights of a stay that could be taken now; no lock, so ``take`` decides in the end.

    Refuses: NotAvailable (``first_full_night``), StayRestricted (``night``).
    """
    departure = check_out + timedelta(days=1)
    found = await nights(room_type_ids=[room_type_id], first=check_in, end=departure, now=now)
    return check_stay(
        found[room_type_id], check_in=check_in, check_out=check_out, unit_count=unit_count, today=local_date(now)
    )


async def availability(*, institution_id: UUID, first: date, end: date, now: datetime) -> Availability:
    """Return what could be booked of an institution on ``[first, end)``, in three queries. Refuses: NotFound."""
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
            RoomNights(room_type=one, nights=sellable(found[one.id], today=local_date(now), until=until))
            for one in room_types
        ),
    )


async def out_of_service(*, principal: Principal, room_type_id: UUID, today: date) -> list[OutOfService]:
    """List the units of a room type that are out of service now or later, in order. Refuses: NotFound."""
    await hosted_room_type(room_type_id, actor=principal)
    rows = await fetch(
        "SELECT a.id, a.room_type_id, lower(a.stay) AS first, upper(a.stay) AS end, a.unit_count, a.reason,"
        " (SELECT r.number FROM room_assignments x JOIN rooms r ON r.id = x.room_id"
        "   WHERE x.allocation_id = a.id AND x.pinned) AS room_number"
        " FROM allocations a WHERE a.room_type_id = $1 AND a.kind = 'out_of_service' AND upper(a.stay) > $2"
        " ORDER BY a.stay, a.id",
        room_type_id,
        today,
    )
    return [OutOfService(**dict(row)) for row in rows]


async def rooms(*, principal: Principal, room_type_id: UUID) -> list[Room]:
    """List the rooms of a room type, neighbours next to each other. Refuses: NotFound."""
    await hosted_room_type(room_type_id, actor=principal)
    return await rooms_of_type(room_type_id)


_ROOM = "r.id, r.number, r.floor, r.has_lift, r.wing, r.position"


async def rooms_of_type(room_type_id: UUID) -> list[Room]:
    """Return the rooms of a room type that have not been retired."""
    rows = await fetch(
        f"SELECT {_ROOM} FROM rooms r WHERE room_type_id = $1 AND retired_at IS NULL ORDER BY position, number",
        room_type_id,
    )
    return [Room(**dict(row)) for row in rows]


async def rooms_of(occupant_ids: Collection[UUID]) -> dict[UUID, list[Room]]:
    """Return the rooms given to each occupant; an empty list for one that has none yet."""
    rows = await fetch(
        f"SELECT a.occupant_id, {_ROOM} FROM room_assignments a JOIN rooms r ON r.id = a.room_id"
        " WHERE a.occupant_id = ANY($1) ORDER BY r.position, r.number",
        list(occupant_ids),
    )
    found: dict[UUID, list[Room]] = {occupant_id: [] for occupant_id in occupant_ids}
    for row in rows:
        facts = dict(row)
        found[facts.pop("occupant_id")].append(Room(**facts))
    return found


async def room_types_with_rooms() -> list[UUID]:
    """List the room types whose rooms are known, in the order in which they are locked."""
    rows = await fetch("SELECT DISTINCT room_type_id FROM rooms WHERE retired_at IS NULL ORDER BY room_type_id")
    return [row["room_type_id"] for row in rows]


async def verify() -> list[Drift]:
    """Recompute every counter and every closed night from the allocations and name what differs; empty is good."""
    rows = await fetch(f"{_TAKEN_DRIFT} UNION ALL {_CLOSED_DRIFT} ORDER BY room_type_id, night, fact")
    return [Drift(**dict(row)) for row in rows]


_TAKEN_DRIFT = """
SELECT room_type_id, night, 'taken_count' AS fact, coalesce(held.unit_count, 0)::int AS expected,
       coalesce(n.taken_count, 0)::int AS found
  FROM room_nights n
  FULL JOIN (SELECT room_type_id, lower(stay) + day AS night, sum(unit_count) AS unit_count
               FROM allocations, generate_series(0, upper(stay) - lower(stay) - 1) AS day
              GROUP BY 1, 2) AS held USING (room_type_id, night)
 WHERE coalesce(held.unit_count, 0) <> coalesce(n.taken_count, 0)
"""
_CLOSED_DRIFT = """
SELECT l.room_type_id, (lower(stretch) + day) AS night, 'closed' AS fact,
       (nights.closed @> (lower(stretch) + day))::int AS expected, (l.closed @> (lower(stretch) + day))::int AS found
  FROM room_type_locks l,
       LATERAL (SELECT coalesce(range_agg(daterange(night, night + 1)), '{}') AS closed
                  FROM room_nights n
                 WHERE n.room_type_id = l.room_type_id AND (n.closed OR n.taken_count >= n.unit_count)) AS nights,
       unnest((l.closed - nights.closed) + (nights.closed - l.closed)) AS stretch,
       generate_series(0, upper(stretch) - lower(stretch) - 1) AS day
"""
