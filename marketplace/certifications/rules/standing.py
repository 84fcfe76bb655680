"""What may be sold, who may act, what the public sees, and when things fall due."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from marketplace.certifications.errors import InstitutionNotBookable, StayBeyondCertificate
from marketplace.certifications.rules.months import months_after
from marketplace.certifications.rules.policies import Policy
from marketplace.certifications.rules.records import (
    Certification,
    CertificationSnapshot,
    Decision,
    GradeCap,
    PublicGrade,
    Standing,
)
from marketplace.certifications.states import CERTIFICATION, DECISION, ENDED, OFFERED, Event, Status
from marketplace.identity.rules import Level
from marketplace.kit.errors import Forbidden

_NUMBER = re.compile(r"JLLJ-[0-9]{4}-[0-9]{5,9}")


def bookable(status: Status, *, safety_defect: bool = False) -> bool:
    """Say whether new stays may be sold: certified, or under rectification of a defect that is not about safety.

    The column ``certifications.is_bookable`` states the same in SQL.
    """
    return status is Status.CERTIFIED or (status is Status.UNDER_RECTIFICATION and not safety_defect)


def check_stay(standing: Standing | None, *, check_in: date, check_out: date) -> Standing:
    """Return the standing if every night of ``[check_in, check_out)`` may be sold under it (R01, R02).

    Refuses: InstitutionNotBookable, StayBeyondCertificate.
    """
    if standing is None:
        raise InstitutionNotBookable(certification_status=None)
    if not bookable(standing.status, safety_defect=standing.safety_defect):
        raise InstitutionNotBookable(certification_status=standing.status)
    if check_in < standing.valid_from_on or check_out > standing.valid_until_on:
        raise StayBeyondCertificate(valid_from=standing.valid_from_on, valid_until=standing.valid_until_on)
    return standing


def public_grade(standing: Standing, *, policy: Policy, today: date) -> PublicGrade:
    """Return the grade that the public sees, by which method, as of when, and why it is lower than what was assessed.

    A restriction caps it (domain reference §1.5); an assessment that has grown stale is not shown at all, never kept.
    """
    ceiling, reason = _ceiling(standing, policy=policy, today=today)
    shown, cap = standing.grade, None
    if standing.status in ENDED:
        shown, cap = None, GradeCap.ENDED
    elif months_after(standing.assessed_on, policy.grade_fresh_months) < today:
        shown, cap = None, GradeCap.STALE_DATA
    elif ceiling is not None and shown is not None and shown > ceiling:
        shown, cap = ceiling, reason
    return PublicGrade(grade=shown, method=standing.grade_method, as_of=standing.assessed_on, cap=cap)


def _ceiling(standing: Standing, *, policy: Policy, today: date) -> tuple[int | None, GradeCap | None]:
    """Return the lowest cap that applies, and why: that of the status, or of abuse that was confirmed of late."""
    caps: list[tuple[int, GradeCap]] = []
    if (by_status := policy.grade_caps.get(standing.status)) is not None:
        caps.append((by_status, GradeCap(standing.status)))
    abuse = standing.abuse_confirmed_on
    if abuse is not None and months_after(abuse, policy.abuse_months) >= today:
        caps.append((policy.abuse_cap, GradeCap.CONFIRMED_ABUSE))
    return min(caps, key=lambda found: found[0], default=(None, None))


def shown_grade(standing: Standing, *, policy: Policy, today: date) -> int | None:
    """Return the number of ``public_grade`` alone."""
    return public_grade(standing, policy=policy, today=today).grade


def is_fresh(standing: Standing, *, policy: Policy, today: date) -> bool:
    """Say whether the last assessment is recent enough for its grade to mean anything."""
    return months_after(standing.assessed_on, policy.grade_fresh_months) >= today


def snapshot_of(standing: Standing, *, policy: Policy, today: date, checked_at: datetime) -> CertificationSnapshot:
    """Return what the public may see of a certification at this moment."""
    shown = public_grade(standing, policy=policy, today=today)
    return CertificationSnapshot(
        number=standing.number,
        status=standing.status,
        grade=shown.grade,
        valid_until=standing.valid_until_on,
        checked_at=checked_at,
        assessment_overdue=standing.assessment_overdue,
        grade_method=shown.method,
        grade_as_of=shown.as_of,
        grade_cap=shown.cap,
    )


def step(current: Status, event: Event, *, level: Level | None) -> Status:
    """Return the state after an officer of ``level`` does ``event``. Refuses: IllegalTransition, Forbidden."""
    target = CERTIFICATION.target(current, event)
    if level is None or event not in CERTIFICATION.valid_transitions(current, actor=level):
        raise Forbidden
    return target


def may_lift(restricted_by: Level | None, *, level: Level | None) -> bool:
    """Say whether ``level`` may lift what ``restricted_by`` ordered: the same level, or one above (§1.6)."""
    return restricted_by is None or (level is not None and _RANK[level] >= _RANK[restricted_by])


def higher(one: Level | None, other: Level | None) -> Level | None:
    """Return the higher of two levels: who suspends on top of an order does not lower who must lift it."""
    return max((level for level in (one, other) if level is not None), key=_RANK.__getitem__, default=None)


def next_level(told: Level | None, *, first: Level, there: Iterable[Level]) -> Level:
    """Return who is told next: the responsible level, or above it where there is none such, and then the one above that."""
    least = _RANK[first] if told is None else _RANK[told] + 1
    return min((level for level in there if _RANK[level] >= least), key=_RANK.__getitem__, default=Level.PROVINCE)


def ended(certification: Certification, status: Status) -> Certification:
    """Return the certification in its final ``status``, with every restriction fallen away."""
    return msgspec.structs.replace(
        certification, status=status, safety_defect=False, rectify_by_on=None, restricted_by=None
    )


_RANK = {Level.COUNTY: 0, Level.PREFECTURE: 1, Level.PROVINCE: 2}
_LIFTS = frozenset({Event.COMPLETE_RECTIFICATION, Event.REINSTATE})


def offered(certification: Certification, *, level: Level | None) -> list[str]:
    """List what an officer of ``level`` can do to this certification now."""
    return [
        event
        for event in CERTIFICATION.valid_transitions(certification.status, actor=level or "")
        if event in OFFERED and (event not in _LIFTS or may_lift(certification.restricted_by, level=level))
    ]


def offered_on_decision(decision: Decision, *, officer: UUID, level: Level | None) -> list[str]:
    """List what this officer can do to a decision: the one who asked for it, nothing."""
    return [] if officer == decision.requested_by else DECISION.valid_transitions(decision.status, actor=level or "")


def valid_until(valid_from: date, *, policy: Policy) -> date:
    """Return the last day of a certificate that begins on ``valid_from``."""
    return months_after(valid_from, 12 * policy.validity_years) - timedelta(days=1)


def assessment_due(assessed_on: date, *, grade: int | None, policy: Policy, at_risk: bool = False) -> date:
    """Return the day by which the next assessment must be done; lower grades are seen sooner, and so are those at risk."""
    months = (
        policy.assessment_months if grade is None else policy.assessment_months_of.get(grade, policy.assessment_months)
    )
    return months_after(assessed_on, min(months, policy.assessment_months_at_risk) if at_risk else months)


def certificate_number(year: int, serial: int) -> str:
    """Write a certificate number: short, in characters that fit a QR code, a telephone call and a path."""
    return f"JLLJ-{year}-{serial:05d}"


def is_certificate_number(text: str) -> bool:
    """Say whether ``text`` has the shape of a certificate number."""
    return _NUMBER.fullmatch(text) is not None
