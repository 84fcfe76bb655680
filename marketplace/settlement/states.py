"""The lives of a payee, of a transfer and of its reversal."""

from enum import StrEnum

from marketplace.kit.states import Machine, Transition


class PayeeStatus(StrEnum):
    """Whether an institution can be paid: the provider says so, and may take it back."""

    PENDING = "pending"
    ACTIVE = "active"
    RESTRICTED = "restricted"


class TransferStatus(StrEnum):
    """Where money for an institution stands."""

    PLANNED = "planned"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


class TransferEvent(StrEnum):
    """What can happen to a transfer."""

    SUBMIT = "submit"
    SUCCEED = "succeed"
    REFUSE = "refuse"
    NET = "net"
    CANCEL = "cancel"


TRANSFER = Machine(
    [
        Transition(TransferEvent.SUBMIT, TransferStatus.PLANNED, TransferStatus.SUBMITTED, timer="due_at"),
        # Kept whole for a debt: nothing is left to be sent.
        Transition(TransferEvent.NET, TransferStatus.PLANNED, TransferStatus.SUCCEEDED, actors=("system",)),
        Transition(TransferEvent.SUCCEED, TransferStatus.SUBMITTED, TransferStatus.SUCCEEDED, actors=("provider",)),
        # The provider refuses for now, as when too little is available: it is tried again.
        Transition(TransferEvent.REFUSE, TransferStatus.SUBMITTED, TransferStatus.PLANNED, actors=("provider",)),
        Transition(TransferEvent.CANCEL, TransferStatus.PLANNED, TransferStatus.CANCELLED, actors=("system",)),
    ]
)


class ReversalStatus(StrEnum):
    """Where money that is taken back stands; ``owed`` means that the institution no longer had it and owes it to us."""

    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    OWED = "owed"
