"""Who may do what: kinds of principal, and one table of what each may do to what is theirs."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from marketplace.kit.audit import Actor


class Kind(StrEnum):
    """The five kinds of principal; ``finance`` are the people of the platform who see to its money, and to nothing else."""

    FAMILY = "family"
    PARTNER = "partner"
    INSTITUTION = "institution"
    OFFICER = "officer"
    FINANCE = "finance"


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


def granted_scopes(requested: str | None, *, allowed: Sequence[Scope]) -> tuple[Scope, ...] | None:
    """Return the scopes of a token: all that the client has unless it asks for fewer; None when it asks too much."""
    if requested is None:
        return tuple(allowed)
    names = requested.split()
    if not names or not {*names} <= {scope.value for scope in allowed}:
        return None
    return tuple(scope for scope in allowed if scope.value in names)
