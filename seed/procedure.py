"""The lawful path, played by people who need no login: an application step by step, and a proceeding to its conclusion.

Tests and the demo world reach a certificate, or the eve of a revocation, by these steps and no others.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from marketplace.certifications import operations
from marketplace.certifications.queries.applying import application
from marketplace.certifications.queries.proceeding import list_rectifications
from marketplace.certifications.rules import Assessment, Certification, Sheet
from marketplace.certifications.rules.applying import (
    REQUIRED,
    Application,
    ApplicationKind,
    Exhibit,
    ExhibitKind,
    Grounds,
)
from marketplace.certifications.rules.proceeding import Case, CaseKind
from marketplace.certifications.states import Event
from marketplace.identity.rules import Kind, Level, Principal
from marketplace.institutions.queries import get as institution
from marketplace.kit.clock import local_date, local_time
from marketplace.kit.ids import new_id
from marketplace.places.queries import jurisdiction_levels

DAY = timedelta(days=1)
REFERENCES: dict[ExhibitKind, tuple[str, str]] = {
    ExhibitKind.REGISTRATION: ("示例登字第 001 号", "市场监督管理局"),
    ExhibitKind.ELDER_CARE_FILING: ("示例养备第 001 号", "民政局"),
    ExhibitKind.FIRE_SAFETY: ("示例消验第 001 号", "住房和城乡建设局"),
    ExhibitKind.FOOD_PERMIT: ("JY32206210000001", "市场监督管理局"),
    ExhibitKind.MEDICAL_PERMIT: ("示例医许第 001 号", "卫生健康局"),
    ExhibitKind.LODGING_REGISTRATION: ("示例特旅第 001 号", "公安局"),
    ExhibitKind.STAFFING: ("员工花名册及证书，2026 年版", "本机构"),
    ExhibitKind.BEDS: ("床位清册，2026 年版", "本机构"),
    ExhibitKind.HOUSE_RULES: ("管理制度汇编，2026 年版", "本机构"),
    ExhibitKind.SERVICE_AGREEMENT: ("服务协议范本，2026 年版", "本机构"),
    ExhibitKind.PRICE_LIST: ("价目表，2026 年版", "本机构"),
    ExhibitKind.CUSTODY_ACCOUNT: ("示例存管 001", "示例银行"),
    ExhibitKind.SELF_ASSESSMENT: ("自评报告，2026 年版", "本机构"),
}
GROUNDS = Grounds(
    facts="申请材料不实：提交的消防验收文件系伪造（示例）",
    legal_basis="认定办法；行政处罚法第四十四条、第四十五条（类推）",
    rights="可在收到告知之日起五个工作日内陈述、申辩并要求听证；对决定不服的，可在六十日内申请行政复议",
)


def staff_of(institution_id: UUID) -> Principal:
    """Return somebody who acts for an institution."""
    return Principal(kind=Kind.INSTITUTION, id=new_id(), session_id=new_id(), institution_id=institution_id)


def officer_of(level: str, jurisdiction: str) -> Principal:
    """Return an officer of an authority."""
    return Principal(kind=Kind.OFFICER, id=new_id(), session_id=new_id(), level=Level(level), jurisdiction=jurisdiction)


async def certify(  # noqa: PLR0913 - a certificate has these facts.
    *,
    institution_id: UUID,
    sheet: Sheet,
    assessed_on: date,
    reason: str = "经评估、公示，符合认定条件（示例）",
    valid_from_on: date | None = None,
    actor: Principal,
    now: datetime | None = None,
) -> Certification:
    """Certify an institution by the whole procedure, which began before the visit on ``assessed_on``.

    Preview and publicity follow each other without delay. It ends at ``now``, or as soon as the publicity is over.

    ``actor`` is the provincial officer who decides, and the first of the two assessors. Refuses whatever a step refuses, such as publicity that is not over at ``now``.
    """
    visited_at = local_time(assessed_on, hour=10)
    shown = await publicise(institution_id=institution_id, sheet=sheet, actor=actor, visited_at=visited_at)
    assert shown.publicity_ends_at is not None
    issued_at = now or shown.publicity_ends_at + timedelta(hours=9)
    return await operations.certify(
        application_id=shown.id, reason=reason, valid_from_on=valid_from_on, actor=actor, now=issued_at
    )


async def publicise(
    *, institution_id: UUID, sheet: Sheet, actor: Principal, visited_at: datetime, now: datetime | None = None
) -> Application:
    """Bring an application to its publicity, at ``now`` or when the preview of its visit is over."""
    application_id = await pass_reviews(institution_id=institution_id, ends_at=visited_at)
    found = await assess(application_id, sheet=sheet, actor=actor, visited_at=visited_at)
    assert found.preview_until_at is not None
    return await operations.publicise(
        application_id=application_id,
        reason="拟认定，予以公示（示例）",
        actor=actor,
        now=now or found.preview_until_at + timedelta(hours=9),
    )


async def assess(application_id: UUID, *, sheet: Sheet, actor: Principal, visited_at: datetime) -> Assessment:
    """Have two officers of the province visit an application's institution and agree on what they found."""
    found = await application(principal=actor, application_id=application_id)
    assert found.assessment_id is not None
    colleague = officer_of(Level.PROVINCE, actor.jurisdiction or "")
    await operations.enter_result(
        assessment_id=found.assessment_id,
        sheet=sheet,
        assessed_on=local_date(visited_at),
        actor=actor,
        now=visited_at,
    )
    return await operations.confirm_result(
        assessment_id=found.assessment_id, revision=1, actor=colleague, now=visited_at + timedelta(hours=1)
    )


async def pass_reviews(*, institution_id: UUID, ends_at: datetime) -> UUID:
    """Bring an application through county and prefecture; returns its id."""
    found = await institution(institution_id)
    levels = await jurisdiction_levels(found.jurisdiction_code)
    by_level = {Level(level): officer_of(level, code) for code, level in levels.items()}
    # Under 长白山管委会 there is no county: the prefecture takes both steps.
    prefecture = by_level[Level.PREFECTURE]
    county = by_level.get(Level.COUNTY, prefecture)
    staff = staff_of(institution_id)
    draft = await operations.open_application(kind=ApplicationKind.INITIAL, actor=staff, now=ends_at - 20 * DAY)
    pieces = [piece(kind) for kind in sorted(REQUIRED[ApplicationKind.INITIAL])]
    await operations.add_evidence(application_id=draft.id, pieces=pieces, actor=staff, now=ends_at - 20 * DAY)
    await operations.submit(application_id=draft.id, actor=staff, now=ends_at - 20 * DAY)
    for event, officer, days in (
        (Event.ACCEPT, county, 18),
        (Event.ENDORSE_AT_COUNTY, county, 12),
        (Event.ENDORSE_AT_PREFECTURE, prefecture, 6),
    ):
        await operations.advance(
            application_id=draft.id,
            event=event,
            reason="材料齐全，符合要求（示例）",
            actor=officer,
            now=ends_at - days * DAY,
        )
    return draft.id


def piece(kind: ExhibitKind) -> Exhibit:
    """Return a believable piece of evidence."""
    reference, issued_by = REFERENCES[kind]
    return Exhibit(kind=kind, reference=reference, issued_by=issued_by)


async def report(certification: Certification, *, now: datetime) -> None:
    """Report, as the institution, that the defect is put right."""
    staff = staff_of(certification.institution_id)
    found = await list_rectifications(principal=staff, limit=1)
    await operations.report_rectification(
        rectification_id=found[0].id, report="已按要求整改，附照片及台账（示例）", actor=staff, now=now
    )


async def conclude_revocation(certification: Certification, *, actor: Principal, now: datetime) -> Case:
    """Suspend an institution with reasons, and bring a revocation to the eve of its two officers: all at ``now``."""
    await operations.suspend(certification_id=certification.id, reason=GROUNDS.facts, actor=actor, now=now)
    await operations.state_reasons(certification_id=certification.id, grounds=GROUNDS, actor=actor, now=now)
    return await conclude_notice(certification, actor=actor, now=now)


async def conclude_notice(certification: Certification, *, actor: Principal, now: datetime) -> Case:
    """Give a suspended institution notice of its revocation; it waives its defence, and the proceeding is concluded."""
    case = await operations.notice(
        certification_id=certification.id, kind=CaseKind.REVOCATION, grounds=GROUNDS, actor=actor, now=now
    )
    staff = staff_of(certification.institution_id)
    await operations.defend(case_id=case.id, statement=None, asks_hearing=False, actor=staff, now=now)
    return await operations.conclude(
        case_id=case.id, proceed=True, defence_outcome="当事人放弃陈述申辩（示例）", actor=actor, now=now
    )
