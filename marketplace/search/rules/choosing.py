"""From rooms that could be had to the institutions of an answer: dates by preference, prices, ceilings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from marketplace.places.rules import Place
from marketplace.pricing.rules import Discount
from marketplace.search.rules.asked import Asked
from marketplace.search.rules.climate import stay_means, year_of
from marketplace.search.rules.matches import Facts, Match, Offer, Room, offer_of
from marketplace.search.rules.recommending import recommend
from marketplace.search.rules.windows import Start, Window, best_start

# A place whose climate is not known is never the coolest.
_NO_IDEA_C = 100_00

Discounts = Mapping[UUID, Sequence[Discount]]


class Season:
    """What the climate of one place says about each check-in of a window; read once for all its institutions."""

    def __init__(self, place: Place, asked: Asked) -> None:
        self._window: Window = asked.window
        self._prefer = asked.window.prefer
        self._here: list[int] | None = None
        self._home: list[int] | None = None
        self.allowed: frozenset[int] | None = None
        if asked.origin is None and self._prefer != "coolest":
            return
        means = year_of(place)
        if means is not None:
            self._here = stay_means(means, asked.window)
        if asked.origin is not None:
            self._home = stay_means(asked.origin.means_c, asked.window)
        if asked.relief_min is not None:
            reliefs = [(k, self.relief(k)) for k in range(asked.window.last_offset + 1)]
            self.allowed = frozenset(k for k, cooler in reliefs if cooler is not None and cooler >= asked.relief_min)

    @property
    def cost(self) -> Callable[[Start], int] | None:
        """What a check-in is chosen by; None when the earliest is."""
        if self._window.exact or self._prefer == "earliest":
            return None
        if self._prefer == "cheapest":
            return lambda start: start.amount
        return lambda start: self._mean(start.offset)

    def rank(self, offset: int, offer: Offer) -> int:
        """What the offers of an institution are ordered by, before their price."""
        if self._prefer == "cheapest":
            return offer.total_amount
        return offset if self._prefer == "earliest" else self._mean(offset)

    def relief(self, offset: int) -> int | None:
        """Return how much cooler than at home a stay is, in hundredths of a degree; None when either is not known."""
        if self._here is None or self._home is None:
            return None
        return self._home[offset] - self._here[offset]

    def _mean(self, offset: int) -> int:
        return _NO_IDEA_C if self._here is None else self._here[offset]


def choose(rooms: Iterable[Room], *, asked: Asked, places: Mapping[str, Place], discounts: Discounts) -> list[Match]:
    """Return the institutions that fit, each with one offer per room type: its preferred dates at today's price.

    Dates are chosen by the window's preference among those that are cool enough; offers above the price ceiling fall.
    """
    seasons: dict[str, Season] = {}
    offers: dict[UUID, list[tuple[int, Offer]]] = {}
    facts: dict[UUID, Facts] = {}
    for room in rooms:
        code = room.facts.place_code
        if code not in seasons:
            seasons[code] = Season(places[code], asked)
        season = seasons[code]
        start = best_start(room.free, nights=asked.window.nights, cost=season.cost, allowed=season.allowed)
        if start is None:
            continue
        offer = offer_of(
            room_type_id=room.room_type_id,
            unit_count=room.unit_count,
            check_in=asked.window.day(start.offset),
            nights=asked.window.nights,
            amount=start.amount,
            discounts=discounts.get(room.facts.institution_id, ()),
        )
        if asked.price_max is None or offer.total_amount <= asked.price_max:
            facts[room.facts.institution_id] = room.facts
            offers.setdefault(room.facts.institution_id, []).append((start.offset, offer))
    return [_match(facts[one], found, seasons[facts[one].place_code], asked) for one, found in offers.items()]


def _match(facts: Facts, found: list[tuple[int, Offer]], season: Season, asked: Asked) -> Match:
    found.sort(key=lambda one: (season.rank(*one), one[1].total_amount, one[1].room_type_id))
    relief = season.relief(found[0][0])
    return Match(
        facts=facts,
        offers=tuple(offer for _, offer in found),
        relief=relief,
        points=recommend(
            grade=facts.grade,
            restricted=facts.under_restriction,
            text_rank=facts.text_rank,
            distance_m=facts.distance_m,
            relief=relief if asked.origin is not None else None,
        ),
    )
