"""Adding what is sold."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from marketplace.catalog.errors import RoomTypeTaken
from marketplace.catalog.operations.indexing import reindex
from marketplace.catalog.queries.room_types import room_types_of
from marketplace.catalog.rules import (
    BedKind,
    RoomType,
    RoomTypeDraft,
    SoldBy,
    check_beds,
    check_claims,
    check_room_type,
)
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
    """Add one room type and return its id. Refuses: see ``add_room_types``."""
    draft = RoomTypeDraft(
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
    (added,) = await add_room_types(institution_id=institution_id, drafts=[draft], actor=actor, now=now)
    return added


async def add_room_types(
    *, institution_id: UUID, drafts: Sequence[RoomTypeDraft], actor: Actor, now: datetime
) -> list[UUID]:
    """Add room types and return their ids; nothing can be sold until inventory has nights for them.

    Locks the institution, so that two additions together cannot pass its licence either.
    Refuses: NotFound, Invalid, MedicalClaim, BeyondLicensedBeds, RoomTypeTaken.
    """
    found = [RoomType(id=new_id(), institution_id=institution_id, **msgspec.structs.asdict(draft)) for draft in drafts]
    for room_type in found:
        check_room_type(room_type)
        check_claims(name=room_type.name, name_en=room_type.name_en)
    async with transaction():
        institution = await lock(institution_id)
        check_beds([*await room_types_of(institution_id), *found], licensed=institution.licensed_bed_count)
        await _insert(found, now=now)
        await reindex(institution)
        for room_type in found:
            await audit.record("room_type.added", actor=actor, subject=room_type.id, now=now, after=room_type)
    return [room_type.id for room_type in found]


_COLUMNS = (
    "id", "institution_id", "name", "name_en", "sold_by", "unit_count", "guests_max", "area_m2", "bed_kind",
    "is_barrier_free", "beds_per_room",
)  # fmt: skip


async def _insert(found: Sequence[RoomType], *, now: datetime) -> None:
    try:
        async with transaction():
            await execute(
                f"INSERT INTO room_types ({', '.join(_COLUMNS)}, added_at)"
                " SELECT *, $12 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[],"
                " $7::int[], $8::int[], $9::text[], $10::boolean[], $11::int[])",
                *([getattr(room_type, name) for room_type in found] for name in _COLUMNS),
                now,
            )
    except asyncpg.UniqueViolationError:
        raise RoomTypeTaken from None
