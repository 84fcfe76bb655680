"""Whether the counters are true: recomputed from what is taken, room type by room type."""

from datetime import datetime

import msgspec

from marketplace.inventory.rules import Drift
from marketplace.kit.db import fetch, fetch_one

# So many room types are compared in one statement that no statement runs long, however many there are.
_BATCH = 1_000


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the last comparison."""

    verified_at: datetime
    drift_count: int


async def verify() -> list[Drift]:
    """Recompute every counter, closed night and season, and name what differs; empty is good."""
    ids = [row["room_type_id"] for row in await fetch("SELECT room_type_id FROM room_type_locks ORDER BY room_type_id")]
    found: list[Drift] = []
    for start in range(0, len(ids), _BATCH):
        rows = await fetch(_DRIFT, ids[start : start + _BATCH])
        found += [Drift(**dict(row)) for row in rows]
    return found


async def last_verification() -> Verification | None:
    """Return what the last verification found; None before the first."""
    row = await fetch_one(
        "SELECT verified_at, drift_count FROM inventory_verifications ORDER BY verified_at DESC, id DESC LIMIT 1"
    )
    return Verification(**dict(row)) if row else None


# Each statement compares what one instant shows, so what is sold meanwhile is no drift.
_TAKEN_DRIFT = """
SELECT room_type_id, night, 'taken_count' AS fact, coalesce(held.unit_count, 0)::int AS expected,
       coalesce(n.taken_count, 0)::int AS found
  FROM (SELECT room_type_id, night, taken_count FROM room_nights WHERE room_type_id = ANY ($1)) AS n
  FULL JOIN (SELECT room_type_id, lower(stay) + day AS night,
                    sum(own_count) + count(DISTINCT share_id) * beds_per_room AS unit_count
               FROM allocations JOIN room_type_locks USING (room_type_id),
                    generate_series(0, upper(stay) - lower(stay) - 1) AS day
              WHERE room_type_id = ANY ($1)
              GROUP BY 1, 2, beds_per_room) AS held USING (room_type_id, night)
 WHERE coalesce(held.unit_count, 0) <> coalesce(n.taken_count, 0)
"""
_COMPANION_DRIFT = """
SELECT room_type_id, night, 'companion_taken_count' AS fact, coalesce(held.bed_count, 0)::int AS expected,
       coalesce(n.companion_taken_count, 0)::int AS found
  FROM (SELECT room_type_id, night, companion_taken_count FROM room_nights WHERE room_type_id = ANY ($1)) AS n
  FULL JOIN (SELECT room_type_id, lower(stay) + day AS night, sum(companion_bed_count) AS bed_count
               FROM allocations, generate_series(0, upper(stay) - lower(stay) - 1) AS day
              WHERE room_type_id = ANY ($1) AND companion_bed_count > 0
              GROUP BY 1, 2) AS held USING (room_type_id, night)
 WHERE coalesce(held.bed_count, 0) <> coalesce(n.companion_taken_count, 0)
"""
# A share whose guests are too many on some night, or do not meet from the first night to the last.
_SHARE_DRIFT = """
SELECT a.room_type_id, lower(share.span) + day AS night, 'share' AS fact, l.beds_per_room::int AS expected,
       coalesce(sum(a.unit_count) FILTER (WHERE a.stay @> (lower(share.span) + day)), 0)::int AS found
  FROM (SELECT share_id, range_merge(range_agg(stay)) AS span FROM allocations
         WHERE room_type_id = ANY ($1) AND share_id IS NOT NULL GROUP BY share_id) AS share
  JOIN allocations a USING (share_id) JOIN room_type_locks l USING (room_type_id),
       generate_series(0, upper(share.span) - lower(share.span) - 1) AS day
 GROUP BY a.room_type_id, share.share_id, share.span, day, l.beds_per_room
HAVING coalesce(sum(a.unit_count) FILTER (WHERE a.stay @> (lower(share.span) + day)), 0) NOT BETWEEN 1 AND l.beds_per_room
"""
# Nights that are not on sale are closed for ever; only those around what is on sale are named one by one.
_CLOSED_DRIFT = """
SELECT l.room_type_id, (lower(stretch) + day) AS night, 'closed' AS fact,
       (NOT nights.open @> (lower(stretch) + day))::int AS expected, (l.closed @> (lower(stretch) + day))::int AS found
  FROM room_type_locks l,
       LATERAL (SELECT coalesce(range_agg(daterange(night, night + 1))
                                FILTER (WHERE NOT n.closed AND n.taken_count < n.unit_count), '{}') AS open,
                       daterange(coalesce(min(night), '2000-01-01') - 400, coalesce(max(night), '2000-01-01') + 400) AS span
                  FROM room_nights n WHERE n.room_type_id = l.room_type_id) AS nights,
       unnest(datemultirange(nights.span) * (l.closed * nights.open + (datemultirange(nights.span) - l.closed - nights.open)))
           AS stretch,
       generate_series(0, upper(stretch) - lower(stretch) - 1) AS day
 WHERE l.room_type_id = ANY ($1)
"""
# Prices by themselves and as the sum up to and with each night; restrictions by themselves and as the bounds of them all.
_SEASON_DRIFT = """
SELECT room_type_id, night, 'price_amount' AS fact, coalesce(n.price_amount, 0)::int AS expected,
       coalesce(s.price_amount, 0) AS found
  FROM (SELECT *, sum(price_amount) OVER (PARTITION BY room_type_id ORDER BY night) AS upto
          FROM room_nights WHERE room_type_id = ANY ($1)) AS n
  FULL JOIN (SELECT room_type_id, date '2000-01-01' + day AS night, price_amount, shortest, longest, lead, no_arrival,
                    no_departure, before + (day + 1 - first) * price_amount::bigint AS upto,
                    shortest <= stay_min_count AND longest >= stay_max_count AND lead <= l.lead_day_count
                    AND (has_closed_days OR NOT no_arrival AND NOT no_departure) AS bounded
               FROM room_type_seasons s JOIN room_type_locks l USING (room_type_id),
                    unnest(first_days, end_days, price_amounts, before_amounts, min_stay_counts, max_stay_counts,
                           lead_day_counts, closed_to_arrival, closed_to_departure)
                        AS run (first, "end", price_amount, before, shortest, longest, lead, no_arrival, no_departure),
                    generate_series(first, "end" - 1) AS day
              WHERE s.room_type_id = ANY ($1)) AS s USING (room_type_id, night)
 WHERE (n.price_amount, n.upto, n.min_stay_count, n.max_stay_count, n.lead_day_count, n.closed_to_arrival,
        n.closed_to_departure, true)
       IS DISTINCT FROM (s.price_amount, s.upto, s.shortest, s.longest, s.lead, s.no_arrival, s.no_departure, s.bounded)
"""
_FACTS = (_TAKEN_DRIFT, _COMPANION_DRIFT, _SHARE_DRIFT, _CLOSED_DRIFT, _SEASON_DRIFT)
_DRIFT = f"{' UNION ALL '.join(_FACTS)} ORDER BY room_type_id, night, fact"
