"""Words and pure decisions of payments: what the provider is asked, what it answers, and what that means to us."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from marketplace.payments.states import (
    PAYMENT,
    REFUND,
    DisputeStatus,
    PaymentEvent,
    PaymentStatus,
    RefundEvent,
    RefundStatus,
)

PAYMENT_PREFIX = "pay"
REFUND_PREFIX = "ref"
BOOKING_PREFIX = "bkg"
TRANSFER_PREFIX = "trf"

# The provider accepts checkout pages that live between 30 minutes and 24 hours, measured when it gets the request.
CHECKOUT_MIN = timedelta(minutes=60)
CHECKOUT_MAX = timedelta(hours=23)
# Within this time the same request may be repeated under its key, and still asks for a page of more than 30 minutes.
# Past it we look for what it made first; that also keeps far from the 24 h after which the provider forgets a key.
KEY_TRUST = timedelta(minutes=20)
REFUND_KEY_TRUST = timedelta(hours=23)


class Leg(StrEnum):
    """Which part of a booking's price is paid."""

    FULL = "full"
    DEPOSIT = "deposit"
    BALANCE = "balance"
    MONTH = "month"
    EXTENSION = "extension"
    ADJUSTMENT = "adjustment"


class Method(StrEnum):
    """How it is paid, by the provider's names."""

    CARD = "card"
    ALIPAY = "alipay"
    WECHAT_PAY = "wechat_pay"


# How long after the capture a wallet takes money back; cards have no such end.
_REFUND_WINDOWS = {Method.ALIPAY: timedelta(days=90), Method.WECHAT_PAY: timedelta(days=180)}


def refund_window_ends(method: Method, *, captured_at: datetime) -> datetime | None:
    """Return until when the provider can pay back by the way the money came; None when there is no end."""
    window = _REFUND_WINDOWS.get(method)
    return captured_at + window if window is not None else None


class RefundReason(StrEnum):
    """Why money goes back."""

    CANCELLATION = "cancellation"
    INSTITUTION = "institution"
    REVOCATION = "revocation"
    NOT_FORMED = "not_formed"
    LATE_PAYMENT = "late_payment"
    SURPLUS_PAYMENT = "surplus_payment"
    UNPAID = "unpaid"
    LEFT_EARLY = "left_early"
    CREDIT = "credit"
    # Beside a refund of money, not out of it: what it would have borne meanwhile (R18).
    INTEREST = "interest"
    OTHER = "other"


# 法释〔2025〕4号 art. 15–17: the trader's cause, for which a refund bears interest at the lending rate.
TRADER_CAUSES = frozenset({RefundReason.REVOCATION, RefundReason.INSTITUTION})


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider is asked to collect; a repeated attempt must be this, to the letter."""

    payment_id: UUID
    booking_id: UUID
    attempt: int
    leg: Leg
    method: Method
    amount: int
    currency: str
    success_url: str
    cancel_url: str
    expires_at: datetime

    @property
    def idempotency_key(self) -> str:
        """The key of this attempt, made from our id, so that a repeat after a crash finds the first."""
        return f"pay:{self.payment_id}:{self.attempt}"


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout page at the provider."""

    session_id: str
    url: str | None
    expires_at: datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says of a payment now; ``amount`` is what was captured, in minor units.

    ``created`` means that the provider knows nothing of it.
    """

    status: PaymentStatus
    session_id: str | None = None
    checkout_url: str | None = None
    intent_id: str | None = None
    amount: int | None = None
    currency: str | None = None
    failure_code: str | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What ``record_outcome`` made of an outcome.

    ``changed`` is false when nothing is new. ``surplus`` means that the leg had been paid already: the money has to
    go back in full.
    """

    payment_id: UUID
    booking_id: UUID
    leg: Leg
    status: PaymentStatus
    changed: bool
    captured_amount: int | None
    surplus: bool
    cancel_requested: bool


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider is asked to give back."""

    refund_id: UUID
    payment_id: UUID
    intent_id: str
    amount: int

    @property
    def idempotency_key(self) -> str:
        """The key of this refund, made from our id."""
        return f"refund:{self.refund_id}"


class RefundOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says of a refund now: pending, succeeded or failed."""

    status: RefundStatus
    provider_refund_id: str | None
    failure_code: str | None = None


SubjectKind = Literal["payment", "refund", "dispute", "transfer", "payee", "ignored"]
# What payers' money is about; the rest is about money of institutions.
PAYERS: tuple[SubjectKind, ...] = ("payment", "refund", "dispute")
PAYEES: tuple[SubjectKind, ...] = ("transfer", "payee")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Which of our rows an event of the provider is about; a dispute is known by the provider's own ``ref``."""

    kind: SubjectKind
    id: UUID | None = None
    ref: str | None = None


IGNORED = Subject(kind="ignored")


class ProviderNews(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the provider, verified: that something happened to ``object_id``, and the body as it came.

    ``signed_at`` is when this delivery was signed; an event that we asked for ourselves has none.
    """

    event_id: str
    type: str
    object_id: str
    subject: Subject
    body: str
    signed_at: datetime | None = None


class DisputeState(msgspec.Struct, frozen=True, kw_only=True):
    """How a dispute stands at the provider; ``intent_id`` is of the payment that it takes back."""

    provider_dispute_id: str
    intent_id: str | None
    amount: int
    currency: str
    reason: str
    status: DisputeStatus
    opened_at: datetime


class BalanceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A movement of our balance at the provider, by its own books.

    ``amount`` is gross, in the currency of the balance; ``fee_amount`` is kept from it. ``charged_amount`` is what it was
    before the provider converted it, the same when it did not. ``source_ref`` is the provider's id of what moved it: the
    payment intent of a charge, else the object itself.
    """

    entry_id: str
    type: str
    source_ref: str | None
    amount: int
    fee_amount: int
    currency: str
    charged_amount: int
    charged_currency: str
    booked_at: datetime


# Which journals explain a movement, by the provider's word for it. An adjustment is a dispute, by its sign.
_EXPLAINED_BY = {
    "charge": ("capture",),
    "payment": ("capture",),
    "refund": ("refund_taken",),
    "payment_refund": ("refund_taken",),
    "refund_failure": ("refund_failed",),
    "payment_failure_refund": ("refund_failed",),
    "transfer": ("transfer",),
    "transfer_refund": ("reversal",),
    "transfer_cancel": ("reversal",),
    "adjustment": ("dispute_withdrawn", "dispute_reinstated"),
    "payout": ("payout",),
    "payout_failure": ("payout",),
    "payout_cancel": ("payout",),
}
PAYOUTS = frozenset({"payout", "payout_failure", "payout_cancel"})
FEES = frozenset({"stripe_fee", "application_fee", "network_cost", "tax_fee"})


def explained_by(entry_type: str) -> tuple[str, ...]:
    """Return the kinds of journal that may explain a movement of this type; none when we know of no such thing."""
    return _EXPLAINED_BY.get(entry_type, ())


_PAYMENT_EVENTS = {
    PaymentStatus.PENDING: PaymentEvent.START,
    PaymentStatus.SUCCEEDED: PaymentEvent.SUCCEED,
    PaymentStatus.FAILED: PaymentEvent.FAIL,
    PaymentStatus.CANCELLED: PaymentEvent.CANCEL,
}
_REFUND_EVENTS = {
    RefundStatus.PENDING: RefundEvent.ACCEPT,
    RefundStatus.SUCCEEDED: RefundEvent.SUCCEED,
    RefundStatus.FAILED: RefundEvent.FAIL,
}


def advance_payment(current: PaymentStatus, seen: PaymentStatus) -> PaymentStatus:
    """Return the status after seeing the provider's: forward along the table, otherwise unchanged."""
    event = _PAYMENT_EVENTS.get(seen)
    return PAYMENT.target(current, event) if event and PAYMENT.allows(current, event) else current


def advance_refund(current: RefundStatus, seen: RefundStatus) -> RefundStatus:
    """Return the status after seeing the provider's: forward along the table, otherwise unchanged."""
    event = _REFUND_EVENTS.get(seen)
    return REFUND.target(current, event) if event and REFUND.allows(current, event) else current


def checkout_expiry(wished: datetime, *, attempted_at: datetime) -> datetime:
    """Return when the checkout page closes: at the wished time, within what the provider accepts."""
    return min(max(wished, attempted_at + CHECKOUT_MIN), attempted_at + CHECKOUT_MAX)
