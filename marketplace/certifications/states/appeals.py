"""Appeals (行政复议) as a machine of their own: they run beside the certification and change nothing of it by themselves."""

from enum import StrEnum

from marketplace.identity.rules import Level
from marketplace.kit.states import Machine, Transition

PROVINCE, INSTITUTION = (Level.PROVINCE,), ("institution",)


class AppealStatus(StrEnum):
    """Where an appeal stands."""

    FILED = "filed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UPHELD = "upheld"
    ANNULLED = "annulled"
    WITHDRAWN = "withdrawn"


class AppealEvent(StrEnum):
    """What can happen to an appeal: ``uphold`` leaves the decision as it is, ``annul`` sets it aside."""

    ACCEPT = "accept"
    ACCEPT_BY_SILENCE = "accept_by_silence"
    REFUSE = "refuse"
    STAY = "stay"
    EXTEND = "extend"
    UPHOLD = "uphold"
    ANNUL = "annul"
    WITHDRAW = "withdraw"


APPEAL = Machine(
    [
        Transition(AppealEvent.ACCEPT, AppealStatus.FILED, AppealStatus.ACCEPTED, actors=PROVINCE),
        Transition(AppealEvent.ACCEPT_BY_SILENCE, AppealStatus.FILED, AppealStatus.ACCEPTED, timer="appeal_review"),
        Transition(AppealEvent.REFUSE, AppealStatus.FILED, AppealStatus.REFUSED, actors=PROVINCE),
        Transition(AppealEvent.STAY, AppealStatus.ACCEPTED, AppealStatus.ACCEPTED, actors=PROVINCE),
        Transition(AppealEvent.EXTEND, AppealStatus.ACCEPTED, AppealStatus.ACCEPTED, actors=PROVINCE),
        Transition(AppealEvent.UPHOLD, AppealStatus.ACCEPTED, AppealStatus.UPHELD, actors=PROVINCE),
        Transition(AppealEvent.ANNUL, AppealStatus.ACCEPTED, AppealStatus.ANNULLED, actors=PROVINCE),
        Transition(AppealEvent.WITHDRAW, AppealStatus.FILED, AppealStatus.WITHDRAWN, actors=INSTITUTION),
        Transition(AppealEvent.WITHDRAW, AppealStatus.ACCEPTED, AppealStatus.WITHDRAWN, actors=INSTITUTION),
    ]
)
