"""What becomes of complaints, incidents and cancelled stays: signals, through certification's one way in.

Each is a reaction: it holds no lock of its own when the certification is locked, and repeating it changes nothing.
"""

from datetime import datetime
from uuid import UUID

from marketplace.certifications.operations import signal
from marketplace.certifications.queries.policies import policy_on
from marketplace.certifications.rules import SignalKind
from marketplace.kit import clock
from marketplace.payments.rules import RefundReason
from marketplace.quality.queries import complaint_of, incident_of
from marketplace.quality.rules import confirms_abuse, is_signal


async def follow_complaint(*, complaint_id: UUID, now: datetime) -> None:
    """Signal a complaint."""
    found = await complaint_of(complaint_id)
    await signal(institution_id=found.institution_id, kind=SignalKind.COMPLAINT, subject_id=complaint_id, now=now)


async def follow_answer(*, complaint_id: UUID, now: datetime) -> None:
    """Signal abuse that the answer to a complaint confirms."""
    found = await complaint_of(complaint_id)
    if confirms_abuse(found):
        await signal(
            institution_id=found.institution_id, kind=SignalKind.CONFIRMED_ABUSE, subject_id=complaint_id, now=now
        )


async def follow_incident(*, incident_id: UUID, now: datetime) -> None:
    """Signal an incident that is grave enough."""
    found = await incident_of(incident_id)
    if is_signal(found, policy=await policy_on(clock.local_date(now))):
        await signal(institution_id=found.institution_id, kind=SignalKind.INCIDENT, subject_id=incident_id, now=now)


async def follow_conclusion(*, incident_id: UUID, now: datetime) -> None:
    """Signal abuse that civil affairs has found."""
    found = await incident_of(incident_id)
    if confirms_abuse(found):
        await signal(
            institution_id=found.institution_id, kind=SignalKind.CONFIRMED_ABUSE, subject_id=incident_id, now=now
        )


async def follow_cancellation(*, booking_id: UUID, institution_id: UUID, reason: str, now: datetime) -> None:
    """Signal a stay that its institution could not honour."""
    if reason == RefundReason.INSTITUTION:
        await signal(
            institution_id=institution_id, kind=SignalKind.INSTITUTION_CANCELLATION, subject_id=booking_id, now=now
        )
