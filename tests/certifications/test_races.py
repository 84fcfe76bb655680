"""Real commits on many connections: what a sale and a revocation, or two officers, see of each other."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from marketplace.certifications import operations, queries
from marketplace.certifications.errors import InstitutionNotBookable
from marketplace.certifications.rules import Revoked
from marketplace.identity.errors import DecisionNotPending
from marketplace.identity.rules import Level
from marketplace.kit.db import fetch_value, transaction
from marketplace.kit.errors import IllegalTransition
from seed import procedure
from tests.certifications.conftest import NOW, PROVINCE, TODAY, kinds, officer
from tests.certifications.sheets import sheet_of

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Held:
    """A transaction in a task of its own that does something, and commits when it is told to."""

    def __init__(self, act):
        self._act, self.done, self._may_commit = act, asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self):
        async with transaction():
            found = await self._act()
            self.done.set()
            await self._may_commit.wait()
        return found

    async def commit(self):
        self._may_commit.set()
        return await self.task


async def until_blocked(task):
    """Wait until the database says that someone waits for a lock; the task must be the one."""
    async with asyncio.timeout(2):
        while await fetch_value(WAITING) == 0:
            assert not task.done()
            await asyncio.sleep(0)


def sale(certification):
    return operations.ensure_bookable(
        institution_id=certification.institution_id, check_in=TODAY, check_out=TODAY + timedelta(days=7), now=NOW
    )


async def request(certification, actor):
    status = await fetch_value("SELECT status FROM certifications WHERE id = $1", certification.id)
    if status == "certified":
        await procedure.conclude_revocation(certification, actor=actor, now=NOW)
    return await operations.request_revocation(
        certification_id=certification.id, reason="查证属实", actor=actor, now=NOW
    )


async def outcome(act):
    try:
        async with transaction():
            return await act
    except (IllegalTransition, DecisionNotPending) as refusal:
        return type(refusal)


async def test_a_sale_waits_for_a_revocation_under_way_and_then_is_refused(committed, certified, province, second):
    decision = await request(certified, province)
    revocation = Held(lambda: operations.revoke(decision_id=decision.id, actor=second, now=NOW))
    await revocation.done.wait()
    selling = Held(lambda: sale(certified))
    await until_blocked(selling.task)
    await revocation.commit()
    with pytest.raises(InstitutionNotBookable) as refusal:
        await selling.commit()
    assert refusal.value.facts == {"certification_status": "revoked"}


async def test_a_suspension_waits_for_sales_under_way(committed, certified, county):
    sales = [Held(lambda: sale(certified)) for _ in range(3)]
    await asyncio.gather(*(selling.done.wait() for selling in sales))
    suspension = Held(
        lambda: operations.suspend(certification_id=certified.id, reason="安全事故", actor=county, now=NOW)
    )
    await until_blocked(suspension.task)
    assert {(await selling.commit()).status for selling in sales} == {"certified"}
    assert (await suspension.commit()).status == "suspended"


async def test_a_suspension_too_stops_the_sale_that_waited_for_it(committed, certified, county):
    suspension = Held(
        lambda: operations.suspend(certification_id=certified.id, reason="安全事故", actor=county, now=NOW)
    )
    await suspension.done.wait()
    selling = Held(lambda: sale(certified))
    await until_blocked(selling.task)
    await suspension.commit()
    with pytest.raises(InstitutionNotBookable) as refusal:
        await selling.commit()
    assert refusal.value.facts == {"certification_status": "suspended"}


async def test_of_many_approvals_one_revokes(committed, certified, province):
    decision = await request(certified, province)
    seconds = [officer(Level.PROVINCE, PROVINCE) for _ in range(8)]
    found = await asyncio.gather(
        *(outcome(operations.revoke(decision_id=decision.id, actor=second, now=NOW)) for second in seconds)
    )
    assert Counter(item if isinstance(item, type) else type(item) for item in found) == {
        Revoked: 1,
        DecisionNotPending: 7,
    }
    history = await queries.history(certified.id)
    assert [entry.event for entry in history] == ["certify", "suspend", "notice_revocation", "revoke"]
    assert (await kinds()).count("certification.revoked") == 1
    winner = found.index(next(item for item in found if isinstance(item, Revoked)))
    approved_by = await fetch_value("SELECT approved_by FROM certification_decisions WHERE id = $1", decision.id)
    assert approved_by == seconds[winner].id


async def test_of_many_requests_one_is_pending(committed, certified):
    officers = [officer(Level.PROVINCE, PROVINCE) for _ in range(6)]
    await procedure.conclude_revocation(certified, actor=officers[0], now=NOW)
    found = await asyncio.gather(*(request(certified, actor) for actor in officers), return_exceptions=True)
    assert sorted(getattr(item, "code", "pending") for item in found) == ["decision_pending"] * 5 + ["pending"]
    assert await fetch_value("SELECT count(*) FROM certification_decisions") == 1


async def test_of_many_grants_one_holds(committed, add_institution, province):
    application = await procedure.publicise(
        institution_id=await add_institution(), sheet=sheet_of(), actor=province, visited_at=NOW - timedelta(days=35)
    )
    found = await asyncio.gather(
        *(
            outcome(operations.certify(application_id=application.id, reason="评估合格", actor=province, now=NOW))
            for _ in range(6)
        )
    )
    assert found.count(IllegalTransition) == 5
    assert await fetch_value("SELECT count(*) FROM certifications") == 1
    assert await kinds() == ["certification.granted"]


async def test_two_sweeps_at_once_order_once(committed, certify):
    for number in range(4):
        await certify(name=f"第{number}院（示例）", assessed_on=TODAY - timedelta(days=380))
    ordered = await asyncio.gather(*(operations.order_due_assessments(now=NOW) for _ in range(3)))
    assert sum(ordered) == 4
    found = Counter(await kinds())
    assert (found["assessment.ordered"], found["certification.assessment_overdue"]) == (4, 4)
