"""The lives of a complaint and of an incident, each as one table."""

from enum import StrEnum

from marketplace.kit.states import Machine, Transition


class ComplaintStatus(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    REFERRED = "referred"
    REPLIED = "replied"
    ANSWERED = "answered"


class ComplaintEvent(StrEnum):
    """What can happen to a complaint."""

    REFER = "refer"
    REPLY = "reply"
    ANSWER = "answer"


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    REPORTED = "reported"
    CONCLUDED = "concluded"


class IncidentEvent(StrEnum):
    """What can happen to an incident."""

    CONCLUDE = "conclude"


_OFFICER, _INSTITUTION = ("officer",), ("institution",)

COMPLAINT = Machine(
    [
        Transition(ComplaintEvent.REFER, ComplaintStatus.RECEIVED, ComplaintStatus.REFERRED, actors=_OFFICER),
        Transition(ComplaintEvent.REPLY, ComplaintStatus.REFERRED, ComplaintStatus.REPLIED, actors=_INSTITUTION),
        # Civil affairs may answer at once, after the institution has replied, and when it does not.
        Transition(ComplaintEvent.ANSWER, ComplaintStatus.RECEIVED, ComplaintStatus.ANSWERED, actors=_OFFICER),
        Transition(ComplaintEvent.ANSWER, ComplaintStatus.REFERRED, ComplaintStatus.ANSWERED, actors=_OFFICER),
        Transition(ComplaintEvent.ANSWER, ComplaintStatus.REPLIED, ComplaintStatus.ANSWERED, actors=_OFFICER),
    ]
)

INCIDENT = Machine(
    [Transition(IncidentEvent.CONCLUDE, IncidentStatus.REPORTED, IncidentStatus.CONCLUDED, actors=_OFFICER)]
)
