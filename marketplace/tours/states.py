"""The life of a departure: both of its turns are taken by the calendar."""

from enum import StrEnum

from marketplace.kit.states import Machine, Transition


class Status(StrEnum):
    """Where a departure stands."""

    OPEN = "open"
    GUARANTEED = "guaranteed"
    NOT_FORMED = "not_formed"
    DEPARTED = "departed"


class Event(StrEnum):
    """What can happen to a departure."""

    FORM = "form"
    FAIL = "fail"
    DEPART = "depart"


DECISION_FALLS = "decide_at"
CHECK_IN_COMES = "check_in"

DEPARTURE = Machine(
    [
        Transition(Event.FORM, Status.OPEN, Status.GUARANTEED, timer=DECISION_FALLS),
        Transition(Event.FAIL, Status.OPEN, Status.NOT_FORMED, timer=DECISION_FALLS),
        Transition(Event.DEPART, Status.GUARANTEED, Status.DEPARTED, timer=CHECK_IN_COMES),
    ]
)
# Seats are sold before the decision, and after it when the group has formed.
ON_SALE = frozenset({Status.OPEN, Status.GUARANTEED})
