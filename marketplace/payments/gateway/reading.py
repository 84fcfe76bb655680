"""What Stripe's objects mean in our words; pure."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from marketplace.payments.errors import ProviderDisagrees
from marketplace.payments.gateway.sdk import stripe
from marketplace.payments.rules import BalanceEntry, Outcome, RefundOutcome, Started
from marketplace.payments.states import PaymentStatus, RefundStatus

_REFUND_STATUSES = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


def started(session: stripe.checkout.Session) -> Started:
    """Read a Checkout Session that was just made or found."""
    return Started(
        session_id=session.id, url=session.url, expires_at=datetime.fromtimestamp(session.expires_at, tz=UTC)
    )


def outcome(session: stripe.checkout.Session, *, livemode: bool) -> Outcome:
    """Read how a payment stands from a Checkout Session with its PaymentIntent expanded.

    Refuses: ProviderDisagrees when test and live are mixed.
    """
    if session.livemode != livemode:
        raise ProviderDisagrees
    intent = session.payment_intent if isinstance(session.payment_intent, stripe.PaymentIntent) else None
    status = _status(session, intent)
    error = intent.last_payment_error if intent is not None else None
    return Outcome(
        status=status,
        session_id=session.id,
        checkout_url=session.url,
        intent_id=intent.id if intent is not None else None,
        amount=intent.amount_received if intent is not None else None,
        currency=intent.currency.upper() if intent is not None else None,
        failure_code=error.code if error is not None and status is PaymentStatus.FAILED else None,
    )


def _status(session: stripe.checkout.Session, intent: stripe.PaymentIntent | None) -> PaymentStatus:
    if intent is not None and intent.status == "succeeded":
        return PaymentStatus.SUCCEEDED
    if session.status == "expired":
        return PaymentStatus.CANCELLED
    if session.status == "complete" and intent is not None:
        # The payer left the page; a wallet answers later, and a refusal puts the intent back to its beginning.
        if intent.status == "requires_payment_method":
            return PaymentStatus.FAILED
        if intent.status == "canceled":
            return PaymentStatus.CANCELLED
    return PaymentStatus.PENDING


def refund_outcome(refund: stripe.Refund) -> RefundOutcome:
    """Read how a refund stands."""
    status = _REFUND_STATUSES.get(refund.status or "", RefundStatus.PENDING)
    failure = refund.to_dict().get("failure_reason")
    return RefundOutcome(
        status=status,
        provider_refund_id=refund.id,
        failure_code=failure or "unknown" if status is RefundStatus.FAILED else None,
    )


def balance_entry(transaction: stripe.BalanceTransaction) -> BalanceEntry:
    """Read a balance transaction with its source expanded."""
    source = transaction.source
    moved = None if source is None or isinstance(source, str) else source.to_dict()
    # A charge is known to us by its intent, and its amount is in the currency that the payer saw.
    converted = moved is not None and moved.get("currency", transaction.currency) != transaction.currency
    sign = 1 if transaction.amount >= 0 else -1
    return BalanceEntry(
        entry_id=transaction.id,
        type=transaction.type,
        source_ref=_ref(moved) if moved is not None else source if isinstance(source, str) else None,
        amount=transaction.amount,
        fee_amount=transaction.fee,
        currency=transaction.currency.upper(),
        charged_amount=sign * moved["amount"] if moved is not None and converted else transaction.amount,
        charged_currency=(moved["currency"] if moved is not None and converted else transaction.currency).upper(),
        booked_at=datetime.fromtimestamp(transaction.created, tz=UTC),
    )


def _ref(moved: dict[str, Any]) -> str:
    """Return the id by which our journals know what moved money."""
    if moved["object"] == "charge" and moved.get("payment_intent"):
        intent = moved["payment_intent"]
        return str(intent if isinstance(intent, str) else intent["id"])
    return str(moved["id"])


def balance(found: stripe.Balance) -> dict[str, int]:
    """Add up what is available and what is pending, by currency."""
    total: Counter[str] = Counter()
    for ready in found.available:
        total[ready.currency.upper()] += ready.amount
    for waiting in found.pending:
        total[waiting.currency.upper()] += waiting.amount
    return dict(total)
