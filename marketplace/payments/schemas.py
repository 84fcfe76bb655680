"""Payments and refunds on the wire."""

from datetime import datetime
from typing import Annotated

import msgspec

from marketplace.kit.ids import pattern, wire
from marketplace.kit.money import Money
from marketplace.payments.queries import PaymentRow, RefundRow
from marketplace.payments.rules import BOOKING_PREFIX, PAYMENT_PREFIX, REFUND_PREFIX, Leg, Method, RefundReason
from marketplace.payments.states import PAYMENT, REFUND, PaymentStatus, RefundStatus

PaymentId = Annotated[
    str,
    msgspec.Meta(pattern=pattern(PAYMENT_PREFIX), examples=["pay_0192f0c11a2b7c3d8e4f5a6b7c8d9e0f"]),
]
RefundId = Annotated[
    str,
    msgspec.Meta(pattern=pattern(REFUND_PREFIX), examples=["ref_0192f0c11a2b7c3d8e4f5a6b7c8d9e0f"]),
]
BookingId = Annotated[
    str,
    msgspec.Meta(pattern=pattern(BOOKING_PREFIX), examples=["bkg_0192f0c11a2b7c3d8e4f5a6b7c8d9e0f"]),
]


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment of one leg. Send whoever pays to ``checkout_url``; only ``succeeded`` means that money arrived."""

    id: PaymentId
    booking_id: BookingId
    leg: Leg
    method: Method
    amount: Money
    status: PaymentStatus
    checkout_url: Annotated[
        str | None,
        msgspec.Meta(description="The provider's page, while it is open.", examples=["https://pay.example/c/1"]),
    ]
    expires_at: datetime
    opened_at: datetime
    settled_at: datetime | None
    valid_transitions: list[str]

    @classmethod
    def of(cls, row: PaymentRow) -> "PaymentView":
        """Show a payment to its owner."""
        is_open = row.status is PaymentStatus.PENDING and row.cancel_requested_at is None
        return cls(
            id=wire(PAYMENT_PREFIX, row.id),
            booking_id=wire(BOOKING_PREFIX, row.booking_id),
            leg=row.leg,
            method=row.method,
            amount=Money(row.amount, row.currency),
            status=row.status,
            checkout_url=row.checkout_url if is_open else None,
            expires_at=row.expires_at,
            opened_at=row.opened_at,
            settled_at=row.settled_at,
            valid_transitions=PAYMENT.valid_transitions(row.status, actor="family"),
        )


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back. ``manual`` means that the provider could not, and people pay it by bank."""

    id: RefundId
    payment_id: PaymentId
    booking_id: BookingId
    amount: Money
    reason: RefundReason
    status: RefundStatus
    requested_at: datetime
    settled_at: datetime | None
    valid_transitions: list[str]

    @classmethod
    def of(cls, row: RefundRow) -> "RefundView":
        """Show a refund to its booking's owner."""
        return cls(
            id=wire(REFUND_PREFIX, row.id),
            payment_id=wire(PAYMENT_PREFIX, row.payment_id),
            booking_id=wire(BOOKING_PREFIX, row.booking_id),
            amount=Money(row.amount, row.currency),
            reason=row.reason,
            status=row.status,
            requested_at=row.requested_at,
            settled_at=row.settled_at,
            valid_transitions=REFUND.valid_transitions(row.status, actor="family"),
        )
