"""Orders that tours give."""

from uuid import UUID

from marketplace.kit.outbox import Job


class DecideFormation(Job, frozen=True, kw_only=True):
    """Decide whether a departure's group has formed; due at its ``decide_at``."""

    kind = "tours.decide_formation"

    departure_id: UUID
