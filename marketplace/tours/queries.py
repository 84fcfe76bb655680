"""Reads of tours and departures. Lapsed holds count as free, and whether a host may be sold is read live."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from marketplace.inventory.rules import Drift
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch, fetch_one, fetch_value
from marketplace.kit.errors import NotFound
from marketplace.tours.rules import Block, Departure, ItineraryDay, Tour, TourKind
from marketplace.tours.states import Status


class DepartureKey(NamedTuple):
    """What puts one departure before another."""

    check_in: date
    id: UUID


_TOUR = (
    "id, kind, name, name_en, summary, summary_en, origin, organiser_name, organiser_licence, services, itinerary,"
    " inclusions, exclusions, group_min_count, group_max_count, published_at"
)
# $1 is now.
_DEPARTURE = """
SELECT d.id, d.tour_id, d.status, d.check_in, d.check_out, d.group_min_count, d.group_max_count,
       d.traveller_count - seats.lapsed_count AS traveller_count, seats.confirmed_count, d.price_amount, d.decide_at,
       d.opened_at, d.decided_at
  FROM departures d JOIN tours t ON t.id = d.tour_id
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(s.traveller_count) FILTER (WHERE s.expires_at <= $1), 0)::int AS lapsed_count,
              coalesce(sum(s.traveller_count) FILTER (WHERE s.expires_at IS NULL), 0)::int AS confirmed_count
         FROM departure_seats s WHERE s.departure_id = d.id AND NOT s.is_released) AS seats
"""
# A block whose institution may be sold on every night of departure d; says in SQL what certifications' check_stay says.
_BOOKABLE = """
EXISTS (SELECT FROM certifications c WHERE c.institution_id = b.institution_id AND c.is_current AND c.is_bookable
           AND c.valid_from_on <= d.check_in AND c.valid_until_on >= d.check_out)
"""
_BLOCKS = f"""
SELECT b.departure_id, b.id, b.institution_id, b.room_type_id, b.position, b.unit_count, b.guests_per_unit,
       b.taken_count - coalesce((SELECT sum(s.unit_count) FROM departure_seats s
                                  WHERE s.block_id = b.id AND NOT s.is_released AND s.expires_at <= $1), 0)::int
           AS taken_count,
       {_BOOKABLE} AS is_bookable
  FROM departure_blocks b JOIN departures d ON d.id = b.departure_id
 WHERE b.departure_id = ANY ($2) AND b.released_at IS NULL
 ORDER BY b.departure_id, b.position
"""
_ON_SALE = f"""
(d.status = 'guaranteed' OR (d.status = 'open' AND d.decide_at > $1)) AND d.check_in > $2
AND EXISTS (SELECT FROM departure_blocks b WHERE b.departure_id = d.id AND b.released_at IS NULL AND {_BOOKABLE})
"""


async def tour(tour_id: UUID) -> Tour:
    """Return a tour. Refuses: NotFound."""
    found = await tours_by_id([tour_id])
    if tour_id not in found:
        raise NotFound
    return found[tour_id]


async def tours_by_id(tour_ids: Collection[UUID]) -> dict[UUID, Tour]:
    """Return tours by id; unknown ids are left out."""
    rows = await fetch(f"SELECT {_TOUR} FROM tours WHERE id = ANY($1) ORDER BY id", list(tour_ids))
    return {row["id"]: _tour(row) for row in rows}


async def list_tours(*, kind: TourKind | None = None, after: UUID | None = None, limit: int) -> list[Tour]:
    """Return up to ``limit + 1`` tours, oldest first."""
    rows = await fetch(
        f"SELECT {_TOUR} FROM tours WHERE ($1::text IS NULL OR kind = $1) AND ($2::uuid IS NULL OR id > $2)"
        " ORDER BY id LIMIT $3",
        kind,
        after,
        limit + 1,
    )
    return [_tour(row) for row in rows]


async def departure(departure_id: UUID, *, now: datetime) -> Departure:
    """Return a departure, whatever has become of it. Refuses: NotFound."""
    row = await fetch_one(f"{_DEPARTURE} WHERE d.id = $2", now, departure_id)
    if row is None:
        raise NotFound
    return (await _with_blocks([row], now=now))[0]


async def list_departures(  # noqa: PLR0913 - each filter is named.
    *,
    tour_id: UUID | None = None,
    kind: TourKind | None = None,
    first: date | None = None,
    last: date | None = None,
    after: DepartureKey | None = None,
    limit: int,
    now: datetime,
) -> list[Departure]:
    """Return up to ``limit + 1`` departures on sale in a bookable institution, checking in from ``first`` to ``last``."""
    rows = await fetch(
        f"{_DEPARTURE} WHERE {_ON_SALE} AND ($3::uuid IS NULL OR d.tour_id = $3) AND ($4::text IS NULL OR t.kind = $4)"
        " AND ($5::date IS NULL OR d.check_in >= $5) AND ($6::date IS NULL OR d.check_in <= $6)"
        " AND ($7::date IS NULL OR (d.check_in, d.id) > ($7, $8::uuid)) ORDER BY d.check_in, d.id LIMIT $9",
        now,
        local_date(now),
        tour_id,
        kind,
        first,
        last,
        after.check_in if after else None,
        after.id if after else None,
        limit + 1,
    )
    return await _with_blocks(rows, now=now)


async def room_type_of(*, seat_id: UUID | None) -> UUID | None:
    """Return the room type in which a party of a tour lives; None without a seat."""
    found: UUID | None = await fetch_value(
        "SELECT b.room_type_id FROM departure_seats s JOIN departure_blocks b ON b.id = s.block_id WHERE s.id = $1",
        seat_id,
    )
    return found


async def verify_blocks() -> list[Drift]:
    """Compare the blocks of departures with the units set aside for them and name what differs; empty is good."""
    return [Drift(**dict(row)) for row in await fetch(_BLOCK_DRIFT)]


_BLOCK_DRIFT = """
SELECT coalesce(b.room_type_id, a.room_type_id) AS room_type_id, coalesce(d.check_in, lower(a.stay)) AS night,
       'block' AS fact, coalesce(b.unit_count, 0)::int AS expected, coalesce(a.unit_count, 0)::int AS found
  FROM (departure_blocks b JOIN departures d ON d.id = b.departure_id AND b.released_at IS NULL)
  FULL JOIN (SELECT * FROM allocations WHERE kind = 'block') AS a
    ON a.id = b.allocation_id AND a.owner_id = d.id AND a.room_type_id = b.room_type_id
       AND a.stay = daterange(d.check_in, d.check_out) AND a.expires_at IS NULL
 WHERE coalesce(b.unit_count, 0) <> coalesce(a.unit_count, 0)
 ORDER BY 1, 2
"""


async def _with_blocks(rows: Sequence[asyncpg.Record], *, now: datetime) -> list[Departure]:
    blocks: dict[UUID, list[Block]] = {row["id"]: [] for row in rows}
    for row in await fetch(_BLOCKS, now, list(blocks)):
        facts = dict(row)
        blocks[facts.pop("departure_id")].append(Block(**facts))
    return [_departure(row, blocks[row["id"]]) for row in rows]


def _departure(row: asyncpg.Record, blocks: Sequence[Block]) -> Departure:
    facts: dict[str, Any] = dict(row)
    facts["status"] = Status(facts["status"])
    return Departure(**facts, blocks=tuple(blocks))


def _tour(row: asyncpg.Record) -> Tour:
    facts: dict[str, Any] = dict(row)
    facts["kind"] = TourKind(facts["kind"])
    facts["itinerary"] = msgspec.json.decode(facts["itinerary"], type=tuple[ItineraryDay, ...])
    return Tour(**facts | {name: tuple(facts[name]) for name in ("services", "inclusions", "exclusions")})
