"""Refunds that people pay: a task is opened, one proposes the bank transfer, another approves it, and the books follow."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from marketplace.kit.audit import SYSTEM, Actor, record
from marketplace.kit.db import execute, fetch_one, require_transaction, transaction
from marketplace.kit.errors import Forbidden, IllegalTransition, NotFound
from marketplace.kit.outbox import publish
from marketplace.payments.errors import ApprovedBySelf
from marketplace.payments.events import RefundHandedOver, RefundSucceeded
from marketplace.payments.operations.bookkeeping import book_payment_by_hand
from marketplace.payments.operations.locks import lock_refund
from marketplace.payments.queries import RefundRow
from marketplace.payments.states import REFUND, RefundEvent, RefundStatus

log = structlog.get_logger("payments")


async def hand_over_refund(*, refund_id: UUID, actor: Actor = SYSTEM, now: datetime) -> None:
    """Hand a failed refund over to people and open its task; handing over twice changes nothing.

    Publishes: RefundHandedOver.
    """
    async with transaction():
        refund = await lock_refund(refund_id)
        if refund.status is RefundStatus.MANUAL:
            return
        target = REFUND.target(refund.status, RefundEvent.HAND_OVER)
        await execute("UPDATE refunds SET status = $2 WHERE id = $1", refund_id, target.value)
        await open_task(refund, cause=refund.failure_code or "unknown", now=now)
        await record("refund.handed_over", actor=actor, subject=refund_id, now=now, why=refund.failure_code)
        log.warning("a refund needs people", refund_id=str(refund_id), failure_code=refund.failure_code)


async def open_task(refund: RefundRow, *, cause: str, now: datetime) -> None:
    """Leave a refund to people, in the caller's transaction. Publishes: RefundHandedOver."""
    require_transaction()
    await execute("INSERT INTO refund_tasks (refund_id, cause, opened_at) VALUES ($1, $2, $3)", refund.id, cause, now)
    await publish(RefundHandedOver(refund_id=refund.id, booking_id=refund.booking_id, amount=refund.amount), now=now)


async def propose_payment_by_hand(*, refund_id: UUID, bank_reference: str, actor: Actor, now: datetime) -> None:
    """Say by which bank transfer a manual refund was prepared; proposing anew replaces what nobody has approved.

    Refuses: NotFound, Forbidden for who has no id, IllegalTransition once it is done.
    """
    if actor.id is None:
        raise Forbidden
    async with transaction():
        task = await _lock_task(refund_id)
        if task["done_at"] is not None:
            raise IllegalTransition(current="done", event="propose")
        await execute(
            "UPDATE refund_tasks SET proposed_by = $2, proposed_at = $3, bank_reference = $4 WHERE refund_id = $1",
            refund_id,
            actor.id,
            now,
            bank_reference,
        )
        await record("refund.transfer_proposed", actor=actor, subject=refund_id, now=now, after=bank_reference)


async def approve_payment_by_hand(*, refund_id: UUID, bank_reference: str, actor: Actor, now: datetime) -> None:
    """Approve the proposed bank transfer as the second person: the refund is paid, and the books say so.

    ``bank_reference`` must be the one proposed: what is approved is what was seen.
    Refuses: NotFound, Forbidden, ApprovedBySelf, IllegalTransition. Publishes: RefundSucceeded.
    """
    if actor.id is None:
        raise Forbidden
    async with transaction():
        task = await _lock_task(refund_id)
        if task["done_at"] is not None or task["bank_reference"] != bank_reference:
            raise IllegalTransition(current="done" if task["done_at"] else "open", event="approve")
        if task["proposed_by"] == actor.id:
            raise ApprovedBySelf
        await execute(
            "UPDATE refund_tasks SET approved_by = $2, done_at = $3 WHERE refund_id = $1", refund_id, actor.id, now
        )
        refund = await lock_refund(refund_id)
        await book_payment_by_hand(refund, now=now)
        news = RefundSucceeded(
            refund_id=refund.id,
            payment_id=refund.payment_id,
            booking_id=refund.booking_id,
            partner_id=refund.partner_id,
            amount=refund.amount,
        )
        await publish(news, now=now)
        await record("refund.paid_by_hand", actor=actor, subject=refund_id, now=now, after=bank_reference)


async def _lock_task(refund_id: UUID) -> Any:
    require_transaction()
    task = await fetch_one("SELECT * FROM refund_tasks WHERE refund_id = $1 FOR UPDATE", refund_id)
    if task is None:
        raise NotFound
    return task
