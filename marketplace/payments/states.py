"""The lives of a payment and of a refund, as one table each; time only moves them forward."""

from enum import StrEnum

from marketplace.kit.states import Machine, Transition


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    CREATED = "created"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PaymentEvent(StrEnum):
    """What can happen to a payment."""

    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"


PAYMENT = Machine(
    [
        Transition(PaymentEvent.START, PaymentStatus.CREATED, PaymentStatus.PENDING, actors=("family", "partner")),
        Transition(PaymentEvent.SUCCEED, PaymentStatus.CREATED, PaymentStatus.SUCCEEDED, actors=("provider",)),
        Transition(PaymentEvent.SUCCEED, PaymentStatus.PENDING, PaymentStatus.SUCCEEDED, actors=("provider",)),
        Transition(PaymentEvent.FAIL, PaymentStatus.CREATED, PaymentStatus.FAILED, actors=("provider",)),
        Transition(PaymentEvent.FAIL, PaymentStatus.PENDING, PaymentStatus.FAILED, actors=("provider",)),
        Transition(PaymentEvent.CANCEL, PaymentStatus.CREATED, PaymentStatus.CANCELLED, timer="expires_at"),
        Transition(PaymentEvent.CANCEL, PaymentStatus.PENDING, PaymentStatus.CANCELLED, timer="expires_at"),
        # The provider has the last word: money that was taken after all is money that must be accounted for.
        Transition(PaymentEvent.FAIL, PaymentStatus.CANCELLED, PaymentStatus.FAILED, actors=("provider",)),
        Transition(PaymentEvent.SUCCEED, PaymentStatus.CANCELLED, PaymentStatus.SUCCEEDED, actors=("provider",)),
        Transition(PaymentEvent.SUCCEED, PaymentStatus.FAILED, PaymentStatus.SUCCEEDED, actors=("provider",)),
    ]
)
UNSETTLED_PAYMENT = frozenset({PaymentStatus.CREATED, PaymentStatus.PENDING})


class RefundStatus(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    SUBMITTED = "submitted"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    MANUAL = "manual"


class RefundEvent(StrEnum):
    """What can happen to a refund."""

    SUBMIT = "submit"
    ACCEPT = "accept"
    SUCCEED = "succeed"
    FAIL = "fail"
    HAND_OVER = "hand_over"


REFUND = Machine(
    [
        Transition(RefundEvent.SUBMIT, RefundStatus.REQUESTED, RefundStatus.SUBMITTED, actors=("system",)),
        Transition(RefundEvent.ACCEPT, RefundStatus.SUBMITTED, RefundStatus.PENDING, actors=("provider",)),
        Transition(RefundEvent.SUCCEED, RefundStatus.SUBMITTED, RefundStatus.SUCCEEDED, actors=("provider",)),
        Transition(RefundEvent.SUCCEED, RefundStatus.PENDING, RefundStatus.SUCCEEDED, actors=("provider",)),
        Transition(RefundEvent.FAIL, RefundStatus.SUBMITTED, RefundStatus.FAILED, actors=("provider",)),
        Transition(RefundEvent.FAIL, RefundStatus.PENDING, RefundStatus.FAILED, actors=("provider",)),
        # A bank may send the money back days after it was said to have arrived.
        Transition(RefundEvent.FAIL, RefundStatus.SUCCEEDED, RefundStatus.FAILED, actors=("provider",)),
        Transition(RefundEvent.HAND_OVER, RefundStatus.FAILED, RefundStatus.MANUAL, actors=("system", "officer")),
    ]
)
UNSETTLED_REFUND = frozenset({RefundStatus.REQUESTED, RefundStatus.SUBMITTED, RefundStatus.PENDING})


class DisputeStatus(StrEnum):
    """Where a dispute stands: while it is open the payer's bank has the money."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class DisputeEvent(StrEnum):
    """What a payer's bank can decide."""

    WIN = "win"
    LOSE = "lose"


DISPUTE = Machine(
    [
        Transition(DisputeEvent.WIN, DisputeStatus.OPEN, DisputeStatus.WON, actors=("provider",)),
        Transition(DisputeEvent.LOSE, DisputeStatus.OPEN, DisputeStatus.LOST, actors=("provider",)),
    ]
)
