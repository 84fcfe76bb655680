"""Complaints on the wire: each reader sees what is for them."""

from datetime import datetime
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from marketplace.identity.rules import Kind, Principal
from marketplace.kit.ids import pattern, wire
from marketplace.quality.rules import Complaint, ComplaintOutcome, Subject
from marketplace.quality.states import COMPLAINT, ComplaintStatus

ComplaintId = Annotated[str, Meta(pattern=pattern("cpl"), examples=["cpl_0199a1c2d3e47f60a1b2c3d4e5f60724"])]
BookingId = Annotated[str, Meta(pattern=pattern("bkg"), examples=["bkg_0199a1c2d3e47f60a1b2c3d4e5f60718"])]
InstitutionId = Annotated[str, Meta(pattern=pattern("ins"), examples=["ins_0199a1c2d3e47f60a1b2c3d4e5f60719"])]
# What somebody writes: it says something, and has no byte that the database could not keep.
Statement = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=2000,
        pattern=r"^\s*[^\s\u0000][^\u0000]*$",
        examples=["夜间呼叫铃无人应答，三次均超过二十分钟"],
        description="Kept sealed, and never part of an event, a log or a mail.",
    ),
]


class ComplaintRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was wrong with a stay."""

    subject: Subject
    statement: Statement


class NoteRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What civil affairs asks the institution, or what the institution replies."""

    statement: Statement


class AnswerRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What civil affairs found, and what it tells whoever complained."""

    outcome: ComplaintOutcome
    statement: Statement


class ComplaintView(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint about a stay.

    ``statement`` and ``answer`` are between whoever complained and civil affairs, ``referral`` and ``reply`` between
    civil affairs and the institution; to the others they are null.
    """

    id: ComplaintId
    booking_id: BookingId
    institution_id: InstitutionId
    institution_name: Annotated[str, Meta(examples=["长白山云顶康养中心（示例）"])]
    subject: Subject
    status: ComplaintStatus
    valid_transitions: Annotated[list[str], Meta(examples=[["refer", "answer"]])]
    statement: Statement | None
    received_at: datetime
    referral: Statement | None
    referred_at: datetime | None
    reply: Statement | None
    replied_at: datetime | None
    outcome: ComplaintOutcome | None
    answer: Statement | None
    answered_at: datetime | None

    @classmethod
    def of(cls, found: Complaint, *, principal: Principal) -> Self:
        """Show a complaint to one of those whom it concerns."""
        hosts, hears = principal.kind == Kind.INSTITUTION, principal.kind == Kind.OFFICER
        return cls(
            id=wire("cpl", found.id),
            booking_id=wire("bkg", found.booking_id),
            institution_id=wire("ins", found.institution_id),
            institution_name=found.institution_name,
            subject=found.subject,
            status=found.status,
            valid_transitions=COMPLAINT.valid_transitions(found.status, actor=principal.kind),
            statement=None if hosts else found.statement,
            received_at=found.received_at,
            referral=found.referral if hosts or hears else None,
            referred_at=found.referred_at,
            reply=found.reply if hosts or hears else None,
            replied_at=found.replied_at,
            outcome=found.outcome,
            answer=None if hosts else found.answer,
            answered_at=found.answered_at,
        )
