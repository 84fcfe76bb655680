"""Renewal, expiry and withdrawal: how a term goes on or ends."""

from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.bookings.operations import end_withdrawn
from marketplace.certifications import operations, queries
from marketplace.certifications.errors import (
    ApplicationPending,
    InstitutionNotBookable,
    LockedOut,
    NotCertifiable,
    PreviewRunning,
    RenewalWindowClosed,
    StayBeyondCertificate,
)
from marketplace.certifications.queries import applying
from marketplace.certifications.rules import Scores
from marketplace.certifications.rules.applying import REQUIRED, ApplicationKind
from marketplace.certifications.states import Status
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.errors import Forbidden, IllegalTransition, NotFound
from seed import procedure
from tests.certifications.conftest import NOW, PASSING, TODAY, VISITED, kinds, reread, trace
from tests.certifications.sheets import sheet_with

# The certificate runs until Thursday 28 February 2030; counted back plainly.
OPENS, CLOSES = date(2029, 11, 30), date(2030, 1, 29)


def at(day, hour=2):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture
async def staff(certified):
    return procedure.staff_of(certified.institution_id)


async def reassess(certified, first, second, *, day, scores=PASSING):
    """Assess again by two officers, and publish when the preview is over."""
    await operations.order_due_assessments(now=at(day))
    order_id = await fetch_value("SELECT id FROM assessment_orders WHERE status IN ('ordered', 'overdue')")
    await operations.enter_result(
        assessment_id=order_id, sheet=sheet_with(scores), assessed_on=day, actor=first, now=at(day)
    )
    await operations.confirm_result(assessment_id=order_id, revision=1, actor=second, now=at(day))
    await operations.publish_assessment(assessment_id=order_id, now=at(day + timedelta(days=15)))
    assert (await reread(certified)).assessed_on == day


async def apply_for_renewal(staff, *, day):
    draft = await operations.open_application(kind=ApplicationKind.RENEWAL, actor=staff, now=at(day))
    pieces = [procedure.piece(kind) for kind in sorted(REQUIRED[ApplicationKind.RENEWAL])]
    await operations.add_evidence(application_id=draft.id, pieces=pieces, actor=staff, now=at(day))
    return await operations.submit(application_id=draft.id, actor=staff, now=at(day))


async def fire(*, now):
    await operations.fire_deadline(
        deadline_id=await fetch_value(
            "SELECT id FROM certification_deadlines WHERE status = 'running' AND clock = 'renewal_review'"
        ),
        now=now,
    )


@pytest.mark.parametrize("day", [OPENS - timedelta(days=1), CLOSES + timedelta(days=1)])
async def test_a_renewal_has_its_window(day, certified, staff):
    with pytest.raises(RenewalWindowClosed) as refusal:
        await operations.open_application(kind=ApplicationKind.RENEWAL, actor=staff, now=at(day))
    assert refusal.value.facts == {"opens_on": OPENS, "closes_on": CLOSES}
    assert await fetch_value("SELECT count(*) FROM certification_applications WHERE kind = 'renewal'") == 0


async def test_the_province_renews_for_another_term(certified, staff, province, second, county):
    await reassess(certified, province, second, day=date(2029, 10, 8))
    submitted = await apply_for_renewal(staff, day=OPENS)
    assert submitted.status is Status.RENEWAL_REVIEW
    with pytest.raises(Forbidden):
        await operations.renew(application_id=submitted.id, reason="同意", actor=county, now=at(OPENS))
    renewed = await operations.renew(application_id=submitted.id, reason="同意延续", actor=province, now=at(CLOSES))
    assert (renewed.status, renewed.valid_from_on, renewed.valid_until_on) == (
        Status.CERTIFIED,
        TODAY,
        date(2033, 2, 28),
    )
    assert (await reread(certified)).valid_until_on == date(2033, 2, 28)
    assert (await kinds())[-1] == "certification.renewed"
    assert await operations.expire_due(now=at(date(2030, 3, 1))) == 0


async def test_a_renewal_rests_on_a_fresh_and_good_assessment(certified, staff, province, second):
    submitted = await apply_for_renewal(staff, day=OPENS)
    before = await trace(certified.id)
    with pytest.raises(NotCertifiable):
        await operations.renew(application_id=submitted.id, reason="同意", actor=province, now=at(CLOSES))
    assert await trace(certified.id) == before
    await reassess(
        certified,
        province,
        second,
        day=date(2029, 12, 3),
        scores=Scores(environment=50, facilities=60, operations=70, services=280),
    )
    with pytest.raises(NotCertifiable):
        await operations.renew(application_id=submitted.id, reason="同意", actor=province, now=at(CLOSES))


async def test_silence_renews_what_was_applied_for_in_time(certified, staff):
    submitted = await apply_for_renewal(staff, day=CLOSES)
    # Twenty working days from 29 January 2030 over the Spring Festival by law (2–5 February): until 28 February.
    assert await operations.expire_due(now=at(date(2030, 2, 28))) == 0
    assert await operations.expire_due(now=at(date(2030, 3, 1))) == 0
    await fire(now=at(date(2030, 2, 20)))
    assert (await reread(certified)).valid_until_on == date(2030, 2, 28)
    await fire(now=at(date(2030, 3, 1)))
    found = await reread(certified)
    assert (found.status, found.valid_until_on) == (Status.CERTIFIED, date(2033, 2, 28))
    entry = (await queries.history(certified.id))[-1]
    assert (entry.event, entry.decided_level) == ("renew_by_silence", None)
    done = await applying.application(principal=staff, application_id=submitted.id)
    assert done.status is Status.CERTIFIED


async def test_a_suspended_certificate_is_not_renewed_by_silence(certified, staff, county):
    await apply_for_renewal(staff, day=CLOSES)
    await operations.suspend(certification_id=certified.id, reason="事故", actor=county, now=at(date(2030, 2, 4)))
    await fire(now=at(date(2030, 3, 1)))
    assert (await reread(certified)).valid_until_on == date(2030, 2, 28)
    assert await operations.expire_due(now=at(date(2030, 3, 1))) == 1


async def test_one_application_at_a_time(certified, staff):
    await apply_for_renewal(staff, day=OPENS)
    with pytest.raises(ApplicationPending):
        await operations.open_application(kind=ApplicationKind.RENEWAL, actor=staff, now=at(CLOSES))


async def test_a_failed_visit_locks_out_for_two_years(add_institution, province):
    institution_id = await add_institution()
    application_id = await procedure.pass_reviews(institution_id=institution_id, ends_at=at(VISITED))
    weak = Scores(environment=60, facilities=70, operations=80, services=300)
    await procedure.assess(application_id, sheet=sheet_with(weak), actor=province, visited_at=at(VISITED))
    facts = {"application_id": application_id, "actor": province}
    with pytest.raises(PreviewRunning) as early:
        await operations.reject(grounds=procedure.GROUNDS, now=at(date(2027, 2, 9)), **facts)
    assert early.value.facts == {"until": date(2027, 2, 9)}
    with pytest.raises(NotCertifiable):
        await operations.publicise(reason="公示", now=at(date(2027, 2, 15)), **facts)
    refused = await operations.reject(grounds=procedure.GROUNDS, now=at(date(2027, 2, 15)), **facts)
    # Two years end on 15 February 2029, within that Spring Festival: nobody has to act then, so it is not put off.
    assert (refused.status, refused.locked_until_on) == (Status.REJECTED, date(2029, 2, 15))
    staff = procedure.staff_of(institution_id)
    with pytest.raises(LockedOut):
        await operations.open_application(kind=ApplicationKind.INITIAL, actor=staff, now=at(date(2029, 2, 15)))
    again = await operations.open_application(kind=ApplicationKind.INITIAL, actor=staff, now=at(date(2029, 2, 16)))
    assert again.status is Status.DRAFT


async def test_a_withdrawal_is_announced_thirty_days_ahead_and_sells_nothing_beyond(certified, staff):
    noticed = await operations.notice_withdrawal(certification_id=certified.id, reason="经营调整", actor=staff, now=NOW)
    # Thirty calendar days from 1 March 2027 end on Wednesday 31 March.
    assert (noticed.status, noticed.valid_until_on) == (Status.CERTIFIED, date(2027, 3, 31))
    async with transaction():
        sold = await operations.ensure_bookable(
            institution_id=certified.institution_id, check_in=date(2027, 3, 20), check_out=date(2027, 3, 31), now=NOW
        )
        assert sold.valid_until == date(2027, 3, 31)
        with pytest.raises(StayBeyondCertificate):
            await operations.ensure_bookable(
                institution_id=certified.institution_id, check_in=date(2027, 3, 20), check_out=date(2027, 4, 1), now=NOW
            )
    with pytest.raises(IllegalTransition):
        await operations.notice_withdrawal(certification_id=certified.id, reason="再次", actor=staff, now=NOW)
    deadline_id = await fetch_value("SELECT id FROM certification_deadlines WHERE clock = 'withdrawal_notice'")
    await end_withdrawn(deadline_id=deadline_id, now=at(date(2027, 3, 31)))
    assert (await reread(certified)).status is Status.CERTIFIED
    for _ in range(2):
        await end_withdrawn(deadline_id=deadline_id, now=at(date(2027, 4, 1)))
    assert (await reread(certified)).status is Status.WITHDRAWN
    assert (await kinds()).count("certification.withdrawn") == 1
    async with transaction():
        with pytest.raises(InstitutionNotBookable):
            await operations.ensure_bookable(
                institution_id=certified.institution_id,
                check_in=date(2027, 3, 20),
                check_out=date(2027, 3, 31),
                now=NOW,
            )


async def test_only_the_institution_itself_leaves(certified, province, county):
    other = procedure.staff_of(certified.id)
    before = await trace(certified.id)
    for actor in (province, county, other):
        with pytest.raises(NotFound):
            await operations.notice_withdrawal(certification_id=certified.id, reason="代办", actor=actor, now=NOW)
    assert await trace(certified.id) == before
