"""From a draft to a certificate, and from a failed visit to a revocation and its appeal: every deadline by hand.

The calendar is that of 2025–2027: the Spring Festival of 2026 is off from 15 to 23 February, with 14 and 28 worked.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.bookings.operations import approve_revocation
from marketplace.certifications import operations, queries
from marketplace.certifications.errors import (
    CorrectionOpen,
    CorrectionSpent,
    DefencePending,
    EvidenceMissing,
    HearingOutstanding,
    LockedOut,
    PeriodOver,
    PreviewRunning,
    PublicityOver,
    PublicityRunning,
    ReportMissing,
    SecondAssessorRequired,
)
from marketplace.certifications.queries import applying
from marketplace.certifications.queries.proceeding import list_rectifications
from marketplace.certifications.queries.timing import latest, running
from marketplace.certifications.rules import Clock, Scores
from marketplace.certifications.rules.applying import REQUIRED, ApplicationKind
from marketplace.certifications.rules.proceeding import CaseKind, CaseStatus
from marketplace.certifications.states import AssessmentStatus, Event, Status
from marketplace.certifications.states.appeals import AppealEvent, AppealStatus
from marketplace.identity.errors import SecondOfficerRequired
from marketplace.kit.db import fetch_value
from marketplace.kit.errors import Forbidden, IllegalTransition, Invalid
from seed import procedure
from seed.places import plant_places
from seed.rubric import plant_rubrics
from tests.certifications.conftest import register_institution, reread
from tests.certifications.sheets import sheet_with
from workers.handling import drain

GOOD = Scores(environment=98, facilities=106, operations=121, services=482)
POOR = Scores(environment=60, facilities=70, operations=80, services=300)
COUNTY = procedure.officer_of("county", "220621")
PREFECTURE = procedure.officer_of("prefecture", "220600")
PROVINCE = procedure.officer_of("province", "220000")
SECOND = procedure.officer_of("province", "220000")


def at(year: int, month: int, day: int, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour - 8, tzinfo=UTC)


async def due(subject_id, clock) -> date:
    deadline = await latest(subject_id, clock)
    assert deadline is not None
    return deadline.due_on


async def pass_time(now: datetime) -> None:
    """Let the worker do what has come due by then."""
    await drain(now=now)


@pytest.fixture
async def institution_id():
    await plant_places(now=at(2025, 12, 1))
    await plant_rubrics(now=at(2025, 12, 1))
    return await register_institution(now=at(2025, 12, 1))


async def apply(institution_id, staff) -> object:
    draft = await operations.open_application(kind=ApplicationKind.INITIAL, actor=staff, now=at(2026, 2, 9))
    with pytest.raises(EvidenceMissing) as missing:
        await operations.submit(application_id=draft.id, actor=staff, now=at(2026, 2, 9))
    assert missing.value.facts["kinds"] == sorted(REQUIRED[ApplicationKind.INITIAL])
    pieces = [procedure.piece(kind) for kind in sorted(REQUIRED[ApplicationKind.INITIAL])]
    await operations.add_evidence(application_id=draft.id, pieces=pieces, actor=staff, now=at(2026, 2, 9))
    # Five working days from 10 February: 11, 12, 13, 14 and then, after the festival, 24.
    await operations.submit(application_id=draft.id, actor=staff, now=at(2026, 2, 10))
    assert await due(draft.id, Clock.COMPLETENESS) == date(2026, 2, 24)
    return draft


async def review(application_id, staff) -> None:
    # The one notice: fifteen working days from 13 February are 14, 24–28, 2–6 and 9–12 March.
    facts = {"application_id": application_id}
    await operations.give_completeness_notice(
        defects="缺培训记录、演练记录", actor=COUNTY, now=at(2026, 2, 13), **facts
    )
    assert await due(application_id, Clock.CORRECTION) == date(2026, 3, 12)
    await operations.submit(actor=staff, now=at(2026, 2, 25), **facts)
    with pytest.raises(CorrectionSpent):
        await operations.give_completeness_notice(defects="还缺一项", actor=COUNTY, now=at(2026, 2, 26), **facts)
    # Nobody says anything: 26, 27, 28 February, 2 and 3 March; with the fourth the application is accepted.
    assert await due(application_id, Clock.COMPLETENESS) == date(2026, 3, 3)
    await pass_time(at(2026, 3, 3, 23))
    assert (await applying.application(principal=staff, application_id=application_id)).status is Status.SUBMITTED
    await pass_time(at(2026, 3, 4, 8) - timedelta(hours=7))
    accepted = await applying.application(principal=staff, application_id=application_id)
    assert accepted.status is Status.ACCEPTED
    entry = (await applying.application_history(application_id))[-1]
    assert (entry.event, entry.actor_kind) == (Event.ACCEPT_BY_SILENCE, "system")
    # Twenty working days from 4 March over 清明 (4–6 April): until 1 April.
    assert await due(application_id, Clock.COUNTY_REVIEW) == date(2026, 4, 1)
    with pytest.raises(Forbidden):
        await operations.advance(
            event=Event.ENDORSE_AT_COUNTY, reason="越级", actor=PREFECTURE, now=at(2026, 3, 20), **facts
        )
    await operations.advance(
        event=Event.ENDORSE_AT_COUNTY, reason="初审合格", actor=COUNTY, now=at(2026, 3, 20), **facts
    )
    # From 20 March: 23–27 (5), 30–3 April (10), 7–10 (14), 13–17 (19), 20.
    assert await due(application_id, Clock.PREFECTURE_REVIEW) == date(2026, 4, 20)
    await operations.advance(
        event=Event.ENDORSE_AT_PREFECTURE, reason="复审合格", actor=PREFECTURE, now=at(2026, 4, 13), **facts
    )
    # Thirty from 13 April: 14–17 (4), 20–24 (9), 27–30 (13), 6–9 May with the worked Saturday (17), 11–15 (22),
    # 18–22 (27), 25, 26, 27.
    assert await due(application_id, Clock.ONSITE) == date(2026, 5, 27)


async def certify(application_id, staff) -> object:
    facts = {"application_id": application_id}
    assessment_id = (await applying.application(principal=PROVINCE, application_id=application_id)).assessment_id
    visited = {"assessment_id": assessment_id, "now": at(2026, 5, 12)}
    await operations.enter_result(sheet=sheet_with(GOOD), assessed_on=date(2026, 5, 11), actor=PROVINCE, **visited)
    with pytest.raises(SecondAssessorRequired):
        await operations.confirm_result(revision=1, actor=PROVINCE, **visited)
    await operations.confirm_result(revision=1, actor=SECOND, **visited)
    # The institution has seen it for fourteen days, of which the first does not count, and the authority answers it.
    assert await due(assessment_id, Clock.PREVIEW) == date(2026, 5, 26)
    asked = await operations.request_correction(
        assessment_id=assessment_id, codes=["S6"], statement="值守记录未计入", actor=staff, now=at(2026, 5, 26, 22)
    )
    with pytest.raises(PreviewRunning):
        await operations.publicise(reason="抢先", actor=PROVINCE, now=at(2026, 5, 26, 23), **facts)
    with pytest.raises(CorrectionOpen):
        await operations.publicise(reason="未答复", actor=PROVINCE, now=at(2026, 5, 27), **facts)
    await operations.answer_correction(
        assessment_id=assessment_id,
        correction_id=asked.id,
        answer="记录已计入",
        corrected=None,
        actor=SECOND,
        now=at(2026, 5, 28),
    )
    # Twenty from 12 May: 13–15 (3), 18–22 (8), 25–29 (13), 1–5 June (18), 8, 9; ten more: until 24 June, over 端午.
    assert await due(application_id, Clock.DECISION) == date(2026, 6, 9)
    await operations.extend_decision(reason="专家意见不一致", actor=PROVINCE, now=at(2026, 6, 8), **facts)
    assert await due(application_id, Clock.DECISION_EXTENSION) == date(2026, 6, 24)
    shown = await operations.publicise(reason="拟认定", actor=PROVINCE, now=at(2026, 6, 15), **facts)
    # Five from 15 June: 16, 17, 18, then 端午 until 21, 22 and 23.
    assert (shown.publicity_from_on, shown.publicity_until_on) == (date(2026, 6, 15), date(2026, 6, 23))
    await operations.raise_objection(statement="夜间无人值守", actor=staff, now=at(2026, 6, 17), **facts)
    assert await due(application_id, Clock.OBJECTION_REVIEW) == date(2026, 7, 2)
    with pytest.raises(IllegalTransition):
        await operations.certify(reason="异议未决", actor=PROVINCE, now=at(2026, 6, 26), **facts)
    await operations.dismiss_objections(answer="夜班记录完整，异议不成立", actor=PROVINCE, now=at(2026, 6, 18), **facts)
    with pytest.raises(PublicityRunning):
        await operations.certify(reason="抢先", actor=PROVINCE, now=at(2026, 6, 23, 20), **facts)
    with pytest.raises(PublicityOver):
        await operations.raise_objection(statement="迟到", actor=staff, now=at(2026, 6, 24), **facts)
    # Ten from the last day of the publicity: 24–26 (3), 29–3 July (8), 6, 7.
    assert await due(application_id, Clock.CERTIFICATE) == date(2026, 7, 7)
    found = await operations.certify(reason="公示无异议", actor=PROVINCE, now=at(2026, 6, 26), **facts)
    assert (found.status, found.grade, found.valid_from_on) == (Status.CERTIFIED, 4, date(2026, 6, 26))
    assert found.valid_until_on == date(2029, 6, 25)
    assert (await running([application_id]))[application_id] == []
    return found


async def fail_and_rectify(found, staff) -> None:
    facts = {"certification_id": found.id}
    await operations.order_due_assessments(now=at(2027, 4, 20))
    (order,) = await queries.list_assessments(principal=PROVINCE, status=AssessmentStatus.ORDERED, limit=5)
    assert order.due_on == date(2027, 5, 11)
    entered = {"assessment_id": order.id, "now": at(2027, 4, 22)}
    await operations.enter_result(sheet=sheet_with(POOR), assessed_on=date(2027, 4, 22), actor=PREFECTURE, **entered)
    await operations.confirm_result(revision=1, actor=PROVINCE, **entered)
    # The institution has seen it for fourteen days; then the public sees the grade.
    await pass_time(at(2027, 5, 7))
    assert (await reread(found)).grade == 2
    ordered = await operations.order_rectification(
        reason="夜间值守不足", safety_defect=False, actor=COUNTY, now=at(2027, 5, 10), **facts
    )
    # Thirty calendar days end on 9 June, 端午 by law; 2027 is not published, so that the day is tentative.
    assert ordered.rectify_by_on == date(2027, 6, 10)
    deadline = await latest(found.id, Clock.RECTIFICATION)
    assert (deadline.is_tentative, deadline.calendar_version) == (True, "2027 by law, tentative")
    with pytest.raises(ReportMissing):
        await operations.complete_rectification(reason="未报", actor=COUNTY, now=at(2027, 5, 20), **facts)
    await pass_time(at(2027, 6, 11, 9))
    assert (await queries.history(found.id))[-1].event == Event.RECTIFICATION_OVERDUE
    (open_one,) = await list_rectifications(principal=staff, limit=1)
    await operations.report_rectification(
        rectification_id=open_one.id, report="已补班", actor=staff, now=at(2027, 6, 15)
    )
    # Ten working days from 15 June: 16–18 (3), 21–25 (8), 28, 29.
    assert await due(found.id, Clock.REINSPECTION) == date(2027, 6, 29)
    await operations.fail_reinspection(reason="复查仍无夜班", actor=COUNTY, now=at(2027, 6, 18), **facts)


async def suspend(found, staff) -> None:
    facts = {"certification_id": found.id}
    with pytest.raises(Forbidden):
        await operations.notice(
            kind=CaseKind.SUSPENSION, grounds=procedure.GROUNDS, actor=COUNTY, now=at(2027, 6, 21), **facts
        )
    case = await operations.notice(
        kind=CaseKind.SUSPENSION, grounds=procedure.GROUNDS, actor=PREFECTURE, now=at(2027, 6, 21), **facts
    )
    assert (await queries.certification(principal=PROVINCE, certification_id=found.id)).status == "under_rectification"
    assert await due(case.id, Clock.DEFENCE) == date(2027, 6, 28)
    with pytest.raises(DefencePending):
        await operations.conclude(
            case_id=case.id, proceed=True, defence_outcome="不予采纳", actor=PREFECTURE, now=at(2027, 6, 28)
        )
    await operations.defend(case_id=case.id, statement="招工困难", asks_hearing=False, actor=staff, now=at(2027, 6, 28))
    decided = await operations.conclude(
        case_id=case.id, proceed=True, defence_outcome="不影响事实认定，不予采纳", actor=PREFECTURE, now=at(2027, 6, 29)
    )
    assert decided.status is CaseStatus.DECIDED
    # Sixty calendar days from 29 June end on Saturday 28 August and roll to Monday.
    assert await due(case.id, Clock.APPEAL) == date(2027, 8, 30)
    assert (await queries.certification(principal=PROVINCE, certification_id=found.id)).status is Status.SUSPENDED


async def revoke(found, staff) -> object:
    facts = {"certification_id": found.id}
    with pytest.raises(IllegalTransition):
        await operations.request_revocation(reason="径行撤销", actor=PROVINCE, now=at(2027, 9, 1), **facts)
    case = await operations.notice(
        kind=CaseKind.REVOCATION, grounds=procedure.GROUNDS, actor=PROVINCE, now=at(2027, 9, 13), **facts
    )
    # Five working days from 13 September over 中秋 (15): 14, 16, 17, 20, 21.
    assert await due(case.id, Clock.DEFENCE) == date(2027, 9, 21)
    assert await due(case.id, Clock.HEARING_REQUEST) == date(2027, 9, 21)
    with pytest.raises(PeriodOver):
        await operations.defend(case_id=case.id, statement=None, asks_hearing=True, actor=staff, now=at(2027, 9, 22))
    await operations.defend(
        case_id=case.id, statement="文件系中介提供", asks_hearing=True, actor=staff, now=at(2027, 9, 20)
    )
    with pytest.raises(HearingOutstanding):
        await operations.conclude(
            case_id=case.id, proceed=True, defence_outcome="不予采纳", actor=PROVINCE, now=at(2027, 9, 23)
        )
    # Seven working days from 22 September: 23, 24, 27, 28, 29, 30, and after the National Day (1–3) Monday the 4th.
    with pytest.raises(Invalid):
        await operations.call_hearing(
            case_id=case.id, hearing_on=date(2027, 9, 30), actor=PROVINCE, now=at(2027, 9, 22)
        )
    await operations.call_hearing(case_id=case.id, hearing_on=date(2027, 10, 4), actor=PROVINCE, now=at(2027, 9, 22))
    with pytest.raises(Invalid):
        await operations.hold_hearing(case_id=case.id, record="提前", actor=PROVINCE, now=at(2027, 10, 1))
    await operations.hold_hearing(case_id=case.id, record="双方到场，笔录签字", actor=PROVINCE, now=at(2027, 10, 4))
    await operations.conclude(
        case_id=case.id, proceed=True, defence_outcome="申辩不成立，不予采纳", actor=PROVINCE, now=at(2027, 10, 8)
    )
    decision = await operations.request_revocation(
        reason="以虚假材料取得认定", actor=PROVINCE, now=at(2027, 10, 11), **facts
    )
    with pytest.raises(SecondOfficerRequired):
        await approve_revocation(principal=PROVINCE, decision_id=decision.id, now=at(2027, 10, 12))
    await approve_revocation(principal=SECOND, decision_id=decision.id, now=at(2027, 10, 12))
    assert (await reread(found)).status is Status.REVOKED
    return case


async def appeal(found, case, staff) -> None:
    # Sixty days from 12 October end on Saturday 11 December and roll to Monday.
    assert await due(case.id, Clock.APPEAL) == date(2027, 12, 13)
    with pytest.raises(PeriodOver):
        await operations.file_appeal(grounds="迟到", case_id=case.id, actor=staff, now=at(2027, 12, 14))
    filed = await operations.file_appeal(grounds="处罚过重", case_id=case.id, actor=staff, now=at(2027, 11, 8))
    assert await due(filed.id, Clock.APPEAL_REVIEW) == date(2027, 11, 15)
    await pass_time(at(2027, 11, 16, 9))
    status = await fetch_value("SELECT status FROM certification_appeals WHERE id = $1", filed.id)
    assert status == AppealStatus.ACCEPTED
    # Sixty days from 16 November end on Saturday 15 January 2028 and roll to Monday; thirty more to Wednesday 16 February.
    assert await due(filed.id, Clock.APPEAL_DECISION) == date(2028, 1, 17)
    assert (await reread(found)).status is Status.REVOKED
    await operations.decide_appeal(
        appeal_id=filed.id, event=AppealEvent.EXTEND, reason="情况复杂", actor=PROVINCE, now=at(2028, 1, 14)
    )
    assert await due(filed.id, Clock.APPEAL_EXTENSION) == date(2028, 2, 16)
    await operations.decide_appeal(
        appeal_id=filed.id, event=AppealEvent.UPHOLD, reason="维持", actor=PROVINCE, now=at(2028, 2, 10)
    )
    assert (await reread(found)).status is Status.REVOKED
    # Three years from 12 October 2027 end on Saturday 12 October 2030; nobody has to act then, so it is not put off.
    with pytest.raises(LockedOut) as refusal:
        await operations.open_application(kind=ApplicationKind.INITIAL, actor=staff, now=at(2030, 10, 12))
    assert refusal.value.facts == {"until": date(2030, 10, 12)}
    again = await operations.open_application(kind=ApplicationKind.INITIAL, actor=staff, now=at(2030, 10, 13))
    assert again.status is Status.DRAFT


async def test_from_a_draft_to_a_certificate_and_on_to_its_revocation_and_appeal(institution_id):
    staff = procedure.staff_of(institution_id)
    application = await apply(institution_id, staff)
    await review(application.id, staff)
    found = await certify(application.id, staff)
    await fail_and_rectify(found, staff)
    await suspend(found, staff)
    case = await revoke(found, staff)
    await appeal(found, case, staff)
    assert [entry.event for entry in await queries.history(found.id)] == [
        "certify", "reassess", "order_rectification", "rectification_overdue", "suspend_by_decision",
        "notice_revocation", "revoke",
    ]  # fmt: skip
