"""What a quote is made of. Amounts are fen, percentages basis points, days local dates of Asia/Shanghai."""

from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Literal
from uuid import UUID

import msgspec

from marketplace.certifications.rules import CertificationSnapshot
from marketplace.kit.money import BPS
from marketplace.pricing.rules.plans import Party


class QuoteKind(StrEnum):
    """What is priced: a stay in one room type, or seats on a departure."""

    STAY = "stay"
    TOUR = "tour"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a price and why it is there.

    ``amount`` is signed: a discount is negative. Lines of nights cover ``[first_night, end_on)`` and equal
    ``unit_amount × quantity``, where quantity is nights times units; so do supplements, where it is nights times beds or
    guests. A discount says ``bps`` of what the lines before it left.
    """

    code: str
    reason_zh: str
    reason_en: str
    amount: int
    unit_amount: int | None = None
    quantity: int | None = None
    first_night: date | None = None
    end_on: date | None = None
    bps: int | None = None


LegName = Literal["full", "deposit", "balance", "month", "extension", "adjustment"]


class Leg(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part of the price, to be paid by the end of ``due_on``.

    ``full``; or ``deposit`` and then ``balance``; or, of a long stay, ``month`` by month, numbered from 1, each for the
    nights ``[first_night, end_on)``. An ``extension`` or ``adjustment`` comes of a change, numbered too.
    """

    leg: LegName
    amount: int
    due_on: date
    number: int = 1
    first_night: date | None = None
    end_on: date | None = None


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """Cancelling ``days_before`` or more days before check-in keeps ``penalty_bps`` of the whole price."""

    days_before: int
    penalty_bps: int


class CancellationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Full refund within ``cooling_off_days`` of the first payment while the stay has not begun (R17); then by tier.

    Tiers run from the earliest cancellation to the latest, and waiting never makes cancelling cheaper.
    """

    version: str
    cooling_off_days: int
    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        """Refuse tiers that contradict each other."""
        if not self.tiers or self.tiers[-1].days_before != 0:
            raise ValueError("the last tier must be that of the day of check-in")
        for earlier, later in pairwise(self.tiers):
            if earlier.days_before <= later.days_before or earlier.penalty_bps > later.penalty_bps:
                raise ValueError("tiers must come from early and cheap to late and dear")
        if not all(0 <= tier.penalty_bps <= BPS for tier in self.tiers):
            raise ValueError("a penalty is between nothing and everything")


class CancellationStep(msgspec.Struct, frozen=True, kw_only=True):
    """What cancelling costs until ``until`` (exclusive; null for ever): ``refund_amount`` when all has been paid.

    With less paid the refund is what has been paid minus ``penalty_amount``, never below zero.
    """

    until: datetime | None
    penalty_amount: int
    refund_amount: int
    reason_zh: str
    reason_en: str


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable priced offer. Only its use and its withdrawal are written later, each once.

    ``party`` is None for a tour. ``rate_plan_on`` is the day from which the institution's plan was in force that made
    the price, None when it had none; ``reference_amount`` may be shown struck through beside the total.
    """

    id: UUID
    kind: QuoteKind
    institution_id: UUID
    room_type_id: UUID | None
    departure_id: UUID | None
    check_in: date
    check_out: date
    guest_count: int
    unit_count: int
    party: Party | None
    promotion_code: str | None
    lines: tuple[Line, ...]
    total_amount: int
    reference_amount: int | None
    currency: str
    schedule: tuple[Leg, ...]
    cancellation_policy: CancellationPolicy
    cancellation_timeline: tuple[CancellationStep, ...]
    certification: CertificationSnapshot
    policy_version: str
    rate_plan_on: date | None
    issued_at: datetime
    expires_at: datetime
    used_by_booking_id: UUID | None = None
    voided_at: datetime | None = None
