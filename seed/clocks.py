"""The numbers of the procedure with their basis. The provincial Measure publishes none that we know of.

They follow the licensing law by analogy (许可法), the penalties law (处罚法), the reconsideration law (复议法) and what
neighbouring schemes have in common; whoever holds the Measure's text plants rows of a later ``effective_from``.
"""

from datetime import date, datetime

from marketplace.certifications import operations
from marketplace.certifications.rules import Clock, ClockPolicy, Reliance, Silence, Unit
from marketplace.kit.audit import SYSTEM

BEGINNING = date(2020, 1, 1)
_WORKING, _CALENDAR, _MONTHS, _HOURS = Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS, Unit.HOURS

_VERIFIED, _INFERRED, _PROPOSAL = Reliance.VERIFIED, Reliance.INFERRED, Reliance.PROPOSAL

_ROWS: tuple[tuple[Clock, int, Unit, str, Reliance, Silence | None], ...] = (
    (Clock.COMPLETENESS, 5, _WORKING, "行政许可法 32（类推）", _INFERRED, Silence.ACCEPTED),
    (Clock.CORRECTION, 15, _WORKING, "本系统设定", _PROPOSAL, Silence.LAPSED),
    (Clock.COUNTY_REVIEW, 20, _WORKING, "行政许可法 43（类推）", _INFERRED, None),
    (Clock.PREFECTURE_REVIEW, 20, _WORKING, "行政许可法 43（类推）", _INFERRED, None),
    (Clock.ONSITE, 30, _WORKING, "行政许可法 45（类推）", _INFERRED, None),
    (Clock.PREVIEW, 14, _CALENDAR, "本系统设定（参照澳大利亚 My Aged Care 两周预览）", _INFERRED, None),
    (Clock.CORRECTION_ANSWER, 10, _WORKING, "本系统设定", _PROPOSAL, None),
    (Clock.DECISION, 20, _WORKING, "行政许可法 42（类推）", _INFERRED, None),
    (Clock.DECISION_EXTENSION, 10, _WORKING, "行政许可法 42（类推）", _INFERRED, None),
    (Clock.PUBLICITY, 5, _WORKING, "本系统设定", _PROPOSAL, None),
    (Clock.OBJECTION_REVIEW, 10, _WORKING, "本系统设定", _PROPOSAL, None),
    (Clock.CERTIFICATE, 10, _WORKING, "行政许可法 44（类推）", _INFERRED, None),
    (Clock.RECTIFICATION, 30, _CALENDAR, "老年人权益保障法 45(4)；日数为本系统设定", _PROPOSAL, None),
    (Clock.RECTIFICATION_MAX, 90, _CALENDAR, "老年人权益保障法 45(4)；日数为本系统设定", _PROPOSAL, None),
    (Clock.REINSPECTION, 10, _WORKING, "本系统设定", _PROPOSAL, None),
    (Clock.EMERGENCY_REASONS, 24, _HOURS, "本系统设定", _PROPOSAL, None),
    (Clock.DEFENCE, 5, _WORKING, "行政处罚法 44、45；日数参照 64(1)", _INFERRED, None),
    (Clock.HEARING_REQUEST, 5, _WORKING, "行政处罚法 64(1)、85", _VERIFIED, None),
    (Clock.HEARING_NOTICE, 7, _WORKING, "行政处罚法 64(2)、85", _VERIFIED, None),
    (Clock.SECOND_OFFICER, 7, _CALENDAR, "本系统设定", _PROPOSAL, None),
    (Clock.FREE_CANCELLATION, 7, _CALENDAR, "本系统设定（参照法释〔2025〕4号 14 的七日）", _INFERRED, None),
    (Clock.WITHDRAWAL_NOTICE, 30, _CALENDAR, "电子商务法 16（类推）；老年人权益保障法 46", _INFERRED, None),
    (Clock.RENEWAL_OPENS, 90, _CALENDAR, "各省等级评定办法通例", _INFERRED, None),
    (Clock.RENEWAL_CLOSES, 30, _CALENDAR, "行政许可法 50（类推）", _INFERRED, None),
    (Clock.RENEWAL_REVIEW, 20, _WORKING, "行政许可法 50（类推）", _INFERRED, Silence.RENEWED),
    (Clock.APPEAL, 60, _CALENDAR, "行政复议法 20", _VERIFIED, None),
    (Clock.APPEAL_RIGHTS_NOT_TOLD, 12, _MONTHS, "行政复议法 20", _VERIFIED, None),
    (Clock.APPEAL_REVIEW, 5, _WORKING, "行政复议法 30、88", _VERIFIED, Silence.ACCEPTED),
    (Clock.APPEAL_DECISION, 60, _CALENDAR, "行政复议法 62", _VERIFIED, None),
    (Clock.APPEAL_EXTENSION, 30, _CALENDAR, "行政复议法 62", _VERIFIED, None),
    (Clock.LOCKOUT_FAILED, 24, _MONTHS, "各省等级评定办法通例", _INFERRED, None),
    (Clock.LOCKOUT_REVOKED, 36, _MONTHS, "各省等级评定办法通例", _INFERRED, None),
)
CLOCKS = tuple(
    ClockPolicy(
        clock=clock,
        effective_from=BEGINNING,
        length=length,
        unit=unit,
        basis=basis,
        status=status,
        silence=silence,
    )
    for clock, length, unit, basis, status, silence in _ROWS
)


async def plant_clocks(*, now: datetime) -> None:
    """Plant the clocks of the procedure."""
    await operations.plant_clocks(policies=CLOCKS, actor=SYSTEM, now=now)
