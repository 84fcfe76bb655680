"""Signals on the wire, each with what it rests on and what it caused."""

from datetime import date, datetime
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from marketplace.certifications.rules import SignalKind
from marketplace.kit.ids import pattern, wire
from marketplace.quality.queries import Signal
from marketplace.quality.schemas.complaints import InstitutionId

SignalId = Annotated[str, Meta(pattern=pattern("sgn"), examples=["sgn_0199a1c2d3e47f60a1b2c3d4e5f60726"])]

# What a signal of a kind is about. An overdue rectification is known by its certification and its day.
_PREFIXES = {
    SignalKind.COMPLAINT: "cpl",
    SignalKind.INCIDENT: "icd",
    SignalKind.INSTITUTION_CANCELLATION: "bkg",
    SignalKind.INSPECTION: "isp",
}


class SignalView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may call for a visit before its time: ``subject_id`` is the complaint, incident, booking or inspection.

    ``assessment_id`` is the visit that it ordered or brought forward, due on ``assessment_due``; null for a signal that
    was only counted.
    """

    id: SignalId
    kind: SignalKind
    institution_id: InstitutionId
    institution_name: Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
    certification_id: Annotated[str, Meta(pattern=pattern("crt"), examples=["crt_0199a1c2d3e47f60a1b2c3d4e5f60718"])]
    subject_id: Annotated[str | None, Meta(examples=["cpl_0199a1c2d3e47f60a1b2c3d4e5f60724"])]
    raised_at: datetime
    assessment_id: Annotated[str | None, Meta(examples=["asm_0199a1c2d3e47f60a1b2c3d4e5f6071b"])]
    assessment_due: date | None

    @classmethod
    def of(cls, found: Signal) -> Self:
        """Show a signal to an officer."""
        abuse = "cpl" if found.is_complaint else "icd"
        prefix = abuse if found.kind is SignalKind.CONFIRMED_ABUSE else _PREFIXES.get(found.kind)
        return cls(
            id=wire("sgn", found.id),
            kind=found.kind,
            institution_id=wire("ins", found.institution_id),
            institution_name=found.institution_name,
            certification_id=wire("crt", found.certification_id),
            subject_id=wire(prefix, found.subject_id) if prefix else None,
            raised_at=found.raised_at,
            assessment_id=wire("asm", found.assessment_id) if found.assessment_id else None,
            assessment_due=found.assessment_due_on,
        )
