"""From rooms that could be had to the institutions of an answer: prices, ceilings, and why each is where it is."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from marketplace.search.rules.asked import Asked
from marketplace.search.rules.climate import Weather
from marketplace.search.rules.matches import Facts, Match, Offer, Prices, Room, tariff_of
from marketplace.search.rules.recommending import score_of
from marketplace.search.rules.seasons import BY_SUM, Costs, Wish, check_ins, number, preferred
from marketplace.search.rules.windows import Start, Window

Priced = tuple[Start, Offer]


def choose(rooms: Iterable[Room], *, asked: Asked, weather: Weather | None, prices: Prices) -> list[Match]:
    """Return the institutions that fit, each with one offer per room type, at today's price and within the ceiling."""
    priced: dict[UUID, list[Priced]] = {}
    facts: dict[UUID, Facts] = {}
    wishes: dict[str, Wish] = {}
    for room in rooms:
        code, institution_id = room.facts.place_code, room.facts.institution_id
        if code not in wishes:
            wishes[code] = _wish(code, asked.window, weather)
        offer = _offer(room, asked, wishes[code], prices)
        if offer is not None:
            facts[institution_id] = room.facts
            priced.setdefault(institution_id, []).append(offer)
    return [_match(facts[one], found, asked, weather) for one, found in priced.items()]


def _offer(room: Room, asked: Asked, wish: Wish, prices: Prices) -> Priced | None:
    """Return a room type's stay at its preferred check-in within the price ceiling, or None when there is none."""
    tariff = tariff_of(room, asked.window, prices)
    first = number(asked.window.first)
    costs = Costs(
        of=lambda day, amount: tariff.total(day - first, amount),
        turns=[first + offset for offset in tariff.turns],
        ceiling=asked.price_max,
    )
    start = check_in(room, asked.window, wish, asked_on=prices.asked_on, costs=costs)
    return (start, tariff.offer(start)) if start is not None else None


def check_in(room: Room, window: Window, wish: Wish, *, asked_on: date, costs: Costs = BY_SUM) -> Start | None:
    """Return the preferred check-in of a room type within a window, or None when no stay fits."""
    days = check_ins(room.seasons, room.free, nights=window.nights, today=number(asked_on))
    found = preferred(room.seasons, days, nights=window.nights, wish=wish, costs=costs)
    return Start(found[0] - number(window.first), found[1]) if found is not None else None


def _wish(place_code: str, window: Window, weather: Weather | None) -> Wish:
    if weather is None:
        return Wish(prefer=window.prefer)
    return Wish(
        prefer=window.prefer, first=number(window.first), means=weather.means[place_code], limits=weather.limits
    )


def _match(facts: Facts, priced: list[Priced], asked: Asked, weather: Weather | None) -> Match:
    if len(priced) > 1:
        priced.sort(key=lambda one: (_rank(one, facts, asked, weather), one[1].total_amount, one[1].room_type_id))
    start, _ = priced[0]
    relief = weather.relief(facts.place_code, start.offset) if weather is not None else None
    return Match(
        facts=facts,
        offers=tuple(offer for _, offer in priced),
        relief=relief,
        score=score_of(
            grade=facts.grade,
            restricted=facts.under_restriction,
            text_rank=facts.text_rank,
            distance_m=facts.distance_m,
            relief=relief,
        ),
    )


def _rank(one: Priced, facts: Facts, asked: Asked, weather: Weather | None) -> int:
    """Return what the offers of an institution are ordered by, before their price."""
    start, offer = one
    if asked.window.prefer == "cheapest":
        return offer.total_amount
    if asked.window.prefer == "coolest" and weather is not None:
        return weather.mean(facts.place_code, start.offset)
    return start.offset
