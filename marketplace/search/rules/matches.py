"""What was found, as values: offers of room types, put together per institution."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

import msgspec

from marketplace.pricing.rules import Discount, length_of_stay
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
    """A room type that the party fits into, in ``unit_count`` units.

    ``free`` are the stretches of days ``[first, end)``, in order, on which so many are left.
    """

    facts: Facts
    room_type_id: UUID
    unit_count: int
    seasons: Seasons
    free: Sequence[tuple[int, int]]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a room type on every night ``[check_in, check_out)``, at the price that a quote would have now."""

    room_type_id: UUID
    unit_count: int
    check_in: date
    check_out: date
    nights_amount: int
    discount_amount: int
    discount_bps: int

    @property
    def total_amount(self) -> int:
        """What the stay costs; there are no other fees (R21)."""
        return self.nights_amount - self.discount_amount

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


def offer_of(
    *, room_type_id: UUID, unit_count: int, start: Start, window: Window, discounts: Sequence[Discount]
) -> Offer:
    """Price a stay by the rule of quotes."""
    nights_amount = start.amount * unit_count
    discount, off = length_of_stay(nights_amount, night_count=window.nights, discounts=discounts)
    check_in = window.day(start.offset)
    return Offer(
        room_type_id=room_type_id,
        unit_count=unit_count,
        check_in=check_in,
        check_out=check_in + timedelta(days=window.nights),
        nights_amount=nights_amount,
        discount_amount=off,
        discount_bps=discount.discount_bps if discount and off else 0,
    )


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
            return -((match.facts.grade or 0) * 1_000 + match.score)
        case "relief":
            return _UNKNOWN_LAST if match.relief is None else -match.relief
        case "recommended":
            return -match.score


_UNKNOWN_LAST = 1_000_000


def in_order(matches: Iterable[Match], sort: Sort) -> list[Match]:
    """Return matches in the order asked for."""
    return sorted(matches, key=lambda match: (position(match, sort), match.facts.institution_id))
