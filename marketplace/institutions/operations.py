"""Writes of institutions."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from marketplace.institutions.errors import InstitutionTaken
from marketplace.institutions.queries import COLUMNS, institution
from marketplace.institutions.rules import Institution, check_registration
from marketplace.kit import audit
from marketplace.kit.audit import Actor
from marketplace.kit.db import execute, fetch_one, require_transaction, transaction
from marketplace.kit.errors import NotFound, invalid
from marketplace.kit.ids import new_id
from marketplace.places.queries import places_by_code
from marketplace.places.rules import Position


async def register(  # noqa: PLR0913 - an institution has these facts, and each is named at the call.
    *,
    name: str,
    name_en: str,
    uscc: str | None,
    place_code: str,
    address: str,
    position: Position,
    licensed_bed_count: int,
    opened_on: date,
    phone: str | None = None,
    is_example: bool = False,
    actor: Actor,
    now: datetime,
) -> UUID:
    """Register an institution and return its id; the place says which authority reviews it.

    Refuses: Invalid, InstitutionTaken.
    """
    place = (await places_by_code()).get(place_code)
    if place is None:
        raise invalid("place_code", zh=f"没有地点 {place_code}", en=f"There is no place {place_code}.")
    found = Institution(
        id=new_id(),
        name=name,
        name_en=name_en,
        uscc=uscc,
        place_code=place_code,
        jurisdiction_code=place.jurisdiction_code,
        address=address,
        position=position,
        licensed_bed_count=licensed_bed_count,
        phone=phone,
        opened_on=opened_on,
        is_example=is_example,
        registered_at=now,
    )
    check_registration(found)
    async with transaction():
        await _insert(found)
        await audit.record("institution.registered", actor=actor, subject=found.id, now=now, after=found)
    return found.id


async def lock(institution_id: UUID) -> Institution:
    """Lock an institution so that the sum of its beds cannot change meanwhile, and return it.

    Only the catalogue takes this lock, before any other, and no booking ever does. Refuses: NotFound.
    """
    require_transaction()
    row = await fetch_one(f"SELECT {COLUMNS} FROM institutions i WHERE i.id = $1 FOR NO KEY UPDATE", institution_id)
    if row is None:
        raise NotFound
    return institution(row)


async def _insert(found: Institution) -> None:
    try:
        async with transaction():
            await execute(
                "INSERT INTO institutions (id, name, name_en, uscc, place_code, jurisdiction_code, address, latitude,"
                " longitude, datum, licensed_bed_count, phone, opened_on, is_example, registered_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
                found.id,
                found.name,
                found.name_en,
                found.uscc,
                found.place_code,
                found.jurisdiction_code,
                found.address,
                found.position.latitude,
                found.position.longitude,
                found.position.datum,
                found.licensed_bed_count,
                found.phone,
                found.opened_on,
                found.is_example,
                found.registered_at,
            )
    except asyncpg.UniqueViolationError:
        raise InstitutionTaken from None
