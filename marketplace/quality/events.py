"""News of complaints and incidents: ids alone, nothing of what was said."""

from typing import ClassVar
from uuid import UUID

from marketplace.kit.outbox import Audience, Event


class ComplaintReceived(Event, frozen=True, kw_only=True):
    """Somebody has complained about a stay; civil affairs is told."""

    kind = "complaint.received"

    complaint_id: UUID


class ComplaintReferred(Event, frozen=True, kw_only=True):
    """Civil affairs asks an institution what it says to a complaint."""

    kind = "complaint.referred"

    complaint_id: UUID


class ComplaintAnswered(Event, frozen=True, kw_only=True):
    """Civil affairs has answered a complaint; the answer is read where the complaint is."""

    kind = "complaint.answered"
    audience: ClassVar[Audience] = "partner"

    complaint_id: UUID
    booking_id: UUID
    partner_id: UUID | None


class IncidentReported(Event, frozen=True, kw_only=True):
    """Something has happened in a house; civil affairs is told."""

    kind = "incident.reported"

    incident_id: UUID


class IncidentConcluded(Event, frozen=True, kw_only=True):
    """Civil affairs has looked into an incident."""

    kind = "incident.concluded"

    incident_id: UUID
