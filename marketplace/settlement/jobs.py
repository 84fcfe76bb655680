"""Orders that settlement leaves for later; each may be carried out any number of times."""

from uuid import UUID

from marketplace.kit.outbox import Job


class SubmitTransfer(Job, frozen=True, kw_only=True):
    """Send an institution what it earned, if it may be paid when the day has come."""

    kind = "transfers.submit"

    transfer_id: UUID


class SubmitReversal(Job, frozen=True, kw_only=True):
    """Take back what an institution was sent for days that are not served."""

    kind = "transfers.reverse"

    reversal_id: UUID
