"""Applications for certification: what must be on file, who is competent for each step, and what stands in the way."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from marketplace.certifications.errors import (
    EvidenceExpired,
    EvidenceMissing,
    LockedOut,
    ObjectionsOpen,
    PublicityRunning,
    RenewalWindowClosed,
)
from marketplace.certifications.rules.clocks import Timetable
from marketplace.certifications.rules.scoring import Scores
from marketplace.certifications.states import CERTIFICATION, INSTITUTION, PENDING, Clock, Event, Status, step_of
from marketplace.identity.rules import Level, Principal
from marketplace.kit.errors import Forbidden


class ApplicationKind(StrEnum):
    """A first certificate (also after an end), or the renewal of one that still stands."""

    INITIAL = "initial"
    RENEWAL = "renewal"


class ExhibitKind(StrEnum):
    """What an institution proves itself by."""

    REGISTRATION = "registration"
    ELDER_CARE_FILING = "elder_care_filing"
    FIRE_SAFETY = "fire_safety"
    FOOD_PERMIT = "food_permit"
    MEDICAL_PERMIT = "medical_permit"
    LODGING_REGISTRATION = "lodging_registration"
    STAFFING = "staffing"
    BEDS = "beds"
    HOUSE_RULES = "house_rules"
    SERVICE_AGREEMENT = "service_agreement"
    PRICE_LIST = "price_list"
    CUSTODY_ACCOUNT = "custody_account"
    SELF_ASSESSMENT = "self_assessment"


# 老年人权益保障法 43, 48; 消防法; 食品安全法; 旅馆业治安管理办法 6; 明码标价规定 7. A medical permit and a custody account
# are asked of those who run a clinic or take deposits, which the visit finds out.
REQUIRED: Mapping[ApplicationKind, frozenset[ExhibitKind]] = {
    ApplicationKind.INITIAL: frozenset(ExhibitKind)
    - {ExhibitKind.MEDICAL_PERMIT, ExhibitKind.CUSTODY_ACCOUNT, ExhibitKind.SELF_ASSESSMENT},
    ApplicationKind.RENEWAL: frozenset(
        {ExhibitKind.REGISTRATION, ExhibitKind.ELDER_CARE_FILING, ExhibitKind.FIRE_SAFETY, ExhibitKind.FOOD_PERMIT}
    ),
}


class Exhibit(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence: the number or name of a document, who issued it, and its last day if it has one."""

    kind: ExhibitKind
    reference: str
    issued_by: str | None = None
    valid_until_on: date | None = None


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody brought forward during the publicity, and what the province answered."""

    id: UUID
    statement: str
    raised_at: datetime
    outcome: str | None = None
    answer: str | None = None
    answered_at: datetime | None = None


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """One application.

    ``rubric`` to ``assessed_on`` are what two assessors agree on.
    ``facts``, ``legal_basis`` and ``rights`` are those of a refusal; ``corrected`` and ``extended`` say that the one
    completeness notice and the one extension of the decision are used up.
    """

    id: UUID
    institution_id: UUID
    institution_name: str
    jurisdiction_code: str
    kind: ApplicationKind
    status: Status
    opened_at: datetime
    certification_id: UUID | None = None
    defects: str | None = None
    corrected: bool = False
    extended: bool = False
    assessment_id: UUID | None = None
    rubric: str | None = None
    scores: Scores | None = None
    score: int | None = None
    grade: int | None = None
    assessed_on: date | None = None
    publicity_from_on: date | None = None
    publicity_until_on: date | None = None
    publicity_ends_at: datetime | None = None
    facts: str | None = None
    legal_basis: str | None = None
    rights: str | None = None
    locked_until_on: date | None = None
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    version: int = 1


class ApplicationEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an application; ``actor_kind`` is system when a deadline took it."""

    event: Event
    status: Status
    reason: str | None
    actor_kind: str
    decided_level: Level | None
    decided_at: datetime


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """What an institution is told of a decision against it: facts, legal basis, and its rights (处罚法 44)."""

    facts: str
    legal_basis: str
    rights: str


def check_evidence(found: Collection[Exhibit], *, kind: ApplicationKind, today: date) -> None:
    """Check that everything required is on file and in force. Refuses: EvidenceMissing, EvidenceExpired."""
    missing = REQUIRED[kind] - {piece.kind for piece in found}
    if missing:
        raise EvidenceMissing(kinds=sorted(missing))
    expired = sorted(piece.kind for piece in found if piece.valid_until_on is not None and piece.valid_until_on < today)
    if expired:
        raise EvidenceExpired(kinds=expired)


def competent(row_actors: Collection[str], levels: Collection[str]) -> frozenset[str]:
    """Say which levels take a step where these levels are competent for the institution.

    Where no county stands below, as under 长白山管委会, the prefecture takes the county's step.
    """
    if Level.COUNTY in row_actors and Level.COUNTY not in levels:
        return frozenset(row_actors) | {Level.PREFECTURE}
    return frozenset(row_actors)


def review(current: Status, event: Event, *, officer: Principal, levels: Mapping[str, str]) -> Status:
    """Return the state after an officer's step; ``levels`` are the authorities competent for the institution.

    Refuses: IllegalTransition, Forbidden.
    """
    row = step_of(current, event)
    allowed = competent(row.actors, levels.values())
    if officer.level not in allowed or officer.jurisdiction not in levels:
        raise Forbidden
    return row.target


def offered_on_application(found: Application, *, principal: Principal, levels: Mapping[str, str]) -> list[str]:
    """List what the caller may do to an application now."""
    rows = [row for row in CERTIFICATION.rows if row.source is found.status and row.event not in _ELSEWHERE]
    if found.status not in PENDING:
        return []
    if principal.institution_id == found.institution_id:
        wanted = {Event.SUBMIT, Event.WITHDRAW} if found.kind is ApplicationKind.INITIAL else _RENEWING
        return [row.event for row in rows if INSTITUTION in row.actors and row.event in wanted]
    if principal.level is None or principal.jurisdiction not in levels:
        return []
    spent = {Event.REQUEST_CORRECTION} if found.corrected else set()
    spent |= {Event.EXTEND_DECISION} if found.extended else set()
    return [
        row.event
        for row in rows
        if principal.level in competent(row.actors, levels.values()) and row.event not in spent
    ]


# Anyone objects, and two assessors assess, by routes of their own.
_ELSEWHERE = {Event.RAISE_OBJECTION, Event.ASSESS}
_RENEWING = {Event.APPLY_FOR_RENEWAL, Event.WITHDRAW}


def check_publicity(found: Application, *, open_objections: int, now: datetime) -> None:
    """Check that the publicity is over and nothing is left unanswered. Refuses: PublicityRunning, ObjectionsOpen."""
    if found.publicity_ends_at is None or now < found.publicity_ends_at:
        raise PublicityRunning(until=found.publicity_until_on)
    if open_objections:
        raise ObjectionsOpen(count=open_objections)


def check_lockout(locked_until_on: date | None, *, today: date) -> None:
    """Check that no lock-out of an earlier refusal or revocation still runs. Refuses: LockedOut."""
    if locked_until_on is not None and today <= locked_until_on:
        raise LockedOut(until=locked_until_on)


def renewal_window(valid_until_on: date, *, timetable: Timetable) -> tuple[date, date]:
    """Return the first and last day on which a renewal may be applied for."""
    return (
        timetable.days_before(Clock.RENEWAL_OPENS, end=valid_until_on),
        timetable.days_before(Clock.RENEWAL_CLOSES, end=valid_until_on),
    )


def check_renewal_window(valid_until_on: date, *, timetable: Timetable, today: date) -> None:
    """Check that a renewal is applied for neither too early nor too late. Refuses: RenewalWindowClosed."""
    opens_on, closes_on = renewal_window(valid_until_on, timetable=timetable)
    if not opens_on <= today <= closes_on:
        raise RenewalWindowClosed(opens_on=opens_on, closes_on=closes_on)
