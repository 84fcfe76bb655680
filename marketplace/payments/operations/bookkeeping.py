"""Which journals payments and refunds make, posted in the transaction of the change that they tell."""

from datetime import datetime

from marketplace.ledger import operations as ledger
from marketplace.ledger import rules
from marketplace.ledger.rules import Whose
from marketplace.payments.queries import PaymentRow, RefundRow
from marketplace.payments.rules import RefundOutcome
from marketplace.payments.states import RefundStatus


async def book_capture(payment: PaymentRow, *, now: datetime) -> None:
    """Post that a payment brought money in."""
    assert payment.captured_amount is not None
    journal = rules.capture(
        _whose(payment),
        payment_id=payment.id,
        amount=payment.captured_amount,
        provider_ref=payment.provider_intent_id,
    )
    await ledger.post(journal, now=now)


async def book_promise(refund: RefundRow, *, now: datetime) -> None:
    """Post that money was promised back."""
    journal = rules.refund_requested(
        _whose(refund), refund_id=refund.id, amount=refund.amount, subsidy_amount=refund.subsidy_amount
    )
    await ledger.post(journal, now=now)


async def book_interest(refund: RefundRow, *, now: datetime) -> None:
    """Post that interest is owed to a payer, and to us by the institution."""
    await ledger.post(rules.interest_owed(_whose(refund), refund_id=refund.id, amount=refund.amount), now=now)


async def book_refund(refund: RefundRow, outcome: RefundOutcome, *, now: datetime) -> None:
    """Post what the provider did with a refund: it took the money when it took the order, and gives it back on failing.

    A refund that the provider never took moves nothing: the money is still there, and still owed.
    """
    taken = outcome.provider_refund_id or refund.provider_refund_id
    if taken is None:
        return
    whose = _whose(refund)
    if refund.provider_refund_id is None:
        journal = rules.refund_taken(whose, refund_id=refund.id, amount=refund.amount, provider_ref=taken)
        await ledger.post(journal, now=now)
    if outcome.status is RefundStatus.FAILED:
        journal = rules.refund_failed(whose, refund_id=refund.id, amount=refund.amount, provider_ref=taken)
        await ledger.post(journal, now=now)


async def book_payment_by_hand(refund: RefundRow, *, now: datetime) -> None:
    """Post that people paid a promised refund by bank."""
    await ledger.post(rules.refund_paid_by_hand(_whose(refund), refund_id=refund.id, amount=refund.amount), now=now)


def _whose(row: PaymentRow | RefundRow) -> Whose:
    return Whose(booking_id=row.booking_id, institution_id=row.institution_id, currency=row.currency)
