"""What the platform's finance people see and say."""

from datetime import datetime
from typing import Annotated

import msgspec

from marketplace.kit.ids import pattern, wire
from marketplace.kit.money import Money
from marketplace.kit.text import LINE
from marketplace.payments.queries import RefundTask
from marketplace.settlement.queries import FrozenRow, ReleaseRow

BANK_REFERENCE = Annotated[str, msgspec.Meta(min_length=4, max_length=64, pattern=LINE, examples=["CMB-20270701-0007"])]
REASON = Annotated[
    str, msgspec.Meta(min_length=2, max_length=400, pattern=LINE, examples=["撤销前已完成的服务，核对无误"])
]
_HEX = "0192f0c11a2b7c3d8e4f5a6b7c8d9e0f"
STAFF_ID = Annotated[str, msgspec.Meta(pattern=pattern("stf"), examples=[f"stf_{_HEX}"])]


class RefundTaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that people pay by bank: one proposes the transfer that was prepared, another approves it."""

    refund_id: Annotated[str, msgspec.Meta(pattern=pattern("ref"), examples=[f"ref_{_HEX}"])]
    booking_id: Annotated[str, msgspec.Meta(pattern=pattern("bkg"), examples=[f"bkg_{_HEX}"])]
    amount: Money
    cause: Annotated[str, msgspec.Meta(examples=["refund_window_closed"])]
    opened_at: Annotated[datetime, msgspec.Meta(examples=["2027-05-02T02:00:00Z"])]
    proposed_by: STAFF_ID | None
    bank_reference: BANK_REFERENCE | None

    @classmethod
    def of(cls, task: RefundTask) -> "RefundTaskView":
        """Show a task."""
        return cls(
            refund_id=wire("ref", task.refund_id),
            booking_id=wire("bkg", task.booking_id),
            amount=Money(task.amount, task.currency),
            cause=task.cause,
            opened_at=task.opened_at,
            proposed_by=wire("stf", task.proposed_by) if task.proposed_by else None,
            bank_reference=task.bank_reference,
        )


class ProposedTransfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bank transfer that pays a refund: prepared by one, approved, to the letter, by another."""

    bank_reference: BANK_REFERENCE


class FrozenTransfersView(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for an institution because it is suspended or revoked."""

    institution_id: Annotated[str, msgspec.Meta(pattern=pattern("ins"), examples=[f"ins_{_HEX}"])]
    institution_name: str
    standing: Annotated[str | None, msgspec.Meta(examples=["suspended"])]
    transfer_count: Annotated[int, msgspec.Meta(examples=[2])]
    amount: Money

    @classmethod
    def of(cls, row: FrozenRow) -> "FrozenTransfersView":
        """Show what is frozen."""
        return cls(
            institution_id=wire("ins", row.institution_id),
            institution_name=row.institution_name,
            standing=row.standing,
            transfer_count=len(row.transfer_ids),
            amount=Money(row.amount, row.currency),
        )


class ReleaseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for an institution's frozen transfers to be sent all the same."""

    institution_id: Annotated[str, msgspec.Meta(examples=[f"ins_{_HEX}"], max_length=64)]
    reason: REASON


class TransferReleaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A release of frozen transfers: asked for by one person, approved by another within seven days."""

    id: Annotated[str, msgspec.Meta(pattern=pattern("rel"), examples=[f"rel_{_HEX}"])]
    institution_id: Annotated[str, msgspec.Meta(pattern=pattern("ins"), examples=[f"ins_{_HEX}"])]
    amount: Money
    reason: REASON
    requested_by: STAFF_ID
    requested_at: Annotated[datetime, msgspec.Meta(examples=["2027-05-02T02:00:00Z"])]
    expires_at: datetime
    approved_by: STAFF_ID | None
    approved_at: datetime | None

    @classmethod
    def of(cls, row: ReleaseRow) -> "TransferReleaseView":
        """Show a release."""
        return cls(
            id=wire("rel", row.id),
            institution_id=wire("ins", row.institution_id),
            amount=Money(row.amount, row.currency),
            reason=row.reason,
            requested_by=wire("stf", row.requested_by),
            requested_at=row.requested_at,
            expires_at=row.expires_at,
            approved_by=wire("stf", row.approved_by) if row.approved_by else None,
            approved_at=row.approved_at,
        )
