"""News of money, for partners and for the reactions above: ids and amounts in minor units, nothing else."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from marketplace.kit.outbox import Audience, Event


class _PaymentEvent(Event, frozen=True, kw_only=True):
    audience: ClassVar[Audience] = "partner"

    payment_id: UUID
    booking_id: UUID
    partner_id: UUID | None
    amount: int


class PaymentSucceeded(_PaymentEvent, frozen=True, kw_only=True):
    """Money for a booking has arrived."""

    kind = "payment.succeeded"


class PaymentFailed(_PaymentEvent, frozen=True, kw_only=True):
    """The provider could not collect; nothing was charged."""

    kind = "payment.failed"


class _RefundEvent(_PaymentEvent, frozen=True, kw_only=True):
    refund_id: UUID


class RefundSucceeded(_RefundEvent, frozen=True, kw_only=True):
    """Money is back with whoever paid."""

    kind = "refund.succeeded"


class RefundFailed(_RefundEvent, frozen=True, kw_only=True):
    """The provider could not give the money back; it is returned by hand."""

    kind = "refund.failed"


class RefundHandedOver(Event, frozen=True, kw_only=True):
    """People are to pay a refund by bank."""

    kind = "refund.handed_over"

    refund_id: UUID
    booking_id: UUID
    amount: int


class DisputeOpened(Event, frozen=True, kw_only=True):
    """A payer's bank has taken money back until it decides; what is left of the booking's money is not passed on."""

    kind = "dispute.opened"

    dispute_id: UUID
    payment_id: UUID
    booking_id: UUID
    amount: int


class DisputeDecided(Event, frozen=True, kw_only=True):
    """The bank has decided: the money is ours again, or the payer's for good."""

    kind = "dispute.decided"

    dispute_id: UUID
    payment_id: UUID
    booking_id: UUID
    amount: int
    won: bool


class MovementUnexplained(Event, frozen=True, kw_only=True):
    """Money has moved at the provider, and nothing of ours explains it after an hour: it stands in suspense until people know."""

    kind = "movement.unexplained"

    entry_id: UUID
    amount: int


class BooksDisagree(Event, frozen=True, kw_only=True):
    """The daily proof of the books has found something; the log names each finding."""

    kind = "books.disagree"

    verified_on: date
    finding_count: int
