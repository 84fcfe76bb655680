from datetime import timedelta

import asyncpg
import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import DecisionPending, InstitutionNotBookable
from marketplace.certifications.states import DecisionStatus, Status
from marketplace.identity.errors import DecisionAltered, DecisionExpired, DecisionNotPending, SecondOfficerRequired
from marketplace.identity.rules import Level
from marketplace.kit import audit
from marketplace.kit.clock import local_midnight
from marketplace.kit.db import execute, fetch, fetch_one, fetch_value, transaction
from marketplace.kit.errors import Forbidden, IllegalTransition, NotFound
from marketplace.kit.ids import new_id, wire
from seed import procedure
from tests.certifications.conftest import NOW, TODAY, kinds, officer, trace


async def request(certification, actor, now=NOW):
    """Ask for a revocation; the first time its proceeding is brought to a conclusion first."""
    if await fetch_value("SELECT status FROM certifications WHERE id = $1", certification.id) == "certified":
        await procedure.conclude_revocation(certification, actor=actor, now=now)
    return await operations.request_revocation(
        certification_id=certification.id, reason="虐待老人，查证属实", actor=actor, now=now
    )


async def revoke(decision, actor, now=NOW):
    async with transaction():
        return await operations.revoke(decision_id=decision.id, actor=actor, now=now)


async def refuse_unchanged(refusal, certification, decision, actor, now=NOW):
    before = await trace(certification.id)
    with pytest.raises(refusal):
        await revoke(decision, actor, now)
    assert await trace(certification.id) == before


async def test_asking_changes_nothing_but_is_a_decision_under_a_hash(certified, province):
    decision = await request(certified, province)
    assert (decision.status, decision.requested_by) == (DecisionStatus.PENDING, province.id)
    # Seven calendar days, until the last one is over.
    assert decision.expires_at == local_midnight(TODAY + timedelta(days=8))
    assert decision.payload_hash == audit.digest(decision.payload)
    assert (decision.request.certification_id, decision.request.reason) == (certified.id, "虐待老人，查证属实")
    assert await queries.decision(principal=province, decision_id=decision.id, now=NOW) == decision
    found = await queries.certification(principal=province, certification_id=certified.id)
    assert found.status is Status.REVOCATION_NOTICED


async def test_the_second_officer_revokes(certified, province, second):
    decision = await request(certified, province)
    revoked = await revoke(decision, second)
    assert (revoked.decision_id, revoked.certification_id, revoked.institution_id) == (
        decision.id,
        certified.id,
        certified.institution_id,
    )
    found = await queries.certification(principal=province, certification_id=certified.id)
    assert (found.status, found.restricted_by, found.rectify_by_on, found.safety_defect) == (
        "revoked",
        None,
        None,
        False,
    )
    approved = await queries.decision(principal=province, decision_id=decision.id, now=NOW)
    assert (approved.status, approved.approved_by, approved.approved_at) == ("approved", second.id, NOW)
    entry = (await queries.history(certified.id))[-1]
    assert (entry.event, entry.status, entry.reason) == ("revoke", "revoked", "虐待老人，查证属实")
    assert (await kinds())[-1] == "certification.revoked"
    async with transaction():
        with pytest.raises(InstitutionNotBookable):
            await operations.ensure_bookable(
                institution_id=certified.institution_id, check_in=TODAY, check_out=TODAY + timedelta(days=7), now=NOW
            )


async def test_the_news_name_the_decision(certified, province, second):
    decision = await request(certified, province)
    await revoke(decision, second)
    row = await fetch_one("SELECT payload, audience FROM outbox WHERE kind = 'certification.revoked'")
    assert row["audience"] == "public"
    assert str(decision.id) in row["payload"]


async def test_nobody_approves_their_own_request(certified, province):
    await refuse_unchanged(SecondOfficerRequired, certified, await request(certified, province), province)


async def test_only_the_province_asks_and_approves(certified, province, prefecture, county, stranger):
    decision = await request(certified, province)
    before = await trace(certified.id)
    for actor, refusal in [(prefecture, Forbidden), (county, Forbidden), (stranger, NotFound)]:
        with pytest.raises(refusal):
            await request(certified, actor)
    assert await trace(certified.id) == before
    await refuse_unchanged(Forbidden, certified, decision, prefecture)
    await refuse_unchanged(NotFound, certified, decision, stranger)
    await refuse_unchanged(NotFound, certified, decision, officer(Level.PROVINCE, "330000"))


async def test_a_decision_is_approved_once(certified, province, second):
    decision = await request(certified, province)
    await revoke(decision, second)
    await refuse_unchanged(DecisionNotPending, certified, decision, second)
    with pytest.raises(IllegalTransition):
        await request(certified, province)


async def test_one_request_at_a_time_and_it_is_named(certified, province, second):
    decision = await request(certified, province)
    before = await trace(certified.id)
    with pytest.raises(DecisionPending) as refusal:
        await request(certified, second)
    assert refusal.value.facts == {"decision_id": wire("dec", decision.id)}
    assert await trace(certified.id) == before


async def test_a_request_lapses_and_may_be_made_again(certified, province, second):
    decision = await request(certified, province)
    late = decision.expires_at
    await refuse_unchanged(DecisionExpired, certified, decision, second, now=late)
    # Shown as expired at once, written down by the sweep or by the next request.
    assert (await queries.decision(principal=province, decision_id=decision.id, now=late)).status == "expired"
    again = await request(certified, second, now=late)
    statuses = await fetch("SELECT id, status FROM certification_decisions ORDER BY requested_at")
    assert [tuple(row) for row in statuses] == [(decision.id, "expired"), (again.id, "pending")]
    assert await operations.expire_due(now=again.expires_at) == 0
    assert await fetch_value("SELECT status FROM certification_decisions WHERE id = $1", again.id) == "expired"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE certification_decisions SET payload = jsonb_set(payload, '{reason}', '\"别的理由\"') WHERE id = $1",
        "UPDATE certification_decisions SET payload_hash = repeat('0', 64) WHERE id = $1",
        "UPDATE certification_decisions SET expires_at = expires_at + interval '1 day' WHERE id = $1",
        "UPDATE certification_decisions SET requested_by = gen_random_uuid() WHERE id = $1",
    ],
)
async def test_an_altered_request_is_not_carried_out(sql, certified, province, second):
    decision = await request(certified, province)
    assert await execute(sql, decision.id) == 1
    await refuse_unchanged(DecisionAltered, certified, decision, second)


async def test_an_unknown_decision_is_not_found(certified, province, second):
    await request(certified, province)
    with pytest.raises(NotFound):
        async with transaction():
            await operations.revoke(decision_id=new_id(), actor=second, now=NOW)


async def test_revoking_outside_a_transaction_is_a_mistake(certified, province, second):
    decision = await request(certified, province)
    with pytest.raises(RuntimeError, match="inside transaction"):
        await operations.revoke(decision_id=decision.id, actor=second, now=NOW)


async def test_the_database_itself_refuses_self_approval(certified, province):
    decision = await request(certified, province)
    with pytest.raises(asyncpg.CheckViolationError, match="certification_decisions_two_officers"):
        async with transaction():
            await execute(
                "UPDATE certification_decisions SET status = 'approved', approved_by = requested_by, approved_at = $2"
                " WHERE id = $1",
                decision.id,
                NOW,
            )
    assert await fetch_value("SELECT status FROM certification_decisions") == "pending"


async def test_the_database_itself_refuses_a_revocation_that_two_officers_did_not_decide(certified, province):
    await request(certified, province)
    for sql in (
        "UPDATE certifications SET status = 'revoked' WHERE id = $1",
        "UPDATE certifications SET status = 'revoked', is_current = false WHERE id = $1",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="no approved decision"):
            async with transaction():
                await execute(sql, certified.id)
    status = await fetch_value("SELECT status FROM certifications WHERE id = $1", certified.id)
    assert status == Status.REVOCATION_NOTICED


async def test_history_cannot_be_rewritten(certified):
    for sql in ("UPDATE certification_history SET reason = '改'", "DELETE FROM certification_history"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            async with transaction():
                await execute(sql)
    assert [entry.reason for entry in await queries.history(certified.id)] == ["评估合格，公示无异议"]
