"""Adding what is sold."""

from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.catalog.errors import RoomTypeTaken
from marketplace.catalog.operations.indexing import reindex
from marketplace.catalog.queries.room_types import room_types_of
from marketplace.catalog.rules import BedKind, RoomType, SoldBy, check_beds, check_claims, check_room_type
from marketplace.institutions.operations import lock
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, transaction
from marketplace.kit.ids import new_id


async def add_room_type(  # noqa: PLR0913 - a room type has these facts, and each is named at the call.
    *,
    institution_id: UUID,
    name: str,
    name_en: str,
    sold_by: SoldBy,
    unit_count: int,
    guests_max: int,
    area_m2: int,
    bed_kind: BedKind,
    is_barrier_free: bool,
    beds_per_room: int = 1,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Add a room type and return its id; nothing can be sold until inventory has nights for it.

    Locks the institution, so that two additions together cannot pass its licence either.
    Refuses: NotFound, Invalid, MedicalClaim, BeyondLicensedBeds, RoomTypeTaken.
    """
    found = RoomType(
        id=new_id(),
        institution_id=institution_id,
        name=name,
        name_en=name_en,
        sold_by=sold_by,
        unit_count=unit_count,
        guests_max=guests_max,
        area_m2=area_m2,
        bed_kind=bed_kind,
        is_barrier_free=is_barrier_free,
        beds_per_room=beds_per_room,
    )
    check_room_type(found)
    check_claims(name=name, name_en=name_en)
    async with transaction():
        institution = await lock(institution_id)
        check_beds([*await room_types_of(institution_id), found], licensed=institution.licensed_bed_count)
        await _insert(found, now=now)
        await reindex(institution)
        await audit.record("room_type.added", actor=actor, subject=found.id, now=now, after=found)
    return found.id


async def _insert(found: RoomType, *, now: datetime) -> None:
    try:
        async with transaction():
            await execute(
                "INSERT INTO room_types (id, institution_id, name, name_en, sold_by, unit_count, guests_max, area_m2,"
                " bed_kind, is_barrier_free, beds_per_room, added_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                found.id,
                found.institution_id,
                found.name,
                found.name_en,
                found.sold_by,
                found.unit_count,
                found.guests_max,
                found.area_m2,
                found.bed_kind,
                found.is_barrier_free,
                found.beds_per_room,
                now,
            )
    except asyncpg.UniqueViolationError:
        raise RoomTypeTaken from None
