"""The life of a booking, as one table."""

from enum import StrEnum

from marketplace.kit.states import Machine, Transition


class Status(StrEnum):
    """Where a booking stands."""

    ON_HOLD = "on_hold"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DISPLACED = "displaced"


class Event(StrEnum):
    """What can happen to a booking."""

    CONFIRM = "confirm"
    RETAKE = "retake"
    EXPIRE = "expire"
    CANCEL = "cancel"
    INSTITUTION_CANCEL = "institution_cancel"
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    DISPLACE = "displace"
    REFUND = "refund"


BOOKING = Machine(
    [
        Transition(Event.CONFIRM, Status.ON_HOLD, Status.CONFIRMED, actors=("system",)),
        Transition(Event.EXPIRE, Status.ON_HOLD, Status.EXPIRED, actors=("system",), timer="hold_expires_at"),
        Transition(Event.CANCEL, Status.ON_HOLD, Status.CANCELLED, actors=("family", "partner", "system")),
        # Money that arrives after the hold lapsed takes the room again when it is still free.
        Transition(Event.RETAKE, Status.EXPIRED, Status.CONFIRMED, actors=("system",)),
        Transition(Event.CHECK_IN, Status.CONFIRMED, Status.CHECKED_IN, actors=("institution",)),
        Transition(Event.CANCEL, Status.CONFIRMED, Status.CANCELLED, actors=("family", "partner", "system")),
        # A stay that its institution cannot honour: everything is paid back, and civil affairs counts it.
        Transition(Event.INSTITUTION_CANCEL, Status.CONFIRMED, Status.CANCELLED, actors=("institution",)),
        Transition(Event.DISPLACE, Status.CONFIRMED, Status.DISPLACED, actors=("officer",)),
        Transition(Event.REFUND, Status.DISPLACED, Status.CANCELLED, actors=("system",)),
        Transition(Event.CHECK_OUT, Status.CHECKED_IN, Status.COMPLETED, actors=("institution",)),
    ]
)

FINAL = frozenset({Status.COMPLETED, Status.CANCELLED, Status.EXPIRED})
HOLDS_ROOM = frozenset({Status.ON_HOLD, Status.CONFIRMED, Status.CHECKED_IN})


class ChargeStatus(StrEnum):
    """Where a charge beside the booked price stands: nothing is taken that the guests have not agreed to."""

    PROPOSED = "proposed"
    OPEN = "open"
    PAID = "paid"
    REFUSED = "refused"
    LAPSED = "lapsed"
    VOID = "void"


class ChargeEvent(StrEnum):
    """What can happen to a charge."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    PAY = "pay"
    LAPSE = "lapse"
    VOID = "void"


CHARGE = Machine(
    [
        Transition(ChargeEvent.ACCEPT, ChargeStatus.PROPOSED, ChargeStatus.OPEN, actors=("family", "partner")),
        Transition(ChargeEvent.REFUSE, ChargeStatus.PROPOSED, ChargeStatus.REFUSED, actors=("family", "partner")),
        Transition(ChargeEvent.PAY, ChargeStatus.OPEN, ChargeStatus.PAID, actors=("system",)),
        # An extension that is paid late is taken after all when its nights are still free.
        Transition(ChargeEvent.PAY, ChargeStatus.LAPSED, ChargeStatus.PAID, actors=("system",)),
        Transition(ChargeEvent.LAPSE, ChargeStatus.PROPOSED, ChargeStatus.LAPSED, actors=("system",), timer="due_at"),
        Transition(ChargeEvent.LAPSE, ChargeStatus.OPEN, ChargeStatus.LAPSED, actors=("system",), timer="due_at"),
        Transition(ChargeEvent.VOID, ChargeStatus.PROPOSED, ChargeStatus.VOID, actors=("system",)),
        Transition(ChargeEvent.VOID, ChargeStatus.OPEN, ChargeStatus.VOID, actors=("system",)),
    ]
)
