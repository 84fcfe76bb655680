"""Incidents on the wire."""

from datetime import datetime
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from marketplace.identity.rules import Principal
from marketplace.kit.ids import pattern, wire
from marketplace.quality.rules import Incident, IncidentKind, IncidentOutcome, Severity
from marketplace.quality.schemas.complaints import InstitutionId, Statement
from marketplace.quality.states import INCIDENT, IncidentStatus

IncidentId = Annotated[str, Meta(pattern=pattern("icd"), examples=["icd_0199a1c2d3e47f60a1b2c3d4e5f60725"])]


class IncidentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened in a house; ``severity`` is minor when it was treated in the house, grave when a life was lost."""

    institution_id: InstitutionId
    kind: IncidentKind
    severity: Severity
    occurred_at: Annotated[datetime, Meta(tz=True)]
    statement: Statement


class ConclusionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What civil affairs found of an incident."""

    outcome: IncidentOutcome
    statement: Statement


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a house, between it and civil affairs."""

    id: IncidentId
    institution_id: InstitutionId
    institution_name: Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
    kind: IncidentKind
    severity: Severity
    status: IncidentStatus
    valid_transitions: Annotated[list[str], Meta(examples=[["conclude"]])]
    occurred_at: datetime
    statement: Statement
    reported_by_kind: Annotated[str, Meta(examples=["institution"])]
    reported_at: datetime
    outcome: IncidentOutcome | None
    conclusion: Statement | None
    concluded_at: datetime | None

    @classmethod
    def of(cls, found: Incident, *, principal: Principal) -> Self:
        """Show an incident to the institution or to an officer."""
        return cls(
            id=wire("icd", found.id),
            institution_id=wire("ins", found.institution_id),
            institution_name=found.institution_name,
            kind=found.kind,
            severity=found.severity,
            status=found.status,
            valid_transitions=INCIDENT.valid_transitions(found.status, actor=principal.kind),
            occurred_at=found.occurred_at,
            statement=found.statement,
            reported_by_kind=found.reported_kind,
            reported_at=found.reported_at,
            outcome=found.outcome,
            conclusion=found.conclusion,
            concluded_at=found.concluded_at,
        )
