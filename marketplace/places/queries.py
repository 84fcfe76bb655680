"""Reads of places."""

from typing import Any

import asyncpg
import msgspec

from marketplace.kit.db import fetch, once_per_transaction
from marketplace.places.rules import Calendar, ClimateMonth, Cluster, HolidayYear, Level, Place, Position

_PLACES = """
SELECT p.code, p.name_zh, p.name_en, p.division_code, p.jurisdiction_code, p.latitude, p.longitude, p.datum, p.accuracy_m,
       p.hub, p.hub_en,
       (SELECT coalesce(json_agg(json_build_object('code', c.code, 'name_zh', c.name_zh, 'name_en', c.name_en, 'kind', c.kind)
                                 ORDER BY c.position), '[]')
          FROM place_clusters pc JOIN clusters c ON c.code = pc.cluster_code WHERE pc.place_code = p.code) AS clusters,
       (SELECT coalesce(json_agg(json_build_object('month', m.month, 'mean_c', m.mean_c, 'confidence', m.confidence,
                                                   'source', m.source) ORDER BY m.month), '[]')
          FROM climate m WHERE m.place_code = p.code) AS climate
  FROM places p
"""
_IN_CLUSTER = "EXISTS (SELECT 1 FROM place_clusters pc WHERE pc.place_code = p.code AND pc.cluster_code = $1)"


@once_per_transaction
async def places_by_code() -> dict[str, Place]:
    """Return every place by its code, in one query: there are some dozens, and they seldom change."""
    return {row["code"]: _place(row) for row in await fetch(f"{_PLACES} ORDER BY p.code")}


async def list_places(*, cluster: str | None = None, after: str | None = None, limit: int) -> list[Place]:
    """Return up to ``limit + 1`` places after the code ``after``, ordered by code."""
    rows = await fetch(
        f"{_PLACES} WHERE ($1::text IS NULL OR {_IN_CLUSTER}) AND ($2::text IS NULL OR p.code > $2)"
        " ORDER BY p.code LIMIT $3",
        cluster,
        after,
        limit + 1,
    )
    return [_place(row) for row in rows]


async def list_clusters() -> list[Cluster]:
    """Return the clusters in the order in which people name them."""
    rows = await fetch("SELECT code, name_zh, name_en, kind FROM clusters ORDER BY position")
    return [Cluster(**dict(row)) for row in rows]


@once_per_transaction
async def jurisdiction_chain(code: str) -> list[str]:
    """Return the code and those of the authorities above it, nearest first; empty when there is no such authority."""
    rows = await fetch(
        "WITH RECURSIVE chain AS (SELECT code, parent_code, 0 AS step FROM jurisdictions WHERE code = $1"
        " UNION ALL SELECT j.code, j.parent_code, c.step + 1 FROM jurisdictions j JOIN chain c ON j.code = c.parent_code)"
        " SELECT code FROM chain ORDER BY step",
        code,
    )
    return [row["code"] for row in rows]


async def jurisdiction_chains() -> dict[str, tuple[str, ...]]:
    """Return for every authority its own code and those above it, nearest first, in one query."""
    parents = {row["code"]: row["parent_code"] for row in await fetch("SELECT code, parent_code FROM jurisdictions")}

    def chain(code: str | None) -> tuple[str, ...]:
        return () if code is None else (code, *chain(parents[code]))

    return {code: chain(code) for code in sorted(parents)}


@once_per_transaction
async def jurisdictions_within(code: str) -> list[str]:
    """Return the code and those of every authority below it: what an officer there may see."""
    rows = await fetch(
        "WITH RECURSIVE below AS (SELECT code FROM jurisdictions WHERE code = $1"
        " UNION ALL SELECT j.code FROM jurisdictions j JOIN below b ON j.parent_code = b.code)"
        " SELECT code FROM below ORDER BY code",
        code,
    )
    return [row["code"] for row in rows]


@once_per_transaction
async def jurisdiction_levels(code: str) -> dict[str, Level]:
    """Return the authority and those above it, nearest first, each with its level; 长白山管委会 has no county below it."""
    rows = await fetch(
        "WITH RECURSIVE chain AS (SELECT code, parent_code, level, 0 AS step FROM jurisdictions WHERE code = $1 UNION ALL"
        " SELECT j.code, j.parent_code, j.level, c.step + 1 FROM jurisdictions j JOIN chain c ON j.code = c.parent_code)"
        " SELECT code, level FROM chain ORDER BY step",
        code,
    )
    return {row["code"]: row["level"] for row in rows}


_CALENDAR = """
SELECT y.year, y.version, y.source, y.is_tentative,
       (SELECT coalesce(json_agg(json_build_object('day', h.day, 'name_zh', h.name_zh, 'is_off', h.is_off) ORDER BY h.day),
                        '[]') FROM holidays h WHERE h.year = y.year) AS days
  FROM holiday_years y ORDER BY y.year
"""


@once_per_transaction
async def calendar() -> Calendar:
    """Return the working calendar of every year that is held, in one query: a year has some thirty rows."""
    years = [
        msgspec.convert({**row, "days": msgspec.json.decode(row["days"])}, HolidayYear)
        for row in await fetch(_CALENDAR)
    ]
    return Calendar({year.year: year for year in years})


def _place(row: asyncpg.Record) -> Place:
    facts: dict[str, Any] = dict(row)
    facts["position"] = Position(facts.pop("latitude"), facts.pop("longitude"), facts.pop("datum"))
    facts["clusters"] = msgspec.json.decode(facts["clusters"], type=tuple[Cluster, ...])
    facts["climate"] = msgspec.json.decode(facts["climate"], type=tuple[ClimateMonth, ...])
    return Place(**facts)
