"""Who can sign in to the demo world; everything about them stands in ``seed.logins``."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from marketplace.identity import operations
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.kit.audit import SYSTEM
from marketplace.kit.db import transaction
from marketplace.kit.ids import new_id, parse
from seed.logins import DEMO, PASSWORD


class People(msgspec.Struct, frozen=True, kw_only=True):
    """The demo world's people, as they would be when signed in; institution staff by cluster."""

    officers: tuple[Principal, ...]
    families: tuple[Principal, ...]
    partners: tuple[Principal, ...]

    @property
    def province(self) -> tuple[Principal, Principal]:
        """The two provincial officers, whom a revocation needs."""
        first, second = (officer for officer in self.officers if officer.level is Level.PROVINCE)
        return first, second


async def plant_people(*, now: datetime) -> People:
    """Plant officers, finance people, families and partners; institution staff come with their institutions."""
    password_hash = await operations.hash_password(PASSWORD)
    async with transaction():
        for person in DEMO.finance:
            await operations.register_staff(
                actor=SYSTEM,
                kind=Kind.FINANCE,
                name=person.name,
                email=person.email,
                password_hash=password_hash,
                now=now,
            )
        return People(
            officers=tuple(
                [
                    Principal(
                        kind=Kind.OFFICER,
                        id=await operations.register_staff(
                            actor=SYSTEM,
                            kind=Kind.OFFICER,
                            name=officer.name,
                            email=officer.email,
                            password_hash=password_hash,
                            level=Level(officer.level),
                            jurisdiction=officer.jurisdiction,
                            now=now,
                        ),
                        # Nobody is signed in: these principals act without a session.
                        session_id=new_id(),
                        level=Level(officer.level),
                        jurisdiction=officer.jurisdiction,
                    )
                    for officer in DEMO.officers
                ]
            ),
            families=tuple(
                [
                    Principal(
                        kind=Kind.FAMILY,
                        id=await operations.register_family(phone=family.phone, now=now),
                        session_id=new_id(),
                    )
                    for family in DEMO.families
                ]
            ),
            partners=tuple([await _partner(number, now=now) for number in range(len(DEMO.partners))]),
        )


async def _partner(number: int, *, now: datetime) -> Principal:
    partner = DEMO.partners[number]
    partner_id = await operations.register_partner(
        actor=SYSTEM,
        name=partner.name,
        secret=partner.client_secret,
        partner_id=parse("ptn", partner.client_id),
        now=now,
    )
    return Principal(kind=Kind.PARTNER, id=partner_id, session_id=new_id())


async def plant_staff(institutions: Mapping[str, UUID], *, now: datetime) -> tuple[Principal, ...]:
    """Plant one member of staff for the institution of each cluster that ``institutions`` names."""
    password_hash = await operations.hash_password(PASSWORD)
    async with transaction():
        return tuple(
            [
                Principal(
                    kind=Kind.INSTITUTION,
                    id=await operations.register_staff(
                        actor=SYSTEM,
                        kind=Kind.INSTITUTION,
                        name=staff.name,
                        email=staff.email,
                        password_hash=password_hash,
                        institution_id=institutions[staff.cluster],
                        now=now,
                    ),
                    session_id=new_id(),
                    institution_id=institutions[staff.cluster],
                )
                for staff in DEMO.institutions
            ]
        )
