"""The life of a certification, from a draft application to its end, as one table.

A row says what happens, from where to where, who may do it (an institution, a level of civil affairs, anyone) or which
clock fires it, within which period from entering the source it is to be done, and which documents it needs. The
application is a record of its own until its certificate is issued; what follows happens to the certification. Rows whose
source is their target are steps of a proceeding: they change what is on file, not the standing. Order, levels and basis:
domain reference §1.6.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from marketplace.identity.rules import Level
from marketplace.kit.states import Machine, Transition


class Status(StrEnum):
    """Where an application or a certification stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CORRECTION_REQUESTED = "correction_requested"
    LAPSED = "lapsed"
    ACCEPTED = "accepted"
    COUNTY_PASSED = "county_passed"
    PREFECTURE_PASSED = "prefecture_passed"
    ASSESSED = "assessed"
    PUBLICITY = "publicity"
    OBJECTION_REVIEW = "objection_review"
    RENEWAL_REVIEW = "renewal_review"
    REJECTED = "rejected"
    CERTIFIED = "certified"
    UNDER_RECTIFICATION = "under_rectification"
    SUSPENDED = "suspended"
    REVOCATION_NOTICED = "revocation_noticed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Event(StrEnum):
    """What can happen to an application or a certification."""

    SUBMIT = "submit"
    REQUEST_CORRECTION = "request_correction"
    LAPSE = "lapse"
    ACCEPT = "accept"
    ACCEPT_BY_SILENCE = "accept_by_silence"
    ENDORSE_AT_COUNTY = "endorse_at_county"
    ENDORSE_AT_PREFECTURE = "endorse_at_prefecture"
    ASSESS = "assess"
    EXTEND_DECISION = "extend_decision"
    PUBLICISE = "publicise"
    RAISE_OBJECTION = "raise_objection"
    DISMISS_OBJECTIONS = "dismiss_objections"
    REJECT = "reject"
    CERTIFY = "certify"
    APPLY_FOR_RENEWAL = "apply_for_renewal"
    RENEW = "renew"
    RENEW_BY_SILENCE = "renew_by_silence"
    REASSESS = "reassess"
    ORDER_RECTIFICATION = "order_rectification"
    REPORT_RECTIFICATION = "report_rectification"
    FAIL_REINSPECTION = "fail_reinspection"
    RECTIFICATION_OVERDUE = "rectification_overdue"
    COMPLETE_RECTIFICATION = "complete_rectification"
    SUSPEND = "suspend"
    STATE_REASONS = "state_reasons"
    REASONS_OVERDUE = "reasons_overdue"
    NOTICE_SUSPENSION = "notice_suspension"
    SUSPEND_BY_DECISION = "suspend_by_decision"
    REINSTATE = "reinstate"
    NOTICE_REVOCATION = "notice_revocation"
    DEFEND = "defend"
    REQUEST_HEARING = "request_hearing"
    CALL_HEARING = "call_hearing"
    HOLD_HEARING = "hold_hearing"
    WEIGH_DEFENCE = "weigh_defence"
    DISMISS_NOTICE = "dismiss_notice"
    REVOKE = "revoke"
    STAY = "stay"
    END_STAY = "end_stay"
    NOTICE_WITHDRAWAL = "notice_withdrawal"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


class Clock(StrEnum):
    """What is timed."""

    COMPLETENESS = "completeness"
    CORRECTION = "correction"
    COUNTY_REVIEW = "county_review"
    PREFECTURE_REVIEW = "prefecture_review"
    ONSITE = "onsite"
    PREVIEW = "preview"
    CORRECTION_ANSWER = "correction_answer"
    DECISION = "decision"
    DECISION_EXTENSION = "decision_extension"
    PUBLICITY = "publicity"
    OBJECTION_REVIEW = "objection_review"
    CERTIFICATE = "certificate"
    RECTIFICATION = "rectification"
    RECTIFICATION_MAX = "rectification_max"
    REINSPECTION = "reinspection"
    EMERGENCY_REASONS = "emergency_reasons"
    DEFENCE = "defence"
    HEARING_REQUEST = "hearing_request"
    HEARING_NOTICE = "hearing_notice"
    SECOND_OFFICER = "second_officer"
    FREE_CANCELLATION = "free_cancellation"
    WITHDRAWAL_NOTICE = "withdrawal_notice"
    RENEWAL_OPENS = "renewal_opens"
    RENEWAL_CLOSES = "renewal_closes"
    RENEWAL_REVIEW = "renewal_review"
    APPEAL = "appeal"
    APPEAL_RIGHTS_NOT_TOLD = "appeal_rights_not_told"
    APPEAL_REVIEW = "appeal_review"
    APPEAL_DECISION = "appeal_decision"
    APPEAL_EXTENSION = "appeal_extension"
    LOCKOUT_FAILED = "lockout_failed"
    LOCKOUT_REVOKED = "lockout_revoked"


class Document(StrEnum):
    """What must be on file before a step may be taken."""

    EVIDENCE = "evidence"
    DEFECT_LIST = "defect_list"
    SCORES = "scores"
    OBJECTION = "objection"
    OBJECTION_ANSWER = "objection_answer"
    REPORT = "report"
    REINSPECTION = "reinspection"
    FACTS = "facts"
    LEGAL_BASIS = "legal_basis"
    RIGHTS = "rights"
    PRIOR_NOTICE = "prior_notice"
    DEFENCE = "defence"
    DEFENCE_OUTCOME = "defence_outcome"
    HEARING_NOTICE = "hearing_notice"
    HEARING_RECORD = "hearing_record"
    SECOND_OFFICER = "second_officer"
    PUBLIC_NOTICE = "public_notice"
    STAY_ORDER = "stay_order"


INSTITUTION, ANYONE = "institution", "anyone"
COUNTY, PREFECTURE, PROVINCE = (Level.COUNTY,), (Level.PREFECTURE,), (Level.PROVINCE,)
ANY_LEVEL = (Level.COUNTY, Level.PREFECTURE, Level.PROVINCE)
ABOVE_COUNTY = (Level.PREFECTURE, Level.PROVINCE)
_APPLICANT = (INSTITUTION,)

VALIDITY_ENDS = "valid_until_on"

# A certificate in these states has been issued and has not ended.
STANDING = frozenset({Status.CERTIFIED, Status.UNDER_RECTIFICATION, Status.SUSPENDED, Status.REVOCATION_NOTICED})
# Being told of a revocation leaves nothing to assess.
ASSESSED = STANDING - {Status.REVOCATION_NOTICED}
ENDED = frozenset({Status.REVOKED, Status.EXPIRED, Status.WITHDRAWN})
# An application in these states waits for somebody.
PENDING = frozenset(
    {
        Status.DRAFT,
        Status.SUBMITTED,
        Status.CORRECTION_REQUESTED,
        Status.ACCEPTED,
        Status.COUNTY_PASSED,
        Status.PREFECTURE_PASSED,
        Status.ASSESSED,
        Status.PUBLICITY,
        Status.OBJECTION_REVIEW,
        Status.RENEWAL_REVIEW,
    }
)
# One officer can suspend, but what cannot be undone needs a second one.
TWO_OFFICERS = frozenset({Event.REVOKE})

# What an institution is told of a decision against it (处罚法 44); before the gravest ones it is also heard (45).
TOLD = frozenset({Document.FACTS, Document.LEGAL_BASIS, Document.RIGHTS})
HEARD = TOLD | {Document.PRIOR_NOTICE, Document.DEFENCE_OUTCOME}


class Step(Transition[Status, Event], frozen=True):
    """One row: besides who and from where to where, within which period it is to be done, and on what documents."""

    within: Clock | None = None
    documents: frozenset[Document] = frozenset()


def _row(  # noqa: PLR0913 - a row has these facts.
    event: Event,
    source: Status,
    target: Status,
    actors: tuple[str, ...] = (),
    *documents: Document,
    within: Clock | None = None,
    timer: str | None = None,
    papers: frozenset[Document] = frozenset(),
) -> Step:
    return Step(event, source, target, actors, timer, within, frozenset(documents) | papers)


def _from_each(sources: frozenset[Status], event: Event, target: Status | None = None, **facts: Any) -> Iterator[Step]:
    """Write the row for each source; without a target each stays where it is."""
    for source in sorted(sources):
        yield _row(event, source, target or source, **facts)


S, E, C, D = Status, Event, Clock, Document
_UNRESTRICTED = frozenset({S.CERTIFIED, S.UNDER_RECTIFICATION})

_APPLICATION = (
    _row(E.SUBMIT, S.DRAFT, S.SUBMITTED, _APPLICANT, D.EVIDENCE),
    _row(E.REQUEST_CORRECTION, S.SUBMITTED, S.CORRECTION_REQUESTED, COUNTY, D.DEFECT_LIST, within=C.COMPLETENESS),
    _row(E.SUBMIT, S.CORRECTION_REQUESTED, S.SUBMITTED, _APPLICANT, D.EVIDENCE, within=C.CORRECTION),
    _row(E.LAPSE, S.CORRECTION_REQUESTED, S.LAPSED, timer=C.CORRECTION),
    _row(E.ACCEPT, S.SUBMITTED, S.ACCEPTED, COUNTY, within=C.COMPLETENESS),
    _row(E.ACCEPT_BY_SILENCE, S.SUBMITTED, S.ACCEPTED, timer=C.COMPLETENESS),
    _row(E.ENDORSE_AT_COUNTY, S.ACCEPTED, S.COUNTY_PASSED, COUNTY, within=C.COUNTY_REVIEW),
    _row(E.REJECT, S.ACCEPTED, S.REJECTED, COUNTY, within=C.COUNTY_REVIEW, papers=TOLD),
    _row(E.ENDORSE_AT_PREFECTURE, S.COUNTY_PASSED, S.PREFECTURE_PASSED, PREFECTURE, within=C.PREFECTURE_REVIEW),
    _row(E.REJECT, S.COUNTY_PASSED, S.REJECTED, PREFECTURE, within=C.PREFECTURE_REVIEW, papers=TOLD),
    _row(E.ASSESS, S.PREFECTURE_PASSED, S.ASSESSED, PROVINCE, D.SCORES, within=C.ONSITE),
    _row(E.REJECT, S.PREFECTURE_PASSED, S.REJECTED, PROVINCE, within=C.ONSITE, papers=TOLD),
    # A result that was corrected is confirmed anew.
    _row(E.ASSESS, S.ASSESSED, S.ASSESSED, PROVINCE, D.SCORES, within=C.DECISION),
    _row(E.EXTEND_DECISION, S.ASSESSED, S.ASSESSED, PROVINCE, within=C.DECISION),
    _row(E.PUBLICISE, S.ASSESSED, S.PUBLICITY, PROVINCE, within=C.DECISION),
    _row(E.REJECT, S.ASSESSED, S.REJECTED, PROVINCE, within=C.DECISION, papers=TOLD),
    _row(E.RAISE_OBJECTION, S.PUBLICITY, S.OBJECTION_REVIEW, (ANYONE,), D.OBJECTION, within=C.PUBLICITY),
    _row(E.RAISE_OBJECTION, S.OBJECTION_REVIEW, S.OBJECTION_REVIEW, (ANYONE,), D.OBJECTION, within=C.PUBLICITY),
    _row(
        E.DISMISS_OBJECTIONS, S.OBJECTION_REVIEW, S.PUBLICITY, PROVINCE, D.OBJECTION_ANSWER, within=C.OBJECTION_REVIEW
    ),
    _row(
        E.REJECT, S.OBJECTION_REVIEW, S.REJECTED, PROVINCE, D.OBJECTION_ANSWER, within=C.OBJECTION_REVIEW, papers=TOLD
    ),
    # The certificate follows the publicity and nothing else.
    _row(E.CERTIFY, S.PUBLICITY, S.CERTIFIED, PROVINCE, D.PUBLIC_NOTICE, within=C.CERTIFICATE),
    *_from_each(PENDING, E.WITHDRAW, S.WITHDRAWN, actors=_APPLICANT),
    _row(E.APPLY_FOR_RENEWAL, S.DRAFT, S.RENEWAL_REVIEW, _APPLICANT, D.EVIDENCE, within=C.RENEWAL_CLOSES),
    _row(E.RENEW, S.RENEWAL_REVIEW, S.CERTIFIED, PROVINCE, D.SCORES, within=C.RENEWAL_REVIEW),
    _row(E.RENEW_BY_SILENCE, S.RENEWAL_REVIEW, S.CERTIFIED, timer=C.RENEWAL_REVIEW),
    _row(E.REJECT, S.RENEWAL_REVIEW, S.REJECTED, PROVINCE, within=C.RENEWAL_REVIEW, papers=TOLD),
)

_MANAGEMENT = (
    # A new assessment changes the grade and the next due date, not the standing; so does a renewal with the term.
    *_from_each(ASSESSED, E.REASSESS, actors=ABOVE_COUNTY),
    *_from_each(_UNRESTRICTED, E.RENEW, actors=PROVINCE),
    *_from_each(_UNRESTRICTED, E.RENEW_BY_SILENCE, timer=C.RENEWAL_REVIEW),
    _row(E.ORDER_RECTIFICATION, S.CERTIFIED, S.UNDER_RECTIFICATION, ANY_LEVEL, D.FACTS),
    _row(
        E.REPORT_RECTIFICATION, S.UNDER_RECTIFICATION, S.UNDER_RECTIFICATION, _APPLICANT, D.REPORT, within=C.RECTIFICATION
    ),
    _row(E.RECTIFICATION_OVERDUE, S.UNDER_RECTIFICATION, S.UNDER_RECTIFICATION, timer=C.RECTIFICATION),
    _row(
        E.FAIL_REINSPECTION, S.UNDER_RECTIFICATION, S.UNDER_RECTIFICATION, ANY_LEVEL, D.REPORT, D.REINSPECTION,
        within=C.REINSPECTION,
    ),
    _row(
        E.COMPLETE_RECTIFICATION, S.UNDER_RECTIFICATION, S.CERTIFIED, ANY_LEVEL, D.REPORT, D.REINSPECTION,
        within=C.REINSPECTION,
    ),
    # Danger to life may be met by the nearest officer at once, with reasons within a day; while a rectification runs,
    # the county has already judged, so the next level does.
    _row(E.SUSPEND, S.CERTIFIED, S.SUSPENDED, ANY_LEVEL, D.FACTS),
    _row(E.SUSPEND, S.UNDER_RECTIFICATION, S.SUSPENDED, ABOVE_COUNTY, D.FACTS),
    _row(E.STATE_REASONS, S.SUSPENDED, S.SUSPENDED, ANY_LEVEL, within=C.EMERGENCY_REASONS, papers=TOLD),
    _row(E.REASONS_OVERDUE, S.SUSPENDED, S.SUSPENDED, timer=C.EMERGENCY_REASONS),
    # Whatever is no emergency is announced first and answered.
    *_from_each(_UNRESTRICTED, E.NOTICE_SUSPENSION, actors=ABOVE_COUNTY, papers=TOLD),
    *_from_each(_UNRESTRICTED, E.SUSPEND_BY_DECISION, S.SUSPENDED, actors=ABOVE_COUNTY, papers=HEARD),
    _row(E.REINSTATE, S.SUSPENDED, S.CERTIFIED, ABOVE_COUNTY, D.FACTS),
    _row(E.NOTICE_REVOCATION, S.SUSPENDED, S.REVOCATION_NOTICED, PROVINCE, papers=TOLD),
    *_from_each(
        _UNRESTRICTED | {S.REVOCATION_NOTICED}, E.DEFEND, actors=_APPLICANT, within=C.DEFENCE,
        papers=frozenset({D.DEFENCE}),
    ),
    _row(E.REQUEST_HEARING, S.REVOCATION_NOTICED, S.REVOCATION_NOTICED, _APPLICANT, within=C.HEARING_REQUEST),
    _row(
        E.CALL_HEARING, S.REVOCATION_NOTICED, S.REVOCATION_NOTICED, PROVINCE, D.HEARING_NOTICE, within=C.HEARING_NOTICE
    ),
    _row(E.HOLD_HEARING, S.REVOCATION_NOTICED, S.REVOCATION_NOTICED, PROVINCE, D.HEARING_RECORD),
    _row(E.WEIGH_DEFENCE, S.REVOCATION_NOTICED, S.REVOCATION_NOTICED, PROVINCE, D.DEFENCE_OUTCOME),
    _row(E.DISMISS_NOTICE, S.REVOCATION_NOTICED, S.SUSPENDED, PROVINCE, D.DEFENCE_OUTCOME),
    _row(
        E.REVOKE, S.REVOCATION_NOTICED, S.REVOKED, PROVINCE, D.SECOND_OFFICER, within=C.SECOND_OFFICER, papers=HEARD
    ),
    # An appeal changes nothing (复议法 42) unless the authority that hears it has recorded a stay.
    _row(E.STAY, S.SUSPENDED, S.CERTIFIED, PROVINCE, D.STAY_ORDER),
    _row(E.END_STAY, S.CERTIFIED, S.SUSPENDED, PROVINCE, D.FACTS),
    *_from_each(ASSESSED, E.NOTICE_WITHDRAWAL, actors=_APPLICANT, papers=frozenset({D.PUBLIC_NOTICE})),
    *_from_each(ASSESSED, E.WITHDRAW, S.WITHDRAWN, timer=C.WITHDRAWAL_NOTICE, papers=frozenset({D.PUBLIC_NOTICE})),
    *_from_each(STANDING, E.EXPIRE, S.EXPIRED, timer=VALIDITY_ENDS),
)  # fmt: skip

CERTIFICATION: Machine[Status, Event] = Machine((*_APPLICATION, *_MANAGEMENT))


def step_of(current: Status, event: Event) -> Step:
    """Return the table's row. Refuses: IllegalTransition."""
    CERTIFICATION.target(current, event)
    return next(row for row in (*_APPLICATION, *_MANAGEMENT) if (row.source, row.event) == (current, event))


# What an officer does to the certification itself; the rest is done to an application, a proceeding or an appeal.
OFFERED = frozenset(
    {
        Event.REASSESS,
        Event.ORDER_RECTIFICATION,
        Event.FAIL_REINSPECTION,
        Event.COMPLETE_RECTIFICATION,
        Event.SUSPEND,
        Event.STATE_REASONS,
        Event.NOTICE_SUSPENSION,
        Event.REINSTATE,
        Event.NOTICE_REVOCATION,
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
