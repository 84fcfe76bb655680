"""Settlement on the wire."""

from datetime import datetime
from typing import Annotated

import msgspec

from marketplace.kit.ids import pattern, wire
from marketplace.kit.money import Money
from marketplace.payments.rules import BOOKING_PREFIX, TRANSFER_PREFIX
from marketplace.settlement.queries import PayeeRow, Position, TransferRow
from marketplace.settlement.rules import INSTITUTION_PREFIX
from marketplace.settlement.states import PayeeStatus, TransferStatus

_HEX = "0192f0c11a2b7c3d8e4f5a6b7c8d9e0f"
TransferId = Annotated[str, msgspec.Meta(pattern=pattern(TRANSFER_PREFIX), examples=[f"{TRANSFER_PREFIX}_{_HEX}"])]
BookingId = Annotated[str, msgspec.Meta(pattern=pattern(BOOKING_PREFIX), examples=[f"{BOOKING_PREFIX}_{_HEX}"])]
InstitutionId = Annotated[
    str, msgspec.Meta(pattern=pattern(INSTITUTION_PREFIX), examples=[f"{INSTITUTION_PREFIX}_{_HEX}"])
]


class PayeeView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an institution can be paid, on which terms, and where it stands with the platform."""

    institution_id: InstitutionId
    status: Annotated[
        PayeeStatus, msgspec.Meta(description="The payment provider's word; money waits until it is `active`.")
    ]
    commission_bps: Annotated[int, msgspec.Meta(description="The platform's share in basis points.", examples=[1200])]
    transfer_after_days: Annotated[
        int, msgspec.Meta(description="Days between check-in and the transfer.", examples=[3])
    ]
    payable: Annotated[Money, msgspec.Meta(description="Earned and not yet transferred.")]
    receivable: Annotated[Money, msgspec.Meta(description="Owed to the platform; kept from later transfers.")]
    checked_at: Annotated[datetime | None, msgspec.Meta(examples=["2027-05-02T02:00:00Z"])]

    @classmethod
    def of(cls, row: PayeeRow, position: Position) -> "PayeeView":
        """Show an institution its payee."""
        return cls(
            institution_id=wire(INSTITUTION_PREFIX, row.institution_id),
            status=row.status,
            commission_bps=row.commission_bps,
            transfer_after_days=row.transfer_after_days,
            payable=Money(position.payable_amount, position.currency),
            receivable=Money(position.receivable_amount, position.currency),
            checked_at=row.checked_at,
        )


class OnboardingView(msgspec.Struct, frozen=True, kw_only=True):
    """Where the institution tells the payment provider who it is; the address works once, for a few minutes."""

    url: Annotated[str, msgspec.Meta(examples=["https://connect.example/setup/1"])]
    expires_at: datetime


class TransferView(msgspec.Struct, frozen=True, kw_only=True):
    """Money for one period of a stay, on its way to the institution or there."""

    id: TransferId
    booking_id: BookingId
    amount: Annotated[Money, msgspec.Meta(description="What is sent, commission and debts already off.")]
    netted: Annotated[Money, msgspec.Meta(description="Kept for what the institution owed.")]
    reversed: Annotated[Money, msgspec.Meta(description="Taken back for days that were not served.")]
    status: TransferStatus
    due_at: datetime
    settled_at: Annotated[datetime | None, msgspec.Meta(examples=["2027-05-02T02:00:00Z"])]

    @classmethod
    def of(cls, row: TransferRow) -> "TransferView":
        """Show a transfer to who is paid."""
        return cls(
            id=wire(TRANSFER_PREFIX, row.id),
            booking_id=wire(BOOKING_PREFIX, row.booking_id),
            amount=Money(row.amount, row.currency),
            netted=Money(row.netted_amount, row.currency),
            reversed=Money(row.reversed_amount, row.currency),
            status=row.status,
            due_at=row.due_at,
            settled_at=row.settled_at,
        )
