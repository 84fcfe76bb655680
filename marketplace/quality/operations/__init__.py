"""Writes of complaints and incidents, and the signals that follow from them and from cancelled stays."""

from marketplace.quality.operations.complaining import answer, complain, refer, reply
from marketplace.quality.operations.following import (
    follow_answer,
    follow_cancellation,
    follow_complaint,
    follow_conclusion,
    follow_incident,
)
from marketplace.quality.operations.reporting import conclude, report

__all__ = (
    "answer",
    "complain",
    "conclude",
    "follow_answer",
    "follow_cancellation",
    "follow_complaint",
    "follow_conclusion",
    "follow_incident",
    "refer",
    "reply",
    "report",
)
