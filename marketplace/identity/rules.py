"""Who may do what, and the numbers that govern signing in. Pure: no clock, no database."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
import phonenumbers

from marketplace.kit.audit import Actor

HOME_REGION = "CN"


class Kind(StrEnum):
    """The four kinds of principal."""

    FAMILY = "family"
    PARTNER = "partner"
    INSTITUTION = "institution"
    OFFICER = "officer"


class Level(StrEnum):
    """The three levels of civil affairs."""

    COUNTY = "county"
    PREFECTURE = "prefecture"
    PROVINCE = "province"


class Scope(StrEnum):
    """What a partner's token may do: ``read`` is every GET, ``write`` is everything else."""

    READ = "read"
    WRITE = "write"


class Principal(Actor, frozen=True, kw_only=True):
    """A signed-in caller. ``kind`` is a ``Kind``; institution staff carry their institution, officers their level."""

    id: UUID
    session_id: UUID
    institution_id: UUID | None = None
    level: Level | None = None
    jurisdiction: str | None = None
    scopes: tuple[Scope, ...] = (Scope.READ, Scope.WRITE)


class Action(StrEnum):
    """What a principal may want to do to a resource; each has one row in ``GRANTS``."""

    BOOK = "book"
    HOST = "host"
    OVERSEE = "oversee"
    ASSESS = "assess"
    RECTIFY = "rectify"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    CERTIFY = "certify"
    REVOKE = "revoke"


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a thing is. ``jurisdictions`` is the chain from the competent county up to the province."""

    family_id: UUID | None = None
    partner_id: UUID | None = None
    institution_id: UUID | None = None
    jurisdictions: tuple[str, ...] = ()


class Grant(msgspec.Struct, frozen=True):
    """One kind of principal, and for officers the levels that are competent."""

    kind: Kind
    levels: frozenset[Level] = frozenset(Level)


_ABOVE_COUNTY = frozenset({Level.PREFECTURE, Level.PROVINCE})
_PROVINCE = frozenset({Level.PROVINCE})

GRANTS: dict[Action, tuple[Grant, ...]] = {
    Action.BOOK: (Grant(Kind.FAMILY), Grant(Kind.PARTNER)),
    Action.HOST: (Grant(Kind.INSTITUTION),),
    Action.OVERSEE: (Grant(Kind.OFFICER),),
    Action.ASSESS: (Grant(Kind.OFFICER, _ABOVE_COUNTY),),
    Action.RECTIFY: (Grant(Kind.OFFICER),),
    Action.SUSPEND: (Grant(Kind.OFFICER),),
    Action.REINSTATE: (Grant(Kind.OFFICER, _ABOVE_COUNTY),),
    Action.CERTIFY: (Grant(Kind.OFFICER, _PROVINCE),),
    Action.REVOKE: (Grant(Kind.OFFICER, _PROVINCE),),
}


def can(principal: Principal, action: Action, resource: Resource) -> bool:
    """Say whether ``principal`` may do ``action`` to ``resource``: the right kind, the right level, and theirs."""
    return any(
        grant.kind == principal.kind
        and (principal.level is None or principal.level in grant.levels)
        and _owns(principal, resource)
        for grant in GRANTS[action]
    )


def _owns(principal: Principal, resource: Resource) -> bool:
    match principal.kind:
        case Kind.FAMILY:
            return resource.family_id == principal.id
        case Kind.PARTNER:
            return resource.partner_id == principal.id
        case Kind.INSTITUTION:
            return principal.institution_id is not None and resource.institution_id == principal.institution_id
        case Kind.OFFICER:
            return principal.level is not None and principal.jurisdiction in resource.jurisdictions
        case _:
            return False


def e164(phone: str) -> str | None:
    """Write a telephone number as E.164, reading bare numbers as Chinese; None when no such number can exist."""
    try:
        parsed = phonenumbers.parse(phone, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


class Lifetime(msgspec.Struct, frozen=True):
    """How long a session lives at most, and how long without being used."""

    absolute: timedelta
    idle: timedelta


# Elders should not be asked for a code every week; a staff desk is shared, so its session ends with the shift.
# A partner's token is renewed by a machine and can be revoked, so an hour is enough.
LIFETIMES: dict[Kind, Lifetime] = {
    Kind.FAMILY: Lifetime(timedelta(days=90), timedelta(days=14)),
    Kind.INSTITUTION: Lifetime(timedelta(hours=12), timedelta(hours=2)),
    Kind.OFFICER: Lifetime(timedelta(hours=12), timedelta(hours=2)),
    Kind.PARTNER: Lifetime(timedelta(hours=1), timedelta(hours=1)),
}
# Use is written down at most this often, so that reading stays reading.
TOUCH_EVERY = timedelta(minutes=5)


def idle_until(kind: Kind, *, now: datetime, expires_at: datetime) -> datetime:
    """Return when a session used at ``now`` ends unless it is used again."""
    return min(now + LIFETIMES[kind].idle, expires_at)


def touched(kind: Kind, *, idle_expires_at: datetime, expires_at: datetime, now: datetime) -> datetime | None:
    """Return the new idle limit of a session in use, or None while the old one is recent enough."""
    fresh = idle_until(kind, now=now, expires_at=expires_at)
    return fresh if fresh - idle_expires_at >= TOUCH_EVERY else None
