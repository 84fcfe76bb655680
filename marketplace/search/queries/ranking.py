"""Which institutions are on a page, and the counts over all that fit: decided by the database in one statement.

However large the market, a page needs a page's worth of rooms: here every institution that matches is only asked whether
the party could stay, which its room types' lock rows tell, and put in order. Prices and offers are then worked out for
those that are shown. Order and price are those of the rules, written once more in SQL; tests hold the two together.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.catalog.queries import Matching
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch_one
from marketplace.places.rules import Place
from marketplace.pricing.rules import policy_on
from marketplace.search.queries.candidates import UNDER_RESTRICTION
from marketplace.search.queries.openings import Openings
from marketplace.search.rules import Asked, Facets, Weather
from marketplace.search.rules import recommending as points
from marketplace.search.rules.climate import UNKNOWN_MEAN
from marketplace.search.rules.matches import GRADE_STEP, UNKNOWN_LAST

Key = tuple[int, UUID]


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """Where institutions stand, first to last, and counts over the whole answer."""

    keys: list[Key]
    total_count: int
    facets: Facets


def depends_on_dates(asked: Asked) -> bool:
    """Say whether an institution's place depends on which dates of a window are chosen for it."""
    return not asked.window.exact and (asked.origin is not None or asked.price_max is not None or asked.sort == "price")


async def rank(  # noqa: PLR0913 - a page of a search.
    *,
    asked: Asked,
    places: Mapping[str, Place],
    weather: Weather | None,
    after: Key | None,
    limit: int | None,
    now: datetime,
) -> Ranked:
    """Return the first ``limit`` institutions after a position, and counts over all that fit, in one query.

    Where places depend on dates, positions are bounds: no institution stands before its own. All that could fit are
    counted then, some of which may turn out too dear or too warm on the dates that they have.
    """
    sql = Matching(asked.filters, now=now)
    statement = _statement(sql, asked, weather if asked.origin is not None else None, after, limit, now=now)
    row = await fetch_one(statement, *sql.args)
    assert row is not None
    counts = {name: msgspec.json.decode(row[name] or "{}", type=dict[str, int]) for name in _COUNTED}
    clusters: Counter[str] = Counter()
    for code, count in counts["place_code"].items():
        clusters.update({cluster.code: count for cluster in places[code].clusters})
    return Ranked(
        keys=list(zip(row["positions"], row["ids"], strict=True)),
        total_count=row["total_count"],
        facets=Facets(
            clusters=clusters,
            services=counts["service"],
            grades={int(grade): count for grade, count in counts["grade"].items()},
        ),
    )


_COUNTED = {"place_code": "house", "grade": "house", "service": "house, unnest(services) AS service"}


def _statement(  # noqa: PLR0913 - the parts of one statement.
    sql: Matching, asked: Asked, weather: Weather | None, after: Key | None, limit: int | None, *, now: datetime
) -> str:
    if asked.institution_id is not None:
        sql.conditions.append(f"i.id = {sql.put(asked.institution_id)}")
    openings = Openings(sql, asked.window, asked.party, sold_by=asked.filters.sold_by, now=now)
    joins, total, relief = "", "NULL::bigint", "NULL::integer"
    if weather is not None:
        joins, relief = _climate(sql, weather), "w.relief"
    priced = asked.sort == "price" or asked.price_max is not None
    if priced:
        joins, total = joins + _totals(sql, openings, now, exact=asked.window.exact), "p.total"
    if priced and asked.window.exact:
        sql.conditions.append("p.total IS NOT NULL")
    else:
        sql.conditions.append(_some_stay(openings))
    if asked.price_max is not None:
        sql.conditions.append(f"p.total <= {sql.put(asked.price_max)}::bigint")
    counts = ", ".join(
        f"(SELECT jsonb_object_agg({name}, n) FROM (SELECT {name}, count(*) AS n FROM {rows} GROUP BY 1) x) AS {name}"
        for name, rows in _COUNTED.items()
    )
    beyond = f"WHERE (position, id) > ({sql.put(after[0])}, {sql.put(after[1])})" if after is not None else ""
    return f"""
WITH held AS MATERIALIZED ({openings.held_rooms}),
found AS (
    SELECT i.id, i.place_code, l.services, coalesce({sql.grade}, 0) AS grade, {sql.rank} AS text_rank,
           {sql.distance} AS distance_m, {UNDER_RESTRICTION} AS restricted, {total} AS total, {relief} AS relief
      FROM institutions i
      JOIN listings l ON l.institution_id = i.id
      JOIN institution_search s ON s.institution_id = i.id
      JOIN certifications c ON c.institution_id = i.id AND c.is_current AND c.is_bookable AND {openings.certified}
      {joins}
     WHERE {" AND ".join(sql.conditions)}
),
house AS MATERIALIZED (SELECT id, place_code, services, grade, ({_position(asked)})::bigint AS position FROM found),
page AS (SELECT position, id FROM house {beyond} ORDER BY position, id LIMIT {sql.put(limit)}::bigint)
SELECT (SELECT count(*) FROM house) AS total_count, {counts},
       ARRAY(SELECT position FROM page ORDER BY position, id) AS positions,
       ARRAY(SELECT id FROM page ORDER BY position, id) AS ids
"""


def _some_stay(openings: Openings) -> str:
    """Write that the party could stay in some room type; nothing is looked at closely when one plainly says yes."""
    rooms = f"FROM room_type_locks k WHERE k.institution_id = i.id AND {openings.fits}"
    # The second is written so that it is asked of one institution after the other, and only when the first says no.
    return (
        f"(EXISTS (SELECT {rooms} AND {openings.plainly})"
        f" OR (SELECT true {rooms} AND {openings.on_a_closer_look} LIMIT 1)"
        f" OR (SELECT true {rooms} AND {openings.beside} LIMIT 1))"
    )


def _climate(sql: Matching, weather: Weather) -> str:
    """Join the most that each place's relief can be, leaving out places that are never cool enough."""
    limits = weather.limits or [UNKNOWN_MEAN] * len(next(iter(weather.means.values()), []))
    reliefs: dict[str, int | None] = {}
    for code, means in weather.means.items():
        cool = [weather.relief(code, offset) for offset, mean in enumerate(means) if mean <= limits[offset]]
        if cool:
            reliefs[code] = max((relief for relief in cool if relief is not None), default=None)
    codes, most = sql.put(list(reliefs)), sql.put(list(reliefs.values()))
    return f"JOIN unnest({codes}::text[], {most}::integer[]) AS w (code, relief) ON w.code = i.place_code"


def _totals(sql: Matching, openings: Openings, now: datetime, *, exact: bool) -> str:
    """Join the least that a stay costs, or in a window the least that it can cost; null where none could be had."""
    fee = policy_on(local_date(now)).service_fee_bps
    if exact:
        early = f"WHERE least <= {openings.first} - {openings.today} ORDER BY least DESC LIMIT 1"
        nights, can = (
            _sum_of_nights(openings),
            f"({openings.plainly} OR {openings.on_a_closer_look} OR {openings.beside})",
        )
    else:
        early = f"WHERE least <= {openings.end} - {openings.today} ORDER BY bps DESC LIMIT 1"
        nights, can = _least_of_nights(openings), openings.maybe
    return f"""
      LEFT JOIN LATERAL (
          SELECT single_use_bps,
                 (SELECT bps FROM unnest(r.nights_min, r.nights_bps) AS d (least, bps)
                   WHERE least <= {openings.nights} ORDER BY least DESC LIMIT 1) AS long_bps,
                 (SELECT bps FROM unnest(r.days_ahead_min, r.days_ahead_bps) AS d (least, bps) {early}) AS early_bps
            FROM rate_plans r WHERE r.institution_id = i.id AND r.effective_from_on <= {openings.today}
           ORDER BY r.effective_from_on DESC LIMIT 1) plan ON true
     CROSS JOIN LATERAL (
          SELECT min(stay_total({nights}, {openings.units}, {openings.singles}, coalesce(plan.single_use_bps, 0),
                                coalesce(plan.long_bps, 0), coalesce(plan.early_bps, 0), {sql.put(fee)})) AS total
            FROM room_type_locks k
            JOIN room_type_seasons y ON y.room_type_id = k.room_type_id
           WHERE k.institution_id = i.id AND {openings.fits} AND {can}) p"""


def _sum_of_nights(openings: Openings) -> str:
    """Write ``rules.sum_of`` in SQL: the running sum up to the day of departure less that up to the day of arrival."""

    def upto(day: str) -> str:
        number = f"({day} - date '2000-01-01')"
        run = f"width_bucket({number}, y.first_days)"
        return f"y.before_amounts[{run}] + ({number} - y.first_days[{run}])::bigint * y.price_amounts[{run}]"

    return f"{upto(openings.end)} - ({upto(openings.first)})"


def _least_of_nights(openings: Openings) -> str:
    """Write the least price of a night within the window, as often as nights are stayed."""
    return (
        f"{openings.nights} * (SELECT min(price)::bigint FROM unnest(y.first_days, y.end_days, y.price_amounts)"
        f" AS run (first, \"end\", price) WHERE first < {openings.end} - date '2000-01-01'"
        f" AND \"end\" > {openings.first} - date '2000-01-01')"
    )


def _position(asked: Asked) -> str:
    """Write ``rules.position`` in SQL, of which relief and distance are null where they were not asked about."""
    score = _score(asked)
    return {
        "price": "total",
        "distance": "distance_m",
        "grade": f"-(grade * {GRADE_STEP} + {score})",
        "relief": f"coalesce(-relief, {UNKNOWN_LAST})",
        "recommended": f"-({score})",
    }[asked.sort]


def _score(asked: Asked) -> str:
    """Write ``rules.score_of`` in SQL."""
    terms = [f"{points.GRADE_POINTS} * grade", f"CASE WHEN restricted THEN {points.RESTRICTED_POINTS} ELSE 0 END"]
    if asked.filters.text is not None:
        by_rank = " ".join(f"WHEN {rank} THEN {worth}" for rank, worth in points.TEXT_POINTS.items())
        terms.append(f"CASE text_rank {by_rank} ELSE 0 END")
    if asked.filters.near is not None:
        terms.append(f"greatest(0, {points.NEAREST_POINTS} - distance_m / {points.METRES_PER_POINT})")
    if asked.origin is not None:
        most = points.RELIEF_POINTS_MAX
        terms.append(f"greatest(0, least({most}, coalesce(relief, 0) / {points.RELIEF_PER_POINT}))")
    return f"({' + '.join(terms)})"
