"""A refund that the provider cannot make is paid by people: one proposes, another approves, and the books follow."""

from datetime import timedelta

import asyncpg
import pytest

from marketplace.kit.audit import SYSTEM, Actor
from marketplace.kit.db import execute, fetch_value, transaction
from marketplace.kit.errors import Forbidden, IllegalTransition, NotFound
from marketplace.kit.ids import new_id
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import Account
from marketplace.payments import operations, queries
from marketplace.payments.errors import ApprovedBySelf
from marketplace.payments.rules import Method, RefundReason
from marketplace.payments.states import RefundStatus

BANK = "CMB-20270701-0007"


@pytest.fixture
async def handed_over(desk, sandbox):
    """A wallet's refund on the day after its window has closed."""
    payment_id = await desk.paid(method=Method.ALIPAY)
    later = desk.now + timedelta(days=90)
    refund_id = await operations.request_refund(
        payment_id=payment_id, amount=428_000, reason=RefundReason.REVOCATION, dedupe=str(new_id()), now=later
    )
    made = len(await sandbox.list("/v1/refunds"))
    await operations.submit_refund(refund_id=refund_id, now=later)
    assert len(await sandbox.list("/v1/refunds")) == made
    for _ in range(2):
        await operations.hand_over_refund(refund_id=refund_id, now=later)
    return refund_id


async def test_after_the_wallets_window_a_refund_goes_to_people_and_stays_owed(handed_over):
    refund = await queries.refund(handed_over)
    [task] = await queries.open_refund_tasks()

    assert (refund.status, refund.failure_code) == (RefundStatus.MANUAL, "refund_window_closed")
    assert (task.refund_id, task.amount, task.cause) == (handed_over, 428_000, "refund_window_closed")
    assert await ledger.balance(Account.REFUND_PENDING) == -428_000
    assert await ledger.balance(Account.STRIPE) == 428_000


async def test_the_day_before_the_window_closes_the_provider_still_pays(desk):
    payment_id = await desk.paid(method=Method.ALIPAY)
    refund_id = await operations.request_refund(
        payment_id=payment_id, amount=1_000, reason=RefundReason.REVOCATION, dedupe=str(new_id()), now=desk.now
    )
    await operations.submit_refund(refund_id=refund_id, now=desk.now + timedelta(days=89))

    assert (await queries.refund(refund_id)).provider_refund_id is not None


async def test_two_people_pay_it_and_the_books_follow(desk, handed_over):
    proposer, approver = (Actor(kind="officer", id=new_id()) for _ in range(2))
    told = {"refund_id": handed_over, "bank_reference": BANK, "now": desk.now}
    await operations.propose_payment_by_hand(**told, actor=proposer)

    with pytest.raises(ApprovedBySelf):
        await operations.approve_payment_by_hand(**told, actor=proposer)
    with pytest.raises(IllegalTransition):
        await operations.approve_payment_by_hand(**{**told, "bank_reference": "another"}, actor=approver)
    assert await ledger.balance(Account.REFUND_PENDING) == -428_000

    await operations.approve_payment_by_hand(**told, actor=approver)

    assert await queries.open_refund_tasks() == []
    assert await ledger.balance(Account.REFUND_PENDING) == 0
    assert await ledger.balance(Account.BANK) == -428_000
    assert (await desk.published())[-1] == "refund.succeeded"
    with pytest.raises(IllegalTransition):
        await operations.approve_payment_by_hand(**told, actor=approver)
    with pytest.raises(IllegalTransition):
        await operations.propose_payment_by_hand(**told, actor=proposer)


async def test_nobody_in_particular_may_neither_propose_nor_approve(desk, handed_over):
    told = {"refund_id": handed_over, "bank_reference": BANK, "actor": SYSTEM, "now": desk.now}
    for act in (operations.propose_payment_by_hand, operations.approve_payment_by_hand):
        with pytest.raises(Forbidden):
            await act(**told)
        with pytest.raises(NotFound):
            await act(**{**told, "refund_id": new_id(), "actor": Actor(kind="officer", id=new_id())})


async def test_the_database_refuses_one_person_in_both_places(handed_over):
    with pytest.raises(asyncpg.CheckViolationError, match="refund_tasks_two_people"):
        async with transaction():
            await execute(
                "UPDATE refund_tasks SET proposed_by = $2, approved_by = $2, proposed_at = now(), done_at = now(),"
                " bank_reference = 'CMB-1' WHERE refund_id = $1",
                handed_over,
                new_id(),
            )
    assert await fetch_value("SELECT done_at FROM refund_tasks") is None
