"""What was found, as values: offers of room types, put together per institution."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec

from marketplace.pricing.rules import NO_PLAN, Line, RatePlan, adjustments, single_use_count, stay_total
from marketplace.pricing.rules import Party as PricedParty
from marketplace.search.rules.asked import Sort
from marketplace.search.rules.recommending import Point, recommend
from marketplace.search.rules.seasons import Seasons
from marketplace.search.rules.windows import Start, Window


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What ranking needs to know of an institution; ``grade`` is the public one.

    ``text_rank`` is 0 for a hit in the name, 1 in the place, 2 elsewhere, None when nothing was searched by; so is
    ``distance_m`` without a point.
    """

    institution_id: UUID
    place_code: str
    grade: int | None
    services: tuple[str, ...]
    ability_level_min: int
    ability_level_max: int
    under_restriction: bool
    text_rank: int | None
    distance_m: int | None


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room type that the party fits into, in ``unit_count`` units for up to ``guests_max`` guests each.

    ``free`` are the stretches of days ``[first, end)``, in order, on which so many are left.
    """

    facts: Facts
    room_type_id: UUID
    unit_count: int
    guests_max: int
    seasons: Seasons
    free: Sequence[tuple[int, int]]


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """What makes prices of nights on the day of asking: how many guests ask, and the rate plans of institutions."""

    guests: int
    asked_on: date
    plans: Mapping[UUID, RatePlan]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a room type on every night ``[check_in, check_out)``, at the price that a quote would have now."""

    room_type_id: UUID
    unit_count: int
    check_in: date
    check_out: date
    nights_amount: int
    total_amount: int
    asked_on: date
    party: PricedParty
    plan: RatePlan = NO_PLAN

    @property
    def adjustments(self) -> tuple[Line, ...]:
        """The lines that lie between the sum of the nights and the total; there are no other fees (R21)."""
        return adjustments(
            self.nights_amount // self.unit_count,
            night_count=self.night_count,
            check_in=self.check_in,
            party=self.party,
            plan=self.plan,
            asked_on=self.asked_on,
        )

    @property
    def night_count(self) -> int:
        """How many nights the stay lasts."""
        return (self.check_out - self.check_in).days


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """An institution that fits, with its offers, the preferred first, and why it is where it is in the list."""

    facts: Facts
    offers: tuple[Offer, ...]
    relief: int | None
    score: int

    @property
    def best(self) -> Offer:
        """The offer that stands for the institution."""
        return self.offers[0]

    @property
    def points(self) -> tuple[Point, ...]:
        """The reasons of the score, which is their sum."""
        facts = self.facts
        return recommend(
            grade=facts.grade,
            restricted=facts.under_restriction,
            text_rank=facts.text_rank,
            distance_m=facts.distance_m,
            relief=self.relief,
        )


class Tariff:
    """The price of stays of one length in one room type, by their check-in and the sum of their nights for one unit."""

    def __init__(  # noqa: PLR0913 - a price depends on these facts.
        self,
        prices: Prices,
        window: Window,
        *,
        institution_id: UUID,
        room_type_id: UUID,
        unit_count: int,
        guests_max: int,
    ) -> None:
        self._prices = prices
        self._window = window
        self._room_type_id = room_type_id
        self._plan = prices.plans.get(institution_id, NO_PLAN)
        self._party = _party(prices.guests, unit_count, guests_max)

    @property
    def turns(self) -> tuple[int, ...]:
        """The offsets at which a discount for early booking begins."""
        since = (self._window.first - self._prices.asked_on).days
        return tuple(one.days_ahead_min - since for one in self._plan.early_booking)

    def total(self, offset: int, amount: int) -> int:
        """Return what a stay costs by the rule of quotes."""
        return stay_total(
            amount,
            night_count=self._window.nights,
            check_in=self._window.day(offset),
            party=self._party,
            plan=self._plan,
            asked_on=self._prices.asked_on,
        )

    def offer(self, start: Start) -> Offer:
        """Return a stay with its price."""
        check_in = self._window.day(start.offset)
        return Offer(
            room_type_id=self._room_type_id,
            unit_count=self._party.unit_count,
            check_in=check_in,
            check_out=check_in + timedelta(days=self._window.nights),
            nights_amount=start.amount * self._party.unit_count,
            total_amount=self.total(start.offset, start.amount),
            asked_on=self._prices.asked_on,
            party=self._party,
            plan=self._plan,
        )


def tariff_of(room: Room, window: Window, prices: Prices) -> Tariff:
    """Return the tariff of a room type that could be had."""
    return Tariff(
        prices,
        window,
        institution_id=room.facts.institution_id,
        room_type_id=room.room_type_id,
        unit_count=room.unit_count,
        guests_max=room.guests_max,
    )


@lru_cache(maxsize=256)
def _party(guests: int, unit_count: int, guests_max: int) -> PricedParty:
    singles = single_use_count(guests, unit_count=unit_count, guests_max=guests_max)
    return PricedParty(guest_count=guests, unit_count=unit_count, single_use_count=singles)


# One grade outweighs every score.
GRADE_STEP = 1_000
# Where the relief is not known, below every relief there could be.
UNKNOWN_LAST = 1_000_000


def position(match: Match, sort: Sort) -> int:
    """Return what a list is ordered by, least first; the institution's id makes the order total.

    Only facts that stay put while rooms come and go, except for the price, which is what was asked for.
    """
    match sort:
        case "price":
            return match.best.total_amount
        case "distance":
            return match.facts.distance_m or 0
        case "grade":
            return -((match.facts.grade or 0) * GRADE_STEP + match.score)
        case "relief":
            return UNKNOWN_LAST if match.relief is None else -match.relief
        case "recommended":
            return -match.score


def in_order(matches: Iterable[Match], sort: Sort) -> list[Match]:
    """Return matches in the order asked for."""
    return sorted(matches, key=lambda match: (position(match, sort), match.facts.institution_id))
