"""What becomes of a message."""

from enum import StrEnum

from marketplace.kit.states import Machine, Transition


class Status(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"


class Event(StrEnum):
    """What the provider may say of it."""

    ACCEPT = "accept"
    REJECT = "reject"


MESSAGE = Machine(
    [
        Transition(Event.ACCEPT, Status.QUEUED, Status.SENT, actors=("provider",)),
        Transition(Event.REJECT, Status.QUEUED, Status.UNDELIVERABLE, actors=("provider",)),
    ]
)
