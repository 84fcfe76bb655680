"""The text index of a listing, rebuilt in the transaction that changes what it is made of."""

from uuid import UUID

import msgspec

from marketplace.catalog.queries.room_types import room_types_of
from marketplace.catalog.rules import BARRIER_FREE, LANGUAGES, SERVICES, Word
from marketplace.institutions.rules import Institution
from marketplace.kit.db import execute, fetch_one, require_transaction
from marketplace.kit.text import grams, normalise
from marketplace.places.queries import places_by_code
from marketplace.places.rules import Place, to_wgs84


class _Texts(msgspec.Struct, frozen=True):
    """What a family may type: the name, the place, the services (also by pinyin), and all other words."""

    names: list[str]
    places: list[str]
    services: list[str]
    body: list[str]


async def reindex(institution: Institution) -> None:
    """Rebuild the index row of a listing; without a listing there is nothing to find yet."""
    require_transaction()
    texts = await _texts(institution)
    if texts is None:
        return
    by_name = grams(names=texts.names, texts=[])
    by_place = grams(names=texts.places, texts=[])
    by_body = grams(names=texts.services, texts=texts.body)
    position = to_wgs84(institution.position)
    await execute(
        "INSERT INTO institution_search (institution_id, name_grams, place_grams, grams, haystack, latitude, longitude)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (institution_id) DO UPDATE SET"
        " name_grams = excluded.name_grams, place_grams = excluded.place_grams, grams = excluded.grams,"
        " haystack = excluded.haystack, latitude = excluded.latitude, longitude = excluded.longitude",
        institution.id,
        by_name,
        by_place,
        sorted({*by_name, *by_place, *by_body}),
        normalise("\n".join([*texts.names, *texts.places, *texts.services, *texts.body])),
        position.latitude,
        position.longitude,
    )


async def _texts(institution: Institution) -> _Texts | None:
    listing = await fetch_one(
        "SELECT summary, summary_en, services, languages, barrier_free FROM listings WHERE institution_id = $1",
        institution.id,
    )
    if listing is None:
        return None
    services = [SERVICES[code] for code in listing["services"]]
    facts = [
        *(LANGUAGES[code] for code in listing["languages"]),
        *(BARRIER_FREE[code] for code in listing["barrier_free"]),
    ]
    return _Texts(
        names=[institution.name, institution.name_en],
        places=_place_names((await places_by_code())[institution.place_code]),
        services=_names(services),
        body=[
            listing["summary"],
            listing["summary_en"],
            institution.address,
            *_names(facts),
            *await _room_names(institution.id),
        ],
    )


def _place_names(place: Place) -> list[str]:
    found = [place.name_zh, place.name_en]
    for cluster in place.clusters:
        found += [cluster.name_zh, cluster.name_en]
    return found


def _names(words: list[Word]) -> list[str]:
    return [name for word in words for name in (word.name, word.name_en)]


async def _room_names(institution_id: UUID) -> list[str]:
    return [name for room_type in await room_types_of(institution_id) for name in (room_type.name, room_type.name_en)]
