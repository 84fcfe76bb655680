"""The life of a certification, as one table: from, to, which level of civil affairs may, or which deadline fires it.

The application's half (down to publicity) is the shape of the procedure; today an institution enters at the end of
publicity, since the review still happens on paper. Levels, order and basis: domain reference §1.6.
"""

from collections.abc import Iterator
from enum import StrEnum

from marketplace.identity.rules import Level
from marketplace.kit.states import Machine, Transition


class Status(StrEnum):
    """Where a certification stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CORRECTION_REQUESTED = "correction_requested"
    COUNTY_PASSED = "county_passed"
    PREFECTURE_PASSED = "prefecture_passed"
    ASSESSED = "assessed"
    PUBLICITY = "publicity"
    CERTIFIED = "certified"
    UNDER_RECTIFICATION = "under_rectification"
    SUSPENDED = "suspended"
    REVOCATION_NOTICED = "revocation_noticed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What can happen to a certification."""

    SUBMIT = "submit"
    REQUEST_CORRECTION = "request_correction"
    ACCEPT_AT_COUNTY = "accept_at_county"
    ACCEPT_AT_PREFECTURE = "accept_at_prefecture"
    ASSESS = "assess"
    PUBLICISE = "publicise"
    CERTIFY = "certify"
    REASSESS = "reassess"
    ORDER_RECTIFICATION = "order_rectification"
    COMPLETE_RECTIFICATION = "complete_rectification"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    NOTICE_REVOCATION = "notice_revocation"
    DISMISS_NOTICE = "dismiss_notice"
    REVOKE = "revoke"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


INSTITUTION = "institution"
ANY_LEVEL = (Level.COUNTY, Level.PREFECTURE, Level.PROVINCE)
ABOVE_COUNTY = (Level.PREFECTURE, Level.PROVINCE)
PROVINCE = (Level.PROVINCE,)

VALIDITY_ENDS = "valid_until_on"

# A certificate in these states has been issued and has not ended.
STANDING = frozenset({Status.CERTIFIED, Status.UNDER_RECTIFICATION, Status.SUSPENDED, Status.REVOCATION_NOTICED})
# Being told of a revocation leaves nothing to assess.
ASSESSED = STANDING - {Status.REVOCATION_NOTICED}
ENDED = frozenset({Status.REVOKED, Status.EXPIRED, Status.WITHDRAWN})
# One officer can suspend, but what cannot be undone needs a second one.
TWO_OFFICERS = frozenset({Event.REVOKE})


def _from_each(
    sources: frozenset[Status], event: Event, target: Status, *, actors: tuple[str, ...] = (), timer: str | None = None
) -> Iterator[Transition[Status, Event]]:
    for source in sorted(sources):
        yield Transition(event, source, target, actors=actors, timer=timer)


CERTIFICATION = Machine(
    [
        Transition(Event.SUBMIT, Status.DRAFT, Status.SUBMITTED, actors=(INSTITUTION,)),
        Transition(Event.REQUEST_CORRECTION, Status.SUBMITTED, Status.CORRECTION_REQUESTED, actors=(Level.COUNTY,)),
        Transition(Event.SUBMIT, Status.CORRECTION_REQUESTED, Status.SUBMITTED, actors=(INSTITUTION,)),
        Transition(Event.ACCEPT_AT_COUNTY, Status.SUBMITTED, Status.COUNTY_PASSED, actors=(Level.COUNTY,)),
        Transition(
            Event.ACCEPT_AT_PREFECTURE, Status.COUNTY_PASSED, Status.PREFECTURE_PASSED, actors=(Level.PREFECTURE,)
        ),
        Transition(Event.ASSESS, Status.PREFECTURE_PASSED, Status.ASSESSED, actors=PROVINCE),
        Transition(Event.PUBLICISE, Status.ASSESSED, Status.PUBLICITY, actors=PROVINCE),
        Transition(Event.CERTIFY, Status.PUBLICITY, Status.CERTIFIED, actors=PROVINCE),
        # A new assessment changes the grade and the next due date, not the standing.
        Transition(Event.REASSESS, Status.CERTIFIED, Status.CERTIFIED, actors=ABOVE_COUNTY),
        Transition(Event.REASSESS, Status.UNDER_RECTIFICATION, Status.UNDER_RECTIFICATION, actors=ABOVE_COUNTY),
        Transition(Event.REASSESS, Status.SUSPENDED, Status.SUSPENDED, actors=ABOVE_COUNTY),
        Transition(Event.ORDER_RECTIFICATION, Status.CERTIFIED, Status.UNDER_RECTIFICATION, actors=ANY_LEVEL),
        Transition(Event.COMPLETE_RECTIFICATION, Status.UNDER_RECTIFICATION, Status.CERTIFIED, actors=ANY_LEVEL),
        # An emergency may be met by the nearest officer; a rectification that fails is judged one level higher.
        Transition(Event.SUSPEND, Status.CERTIFIED, Status.SUSPENDED, actors=ANY_LEVEL),
        Transition(Event.SUSPEND, Status.UNDER_RECTIFICATION, Status.SUSPENDED, actors=ABOVE_COUNTY),
        Transition(Event.REINSTATE, Status.SUSPENDED, Status.CERTIFIED, actors=ABOVE_COUNTY),
        Transition(Event.NOTICE_REVOCATION, Status.SUSPENDED, Status.REVOCATION_NOTICED, actors=PROVINCE),
        Transition(Event.DISMISS_NOTICE, Status.REVOCATION_NOTICED, Status.SUSPENDED, actors=PROVINCE),
        *_from_each(STANDING, Event.REVOKE, Status.REVOKED, actors=PROVINCE),
        *_from_each(
            frozenset({Status.CERTIFIED, Status.UNDER_RECTIFICATION, Status.SUSPENDED}),
            Event.WITHDRAW,
            Status.WITHDRAWN,
            actors=(INSTITUTION,),
        ),
        *_from_each(STANDING, Event.EXPIRE, Status.EXPIRED, timer=VALIDITY_ENDS),
    ]
)

# What has a route today; the rest of the table waits for the application procedure.
OFFERED = frozenset(
    {
        Event.CERTIFY,
        Event.REASSESS,
        Event.ORDER_RECTIFICATION,
        Event.COMPLETE_RECTIFICATION,
        Event.SUSPEND,
        Event.REINSTATE,
        Event.REVOKE,
    }
)


class DecisionStatus(StrEnum):
    """Where a change request that needs a second officer stands."""

    PENDING = "pending"
    APPROVED = "approved"
    EXPIRED = "expired"


class DecisionEvent(StrEnum):
    """What can happen to a change request."""

    APPROVE = "approve"
    EXPIRE = "expire"


DECISION = Machine(
    [
        Transition(DecisionEvent.APPROVE, DecisionStatus.PENDING, DecisionStatus.APPROVED, actors=PROVINCE),
        Transition(DecisionEvent.EXPIRE, DecisionStatus.PENDING, DecisionStatus.EXPIRED, timer="expires_at"),
    ]
)


class AssessmentStatus(StrEnum):
    """Where an order to re-assess stands."""

    ORDERED = "ordered"
    OVERDUE = "overdue"
    DONE = "done"
    CANCELLED = "cancelled"


class AssessmentEvent(StrEnum):
    """What can happen to an order to re-assess."""

    COMPLETE = "complete"
    FALL_OVERDUE = "fall_overdue"
    CANCEL = "cancel"


ASSESSMENT = Machine(
    [
        Transition(AssessmentEvent.COMPLETE, AssessmentStatus.ORDERED, AssessmentStatus.DONE, actors=ABOVE_COUNTY),
        Transition(AssessmentEvent.COMPLETE, AssessmentStatus.OVERDUE, AssessmentStatus.DONE, actors=ABOVE_COUNTY),
        Transition(AssessmentEvent.FALL_OVERDUE, AssessmentStatus.ORDERED, AssessmentStatus.OVERDUE, timer="due_on"),
        Transition(AssessmentEvent.CANCEL, AssessmentStatus.ORDERED, AssessmentStatus.CANCELLED, actors=("system",)),
        Transition(AssessmentEvent.CANCEL, AssessmentStatus.OVERDUE, AssessmentStatus.CANCELLED, actors=("system",)),
    ]
)
