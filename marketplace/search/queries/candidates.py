"""Which rooms could be had within a window: one statement that reads narrow rows.

The closed nights of a room type stand in its lock row and its prices in its seasons, so a search reads no nights, except
where several units are asked for or a hold has lapsed. Lapsed holds count as free, as they do for the booking that follows.
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
from marketplace.search.rules import Facts, Party, Room, Seasons, Window, number

# How many institutions are looked at for the nearest fits: those at the places nearest to what was asked.
NEAREST_INSTITUTIONS = 200


async def rooms(  # noqa: PLR0913 - what bounds a search, each named.
    *,
    window: Window,
    filters: Filters,
    party: Party,
    now: datetime,
    institution_id: UUID | None = None,
    nearest: Sequence[str] | None = None,
) -> list[Room]:
    """Return the room types of bookable institutions that the party fits into and that may have a stay, in no order.

    ``nearest`` keeps only some two hundred institutions, at the first of these places.
    """
    sql = Matching(filters, now=now)
    if institution_id is not None:
        sql.conditions.append(f"i.id = {sql.put(institution_id)}")
    if nearest is not None:
        sql.conditions.append(_nearest(sql, nearest))
    rows = await fetch(_statement(sql, window, party, now), *sql.args)
    # Of exact dates the statement returns only room types that are open on all of them, unless it counted.
    whole = [(number(window.first), number(window.end))] if window.exact else []
    facts: dict[UUID, Facts] = {}
    found: list[Room] = []
    for row in rows:
        institution_id = row["institution_id"]
        institution = facts.get(institution_id)
        if institution is None:
            institution = facts[institution_id] = _facts(row, filters)
        found.append(
            Room(
                facts=institution,
                room_type_id=row["room_type_id"],
                unit_count=row["units"],
                guests_max=row["guests_max"],
                seasons=Seasons(row["first_days"], row["end_days"], row["price_amounts"], row["min_stay_counts"]),
                free=_counted(row["free_days"] or ()) if row["counted"] else (whole or _open(row["open"])),
            )
        )
    return found


def _statement(sql: Matching, window: Window, party: Party, now: datetime) -> str:
    """Select the room types that may be open, with the runs of their nights and those that are free.

    Where one unit is asked for, the free nights are those that the lock row does not close; where several are, or a hold
    has lapsed, the nights themselves are counted.
    """
    span, nights, at = f"{sql.put(Range(window.first, window.end))}::daterange", sql.put(window.nights), sql.put(now)
    guests = f"{sql.put(party.guests)}::int"
    rooms_taken = f"{sql.put(party.rooms)}::int" if party.rooms else f"({guests} + t.guests_max - 1) / t.guests_max"
    if window.exact:
        # The length is said once more, since a parameter must be used.
        may_be_open = f"NOT k.closed && {span} AND upper({span}) - lower({span}) = {nights}::int"
        certified, open_nights = "<@", "'{}'"
        unrestricted = f"(SELECT refused FROM broken_restriction(t.id, {span}, {at})) IS NULL"
    else:
        certified, open_nights = "&&", "datemultirange(r.span) - r.closed"
        gaps = f"unnest(datemultirange({span}) - k.closed) gap"
        may_be_open = f"EXISTS (SELECT FROM {gaps} WHERE upper(gap) - lower(gap) >= {nights}::int)"
        # Runs of nights do not know arrivals, departures and lead times, so where one might forbid the chosen dates the
        # room type is found by exact dates only: a window never shows what its quote would refuse.
        unrestricted = (
            f"NOT EXISTS (SELECT FROM room_nights x WHERE x.room_type_id = t.id AND {span} @> x.night"
            " AND (x.closed_to_arrival OR x.closed_to_departure OR x.lead_day_count > 0 OR x.max_stay_count < 180))"
        )
    return f"""
WITH held AS MATERIALIZED (
    SELECT DISTINCT room_type_id FROM allocations WHERE expires_at <= {at} AND stay && {span}
)
SELECT r.institution_id, r.place_code, r.grade, r.text_rank, r.distance_m, r.services, r.ability_level_min,
       r.ability_level_max, r.under_restriction, r.room_type_id, r.units, r.guests_max, r.first_days, r.end_days, r.price_amounts,
       r.min_stay_counts, r.counted, CASE WHEN NOT r.counted THEN {open_nights}::datemultirange END AS open,
       n.free_days
  FROM (
    SELECT i.id AS institution_id, i.place_code, {sql.grade} AS grade, {sql.rank} AS text_rank,
           {sql.distance} AS distance_m, l.services, l.ability_level_min, l.ability_level_max,
           c.status <> '{Status.CERTIFIED}' OR c.assessment_overdue AS under_restriction,
           t.id AS room_type_id, t.guests_max, u.units, y.first_days, y.end_days, y.price_amounts, y.min_stay_counts,
           {span} * daterange(c.valid_from_on, c.valid_until_on) AS span, k.closed,
           h.held, h.held OR u.units > 1 AS counted
      FROM institutions i
      JOIN listings l ON l.institution_id = i.id
      JOIN institution_search s ON s.institution_id = i.id
      JOIN certifications c ON c.institution_id = i.id AND c.is_current AND c.is_bookable
       AND {span} {certified} daterange(c.valid_from_on, c.valid_until_on)
      JOIN room_types t ON t.institution_id = i.id
      JOIN room_type_locks k ON k.room_type_id = t.id AND NOT k.stop_sale
      JOIN room_type_seasons y ON y.room_type_id = t.id
     CROSS JOIN LATERAL (SELECT CASE WHEN t.sold_by = 'bed' THEN {guests} ELSE {rooms_taken} END AS units) u
     CROSS JOIN LATERAL (SELECT k.room_type_id IN (SELECT room_type_id FROM held) AS held) h
     WHERE {" AND ".join(sql.conditions)} AND u.units <= t.unit_count AND u.units * t.guests_max >= {guests}
       AND ({may_be_open} OR h.held) AND {unrestricted}
    -- A fence: what is said of a room type is worked out once, not once for each of its nights.
    OFFSET 0) r
  LEFT JOIN LATERAL (
    SELECT array_agg(night - date '2000-01-01' ORDER BY night) AS free_days
      FROM room_nights
     WHERE r.counted AND room_type_id = r.room_type_id AND night >= lower(r.span) AND night < upper(r.span) AND NOT closed
       AND unit_count - taken_count
           + CASE WHEN r.held
                  THEN coalesce((SELECT sum(a.unit_count) FROM allocations a
                                  WHERE a.room_type_id = r.room_type_id AND a.expires_at <= {at} AND a.stay @> night), 0)
                  ELSE 0 END >= r.units) n ON r.counted
"""


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


def _open(stretches: Sequence[Range]) -> list[tuple[int, int]]:
    return [(number(stretch.lower), number(stretch.upper)) for stretch in stretches]


def _counted(days: Sequence[int]) -> list[tuple[int, int]]:
    """Return the stretches of days that follow each other."""
    stretches: list[tuple[int, int]] = []
    for day in days:
        if stretches and stretches[-1][1] == day:
            stretches[-1] = (stretches[-1][0], day + 1)
        else:
            stretches.append((day, day + 1))
    return stretches
