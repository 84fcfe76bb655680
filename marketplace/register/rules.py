"""What the register says of an institution, and when it no longer stands there."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from marketplace.certifications.rules import Standing
from marketplace.certifications.states import STANDING, Status
from marketplace.credentials.rules import status_on
from marketplace.identity.rules import Level

# The place of a change in the feed: its transaction, and within it the institution.
Position = tuple[int, UUID]
BEGINNING: Position = (0, UUID(int=0))


class Record(Standing, frozen=True, kw_only=True):
    """The public record of an institution: who it is, what it offers, and its current certification.

    The counts are of everything that was ever ordered against it.
    """

    institution_id: UUID
    name: str
    name_en: str
    uscc: str | None
    address: str
    place_code: str
    place_name: str
    division_code: str
    jurisdiction_code: str
    jurisdiction_name: str
    clusters: tuple[str, ...]
    latitude: float
    longitude: float
    datum: str
    licensed_bed_count: int
    phone: str | None
    opened_on: date
    is_example: bool
    services: tuple[str, ...]
    assessment_due_on: date
    granted_at: datetime
    status_since: datetime
    status_reason: str
    rectification_count: int
    suspension_count: int


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an institution's history. It names the level that decided, null for a deadline, and no person."""

    id: UUID
    number: str
    event: str
    status: Status
    grade: int | None
    reason: str
    decided_level: Level | None
    decided_at: datetime
    published_at: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the register: what was decided in it, if anything, and the record as it is now."""

    position: Position
    published_at: datetime
    decided: tuple[Decided, ...]
    record: Record


def stands(record: Standing, day: date) -> bool:
    """Say whether an institution stands in the register on a day: its certificate has not ended."""
    return status_on(record, day) in STANDING
