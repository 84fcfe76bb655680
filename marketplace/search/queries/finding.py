"""Answering a search: what fits, a page of it, and the nearest fits when nothing does."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from marketplace.catalog.rules import Filters
from marketplace.kit.clock import local_date
from marketplace.kit.pages import BadCursor
from marketplace.places.rules import Place
from marketplace.pricing import queries as pricing
from marketplace.search.queries import candidates
from marketplace.search.queries.ranking import Key, Ranked, depends_on_dates, rank
from marketplace.search.rules import (
    Alternative,
    Asked,
    Change,
    Facets,
    Match,
    Party,
    Prices,
    Room,
    Weather,
    choose,
    count_facets,
    nearest_fits,
    places_by_nearness,
    position,
    weather_of,
    widened,
)

# For how many institutions dates are chosen at once: while a page is filled, and where all are needed anyway.
_BATCH = 60
_MANY = 1_000


class SortKey(NamedTuple):
    """Where a page ended: the search it belongs to, the place in its order, and the institution."""

    asked: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    position: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
    id: UUID


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of institutions that fit, and counts over all of them.

    ``next`` stands after the last of the page when there are more. ``alternatives`` are found only when nothing fits.
    """

    matches: list[Match]
    next: SortKey | None
    total_count: int
    facets: Facets
    alternatives: list[Alternative]

    @property
    def institution_ids(self) -> list[UUID]:
        """Every institution that is shown."""
        shown = [one.facts for one in self.matches] + [one.facts for one in self.alternatives]
        return [facts.institution_id for facts in shown]

    @property
    def room_type_ids(self) -> list[UUID]:
        """Every room type that is shown."""
        offers = [offer for one in self.matches for offer in one.offers]
        return [offer.room_type_id for offer in (*offers, *(one.offer for one in self.alternatives))]


async def search(
    *, asked: Asked, places: Mapping[str, Place], after: SortKey | None, limit: int, now: datetime
) -> Answer:
    """Answer a search in three queries, or in at most seven when nothing fits. Refuses: BadCursor of another search.

    A page begins after the position and id that the last one ended with, so that institutions which come and go
    meanwhile neither repeat others nor hide them.
    """
    if after is not None and after.asked != fingerprint(asked):
        raise BadCursor
    weather = weather_of(asked.window, places, origin=asked.origin, relief_min=asked.relief_min)
    key = (after.position, after.id) if after is not None else None
    if depends_on_dates(asked):
        ranked, matches = await _refined(asked, places, weather, after=key, limit=limit + 1, now=now)
    else:
        ranked = await rank(asked=asked, places=places, weather=weather, after=key, limit=limit + 1, now=now)
        matches = await _matches(asked, weather, now, institution_ids=[one for _, one in ranked.keys[:limit]])
    by_id = {match.facts.institution_id: match for match in matches}
    return Answer(
        # A room that was taken between two queries is no longer shown, and the page is shorter by it.
        matches=[by_id[one] for _, one in ranked.keys[:limit] if one in by_id],
        next=SortKey(fingerprint(asked), *ranked.keys[limit - 1]) if len(ranked.keys) > limit else None,
        total_count=ranked.total_count,
        facets=ranked.facets,
        alternatives=[] if ranked.total_count else await _alternatives(asked, places, now),
    )


async def _refined(  # noqa: PLR0913 - a page of a search.
    asked: Asked, places: Mapping[str, Place], weather: Weather | None, *, after: Key | None, limit: int, now: datetime
) -> tuple[Ranked, list[Match]]:
    """Choose dates for institutions in the order of the best that they could be, until no other could be on the page.

    Where too dear and too warm dates fall away, the counts need all of them.
    """
    bounds = await rank(asked=asked, places=places, weather=weather, after=None, limit=None, now=now)
    every = asked.price_max is not None or asked.relief_min is not None
    found: list[Match] = []
    keys: list[Key] = []
    step = _MANY if every else _BATCH
    for start in range(0, len(bounds.keys), step):
        batch = bounds.keys[start : start + step]
        if not every and bisect_left(keys, batch[0]) - _after(keys, after) >= limit:
            break
        found += await _matches(asked, weather, now, institution_ids=[one for _, one in batch])
        keys = sorted((position(match, asked.sort), match.facts.institution_id) for match in found)
    shown = keys[_after(keys, after) :][:limit]
    if every:
        return Ranked(keys=shown, total_count=len(found), facets=count_facets(found, places)), found
    return Ranked(keys=shown, total_count=bounds.total_count, facets=bounds.facets), found


def _after(keys: list[Key], after: Key | None) -> int:
    return 0 if after is None else bisect_right(keys, after)


async def _matches(asked: Asked, weather: Weather | None, now: datetime, *, institution_ids: list[UUID]) -> list[Match]:
    """Return what fits of some institutions, with offers and prices."""
    if not institution_ids:
        return []
    rooms = await candidates.rooms(
        window=asked.window, filters=asked.filters, party=asked.party, institution_ids=institution_ids, now=now
    )
    return choose(rooms, asked=asked, weather=weather, prices=await _prices(rooms, asked.party, now))


def fingerprint(asked: Asked) -> str:
    """Return a short digest of a search, so that a cursor is used only with the search that it came from."""
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]


async def _alternatives(asked: Asked, places: Mapping[str, Place], now: datetime) -> list[Alternative]:
    """Return the nearest fits: of the same words and rooms if there are any, else without these."""
    wide = widened(asked.window, today=local_date(now))
    order = places_by_nearness(asked, places)
    for filters, party, dropped in _relaxed(asked):
        rooms = await candidates.rooms(window=wide, filters=filters, party=party, nearest=order, now=now)
        found = nearest_fits(
            rooms,
            asked=asked,
            wide=wide,
            dropped=dropped,
            places=places,
            prices=await _prices(rooms, party, now),
        )
        if found:
            return found
    return []


def _relaxed(asked: Asked) -> Iterable[tuple[Filters, Party, tuple[Change, ...]]]:
    filters, party = asked.filters, asked.party
    yield Filters(text=filters.text, near=filters.near, sold_by=filters.sold_by), party, ()
    dropped = []
    if filters.text is not None:
        dropped.append(_dropped("text", "q", 30, "不限搜索词", "Whatever your words"))
    if party.rooms is not None or filters.sold_by is not None:
        dropped.append(_dropped("rooms", "rooms", 20, "不限间数和售卖方式", "Any number of rooms or beds"))
    if dropped:
        yield Filters(near=filters.near), Party(guests=party.guests), tuple(dropped)


def _dropped(code: str, parameter: str, points: int, zh: str, en: str) -> Change:
    return Change(code=code, parameter=parameter, points=points, reason_zh=zh, reason_en=en)


async def _prices(rooms: Iterable[Room], party: Party, now: datetime) -> Prices:
    found = {room.facts.institution_id for room in rooms}
    plans = await pricing.plans(found, now=now) if found else {}
    return Prices(guests=party.guests, asked_on=local_date(now), plans=plans)
