"""Refunds of stays that have begun: how much, out of whose share, and once.

What is still held for the booking goes first. The rest had been earned: it is taken back from the institution and from
our commission by ``ledger.rules.shares``, the newest earning first. The guests do not wait for any of that.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from marketplace.bookings.rules import Paid, spread_refund, used_until
from marketplace.kit.audit import SYSTEM, Actor, record
from marketplace.kit.db import execute, transaction
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import NOBODY, Shares, Whose, spread_shares
from marketplace.payments import operations as payments
from marketplace.payments import queries as payment_queries
from marketplace.payments.errors import RefundTooLarge
from marketplace.payments.rules import TRADER_CAUSES, RefundReason
from marketplace.pricing.rules import CancellationPolicy, Line, refund_due
from marketplace.settlement import queries
from marketplace.settlement.operations.locks import Stay, lock_payee, lock_stay, lock_transfers
from marketplace.settlement.operations.unearning import unearn
from marketplace.settlement.queries import EarningRow
from marketplace.settlement.rules import Kind, cut, outstanding, plan_of, unserved


class _Opened(NamedTuple):
    """A booking under lock with its money: what each payment still holds, and what was earned of it."""

    stay: Stay
    whose: Whose
    paid: list[Paid]
    earned: list[EarningRow]

    @property
    def refundable_amount(self) -> int:
        return sum(one.amount for one in self.paid)


async def refund_unserved(  # noqa: PLR0913 - why money goes back is these facts, each named at the call.
    *, booking_id: UUID, from_on: date, cause: str, reason: RefundReason, actor: Actor = SYSTEM, now: datetime
) -> int:
    """Give the guests back what they paid for nights from ``from_on`` on, once per booking; returns how much.

    What was earned of those nights is held again, our commission with it. What has not been sent to the institution is
    not sent; what has is taken back, and what cannot be is owed by it: the guests do not wait for that. For the trader's
    cause the institution owes them interest beside it (R18).
    Refuses: NotFound, Busy. Publishes: SubmitRefund, SubmitReversal, RefundHandedOver.
    """
    async with transaction():
        found = await _open(booking_id, now=now)
        amount = max(found.refundable_amount - await _served_amount(found, from_on), 0)
        if not await _decide(booking_id, from_on=from_on, cause=cause, amount=amount, now=now):
            return 0
        parts = [(one, _back(one, from_on)) for one in found.earned]
        shares = await _unearn(found, parts, cause=cause, now=now)
        held = Shares(held_amount=max(amount - shares.amount, 0))
        await _request(
            found, amount, shares + held, reason=reason, dedupe=f"unserved:{cause}:{booking_id}", actor=actor, now=now
        )
        await record("stay.unserved", actor=actor, subject=booking_id, now=now, why=cause, after=amount)
        return amount


async def refund_early_departure(*, booking_id: UUID, now: datetime) -> int:
    """Refund guests who left by their own wish, once, by their policy and the price before discounts (R17–R20).

    Returns how much. What they leave is the institution's. Refuses: NotFound. Publishes: SubmitRefund, SubmitReversal.
    """
    async with transaction():
        found = await _open(booking_id, now=now)
        stay = found.stay
        assert stay.left_on is not None
        assert stay.ended_at is not None
        used = used_until(
            [*msgspec.json.decode(stay.lines, type=list[Line]), *await queries.added_lines(booking_id)],
            check_in=stay.check_in,
            check_out=stay.check_out,
            left_on=stay.left_on,
        )
        amount = refund_due(
            msgspec.json.decode(stay.cancellation_policy, type=CancellationPolicy),
            paid_amount=min(found.refundable_amount, stay.paid_amount),
            total_amount=stay.total_amount,
            first_paid_at=stay.first_paid_at,
            check_in=stay.check_in,
            now=stay.ended_at,
            used=used,
            service_begun=True,
        )
        if not await _decide(booking_id, from_on=stay.left_on, cause="left_early", amount=amount, now=now):
            return 0
        await _give_back(found, amount, cause="left_early", reason=RefundReason.LEFT_EARLY, actor=SYSTEM, now=now)
        await record("stay.left_early", actor=SYSTEM, subject=booking_id, now=now, after=amount)
        return amount


async def give_credit(*, booking_id: UUID, credit_id: UUID, amount: int, actor: Actor, now: datetime) -> None:
    """Give guests a part of their money back because the institution wants it so, out of its own share and ours.

    Refuses: NotFound, RefundTooLarge, Busy. Publishes: SubmitRefund, SubmitReversal.
    """
    async with transaction():
        found = await _open(booking_id, now=now)
        await _give_back(found, amount, cause=f"credit:{credit_id}", reason=RefundReason.CREDIT, actor=actor, now=now)
        await record("stay.credited", actor=actor, subject=booking_id, now=now, after=amount)


async def _open(booking_id: UUID, *, now: datetime) -> _Opened:
    stay = await lock_stay(booking_id)
    captured = await payment_queries.captured_payments(booking_id)
    await lock_payee(stay.institution_id, now=now)
    return _Opened(
        stay=stay,
        whose=Whose(booking_id=booking_id, institution_id=stay.institution_id, currency=stay.currency),
        paid=[Paid(payment_id=one.payment_id, amount=one.refundable_amount) for one in captured],
        earned=await queries.earnings_of(booking_id),
    )


async def _give_back(  # noqa: PLR0913 - these facts, each named at the call.
    found: _Opened, amount: int, *, cause: str, reason: RefundReason, actor: Actor, now: datetime
) -> None:
    held = (await ledger.held([found.stay.id], currency=found.stay.currency))[found.stay.id]
    available = min(found.refundable_amount, held + sum(one.kept_amount for one in found.earned))
    if amount > available:
        raise RefundTooLarge(refundable_amount=available)
    from_held = min(held, amount)
    left, parts = amount - from_held, []
    for earning in reversed(found.earned):
        back = min(left, earning.kept_amount)
        parts.append((earning, back))
        left -= back
    shares = Shares(held_amount=from_held) + await _unearn(found, parts, cause=cause, now=now)
    await _request(found, amount, shares, reason=reason, dedupe=f"{cause}:{found.stay.id}", actor=actor, now=now)


async def _unearn(found: _Opened, parts: Sequence[tuple[EarningRow, int]], *, cause: str, now: datetime) -> Shares:
    transfers = await lock_transfers(found.stay.id)
    shares = NOBODY
    for earning, back in parts:
        shares += await unearn(earning, back, whose=found.whose, transfers=transfers, cause=cause, now=now)
    return shares


async def _request(  # noqa: PLR0913 - as above.
    found: _Opened, amount: int, shares: Shares, *, reason: RefundReason, dedupe: str, actor: Actor, now: datetime
) -> None:
    """Spread a refund over the payments, the newest first, and over the shares that it is made of."""
    parts = spread_refund([one for one in found.paid if one.amount > 0], amount)
    for part, whose in zip(parts, spread_shares(shares, [part.amount for part in parts]), strict=True):
        await payments.request_refund(
            payment_id=part.payment_id,
            amount=part.amount,
            reason=reason,
            dedupe=f"{dedupe}:{part.payment_id}",
            shares=whose,
            bears_interest=reason in TRADER_CAUSES,
            actor=actor,
            now=now,
        )


async def _served_amount(found: _Opened, from_on: date) -> int:
    """Return what the nights before ``from_on`` cost: as they were earned, and as they are to be."""
    stay = found.stay
    plan = plan_of(
        check_in=stay.check_in,
        check_out=stay.check_out,
        total_amount=stay.total_amount,
        added=await queries.added_to(stay.id),
    )
    earned = {one.period: one.amount for one in found.earned}
    to_come = cut(outstanding(plan, earned, credited_amount=await queries.credited(stay.id)), from_on)
    return sum(period.amount for period in to_come) + sum(one.kept_amount - _back(one, from_on) for one in found.earned)


def _back(earning: EarningRow, from_on: date) -> int:
    if earning.kind is not Kind.NIGHTS:
        return 0
    return unserved(first_on=earning.first_on, end_on=earning.end_on, from_on=from_on, amount=earning.kept_amount)


async def _decide(booking_id: UUID, *, from_on: date, cause: str, amount: int, now: datetime) -> bool:
    decided = await execute(
        "INSERT INTO unserved_stays (booking_id, from_on, cause, refund_amount, decided_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (booking_id) DO NOTHING",
        booking_id,
        from_on,
        cause,
        amount,
        now,
    )
    return decided == 1
