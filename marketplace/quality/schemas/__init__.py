"""Complaints, incidents and signals on the wire."""

from marketplace.quality.schemas.complaints import AnswerRequest, ComplaintRequest, ComplaintView, NoteRequest
from marketplace.quality.schemas.incidents import ConclusionRequest, IncidentRequest, IncidentView
from marketplace.quality.schemas.signals import SignalView

__all__ = (
    "AnswerRequest",
    "ComplaintRequest",
    "ComplaintView",
    "ConclusionRequest",
    "IncidentRequest",
    "IncidentView",
    "NoteRequest",
    "SignalView",
)
