"""Which rooms could be had within a window, and from which day: one statement, narrow rows first.

The closed nights of a room type stand in its lock row, so most of what is sold out is left out before a night is read.
Lapsed holds count as free, as they do for the booking that follows. Of a flexible window each room type's preferred
check-in is found in one pass over its nights, and its price is the difference of two running sums.
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
from marketplace.search.rules import Facts, Party, Room, Start, Weather, Window

# How many institutions are looked at for the nearest fits: those at the places nearest to what was asked.
NEAREST_INSTITUTIONS = 200


async def rooms(  # noqa: PLR0913 - what bounds a search, each named.
    *,
    window: Window,
    filters: Filters,
    party: Party,
    weather: Weather | None,
    now: datetime,
    institution_id: UUID | None = None,
    toward: Window | None = None,
    nearest: Sequence[str] | None = None,
) -> list[Room]:
    """Return every room type of a bookable institution that the party fits into, each at its preferred check-in.

    Only check-ins that ``weather`` lets pass; ``toward`` prefers those nearest to another window. ``nearest`` keeps some
    two hundred institutions, at the first of these places.
    """
    sql = Matching(filters, now=now)
    if institution_id is not None:
        sql.conditions.append(f"i.id = {sql.put(institution_id)}")
    if nearest is not None:
        sql.conditions.append(_nearest(sql, nearest))
    statement = _Statement(sql, window, party, weather, now)
    rows = await fetch(statement.exact() if window.exact else statement.flexible(toward), *sql.args)
    facts: dict[UUID, Facts] = {}
    found: list[Room] = []
    for row in rows:
        institution = facts.get(row["institution_id"])
        if institution is None:
            institution = facts[row["institution_id"]] = _facts(row, filters)
        found.append(
            Room(
                facts=institution,
                room_type_id=row["room_type_id"],
                unit_count=row["units"],
                start=Start(row["start"], row["amount"]),
            )
        )
    return found


# What a night must allow for a stay to begin on it; inventory.rules.check_stay says the same to who quotes.
_MAY_BEGIN = "min_stay_count <= {nights}"
# The nights of a room type r that are free. Only those with lapsed holds look for what these give back.
_FREE_NIGHTS = """
      FROM room_nights
     WHERE room_type_id = r.room_type_id AND night >= r.first AND night < r.last AND NOT closed
       AND unit_count - taken_count
           + CASE WHEN r.held
                  THEN coalesce((SELECT sum(a.unit_count) FROM allocations a
                                  WHERE a.room_type_id = r.room_type_id AND a.expires_at <= {at} AND a.stay @> night), 0)
                  ELSE 0 END >= r.units
"""


class _Statement:
    """One search in SQL. Prices are summed as int4: a night costs at most ¥1,000,000, and bigint would sum as numeric."""

    def __init__(self, sql: Matching, window: Window, party: Party, weather: Weather | None, now: datetime) -> None:
        self._sql, self._window, self._party = sql, window, party
        # Weather that neither bars a check-in nor makes one the preferred is for the order of the answer alone.
        chooses = weather is not None and (weather.limits is not None or window.prefer == "coolest")
        self._weather = weather if chooses else None
        self._first, self._end = f"{sql.put(window.first)}::date", f"{sql.put(window.end)}::date"
        self._span = f"{sql.put(Range(window.first, window.end))}::daterange"
        self._nights, self._at = f"{sql.put(window.nights)}::int", sql.put(now)
        self._means, self._place = "", "0"
        if self._weather is not None:
            self._means = f"({sql.put(self._weather.means)}::int[][])"
            self._place = f"array_position({sql.put(self._weather.place_codes)}::text[], i.place_code)"

    def exact(self) -> str:
        """Sum the nights of the only stay."""
        cool = f" AND {self._cool('r.place', '1')}" if self._cooler else ""
        return f"""{self._rooms(f"NOT k.closed && {self._span}")}
 CROSS JOIN LATERAL (
    SELECT 0 AS start, count(*) AS night_count, sum(price_amount::int4) AS amount,
           bool_or({_MAY_BEGIN.format(nights=self._nights)}) FILTER (WHERE night = {self._first}) AS begins
    {_FREE_NIGHTS.format(at=self._at)}) n
 WHERE n.night_count = {self._nights} AND n.begins{cool}
"""

    def flexible(self, toward: Window | None) -> str:
        """Find the preferred check-in among those with enough free nights in a row."""
        gap = f"unnest(datemultirange({self._span}) - k.closed) gap WHERE upper(gap) - lower(gap) >= {self._nights}"
        cool = f" AND {self._cool('r.place', f'night - {self._first} + 1')}" if self._cooler else ""
        return f"""{self._rooms(f"EXISTS (SELECT FROM {gap})")}
 CROSS JOIN LATERAL (
    SELECT night - {self._first} AS start, amount
      FROM (SELECT night, {_MAY_BEGIN.format(nights=self._nights)} AS begins,
                   lead(night, {self._nights} - 1) OVER stays AS last_night,
                   lead(running, {self._nights} - 1) OVER stays - running + price_amount::int4 AS amount
              FROM (SELECT *, sum(price_amount::int4) OVER (ORDER BY night) AS running
                    {_FREE_NIGHTS.format(at=self._at)}) free
            WINDOW stays AS (ORDER BY night)) stay
     WHERE last_night = night + {self._nights} - 1 AND begins{cool}
     ORDER BY {self._preference(toward)} LIMIT 1) n
"""

    def _rooms(self, may_be_open: str) -> str:
        """Select the room types that are worth a look at their nights, each once."""
        sql, guests = self._sql, f"{self._sql.put(self._party.guests)}::int"
        rooms = (
            f"{sql.put(self._party.rooms)}::int"
            if self._party.rooms
            else f"({guests} + t.guests_max - 1) / t.guests_max"
        )
        return f"""
WITH held AS MATERIALIZED (
    SELECT DISTINCT room_type_id FROM allocations WHERE expires_at <= {self._at} AND stay && {self._span}
)
SELECT r.institution_id, r.place_code, r.grade, r.text_rank, r.distance_m, r.services, r.ability_level_min,
       r.ability_level_max, r.under_restriction, r.room_type_id, r.units, n.start, n.amount
  FROM (
    SELECT i.id AS institution_id, i.place_code, {sql.grade} AS grade, {sql.rank} AS text_rank,
           {sql.distance} AS distance_m, l.services, l.ability_level_min, l.ability_level_max,
           c.status <> '{Status.CERTIFIED}' OR c.assessment_overdue AS under_restriction,
           greatest({self._first}, c.valid_from_on) AS first, least({self._end}, c.valid_until_on) AS last,
           t.id AS room_type_id, u.units, k.room_type_id IN (SELECT room_type_id FROM held) AS held, {self._place} AS place
      FROM institutions i
      JOIN listings l ON l.institution_id = i.id
      JOIN institution_search s ON s.institution_id = i.id
      JOIN certifications c ON c.institution_id = i.id AND c.is_current AND c.is_bookable
      JOIN room_types t ON t.institution_id = i.id
      JOIN room_type_locks k ON k.room_type_id = t.id AND NOT k.stop_sale
     CROSS JOIN LATERAL (SELECT CASE WHEN t.sold_by = 'bed' THEN {guests} ELSE {rooms} END AS units) u
     WHERE {" AND ".join(sql.conditions)} AND u.units <= t.unit_count AND u.units * t.guests_max >= {guests}
       AND ({may_be_open} OR k.room_type_id IN (SELECT room_type_id FROM held))
    -- A fence: what is said of a room type is worked out once, not once for each of its nights.
    OFFSET 0) r"""

    def _preference(self, toward: Window | None) -> str:
        if toward is not None:
            first, last = self._sql.put(toward.first), self._sql.put(toward.day(toward.last_offset))
            return f"greatest({first}::date - night, night - {last}::date, 0), night"
        if self._window.prefer == "cheapest":
            return "amount, night"
        if self._window.prefer == "coolest":
            return f"{self._means}[r.place][night - {self._first} + 1], night"
        return "night"

    @property
    def _cooler(self) -> bool:
        return self._weather is not None and self._weather.limits is not None

    def _cool(self, place: str, number: str) -> str:
        assert self._weather is not None
        return f"{self._means}[{place}][{number}] <= ({self._sql.put(self._weather.limits)}::int[])[{number}]"


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
