"""Reading one institution as a search sees it, to say why it is not in the answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from marketplace.catalog import queries as catalog
from marketplace.catalog.queries import Listed, Matching
from marketplace.catalog.rules import Filters, RoomType
from marketplace.certifications.states import Status
from marketplace.inventory import queries as inventory
from marketplace.kit.clock import local_date
from marketplace.kit.db import fetch_one
from marketplace.places.rules import Place
from marketplace.pricing import queries as pricing
from marketplace.search.rules import Asked, Excluded, Facts, House, HouseRoom, Prices, distance_km, reasons_against


async def why_excluded(*, asked: Asked, places: Mapping[str, Place], now: datetime) -> list[Excluded]:
    """Return every reason why the institution asked for is not in the answer, in five queries and one a room type that the party may share.

    Refuses: NotFound.
    """
    assert asked.institution_id is not None
    listing = await catalog.listing(asked.institution_id, now=now)
    room_types = await catalog.room_types_of(asked.institution_id)
    # The day after the last night may refuse departures.
    nights = await inventory.nights(
        room_type_ids=[one.id for one in room_types],
        first=asked.window.first,
        end=asked.window.end + timedelta(days=1),
        now=now,
    )
    house = House(
        facts=_facts(listing, asked),
        bookable=listing.bookable,
        certification_status=listing.certification.status if listing.certification else None,
        valid_until=listing.certification.valid_until if listing.certification else None,
        has_text=not listing.bookable or await _has_text(asked, now),
        rooms=[
            HouseRoom(room_type=one, nights=nights[one.id], beside=await _beside(one, asked, now)) for one in room_types
        ],
        prices=Prices(
            guests=asked.party.guests,
            asked_on=local_date(now),
            plans=await pricing.plans([asked.institution_id], now=now),
        ),
    )
    return reasons_against(house, asked, places)


async def _beside(room_type: RoomType, asked: Asked, now: datetime) -> bool:
    window, party = asked.window, asked.party
    if not (room_type.is_shared and window.exact and party.may_share):
        return False
    assert party.gender is not None
    return await inventory.can_share(
        room_type_id=room_type.id,
        check_in=window.first,
        check_out=window.end,
        unit_count=party.guests,
        gender=party.gender,
        now=now,
    )


async def _has_text(asked: Asked, now: datetime) -> bool:
    if asked.filters.text is None:
        return True
    sql = Matching(Filters(text=asked.filters.text), now=now)
    row = await fetch_one(
        f"SELECT {sql.rank} AS text_rank, {sql.grade} AS grade FROM institutions i"
        " JOIN listings l ON l.institution_id = i.id JOIN institution_search s ON s.institution_id = i.id"
        " JOIN certifications c ON c.institution_id = i.id AND c.is_current"
        f" WHERE i.id = {sql.put(asked.institution_id)} AND {' AND '.join(sql.conditions)}",
        *sql.args,
    )
    return row is not None


def _facts(listing: Listed, asked: Asked) -> Facts:
    found, certification = listing.institution, listing.certification
    near = asked.filters.near
    return Facts(
        institution_id=found.id,
        place_code=found.place_code,
        grade=certification.grade if certification else None,
        services=listing.services,
        ability_level_min=listing.ability_level_min,
        ability_level_max=listing.ability_level_max,
        under_restriction=certification is None
        or certification.status is not Status.CERTIFIED
        or certification.assessment_overdue,
        text_rank=None,
        distance_m=None if near is None else round(distance_km(found.position, near) * 1000),
    )
