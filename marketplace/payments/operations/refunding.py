"""Giving money back: promised in the business transaction, submitted by a job, believed once fetched."""

from datetime import datetime
from uuid import UUID

import structlog

from marketplace.kit import failpoints
from marketplace.kit.audit import SYSTEM, Actor, record
from marketplace.kit.clock import local_date
from marketplace.kit.db import execute, fetch_one, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.kit.outbox import publish
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import NOBODY, Shares
from marketplace.payments import queries
from marketplace.payments.errors import NotCaptured, RefundTooLarge
from marketplace.payments.events import RefundFailed, RefundSucceeded
from marketplace.payments.gateway import Refused, gateway
from marketplace.payments.jobs import SubmitRefund
from marketplace.payments.operations.bookkeeping import book_interest, book_promise, book_refund
from marketplace.payments.operations.locks import lock_payment, lock_refund
from marketplace.payments.operations.returning import open_task
from marketplace.payments.queries import PaymentRow, RefundRow, refund_of
from marketplace.payments.rules import (
    REFUND_KEY_TRUST,
    RefundOutcome,
    RefundReason,
    RefundRequest,
    advance_refund,
    refund_window_ends,
)
from marketplace.payments.states import REFUND, UNSETTLED_REFUND, RefundEvent, RefundStatus
from marketplace.pricing.rules import Cause, interest_due, rate_on

log = structlog.get_logger("payments")


async def request_refund(  # noqa: PLR0913 - a refund has these facts, and each is named at the call.
    *,
    payment_id: UUID,
    amount: int,
    reason: RefundReason,
    dedupe: str,
    shares: Shares = NOBODY,
    bears_interest: bool = False,
    actor: Actor = SYSTEM,
    now: datetime,
) -> UUID:
    """Promise to give ``amount`` minor units of a payment back, once per ``dedupe``, and return the refund's id.

    Joins the caller's transaction and locks the payment. The promises of a payment never exceed what it captured
    less what a bank took back for good, nor what is held for the booking; a failed refund stays a promise, paid by
    hand. ``shares`` says how much of it had been earned and was taken back for it; the rest was held for the booking.
    For the trader's cause it ``bears_interest``, which is promised beside it.
    Refuses: NotFound, NotCaptured, RefundTooLarge. Publishes: SubmitRefund, RefundHandedOver.
    """
    async with transaction():
        payment = await lock_payment(payment_id)
        former: UUID | None = await fetch_value("SELECT id FROM refunds WHERE dedupe = $1", dedupe)
        if former is not None:
            return former
        if payment.captured_amount is None:
            raise NotCaptured
        promised = await fetch_value(
            "SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE payment_id = $1 AND reason <> 'interest'",
            payment_id,
        )
        # What was earned is taken back before it is refunded: nobody is given what is no longer held for the booking.
        held = (await ledger.held([payment.booking_id], currency=payment.currency))[payment.booking_id]
        refundable = max(min(payment.captured_amount - payment.lost_amount - promised, held), 0)
        if amount > refundable:
            raise RefundTooLarge(refundable_amount=refundable)
        refund = await _insert(payment, amount, reason=reason, dedupe=dedupe, shares=shares, now=now)
        await book_promise(refund, now=now)
        await publish(SubmitRefund(refund_id=refund.id), now=now)
        await record("refund.requested", actor=actor, subject=refund.id, now=now, why=reason, after=amount)
        if bears_interest:
            await request_interest(
                payment_id=payment_id,
                principal_amount=amount,
                year_bps=rate_on(Cause.TRADER, local_date(now)).year_bps,
                dedupe=f"interest:{dedupe}",
                actor=actor,
                now=now,
            )
        return refund.id


async def request_interest(  # noqa: PLR0913 - these facts, each named at the call.
    *, payment_id: UUID, principal_amount: int, year_bps: int, dedupe: str, actor: Actor = SYSTEM, now: datetime
) -> UUID | None:
    """Promise simple interest on a refund, from the day of the payment on, at the institution's cost, once (R18).

    A provider gives back no more than it took, so people pay it by bank. None when it is less than half a fen.
    Refuses: NotFound, NotCaptured. Publishes: RefundHandedOver.
    """
    async with transaction():
        payment = await lock_payment(payment_id)
        if payment.captured_amount is None or payment.settled_at is None:
            raise NotCaptured
        if await fetch_value("SELECT id FROM refunds WHERE dedupe = $1", dedupe) is not None:
            return None
        paid_on, returned_on = local_date(payment.settled_at), local_date(now)
        amount = interest_due(principal_amount, paid_on=paid_on, returned_on=returned_on, year_bps=year_bps)
        if amount == 0:
            return None
        shares = Shares(institution_amount=amount)
        refund = await _insert(payment, amount, reason=RefundReason.INTEREST, dedupe=dedupe, shares=shares, now=now)
        await book_interest(refund, now=now)
        await open_task(refund, cause="interest", now=now)
        await record("refund.interest_owed", actor=actor, subject=refund.id, now=now, why=dedupe, after=amount)
        return refund.id


async def _insert(  # noqa: PLR0913 - as above.
    payment: PaymentRow, amount: int, *, reason: RefundReason, dedupe: str, shares: Shares, now: datetime
) -> RefundRow:
    by_hand = reason is RefundReason.INTEREST
    row = await fetch_one(
        "INSERT INTO refunds (id, payment_id, booking_id, institution_id, partner_id, amount, currency, reason, status,"
        " dedupe, institution_amount, platform_amount, subsidy_amount, requested_at, attempted_at, settled_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15) RETURNING *",
        new_id(),
        payment.id,
        payment.booking_id,
        payment.institution_id,
        payment.partner_id,
        amount,
        payment.currency,
        reason.value,
        (RefundStatus.MANUAL if by_hand else RefundStatus.REQUESTED).value,
        dedupe,
        shares.institution_amount,
        shares.platform_amount,
        shares.subsidy_amount,
        now,
        now if by_hand else None,
    )
    return refund_of(row)


async def submit_refund(*, refund_id: UUID, now: datetime) -> None:
    """Have the provider give the money back; may be repeated after a crash at any line. No transaction may be open.

    A definite refusal, such as a lapsed refund window or a dispute, fails the refund.
    Refuses: NotFound, ProviderUnavailable. Publishes: RefundSucceeded, RefundFailed.
    """
    refund = await _begin(refund_id, now=now)
    if refund.status is not RefundStatus.SUBMITTED:
        return
    failpoints.reach("refund.begun")
    try:
        outcome = await _ask(refund, now=now)
    except Refused as refusal:
        outcome = RefundOutcome(status=RefundStatus.FAILED, provider_refund_id=None, failure_code=refusal.code)
    failpoints.reach("refund.asked")
    await _record(refund_id, outcome, now=now)


async def apply_refund(*, refund_id: UUID, now: datetime) -> None:
    """Fetch how a refund stands at the provider and record it; one that was never submitted is submitted.

    Refuses: NotFound, ProviderUnavailable. Publishes: RefundSucceeded, RefundFailed.
    """
    refund = await queries.refund(refund_id)
    if refund.provider_refund_id is not None:
        await _record(refund_id, await gateway().get_refund(refund.provider_refund_id), now=now)
    elif refund.status in UNSETTLED_REFUND:
        await submit_refund(refund_id=refund_id, now=now)


async def _begin(refund_id: UUID, *, now: datetime) -> RefundRow:
    async with transaction():
        refund = await lock_refund(refund_id)
        if refund.status is not RefundStatus.REQUESTED:
            return refund
        row = await fetch_one(
            "UPDATE refunds SET status = $2, attempted_at = $3 WHERE id = $1 RETURNING *",
            refund_id,
            REFUND.target(refund.status, RefundEvent.SUBMIT).value,
            now,
        )
        return refund_of(row)


async def _ask(refund: RefundRow, *, now: datetime) -> RefundOutcome:
    payment = await queries.payment(refund.payment_id)
    if payment.provider_intent_id is None or payment.settled_at is None:
        raise RuntimeError(f"payment {payment.id} was captured without an intent")
    if refund.attempted_at is not None and now - refund.attempted_at > REFUND_KEY_TRUST:
        found = await gateway().find_refund(refund_id=refund.id, intent_id=payment.provider_intent_id)
        if found is not None:
            return found
    window_ends = refund_window_ends(payment.method, captured_at=payment.settled_at)
    if window_ends is not None and now >= window_ends:
        # The wallet takes nothing back any more; people pay by bank, as planned from the start.
        raise Refused("refund_window_closed")
    request = RefundRequest(
        refund_id=refund.id, payment_id=payment.id, intent_id=payment.provider_intent_id, amount=refund.amount
    )
    return await gateway().refund(request)


async def _record(refund_id: UUID, outcome: RefundOutcome, *, now: datetime) -> None:
    async with transaction():
        refund = await lock_refund(refund_id)
        status = advance_refund(refund.status, outcome.status)
        if status is refund.status:
            await execute("UPDATE refunds SET checked_at = $2 WHERE id = $1", refund_id, now)
            return
        await execute(
            "UPDATE refunds SET status = $2, provider_refund_id = coalesce(provider_refund_id, $3), failure_code = $4,"
            " settled_at = $5, checked_at = $6 WHERE id = $1",
            refund_id,
            status.value,
            outcome.provider_refund_id,
            outcome.failure_code,
            None if status in UNSETTLED_REFUND else now,
            now,
        )
        await book_refund(refund, outcome, now=now)
        await record(f"refund.{status}", actor=SYSTEM, subject=refund_id, now=now, before=refund.status, after=status)
        await _announce(refund, status, now=now)


async def _announce(refund: RefundRow, status: RefundStatus, *, now: datetime) -> None:
    news = {RefundStatus.SUCCEEDED: RefundSucceeded, RefundStatus.FAILED: RefundFailed}.get(status)
    if news is not None:
        message = news(
            refund_id=refund.id,
            payment_id=refund.payment_id,
            booking_id=refund.booking_id,
            partner_id=refund.partner_id,
            amount=refund.amount,
        )
        await publish(message, now=now)
