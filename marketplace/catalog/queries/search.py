"""Finding institutions: only bookable ones, nearest or best first, in pages that stay put."""

from datetime import datetime
from math import cos, radians
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from marketplace.catalog.queries.listings import COLUMNS, Listed, listed
from marketplace.catalog.rules import Filters
from marketplace.certifications.queries.policies import policy_of
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch
from marketplace.kit.text import phrases, query_grams
from marketplace.places.rules import Position, to_wgs84

EARTH_DIAMETER_M = 12_742_000
# A little less than a degree is long, so that the box below never cuts into its circle.
KM_PER_DEGREE = 111.0
# Near a pole a degree of longitude shrinks to nothing; nobody searches there, and nothing is divided by zero.
_NARROWEST = 0.01


# What PostgreSQL can hold: a cursor that was tampered with is refused, not passed on.
Integer = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]


class SortKey(NamedTuple):
    """What puts one listing before another; the id makes the order total."""

    rank: Integer
    distance_m: Integer
    grade_order: Integer
    id: UUID


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A listing with its key in the order, and how far it is from the point asked for."""

    listed: Listed
    key: SortKey
    distance_m: int | None


async def search(*, filters: Filters, after: SortKey | None, limit: int, now: datetime) -> list[Found]:
    """Return up to ``limit + 1`` bookable listings after ``after``.

    Order: with text, a hit in the name before one in the place before one in the rest; then nearest first when a point
    is given; then the public grade, which nobody can buy (R30), and the id.
    """
    sql = Matching(filters, now=now)
    page_after = ""
    if after is not None:
        page_after = f" WHERE (rank, distance_m, grade_order, id) > ({', '.join(sql.put(part) for part in after)})"
    rows = await fetch(
        f"SELECT * FROM (SELECT {COLUMNS}, {sql.policy} AS policy, {sql.rank} AS rank, {sql.distance} AS distance_m,"
        f" -coalesce({sql.grade}, 0) AS grade_order"
        " FROM institutions i JOIN listings l ON l.institution_id = i.id"
        " JOIN institution_search s ON s.institution_id = i.id"
        " JOIN certifications c ON c.institution_id = i.id AND c.is_current AND c.is_bookable"
        f" WHERE {' AND '.join(sql.conditions)}) found{page_after}"
        f" ORDER BY rank, distance_m, grade_order, id LIMIT {sql.put(limit + 1)}",
        *sql.args,
    )
    return [
        Found(
            listed=listed(row, bookable=True, now=now),
            key=SortKey(row["rank"], row["distance_m"], row["grade_order"], row["id"]),
            distance_m=row["distance_m"] if filters.near is not None else None,
        )
        for row in rows
    ]


class Matching:
    """The conditions and the order of one search, with their parameters; an absent filter leaves no trace.

    They are about institutions i, listings l, institution_search s and their current, bookable certifications c.
    """

    def __init__(self, filters: Filters, *, now: datetime) -> None:
        self.args: list[object] = []
        today = self.put(local_date(now))
        self.conditions = [f"c.valid_until_on > {today}"]
        self.rank = "0"
        self.distance = "0"
        self.policy = policy_of(today)
        self.grade = self._public_grade(today)
        self._where(filters)
        if filters.text is not None:
            self._match(filters.text)
        if filters.near is not None:
            self._measure(to_wgs84(filters.near), filters.radius_km)

    def put(self, value: object) -> str:
        """Add a parameter and return its placeholder."""
        self.args.append(value)
        return f"${len(self.args)}"

    def _public_grade(self, today: str) -> str:
        """Write ``certifications.rules.shown_grade`` in SQL; a test compares the two."""
        months, abuse_months, abuse_cap = (
            f"({self.policy} ->> '{code}')::integer" for code in ("grade_fresh_months", "abuse_months", "abuse_cap")
        )
        abused = f"c.abuse_confirmed_on + make_interval(months => {abuse_months}) >= {today}"
        return (
            f"CASE WHEN c.assessed_on + make_interval(months => {months}) >= {today}"
            f" THEN least(c.grade, ({self.policy} -> 'grade_caps' ->> c.status)::integer,"
            f" CASE WHEN {abused} THEN {abuse_cap} END) END"
        )

    def _where(self, filters: Filters) -> None:
        if filters.cluster is not None:
            # As an array, which is made once, the places lead to their institutions through the index.
            self.conditions.append(
                "i.place_code = ANY (ARRAY(SELECT pc.place_code FROM place_clusters pc"
                f" WHERE pc.cluster_code = {self.put(filters.cluster)}))"
            )
        if filters.place is not None:
            self.conditions.append(f"i.place_code = {self.put(filters.place)}")
        if filters.services:
            self.conditions.append(f"l.services @> {self.put(list(filters.services))}")
        if filters.ability_level is not None:
            level = self.put(filters.ability_level)
            self.conditions.append(f"{level} BETWEEN l.ability_level_min AND l.ability_level_max")
        if filters.grade_min is not None:
            self.conditions.append(f"{self.grade} >= {self.put(filters.grade_min)}")
        if filters.sold_by is not None:
            self.conditions.append(
                "EXISTS (SELECT FROM room_types r WHERE r.institution_id = i.id"
                f" AND r.sold_by = {self.put(filters.sold_by)})"
            )

    def _match(self, text: str) -> None:
        asked = self.put(query_grams(text))
        self.conditions.append(f"s.grams @> {asked}")
        self.conditions += [f"strpos(s.haystack, {self.put(phrase)}) > 0" for phrase in phrases(text)]
        self.rank = f"CASE WHEN s.name_grams @> {asked} THEN 0 WHEN s.place_grams @> {asked} THEN 1 ELSE 2 END"

    def _measure(self, point: Position, radius_km: float | None) -> None:
        latitude, longitude = self.put(point.latitude), self.put(point.longitude)
        self.distance = (
            f"round({EARTH_DIAMETER_M} * asin(sqrt(least(1, sin(radians(s.latitude - {latitude}::float8) / 2) ^ 2"
            f" + cos(radians({latitude}::float8)) * cos(radians(s.latitude))"
            f" * sin(radians(s.longitude - {longitude}::float8) / 2) ^ 2))))::integer"
        )
        if radius_km is None:
            return
        north = radius_km / KM_PER_DEGREE
        east = north / max(cos(radians(point.latitude)), _NARROWEST)
        # The box is for the index; the circle is the answer.
        self.conditions += [
            f"s.latitude BETWEEN {self.put(point.latitude - north)} AND {self.put(point.latitude + north)}",
            f"s.longitude BETWEEN {self.put(point.longitude - east)} AND {self.put(point.longitude + east)}",
            f"{self.distance} <= {self.put(radius_km * 1000)}::float8",
        ]
