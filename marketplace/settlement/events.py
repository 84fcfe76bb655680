"""News of settlement, for the reactions above: ids and amounts in minor units."""

from uuid import UUID

from marketplace.kit.outbox import Event


class TransferSucceeded(Event, frozen=True, kw_only=True):
    """An institution has been paid for a period of a stay."""

    kind = "transfer.succeeded"

    transfer_id: UUID
    institution_id: UUID
    amount: int


class TransferOwed(Event, frozen=True, kw_only=True):
    """What an institution must give back was no longer there: it owes it, and later transfers are less by it."""

    kind = "transfer.owed"

    reversal_id: UUID
    institution_id: UUID
    amount: int


class HoldTooOld(Event, frozen=True, kw_only=True):
    """Money for a booking has been held for 80 days; it may be held for 90."""

    kind = "hold.too_old"

    booking_id: UUID
    institution_id: UUID
    amount: int
