"""Writes of places: reference data comes whole, from a data module or a table of the ministry."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

import msgspec

from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, forget_reads, transaction
from marketplace.places.rules import Division, Gazetteer, HolidayYear, Place

GAZETTEER = uuid5(NAMESPACE_URL, "houniao:gazetteer")


async def plant(*, gazetteer: Gazetteer, actor: Actor, now: datetime) -> None:
    """Write the gazetteer, replacing rows of the same code; repeating it changes nothing.

    Codes that are no longer in it stay: institutions and bookings may point at them.
    """
    async with transaction():
        await _upsert("divisions", [_located(division) for division in gazetteer.divisions])
        await _upsert("jurisdictions", [msgspec.structs.asdict(one) for one in gazetteer.jurisdictions])
        await _upsert(
            "clusters",
            [
                msgspec.structs.asdict(cluster) | {"position": position}
                for position, cluster in enumerate(gazetteer.clusters)
            ],
        )
        await _upsert("places", [_located(place, without=("clusters", "climate")) for place in gazetteer.places])
        await _put_clusters(gazetteer.places)
        await _put_climate(gazetteer.places)
        forget_reads()
        await audit.record("places.planted", actor=actor, subject=GAZETTEER, now=now, after=gazetteer)


async def plant_calendar(*, years: Sequence[HolidayYear], actor: Actor, now: datetime) -> None:
    """Write the working calendar of these years, replacing what was held of them; repeating it changes nothing."""
    async with transaction():
        await execute(
            "INSERT INTO holiday_years (year, version, source, is_tentative)"
            " SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::boolean[])"
            " ON CONFLICT (year) DO UPDATE SET version = excluded.version, source = excluded.source,"
            " is_tentative = excluded.is_tentative",
            [year.year for year in years],
            [year.version for year in years],
            [year.source for year in years],
            [year.is_tentative for year in years],
        )
        await execute("DELETE FROM holidays WHERE year = ANY($1)", [year.year for year in years])
        listed = [(year.year, day) for year in years for day in year.days]
        await execute(
            "INSERT INTO holidays (day, year, name_zh, is_off)"
            " SELECT * FROM unnest($1::date[], $2::smallint[], $3::text[], $4::boolean[])",
            [day.day for _, day in listed],
            [year for year, _ in listed],
            [day.name_zh for _, day in listed],
            [day.is_off for _, day in listed],
        )
        forget_reads()
        await audit.record("calendar.planted", actor=actor, subject=GAZETTEER, now=now, after=list(years))


async def _put_clusters(places: Sequence[Place]) -> None:
    pairs = [(place.code, cluster.code) for place in places for cluster in place.clusters]
    given = [code for code, _ in pairs], [cluster_code for _, cluster_code in pairs]
    await execute(
        "DELETE FROM place_clusters WHERE place_code = ANY($3) AND (place_code, cluster_code) NOT IN"
        " (SELECT * FROM unnest($1::text[], $2::text[]))",
        *given,
        [place.code for place in places],
    )
    await execute(
        "INSERT INTO place_clusters (place_code, cluster_code) SELECT * FROM unnest($1::text[], $2::text[])"
        " ON CONFLICT DO NOTHING",
        *given,
    )


async def _put_climate(places: Sequence[Place]) -> None:
    months = [(place.code, month) for place in places for month in place.climate]
    await execute("DELETE FROM climate WHERE place_code = ANY($1)", [place.code for place in places])
    await execute(
        "INSERT INTO climate (place_code, month, mean_c, confidence, source)"
        " SELECT * FROM unnest($1::text[], $2::smallint[], $3::float8[], $4::text[], $5::text[])",
        [code for code, _ in months],
        [month.month for _, month in months],
        [month.mean_c for _, month in months],
        [month.confidence for _, month in months],
        [month.source for _, month in months],
    )


def _located(found: Division | Place, *, without: Collection[str] = ()) -> dict[str, object]:
    """Return the columns of what has a position, which are three of the table."""
    position = found.position
    columns = {name: value for name, value in msgspec.structs.asdict(found).items() if name not in without}
    del columns["position"]
    return columns | {
        "latitude": position.latitude if position else None,
        "longitude": position.longitude if position else None,
        "datum": position.datum if position else None,
    }


async def _upsert(table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows of a table by their ``code``, in one statement."""
    if not rows:
        return
    columns = ", ".join(rows[0])
    renewed = ", ".join(f"{name} = excluded.{name}" for name in rows[0] if name != "code")
    await execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, $1)"
        f" ON CONFLICT (code) DO UPDATE SET {renewed}",
        msgspec.json.encode(rows).decode(),
    )
