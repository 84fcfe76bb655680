"""Which rooms could be had within a window, each with what a price is made of: one statement that reads narrow rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from asyncpg import Range

from marketplace.catalog.queries import Matching
from marketplace.catalog.rules import Filters
from marketplace.certifications.states import Status
from marketplace.kit.db import fetch
from marketplace.search.queries.openings import Openings
from marketplace.search.rules import Facts, Party, Room, Seasons, Window, number

# How many institutions are looked at for the nearest fits: those at the places nearest to what was asked.
NEAREST_INSTITUTIONS = 200


async def rooms(  # noqa: PLR0913 - what bounds a search, each named.
    *,
    window: Window,
    filters: Filters,
    party: Party,
    now: datetime,
    institution_ids: Collection[UUID] | None = None,
    nearest: Sequence[str] | None = None,
) -> list[Room]:
    """Return the room types of bookable institutions that the party fits into and that may have a stay, in no order.

    Whether restrictions allow the stay is for ``rules.check_ins`` to say. ``institution_ids`` keeps only these, and
    ``nearest`` some two hundred institutions, at the first of these places.
    """
    sql = Matching(filters, now=now)
    if institution_ids is not None:
        sql.conditions.append(f"i.id = ANY ({sql.put(list(institution_ids))})")
    if nearest is not None:
        sql.conditions.append(_nearest(sql, nearest))
    openings = Openings(sql, window, party, sold_by=filters.sold_by, now=now)
    rows = await fetch(_statement(sql, openings), *sql.args)
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
                seasons=Seasons(*(row[name] for name in _SEASONS)),
                free=_stretches(row["free"]),
            )
        )
    return found


_SEASONS = (
    "first_days", "end_days", "price_amounts", "min_stay_counts", "max_stay_counts", "lead_day_counts",
    "closed_to_arrival", "closed_to_departure",
)  # fmt: skip


def _statement(sql: Matching, openings: Openings) -> str:
    return f"""
WITH held AS MATERIALIZED ({openings.held_rooms})
SELECT i.id AS institution_id, i.place_code, {sql.grade} AS grade, {sql.rank} AS text_rank,
       {sql.distance} AS distance_m, l.services, l.ability_level_min, l.ability_level_max,
       {UNDER_RESTRICTION} AS under_restriction,
       k.room_type_id, k.guests_max, {openings.units} AS units, {", ".join(f"y.{name}" for name in _SEASONS)},
       {openings.free} AS free
  FROM institutions i
  JOIN listings l ON l.institution_id = i.id
  JOIN institution_search s ON s.institution_id = i.id
  JOIN certifications c ON c.institution_id = i.id AND c.is_current AND c.is_bookable AND {openings.certified}
  JOIN room_type_locks k ON k.institution_id = i.id
  JOIN room_type_seasons y ON y.room_type_id = k.room_type_id
 WHERE {" AND ".join(sql.conditions)} AND {openings.fits} AND ({openings.maybe} OR {openings.beside})
"""


UNDER_RESTRICTION = f"(c.status <> '{Status.CERTIFIED}' OR c.assessment_overdue)"


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


def _stretches(free: Sequence[Range]) -> list[tuple[int, int]]:
    return [(number(stretch.lower), number(stretch.upper)) for stretch in free]
