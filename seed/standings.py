"""Certifications of the made-up institutions: most stand, and every other state shows at least once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from marketplace.certifications import operations
from marketplace.certifications.rules import Certification
from marketplace.certifications.rules.applying import Grounds
from marketplace.identity.rules import Principal
from marketplace.kit.clock import local_date
from seed import procedure
from seed.institutions import PlantedInstitution
from seed.sheets import sheet_for

FOOD = Grounds(
    facts="食品经营许可过期，厨房停用，危及在住老人健康（示例）",
    legal_basis="老年人权益保障法第四十五条",
    rights="对决定不服的，可在六十日内申请行政复议",
)


class Standing(StrEnum):
    """How an institution of the demo world stands."""

    CERTIFIED = "certified"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    RECTIFYING = "rectifying"
    UNSAFE = "unsafe"
    SUSPENDED = "suspended"
    REVOCATION_REQUESTED = "revocation_requested"
    EXPIRED = "expired"
    APPLYING = "applying"


class Timeline(msgspec.Struct, frozen=True):
    """How many days ago an institution was assessed; it was certified when preview and publicity were over."""

    assessed_days_ago: int


# Assessments fall due after a year; 345 days ago leaves twenty days, 380 is fifteen too late.
_TIMELINES = {
    Standing.DUE_SOON: Timeline(345),
    Standing.OVERDUE: Timeline(380),
    Standing.EXPIRED: Timeline(3 * 365 + 60),
}
# Every eleventh institution or so stands apart, so that a list of the first page already shows more than one state.
_APART = {
    4: Standing.DUE_SOON,
    8: Standing.RECTIFYING,
    13: Standing.SUSPENDED,
    17: Standing.OVERDUE,
    21: Standing.EXPIRED,
    25: Standing.UNSAFE,
    33: Standing.DUE_SOON,
    36: Standing.APPLYING,
    40: Standing.RECTIFYING,
    44: Standing.REVOCATION_REQUESTED,
    47: Standing.SUSPENDED,
    52: Standing.OVERDUE,
    58: Standing.EXPIRED,
    63: Standing.APPLYING,
}


def standing_of(number: int) -> Standing:
    """Return how the institution of this number in the plan stands."""
    return _APART.get(number, Standing.CERTIFIED)


async def plant_standings(
    planted: Sequence[PlantedInstitution], *, officers: tuple[Principal, Principal], now: datetime
) -> None:
    """Certify, then restrict: each step at the instant when it would have happened."""
    for number, institution in enumerate(planted):
        standing = standing_of(number)
        if standing is not Standing.APPLYING:
            found = await certify(
                institution.id,
                grade=institution.plan.grade,
                timeline=_TIMELINES.get(standing, Timeline(45 + number * 4)),
                officer=officers[0],
                now=now,
            )
            await _restrict(standing, found, officer=officers[number % 2], now=now)
    await operations.expire_due(now=now)
    await operations.order_due_assessments(now=now)


async def certify(
    institution_id: UUID, *, grade: int, timeline: Timeline, officer: Principal, now: datetime
) -> Certification:
    """Certify an institution in the past, with an assessment that found ``grade``."""
    assessed_on = local_date(now) - timedelta(days=timeline.assessed_days_ago)
    return await procedure.certify(
        institution_id=institution_id, sheet=sheet_for(grade), assessed_on=assessed_on, actor=officer
    )


async def _restrict(standing: Standing, found: Certification, *, officer: Principal, now: datetime) -> None:
    days = timedelta(days=1)
    if standing is Standing.RECTIFYING:
        await operations.order_rectification(
            certification_id=found.id,
            reason="价目表未公示膳食费（示例）",
            safety_defect=False,
            actor=officer,
            now=now - 6 * days,
        )
    elif standing is Standing.UNSAFE:
        await operations.order_rectification(
            certification_id=found.id,
            reason="疏散通道堆放杂物（示例）",
            safety_defect=True,
            actor=officer,
            now=now - 2 * days,
        )
    elif standing is Standing.SUSPENDED:
        suspended_at = now - 9 * days
        await operations.suspend(
            certification_id=found.id, reason="食品经营许可过期，厨房停用（示例）", actor=officer, now=suspended_at
        )
        await operations.state_reasons(
            certification_id=found.id, grounds=FOOD, actor=officer, now=suspended_at + days / 4
        )
    elif standing is Standing.REVOCATION_REQUESTED:
        await procedure.conclude_revocation(found, actor=officer, now=now - 9 * days)
        await operations.request_revocation(
            certification_id=found.id, reason=procedure.GROUNDS.facts, actor=officer, now=now - 1 * days
        )
