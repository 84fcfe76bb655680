"""One route for every step of a review: the outcome names the operation, and what that one needs must be there."""

from datetime import datetime
from uuid import UUID

from marketplace.certifications import operations
from marketplace.certifications.errors import (
    AlreadyCertified,
    CorrectionOpen,
    CorrectionSpent,
    ExtensionSpent,
    NotCertifiable,
    ObjectionsOpen,
    PreviewRunning,
    PublicityRunning,
)
from marketplace.certifications.rules.applying import Grounds
from marketplace.certifications.schemas.applying import ReviewRequest
from marketplace.certifications.states import Event
from marketplace.identity.rules import Principal
from marketplace.kit.errors import DomainError, IllegalTransition, invalid

REFUSALS: tuple[type[DomainError], ...] = (
    IllegalTransition,
    CorrectionSpent,
    ExtensionSpent,
    NotCertifiable,
    PreviewRunning,
    CorrectionOpen,
    PublicityRunning,
    ObjectionsOpen,
    AlreadyCertified,
)


async def review(application_id: UUID, data: ReviewRequest, *, actor: Principal, now: datetime) -> None:
    """Take the step that ``data.outcome`` names. Refuses: Invalid, and what the step refuses."""
    event, why = Event(data.outcome), data.reason
    match event:
        case Event.REQUEST_CORRECTION:
            await operations.give_completeness_notice(application_id=application_id, defects=why, actor=actor, now=now)
        case Event.EXTEND_DECISION:
            await operations.extend_decision(application_id=application_id, reason=why, actor=actor, now=now)
        case Event.PUBLICISE:
            await operations.publicise(application_id=application_id, reason=why, actor=actor, now=now)
        case Event.DISMISS_OBJECTIONS:
            await operations.dismiss_objections(application_id=application_id, answer=why, actor=actor, now=now)
        case Event.REJECT:
            await operations.reject(application_id=application_id, grounds=_grounds(data), actor=actor, now=now)
        case Event.CERTIFY:
            await operations.certify(
                application_id=application_id, reason=why, valid_from_on=data.valid_from, actor=actor, now=now
            )
        case Event.RENEW:
            await operations.renew(application_id=application_id, reason=why, actor=actor, now=now)
        case _:
            await operations.advance(application_id=application_id, event=event, reason=why, actor=actor, now=now)


def _grounds(data: ReviewRequest) -> Grounds:
    if data.legal_basis is None or data.rights is None:
        missing = "legal_basis" if data.legal_basis is None else "rights"
        raise invalid(missing, zh="不予认定须载明依据和救济途径", en="A refusal states its legal basis and the rights.")
    return Grounds(facts=data.reason, legal_basis=data.legal_basis, rights=data.rights)
