"""Which rooms could be had within a window: one statement, narrow rows first.

The closed nights of a room type stand in its lock row, so most of what is sold out is left out before a night is read.
Lapsed holds count as free, as they do for the booking that follows.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from asyncpg import Range

from marketplace.catalog.queries import Matching
from marketplace.catalog.rules import Filters
from marketplace.certifications.states import Status
from marketplace.kit.db import fetch
from marketplace.search.rules import Facts, Free, Party, Room, Window

# How many institutions are looked at for the nearest fits: those at the places nearest to what was asked.
NEAREST_INSTITUTIONS = 200


async def rooms(  # noqa: PLR0913 - what bounds a search, each named.
    *,
    window: Window,
    filters: Filters,
    party: Party,
    now: datetime,
    nearest: Sequence[str] | None = None,
    institution_id: UUID | None = None,
) -> list[Room]:
    """Return every room type of a bookable institution with at least one stay that fits the window and the party.

    ``nearest`` keeps only some two hundred institutions, at the first of these places.
    """
    sql = Matching(filters, now=now)
    if institution_id is not None:
        sql.conditions.append(f"i.id = {sql.put(institution_id)}")
    if nearest is not None:
        sql.conditions.append(_nearest(sql, nearest))
    rows = await fetch(_statement(sql, window, party, now), *sql.args)
    read = _read_exact if window.exact else _read_flexible
    facts: dict[UUID, Facts] = {}
    found: list[Room] = []
    for row in rows:
        institution = facts.get(row["institution_id"])
        if institution is None:
            institution = facts[row["institution_id"]] = _facts(row, filters)
        found.append(Room(facts=institution, room_type_id=row["room_type_id"], unit_count=row["units"], free=read(row)))
    return found


def _statement(sql: Matching, window: Window, party: Party, now: datetime) -> str:
    at, span = sql.put(now), sql.put(Range(window.first, window.end))
    guests, nights = sql.put(party.guests), sql.put(window.nights)
    rooms_asked = f"{sql.put(party.rooms)}::int" if party.rooms else f"(guests_max + {guests} - 1) / guests_max"
    if window.exact:
        open_nights, shape, enough = f"NOT k.closed && {span}", _EXACT, "n.least <= {nights} AND n.count = {nights}"
    else:
        open_nights = f"EXISTS (SELECT FROM unnest(datemultirange({span}) - k.closed) gap WHERE upper(gap) - lower(gap) >= {nights})"
        shape, enough = _FLEXIBLE, "n.count >= {nights}"
    return f"""
WITH held AS MATERIALIZED (
    SELECT DISTINCT room_type_id FROM allocations WHERE expires_at <= {at} AND stay && {span}::daterange
), fitting AS (
    SELECT id, institution_id, unit_count,
           CASE WHEN sold_by = 'bed' THEN {guests}::int ELSE {rooms_asked} END AS units, guests_max
      FROM room_types
)
SELECT i.id AS institution_id, i.place_code, {sql.grade} AS grade, {sql.rank} AS text_rank, {sql.distance} AS distance_m,
       l.services, l.ability_level_min, l.ability_level_max,
       c.status <> '{Status.CERTIFIED}' OR c.assessment_overdue AS under_restriction,
       r.id AS room_type_id, r.units, n.*
  FROM institutions i
  JOIN listings l ON l.institution_id = i.id
  JOIN institution_search s ON s.institution_id = i.id
  JOIN certifications c ON c.institution_id = i.id AND c.is_current AND c.is_bookable
  JOIN fitting r ON r.institution_id = i.id AND r.units <= r.unit_count AND r.units * r.guests_max >= {guests}
  JOIN room_type_locks k ON k.room_type_id = r.id AND NOT k.stop_sale
 CROSS JOIN LATERAL (
    SELECT {shape.format(first=f"lower({span}::daterange)", nights=nights)}
      FROM room_nights
     WHERE room_type_id = r.id
       AND night >= greatest(lower({span}::daterange), c.valid_from_on)
       AND night < least(upper({span}::daterange), c.valid_until_on)
       AND NOT closed AND {_LEFT.format(at=at)} >= r.units) n
 WHERE {" AND ".join(sql.conditions)}
   AND ({open_nights} OR r.id IN (SELECT room_type_id FROM held))
   AND {enough.format(nights=nights)}
"""


# Prices are summed as int4: a night costs at most ¥1,000,000, and sums of bigint would be slow numerics.
_EXACT = "count(*)::int AS count, sum(price_amount::int4) AS amount, min(min_stay_count) FILTER (WHERE night = {first}) AS least"
_FLEXIBLE = (
    "count(*)::int AS count, array_agg(night - {first} ORDER BY night) AS offsets,"
    " array_agg(price_amount::int4 ORDER BY night) AS prices,"
    " array_agg(night - {first}) FILTER (WHERE min_stay_count > {nights}) AS barred"
)
# Units left on a night; only room types with lapsed holds look for what these give back.
_LEFT = """unit_count - taken_count
           + CASE WHEN r.id IN (SELECT room_type_id FROM held)
                  THEN coalesce((SELECT sum(a.unit_count) FROM allocations a
                                  WHERE a.room_type_id = r.id AND a.expires_at <= {at} AND a.stay @> night), 0)
                  ELSE 0 END"""


def _nearest(sql: Matching, place_codes: Sequence[str]) -> str:
    return (
        "i.id IN (SELECT o.id FROM institutions o JOIN certifications oc ON oc.institution_id = o.id"
        " AND oc.is_current AND oc.is_bookable"
        f" ORDER BY array_position({sql.put(list(place_codes))}::text[], o.place_code), oc.grade DESC, o.id"
        f" LIMIT {NEAREST_INSTITUTIONS})"
    )


def _facts(row: asyncpg.Record, filters: Filters) -> Facts:
    return Facts(
        institution_id=row["institution_id"],
        place_code=row["place_code"],
        grade=row["grade"],
        services=tuple(row["services"]),
        ability_level_min=row["ability_level_min"],
        ability_level_max=row["ability_level_max"],
        under_restriction=row["under_restriction"],
        text_rank=row["text_rank"] if filters.text is not None else None,
        distance_m=row["distance_m"] if filters.near is not None else None,
    )


def _read_exact(row: asyncpg.Record) -> Free:
    return Free(whole=row["amount"])


def _read_flexible(row: asyncpg.Record) -> Free:
    return Free(offsets=row["offsets"], prices=row["prices"], barred=frozenset(row["barred"] or ()))
