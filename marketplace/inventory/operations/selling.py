"""What is on sale: the institution's own nights, stopping a sale, and keeping the horizon 400 nights away."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from marketplace.catalog import queries as catalog
from marketplace.identity.rules import Action, Principal, Resource, can
from marketplace.inventory.errors import UnitsBelowTaken
from marketplace.inventory.rules import HORIZON_NIGHTS, NightRange, check_ranges
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_one, require_transaction, transaction
from marketplace.kit.errors import NotFound, invalid

_EXTENSION_BATCH = 100


async def set_nights(*, actor: audit.Actor, room_type_id: UUID, ranges: Sequence[NightRange], now: datetime) -> int:
    """Change what is on sale on many nights at once, all or nothing; returns how many nights were set.

    Nights are local dates ``[first, end)`` within 400 nights from today, and ranges may not overlap.
    Institutions reach their own room types only.

    Refuses: NotFound; Invalid naming the range and the field (more units than the room type has, R34; a new night
    without units or price); UnitsBelowTaken naming the first night.
    """
    async with transaction():
        room_type = await catalog.room_type(room_type_id)
        if isinstance(actor, Principal) and not can(
            actor, Action.HOST, Resource(institution_id=room_type.institution_id)
        ):
            raise NotFound
        check_ranges(ranges, unit_count=room_type.unit_count, today=local_date(now))
        await _lock(room_type_id, institution_id=room_type.institution_id)
        await execute("SELECT reclaim_lapsed($1, $2)", room_type_id, now)
        columns = _columns(ranges)
        await _refuse_impossible(room_type_id, columns)
        count = await execute(_MERGE, room_type_id, *columns, room_type.institution_id)
        first, end = min(one.first for one in ranges), max(one.end for one in ranges)
        await execute("SELECT refresh_closed($1, daterange($2, $3))", room_type_id, first, end)
        await execute("SELECT refresh_seasons(ARRAY[$1::uuid])", room_type_id)
        await audit.record("inventory.nights_set", actor=actor, subject=room_type_id, now=now, after=ranges)
    return count


# One row per night asked for, with the number of the range that asked.
_GIVEN = """
WITH given AS (
    SELECT asked.number, asked.first + day AS night, asked.unit_count, asked.price_amount, asked.min_stay_count, asked.closed
      FROM unnest($2::date[], $3::date[], $4::int[], $5::bigint[], $6::int[], $7::boolean[]) WITH ORDINALITY
           AS asked (first, "end", unit_count, price_amount, min_stay_count, closed, number),
           generate_series(0, asked."end" - asked.first - 1) AS day
)
"""
_IMPOSSIBLE = f"""
{_GIVEN}
SELECT given.number - 1 AS number, given.night, n.taken_count, given.unit_count
  FROM given LEFT JOIN room_nights n ON n.room_type_id = $1 AND n.night = given.night
 WHERE given.unit_count < n.taken_count
    OR (n.night IS NULL AND (given.unit_count IS NULL OR given.price_amount IS NULL))
 ORDER BY given.night LIMIT 1
"""
_MERGE = f"""
{_GIVEN}
MERGE INTO room_nights n USING given ON n.room_type_id = $1 AND n.night = given.night
WHEN MATCHED THEN UPDATE SET
    unit_count = coalesce(given.unit_count, n.unit_count), price_amount = coalesce(given.price_amount, n.price_amount),
    min_stay_count = coalesce(given.min_stay_count, n.min_stay_count), closed = coalesce(given.closed, n.closed)
WHEN NOT MATCHED THEN INSERT
    (room_type_id, night, institution_id, unit_count, taken_count, price_amount, min_stay_count, closed)
    VALUES ($1, given.night, $8, given.unit_count, 0, given.price_amount, coalesce(given.min_stay_count, 1),
            coalesce(given.closed, false))
"""


async def _lock(room_type_id: UUID, *, institution_id: UUID) -> None:
    """Lock the room type's row, making it first for one that was never on sale, in the state of its siblings."""
    locking = "SELECT room_type_id FROM room_type_locks WHERE room_type_id = $1 FOR NO KEY UPDATE"
    if await fetch_one(locking, room_type_id) is None:
        await execute(
            "INSERT INTO room_type_locks (room_type_id, institution_id, stop_sale) SELECT $1, $2,"
            " coalesce((SELECT bool_or(stop_sale) FROM room_type_locks WHERE institution_id = $2), false)"
            " ON CONFLICT DO NOTHING",
            room_type_id,
            institution_id,
        )
        await fetch_one(locking, room_type_id)


def _columns(ranges: Sequence[NightRange]) -> tuple[list[object], ...]:
    return (
        [one.first for one in ranges],
        [one.end for one in ranges],
        [one.unit_count for one in ranges],
        [one.price_amount for one in ranges],
        [one.min_stay_count for one in ranges],
        [one.closed for one in ranges],
    )


async def _refuse_impossible(room_type_id: UUID, columns: tuple[list[object], ...]) -> None:
    row = await fetch_one(_IMPOSSIBLE, room_type_id, *columns)
    if row is None:
        return
    if row["taken_count"] is not None:
        raise UnitsBelowTaken(night=row["night"], taken_count=row["taken_count"])
    field = "units" if row["unit_count"] is None else "price"
    raise invalid(
        f"ranges.{row['number']}.{field}",
        zh=f"{row['night']} 尚未开售，需填写数量和价格",
        en=f"{row['night']} is not on sale yet: units and price are needed.",
    )


async def stop_sale(*, institution_id: UUID) -> None:
    """Sell nothing more of an institution; what has been taken stays taken."""
    await _set_stop_sale(institution_id, stop=True)


async def resume_sale(*, institution_id: UUID) -> None:
    """Sell an institution's nights again."""
    await _set_stop_sale(institution_id, stop=False)


async def _set_stop_sale(institution_id: UUID, *, stop: bool) -> None:
    require_transaction()
    await execute(
        "WITH lock AS (SELECT room_type_id FROM room_type_locks WHERE institution_id = $1"
        "   ORDER BY room_type_id FOR NO KEY UPDATE)"
        " UPDATE room_type_locks l SET stop_sale = $2 FROM lock WHERE l.room_type_id = lock.room_type_id",
        institution_id,
        stop,
    )


async def extend_horizon(*, now: datetime) -> int:
    """Put the nights up to 400 days ahead on sale as they were a year earlier, or as last known; returns how many.

    364 days earlier is the same weekday of the same season. A closed night stays closed: an institution that shuts
    every winter must not find guests at its door.
    """
    horizon = local_date(now) + timedelta(days=HORIZON_NIGHTS)
    rows = await fetch(
        "SELECT room_type_id FROM room_type_locks l WHERE"
        " (SELECT max(night) FROM room_nights n WHERE n.room_type_id = l.room_type_id) < $1::date - 1"
        " ORDER BY room_type_id",
        horizon,
    )
    added = 0
    for start in range(0, len(rows), _EXTENSION_BATCH):
        async with transaction():
            batch = [row["room_type_id"] for row in rows[start : start + _EXTENSION_BATCH]]
            added += await _extend(batch, horizon)
    return added


async def _extend(room_type_ids: list[UUID], horizon: date) -> int:
    await fetch(
        "SELECT room_type_id FROM room_type_locks WHERE room_type_id = ANY($1) ORDER BY room_type_id FOR NO KEY UPDATE",
        room_type_ids,
    )
    added = await execute(_EXTEND, room_type_ids, horizon)
    await fetch(
        "SELECT refresh_closed(id, daterange($2::date - $3::int, $2)) FROM unnest($1::uuid[]) AS id",
        room_type_ids,
        horizon,
        HORIZON_NIGHTS,
    )
    await execute("SELECT refresh_seasons($1)", room_type_ids)
    return added


_EXTEND = """
INSERT INTO room_nights
       (room_type_id, night, institution_id, unit_count, taken_count, price_amount, min_stay_count, closed)
SELECT last.room_type_id, last.night + step, model.institution_id, model.unit_count, 0, model.price_amount,
       model.min_stay_count, model.closed
  FROM (SELECT room_type_id, max(night) AS night FROM room_nights WHERE room_type_id = ANY ($1) GROUP BY 1) AS last,
       generate_series(1, $2::date - 1 - last.night) AS step,
       LATERAL (SELECT * FROM room_nights n
                 WHERE n.room_type_id = last.room_type_id AND n.night IN (last.night + step - 364, last.night)
                 ORDER BY n.night LIMIT 1) AS model
"""
