"""Why an institution that was asked for by id is not in the answer: every reason, the gravest first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from marketplace.catalog.rules import SERVICES, RoomType
from marketplace.inventory.errors import StayRestricted
from marketplace.inventory.rules import Night, check_restrictions
from marketplace.kit.ids import wire
from marketplace.kit.money import yuan
from marketplace.places.rules import Place
from marketplace.search.rules.asked import Asked
from marketplace.search.rules.climate import Weather, relief_of, weather_of
from marketplace.search.rules.matches import Facts, Prices, Tariff
from marketplace.search.rules.windows import Free, Start, Window, starts

Fact = str | float | None


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """One reason, with the facts that a program needs."""

    code: str
    reason_zh: str
    reason_en: str
    facts: dict[str, Fact]


class HouseRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room type and its nights on sale within the window and on the day after, in order, lapsed holds added back.

    ``beside`` says that beds are left beside guests of the same gender on all nights of the window.
    """

    room_type: RoomType
    nights: Sequence[Night]
    beside: bool = False


Fitting = tuple[HouseRoom, int, Free]


class House(msgspec.Struct, frozen=True, kw_only=True):
    """All that a search may find wanting in one institution."""

    facts: Facts
    bookable: bool
    certification_status: str | None
    valid_until: date | None
    has_text: bool
    rooms: Sequence[HouseRoom]
    prices: Prices


def reasons_against(house: House, asked: Asked, places: Mapping[str, Place]) -> list[Excluded]:
    """Return why a house is not in the answer; nothing when it is."""
    return [
        *_certification(house, asked.window),
        *_where(house.facts, asked, places),
        *_wanted(house, asked),
        *_rooms(house, asked, places),
    ]


def _reason(code: str, zh: str, en: str, **facts: Fact) -> Excluded:
    return Excluded(code=code, reason_zh=zh, reason_en=en, facts=facts)


def _certification(house: House, window: Window) -> Iterator[Excluded]:
    if not house.bookable:
        yield _reason(
            "institution_not_bookable",
            "该机构目前不可预订",
            "The institution cannot be booked at present",
            certification_status=house.certification_status,
            valid_until=_iso(house.valid_until),
        )
    elif house.valid_until is not None and window.day(window.nights) > house.valid_until:
        yield _beyond_certificate(house.valid_until)


def _beyond_certificate(valid_until: date | None) -> Excluded:
    return _reason(
        "stay_beyond_certificate",
        f"证书有效期至 {valid_until}",
        f"The certificate ends on {valid_until}",
        valid_until=_iso(valid_until),
    )


def _within_certificate(start: Start, house: House, window: Window) -> bool:
    return house.valid_until is None or window.day(start.offset + window.nights) <= house.valid_until


def _where(facts: Facts, asked: Asked, places: Mapping[str, Place]) -> Iterator[Excluded]:
    place, filters = places[facts.place_code], asked.filters
    elsewhere_zh, elsewhere_en = f"该机构在{place.name_zh}", f"The institution is in {place.name_en}"
    if filters.place is not None and filters.place != place.code:
        yield _reason("other_place", elsewhere_zh, elsewhere_en, place=place.code)
    if filters.cluster is not None and filters.cluster not in {one.code for one in place.clusters}:
        yield _reason("other_cluster", elsewhere_zh, elsewhere_en, place=place.code)
    if filters.radius_km is not None and facts.distance_m is not None and facts.distance_m > filters.radius_km * 1000:
        km = round(facts.distance_m / 1000, 1)
        yield _reason("too_far", f"距所选地点 {km} 公里", f"It is {km} km from your point", distance_km=km)


def _wanted(house: House, asked: Asked) -> Iterator[Excluded]:
    facts, filters = house.facts, asked.filters
    level = filters.ability_level
    if level is not None and not facts.ability_level_min <= level <= facts.ability_level_max:
        least, most = facts.ability_level_min, facts.ability_level_max
        yield _reason(
            "ability_level",
            f"可照护能力等级 {least}–{most} 级",
            f"It cares for ability levels {least}–{most}",
            ability_level_min=least,
            ability_level_max=most,
        )
    for code in filters.services:
        if code not in facts.services:
            word = SERVICES[code]
            yield _reason("service_missing", f"没有{word.name}", f"It has no {word.name_en.lower()}", service=code)
    if filters.grade_min is not None and (facts.grade or 0) < filters.grade_min:
        zh = f"民政评定 {facts.grade} 级" if facts.grade else "暂无公示等级"
        en = f"It is of grade {facts.grade}" if facts.grade else "It has no public grade at present"
        yield _reason("grade_below", zh, en, grade=facts.grade)
    if not house.has_text:
        yield _reason("text_differs", "与搜索词不符", "Your words are not in its name, place or description")


def _rooms(house: House, asked: Asked, places: Mapping[str, Place]) -> Iterator[Excluded]:
    today = house.prices.asked_on
    fitting = [found for one in house.rooms if (found := _fitting(one, asked, today=today)) is not None]
    if not fitting:
        largest = max((one.room_type.guests_max for one in house.rooms), default=0)
        yield _reason(
            "party_too_large",
            f"没有可住 {asked.party.guests} 人的房型",
            f"No room type takes {asked.party.guests} guests",
            guests_max=largest,
        )
        return
    nights = asked.window.nights
    free_stays = [(one, units, start) for one, units, free in fitting for start in starts(free, nights=nights)]
    if not free_stays:
        yield _no_nights(fitting, asked.window, today=today)
        return
    stays = [stay for stay in free_stays if _within_certificate(stay[2], house, asked.window)]
    if not stays:
        yield from () if asked.window.exact else [_beyond_certificate(house.valid_until)]
        return
    weather = weather_of(asked.window, places, origin=asked.origin, relief_min=asked.relief_min)
    cool = [stay for stay in stays if _cool_enough(stay[2], house.facts, weather)]
    if not cool:
        yield _too_warm(house.facts, asked, places)
        return
    cheapest = min(
        Tariff(
            house.prices,
            asked.window,
            institution_id=house.facts.institution_id,
            room_type_id=one.room_type.id,
            unit_count=units,
            guests_max=one.room_type.guests_max,
        ).total(start.offset, start.amount)
        for one, units, start in cool
    )
    if asked.price_max is not None and cheapest > asked.price_max:
        yield _reason(
            "over_price",
            f"最低总价 {yuan(cheapest)}",
            f"The least that a stay costs is {yuan(cheapest)}",
            total_amount=cheapest,
            price_max=asked.price_max,
        )


def _cool_enough(start: Start, facts: Facts, weather: Weather | None) -> bool:
    if weather is None or weather.limits is None:
        return True
    return weather.mean(facts.place_code, start.offset) <= weather.limits[start.offset]


def _fitting(one: HouseRoom, asked: Asked, *, today: date) -> Fitting | None:
    """Return a room type with the units that the party takes and the nights they are free, if it fits."""
    kind, window = one.room_type, asked.window
    if asked.filters.sold_by not in (None, kind.sold_by):
        return None
    units = asked.party.units(sold_by=kind.sold_by, guests_max=kind.guests_max)
    if units > kind.unit_count or units * kind.guests_max < asked.party.guests:
        return None
    by_date = {night.night: night for night in one.nights}
    within = [night for night in one.nights if night.night < window.end]
    left = within if one.beside else [night for night in within if night.available_count >= units]
    offsets = [(night.night - window.first).days for night in left]
    refusals = [_refusal(by_date, night, window, today) for night in left]
    free = Free(
        offsets=offsets,
        prices=[night.price_amount for night in left],
        barred=frozenset(offset for offset, refusal in zip(offsets, refusals, strict=True) if refusal is not None),
    )
    return one, units, free


def _refusal(by_date: Mapping[date, Night], arrival: Night, window: Window, today: date) -> StayRestricted | None:
    """Return how a quote of a stay that begins on a night would be refused for a restriction, if it would."""
    check_out = arrival.night + timedelta(days=window.nights)
    departure = by_date.get(check_out)
    try:
        check_restrictions(arrival, departure, check_out=check_out, today=today)
    except StayRestricted as refusal:
        return refusal
    return None


# The bounds of restrictions as institutions set them and as nights show them.
_BOUNDS = {"min_stay_count": "min_stay", "max_stay_count": "max_stay", "lead_day_count": "lead_days"}


def _restricted(one: HouseRoom, refusal: StayRestricted) -> Excluded:
    facts: dict[str, Fact] = {_BOUNDS.get(name, name): fact for name, fact in refusal.facts.items() if name != "night"}
    return _reason(
        refusal.code,
        refusal.chinese,
        refusal.english.removesuffix("."),
        night=_iso(refusal.facts["night"]),
        room_type_id=wire("rmt", one.room_type.id),
        **facts,
    )


def _no_nights(fitting: Sequence[Fitting], window: Window, *, today: date) -> Excluded:
    """Say which night is in the way: the restriction of one that is free, or where the longest free stretch ends."""
    for one, _, free in fitting:
        start = next(starts(msgspec.structs.replace(free, barred=frozenset()), nights=window.nights), None)
        if start is not None:
            by_date = {night.night: night for night in one.nights}
            refusal = _refusal(by_date, by_date[window.day(start.offset)], window, today)
            assert refusal is not None
            return _restricted(one, refusal)
    one, _, free = max(fitting, key=lambda found: _first_missing(found[2], window))
    full = window.day(_first_missing(free, window))
    on_sale = any(night.night == full and not night.closed for night in one.nights)
    code = "sold_out" if on_sale else "not_on_sale"
    zh, en = ("已无空房", "Nothing is left on") if on_sale else ("未开售", "Nothing is on sale on")
    return _reason(
        code,
        f"{full} {zh}",
        f"{en} {full}",
        first_full_night=_iso(full),
        room_type_id=wire("rmt", one.room_type.id),
    )


def _first_missing(free: Free, window: Window) -> int:
    """Return the offset of the first night that cannot be had."""
    there = set(free.offsets)
    return next(offset for offset in range((window.end - window.first).days + 1) if offset not in there)


def _too_warm(facts: Facts, asked: Asked, places: Mapping[str, Place]) -> Excluded:
    place = places[facts.place_code]
    assert asked.origin is not None
    found = relief_of(place, asked.origin, check_in=asked.window.first, nights=asked.window.nights)
    if found is None:
        return _reason(
            "climate_unknown", f"{place.name_zh}的气温尚无可靠资料", f"The climate of {place.name_en} is not known"
        )
    degrees = f"{found.relief / 100:.1f}"
    return _reason(
        "relief_below",
        f"{asked.window.first} 起比{asked.origin.name}凉 {degrees} °C",
        f"From {asked.window.first} it is {degrees} °C cooler than {asked.origin.name_en}",
        relief_c=found.relief / 100,
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
