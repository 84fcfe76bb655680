"""News of departures. The public feed carries them: ids and dates only."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from marketplace.kit.outbox import Audience, Event


class DepartureEvent(Event, frozen=True, kw_only=True):
    """What every event of a departure says."""

    audience: ClassVar[Audience] = "public"

    departure_id: UUID
    tour_id: UUID
    check_in: date


class DepartureOpened(DepartureEvent, frozen=True, kw_only=True):
    """A departure is on sale."""

    kind = "departure.opened"


class DepartureGuaranteed(DepartureEvent, frozen=True, kw_only=True):
    """Enough travellers have paid: the group forms, and may not be cancelled for low numbers any more (R08)."""

    kind = "departure.guaranteed"


class DepartureNotFormed(DepartureEvent, frozen=True, kw_only=True):
    """Too few travellers have paid by seven days before: every booking goes back in full (旅游法 63; R08)."""

    kind = "departure.not_formed"
