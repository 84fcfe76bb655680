"""Reads of listings with their live certification: one statement, so that the two can never disagree."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from marketplace.certifications.queries.policies import policy_in, policy_of
from marketplace.certifications.rules import Certification, CertificationSnapshot, snapshot_of
from marketplace.institutions.queries import COLUMNS as INSTITUTION
from marketplace.institutions.queries import institution
from marketplace.institutions.rules import Institution
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch
from marketplace.kit.errors import NotFound

_OF_INSTITUTION = ("institution_name", "jurisdiction_code")
_CERTIFICATION = tuple(name for name in Certification.__struct_fields__ if name not in _OF_INSTITUTION)
_LISTING = (
    "summary", "summary_en", "services", "languages", "barrier_free", "ability_level_min", "ability_level_max",
)  # fmt: skip
COLUMNS = ", ".join(
    [
        INSTITUTION,
        *(f"l.{name}" for name in _LISTING),
        *(f"c.{name} AS certification_{name}" for name in _CERTIFICATION),
    ]
)


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An institution as the public sees it, with its certification at the moment of reading."""

    institution: Institution
    certification: CertificationSnapshot | None
    bookable: bool
    summary: str
    summary_en: str
    services: tuple[str, ...]
    languages: tuple[str, ...]
    barrier_free: tuple[str, ...]
    ability_level_min: int
    ability_level_max: int


async def listing(institution_id: UUID, *, now: datetime) -> Listed:
    """Return one listing, also while it cannot be booked, so that links stay honest. Refuses: NotFound."""
    found = (await listings([institution_id], now=now)).get(institution_id)
    if found is None:
        raise NotFound
    return found


async def listings(institution_ids: Collection[UUID], *, now: datetime) -> dict[UUID, Listed]:
    """Return listings by institution, also those that cannot be booked, in one query; unknown ids are left out."""
    rows = await fetch(
        f"SELECT {COLUMNS}, {policy_of('$2')} AS policy,"
        " coalesce(c.is_bookable AND c.valid_until_on > $2, false) AS bookable"
        " FROM institutions i JOIN listings l ON l.institution_id = i.id"
        " LEFT JOIN certifications c ON c.institution_id = i.id AND c.is_current WHERE i.id = ANY($1)",
        list(institution_ids),
        local_date(now),
    )
    return {row["id"]: listed(row, bookable=row["bookable"], now=now) for row in rows}


def listed(row: asyncpg.Record, *, bookable: bool, now: datetime) -> Listed:
    """Make a listing of a row that has at least ``COLUMNS``, which are of i, l and c, and ``policy``."""
    found = institution(row)
    return Listed(
        institution=found,
        certification=_snapshot(row, found, now=now),
        bookable=bookable,
        summary=row["summary"],
        summary_en=row["summary_en"],
        services=tuple(row["services"]),
        languages=tuple(row["languages"]),
        barrier_free=tuple(row["barrier_free"]),
        ability_level_min=row["ability_level_min"],
        ability_level_max=row["ability_level_max"],
    )


def _snapshot(row: asyncpg.Record, found: Institution, *, now: datetime) -> CertificationSnapshot | None:
    if row["certification_id"] is None:
        return None
    facts: dict[str, Any] = {name: row[f"certification_{name}"] for name in _CERTIFICATION}
    certification = msgspec.convert(
        facts | {"institution_name": found.name, "jurisdiction_code": found.jurisdiction_code}, Certification
    )
    return snapshot_of(certification, policy=policy_in(row["policy"]), today=local_date(now), checked_at=now)
