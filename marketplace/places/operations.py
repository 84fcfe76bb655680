"""Writes of places: reference data comes whole, from a data module or a table of the ministry."""

from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, forget_reads, transaction
from marketplace.places.rules import Division, Gazetteer, HolidayYear, Jurisdiction, Place

GAZETTEER = uuid5(NAMESPACE_URL, "houniao:gazetteer")


async def plant(*, gazetteer: Gazetteer, actor: Actor, now: datetime) -> None:
    """Write the gazetteer, replacing rows of the same code; repeating it changes nothing.

    Codes that are no longer in it stay: institutions and bookings may point at them.
    """
    async with transaction():
        for division in gazetteer.divisions:
            await _put_division(division)
        for jurisdiction in gazetteer.jurisdictions:
            await _put_jurisdiction(jurisdiction)
        for position, cluster in enumerate(gazetteer.clusters):
            await _upsert(
                "clusters", code=cluster.code, name_zh=cluster.name_zh, name_en=cluster.name_en, kind=cluster.kind,
                position=position,
            )  # fmt: skip
        for place in gazetteer.places:
            await _put_place(place)
            await _put_clusters(place)
            await _put_climate(place)
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


async def _put_division(division: Division) -> None:
    position = division.position
    await _upsert(
        "divisions",
        code=division.code,
        name_zh=division.name_zh,
        name_en=division.name_en,
        level=division.level,
        parent_code=division.parent_code,
        is_statistical=division.is_statistical,
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
        datum=position.datum if position else None,
    )


async def _put_jurisdiction(jurisdiction: Jurisdiction) -> None:
    await _upsert(
        "jurisdictions",
        code=jurisdiction.code,
        name_zh=jurisdiction.name_zh,
        name_en=jurisdiction.name_en,
        level=jurisdiction.level,
        parent_code=jurisdiction.parent_code,
    )


async def _put_place(place: Place) -> None:
    await _upsert(
        "places",
        code=place.code,
        name_zh=place.name_zh,
        name_en=place.name_en,
        division_code=place.division_code,
        jurisdiction_code=place.jurisdiction_code,
        latitude=place.position.latitude,
        longitude=place.position.longitude,
        datum=place.position.datum,
        accuracy_m=place.accuracy_m,
        hub=place.hub,
        hub_en=place.hub_en,
    )


async def _put_clusters(place: Place) -> None:
    codes = [cluster.code for cluster in place.clusters]
    await execute("DELETE FROM place_clusters WHERE place_code = $1 AND NOT cluster_code = ANY($2)", place.code, codes)
    await execute(
        "INSERT INTO place_clusters (place_code, cluster_code) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
        place.code,
        codes,
    )


async def _put_climate(place: Place) -> None:
    await execute("DELETE FROM climate WHERE place_code = $1", place.code)
    await execute(
        "INSERT INTO climate (place_code, month, mean_c, confidence, source)"
        " SELECT $1, * FROM unnest($2::smallint[], $3::float8[], $4::text[], $5::text[])",
        place.code,
        [month.month for month in place.climate],
        [month.mean_c for month in place.climate],
        [month.confidence for month in place.climate],
        [month.source for month in place.climate],
    )


async def _upsert(table: str, **row: str | float | bool | None) -> None:
    columns: Sequence[str] = list(row)
    await execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f'${n}' for n in range(1, len(row) + 1))})"
        f" ON CONFLICT (code) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in columns[1:])}",
        *row.values(),
    )
