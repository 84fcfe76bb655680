"""When nothing fits: the stays that are nearest to what was asked, each with what would have to change.

Every change costs points (``rules.changes``), and the fewest come first. Whoever travels stays together and in one
place for the whole stay: elders are never offered a stay split between rooms or houses.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from marketplace.places.rules import Place
from marketplace.search.rules.asked import Asked
from marketplace.search.rules.changes import Change, km_to, of_dates, of_facts, of_price, of_relief
from marketplace.search.rules.choosing import check_in
from marketplace.search.rules.matches import Facts, Offer, Prices, Room, tariff_of
from marketplace.search.rules.seasons import Wish, number
from marketplace.search.rules.windows import Window

SHOWN_MAX = 6
_SAME_CHANGES_MAX = 3


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """A stay near what was asked, and every way in which it differs."""

    facts: Facts
    offer: Offer
    changes: tuple[Change, ...]

    @property
    def points(self) -> int:
        """How far it is from what was asked."""
        return sum(change.points for change in self.changes)


def places_by_nearness(asked: Asked, places: Mapping[str, Place]) -> list[str]:
    """Return the codes of all places, those nearest to what was asked first."""
    return sorted(places, key=lambda code: (km_to(places[code], asked, places), code))


def nearest_fits(  # noqa: PLR0913 - what a near stay is measured by.
    rooms: Iterable[Room],
    *,
    asked: Asked,
    wide: Window,
    dropped: tuple[Change, ...],
    places: Mapping[str, Place],
    prices: Prices,
) -> list[Alternative]:
    """Return at most six institutions' nearest stays, best first, and at most three that differ in the same ways.

    ``rooms`` are what could be had within ``wide`` by the same party; ``dropped`` is what they already leave aside.
    """
    found: dict[object, Alternative] = {}
    for room in rooms:
        one = _alternative(room, asked=asked, wide=wide, dropped=dropped, places=places, prices=prices)
        if one is None:
            continue
        known = found.get(room.facts.institution_id)
        if known is None or _rank(one) < _rank(known):
            found[room.facts.institution_id] = one
    shown: list[Alternative] = []
    alike: Counter[frozenset[str]] = Counter()
    for one in sorted(found.values(), key=_rank):
        ways = frozenset(change.code for change in one.changes)
        alike[ways] += 1
        if alike[ways] <= _SAME_CHANGES_MAX:
            shown.append(one)
    return shown[:SHOWN_MAX]


def _rank(one: Alternative) -> tuple[int, int, str]:
    return one.points, one.offer.total_amount, one.facts.institution_id.hex + one.offer.room_type_id.hex


def _alternative(  # noqa: PLR0913 - what a near stay is measured by.
    room: Room,
    *,
    asked: Asked,
    wide: Window,
    dropped: tuple[Change, ...],
    places: Mapping[str, Place],
    prices: Prices,
) -> Alternative | None:
    place = places[room.facts.place_code]
    start = check_in(room, wide, Wish(prefer="nearest", toward=_toward(asked.window)), asked_on=prices.asked_on)
    if start is None:
        return None
    offer = tariff_of(room, wide, prices).offer(start)
    changes = [*of_dates(offer.check_in, asked), *of_relief(place, asked, offer.check_in), *of_price(offer, asked)]
    changes += of_facts(room.facts, asked, places)
    return Alternative(facts=room.facts, offer=offer, changes=(*changes, *dropped)) if changes or dropped else None


def _toward(asked: Window) -> range:
    return range(number(asked.first), number(asked.first) + asked.last_offset + 1)
