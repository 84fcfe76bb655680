"""What is on sale: the institution's own nights, stopping a sale, and keeping the horizon 400 nights away."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from marketplace.catalog.rules import RoomType
from marketplace.inventory.errors import CompanionBedsBelowTaken, UnitsBelowTaken
from marketplace.inventory.operations.locking import lock_room_types
from marketplace.inventory.queries import hosted_room_types
from marketplace.inventory.rules import HORIZON_NIGHTS, STAY_NIGHTS_MAX, NightRange, check_ranges
from marketplace.kit import audit
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch, fetch_one, require_transaction, transaction
from marketplace.kit.errors import invalid

_EXTENSION_BATCH = 100


async def set_nights(*, actor: audit.Actor, room_type_id: UUID, ranges: Sequence[NightRange], now: datetime) -> int:
    """Change what is on sale of one room type on many nights at once, all or nothing; returns how many nights were set.

    Refuses: see ``set_nights_of_many``.
    """
    return await set_nights_of_many(actor=actor, ranges={room_type_id: ranges}, now=now)


async def set_nights_of_many(*, actor: audit.Actor, ranges: Mapping[UUID, Sequence[NightRange]], now: datetime) -> int:
    """Change what is on sale of several room types, by id, all or nothing; returns how many nights were set.

    Nights are local dates ``[first, end)`` within 400 nights from today, and ranges of a room type may not overlap.
    Institutions reach their own room types only.

    Refuses: NotFound; Invalid naming the range and the field (more units than the room type has, R34; a new night
    without units or price; a shortest stay longer than the longest); UnitsBelowTaken or CompanionBedsBelowTaken naming
    the first night.
    """
    async with transaction():
        room_types = await hosted_room_types(ranges, actor=actor)
        for room_type_id, asked in ranges.items():
            room_type = room_types[room_type_id]
            check_ranges(
                asked, unit_count=room_type.unit_count, beds_per_room=room_type.beds_per_room, today=local_date(now)
            )
        room_type_ids = list(ranges)
        await lock_room_types(room_type_ids)
        await fetch("SELECT reclaim_lapsed(id, $2) FROM unnest($1::uuid[]) AS id", room_type_ids, now)
        columns = _columns(ranges, room_types)
        await _refuse_impossible(room_type_ids, columns)
        count = await execute(_MERGE, room_type_ids, *columns)
        await fetch(
            'SELECT refresh_closed(id, daterange(first, "end"))'
            ' FROM unnest($1::uuid[], $2::date[], $3::date[]) AS span (id, first, "end")',
            room_type_ids,
            [min(one.first for one in asked) for asked in ranges.values()],
            [max(one.end for one in asked) for asked in ranges.values()],
        )
        await execute("SELECT refresh_seasons($1)", room_type_ids)
        for room_type_id, asked in ranges.items():
            await audit.record("inventory.nights_set", actor=actor, subject=room_type_id, now=now, after=asked)
    return count


# One row per night asked for, with the number of the range that asked. That the room type is among $1 follows from the
# join; said once more, it lets a table of any size be read by its index.
_GIVEN = """
WITH given AS (
    SELECT asked.*, asked.first + day AS night
      FROM unnest($2::uuid[], $3::int[], $4::date[], $5::date[], $6::int[], $7::bigint[], $8::int[], $9::int[],
                  $10::int[], $11::boolean[], $12::boolean[], $13::boolean[], $14::int[], $15::uuid[])
           AS asked (room_type_id, number, first, "end", unit_count, price_amount, min_stay_count, max_stay_count,
                     lead_day_count, closed_to_arrival, closed_to_departure, closed, companion_bed_count, institution_id),
           generate_series(0, asked."end" - asked.first - 1) AS day
)
"""
_SAME_NIGHT = "n.room_type_id = ANY ($1) AND n.room_type_id = given.room_type_id AND n.night = given.night"
_IMPOSSIBLE = f"""
{_GIVEN}
SELECT given.number, given.night, n.taken_count, given.unit_count, given.min_stay_count IS NULL AS max_asked,
       n.companion_taken_count, given.companion_bed_count < n.companion_taken_count AS below_companions,
       given.unit_count < n.taken_count AS below_taken,
       n.night IS NULL AND (given.unit_count IS NULL OR given.price_amount IS NULL) AS incomplete
  FROM given LEFT JOIN room_nights n ON {_SAME_NIGHT}
 WHERE given.unit_count < n.taken_count OR given.companion_bed_count < n.companion_taken_count
    OR (n.night IS NULL AND (given.unit_count IS NULL OR given.price_amount IS NULL))
    OR coalesce(given.min_stay_count, n.min_stay_count, 1) > coalesce(given.max_stay_count, n.max_stay_count, 180)
 ORDER BY given.night LIMIT 1
"""
_FACTS = ("unit_count", "price_amount", "min_stay_count", "max_stay_count", "lead_day_count", "closed_to_arrival",
          "closed_to_departure", "closed", "companion_bed_count")  # fmt: skip
_MERGE = f"""
{_GIVEN}
MERGE INTO room_nights n USING given ON {_SAME_NIGHT}
WHEN MATCHED THEN UPDATE SET {", ".join(f"{fact} = coalesce(given.{fact}, n.{fact})" for fact in _FACTS)}
WHEN NOT MATCHED THEN INSERT (room_type_id, night, institution_id, taken_count, {", ".join(_FACTS)})
    VALUES (given.room_type_id, given.night, given.institution_id, 0, given.unit_count, given.price_amount, coalesce(given.min_stay_count, 1),
            coalesce(given.max_stay_count, {STAY_NIGHTS_MAX}), coalesce(given.lead_day_count, 0),
            coalesce(given.closed_to_arrival, false), coalesce(given.closed_to_departure, false),
            coalesce(given.closed, false), given.companion_bed_count)
"""


def _columns(
    ranges: Mapping[UUID, Sequence[NightRange]], room_types: Mapping[UUID, RoomType]
) -> tuple[list[object], ...]:
    rows = [(room_type_id, number, one) for room_type_id, asked in ranges.items() for number, one in enumerate(asked)]
    return (
        [room_type_id for room_type_id, _, _ in rows],
        [number for _, number, _ in rows],
        *([getattr(one, name) for _, _, one in rows] for name in ("first", "end", *_FACTS)),
        [room_types[room_type_id].institution_id for room_type_id, _, _ in rows],
    )


async def _refuse_impossible(room_type_ids: list[UUID], columns: tuple[list[object], ...]) -> None:
    row = await fetch_one(_IMPOSSIBLE, room_type_ids, *columns)
    if row is None:
        return
    if row["below_taken"]:
        raise UnitsBelowTaken(night=row["night"], taken_count=row["taken_count"])
    if row["below_companions"]:
        raise CompanionBedsBelowTaken(night=row["night"], taken_count=row["companion_taken_count"])
    if row["incomplete"]:
        field = "units" if row["unit_count"] is None else "price"
        raise invalid(
            f"ranges.{row['number']}.{field}",
            zh=f"{row['night']} 尚未开售，需填写数量和价格",
            en=f"{row['night']} is not on sale yet: units and price are needed.",
        )
    raise invalid(
        f"ranges.{row['number']}.{'max_stay' if row['max_asked'] else 'min_stay'}",
        zh=f"{row['night']} 的最短入住天数超过最长天数",
        en=f"On {row['night']} the shortest stay would be longer than the longest.",
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


_EXTEND = f"""
INSERT INTO room_nights
       (room_type_id, night, institution_id, taken_count, {", ".join(_FACTS)})
SELECT last.room_type_id, last.night + step, model.institution_id, 0, {", ".join(f"model.{fact}" for fact in _FACTS)}
  FROM (SELECT room_type_id, max(night) AS night FROM room_nights WHERE room_type_id = ANY ($1) GROUP BY 1) AS last,
       generate_series(1, $2::date - 1 - last.night) AS step,
       LATERAL (SELECT * FROM room_nights n
                 WHERE n.room_type_id = last.room_type_id AND n.night IN (last.night + step - 364, last.night)
                 ORDER BY n.night LIMIT 1) AS model
"""
