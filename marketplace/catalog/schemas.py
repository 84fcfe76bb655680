"""The catalogue on the wire."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

import msgspec

from marketplace.catalog.queries import Listed, Picture
from marketplace.catalog.rules import BARRIER_FREE, LANGUAGES, SERVICES, BedKind, RoomType, SoldBy, Word
from marketplace.certifications.rules import CertificationSnapshot
from marketplace.kit import ids
from marketplace.places.rules import Place
from marketplace.places.schemas import ClimateView, ClusterView, CoordinatesView

INSTITUTION = "ins"
ROOM_TYPE = "rmt"
PICTURE = "med"


class WordView(msgspec.Struct, frozen=True):
    """A code with its names."""

    code: str
    name: str
    name_en: str


class ServiceView(msgspec.Struct, frozen=True):
    """A service; one that needs a physician's advice is never sold as leisure."""

    code: Annotated[str, msgspec.Meta(examples=["hot_spring"])]
    name: Annotated[str, msgspec.Meta(examples=["温泉"])]
    name_en: str
    needs_physician: bool


class PictureView(msgspec.Struct, frozen=True):
    """A picture; its address never changes what it shows."""

    url: Annotated[str, msgspec.Meta(examples=["/v1/media/med_0192f0c1a2b37c4d8e5f60718293a4b5.svg"])]
    caption: str
    caption_en: str

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """Show a picture."""
        return cls(f"/v1/media/{ids.wire(PICTURE, picture.id)}.svg", picture.caption_zh, picture.caption_en)


class AbilityLevels(msgspec.Struct, frozen=True):
    """Who is cared for, by GB/T 42195: 0 is able, 4 is completely dependent."""

    min: Annotated[int, msgspec.Meta(ge=0, le=4)]
    max: Annotated[int, msgspec.Meta(ge=0, le=4)]


class RoomTypeView(msgspec.Struct, frozen=True, kw_only=True):
    """What is sold, by whole room or by single bed."""

    id: Annotated[str, msgspec.Meta(pattern=ids.pattern(ROOM_TYPE))]
    name: str
    name_en: str
    sold_by: SoldBy
    unit_count: int
    guests_max: Annotated[int, msgspec.Meta(description="Guests per room, 1 for a bed.")]
    area_m2: int
    bed_kind: BedKind
    is_barrier_free: bool
    beds_per_room: Annotated[
        int,
        msgspec.Meta(
            ge=1, le=8, examples=[1], description="Above 1, strangers of one gender may share a room; quotes ask whose."
        ),
    ]
    media: list[PictureView]

    @classmethod
    def of(cls, room_type: RoomType, pictures: Sequence[Picture]) -> Self:
        """Show a room type with the institution's pictures that are of it."""
        return cls(
            id=ids.wire(ROOM_TYPE, room_type.id),
            name=room_type.name,
            name_en=room_type.name_en,
            sold_by=room_type.sold_by,
            unit_count=room_type.unit_count,
            guests_max=room_type.guests_max,
            area_m2=room_type.area_m2,
            bed_kind=room_type.bed_kind,
            is_barrier_free=room_type.is_barrier_free,
            beds_per_room=room_type.beds_per_room,
            media=[PictureView.of(picture) for picture in pictures if picture.room_type_id == room_type.id],
        )


class PlaceBrief(msgspec.Struct, frozen=True):
    """Where an institution is, and how one arrives."""

    code: str
    name: str
    name_en: str
    hub: str | None
    hub_en: str | None


class InstitutionView(msgspec.Struct, frozen=True, kw_only=True):
    """An institution with everything that a list shows, and its certification as it stands."""

    id: Annotated[str, msgspec.Meta(pattern=ids.pattern(INSTITUTION))]
    name: Annotated[str, msgspec.Meta(examples=["白河林海康养院（示例）"])]
    name_en: str
    is_example: Annotated[bool, msgspec.Meta(description="Made up, to show how this works.")]
    bookable: bool
    certification: CertificationSnapshot | None
    place: PlaceBrief
    clusters: list[ClusterView]
    address: str
    coordinates: CoordinatesView
    distance_km: Annotated[float | None, msgspec.Meta(description="From `near`, else null.")]
    summary: str
    summary_en: str
    services: list[ServiceView]
    languages: list[WordView]
    barrier_free: list[WordView]
    ability_levels: AbilityLevels
    room_types: list[RoomTypeView]
    media: list[PictureView]
    climate: list[ClimateView]


class InstitutionDetail(InstitutionView, frozen=True, kw_only=True):
    """An institution in full."""

    uscc: Annotated[str | None, msgspec.Meta(description="统一社会信用代码; null for an example.")]
    phone: str | None
    opened_on: date
    licensed_bed_count: int
    jurisdiction_code: Annotated[str, msgspec.Meta(description="The authority that reviews it.")]
    climate_source: str | None


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a list needs beside its listings, each read once for the whole page."""

    places: Mapping[str, Place]
    room_types: Mapping[UUID, Sequence[RoomType]]
    pictures: Mapping[UUID, Sequence[Picture]]


def view(listed: Listed, parts: Parts, *, distance_m: int | None = None) -> InstitutionView:
    """Show a listing as an item of a list."""
    found = listed.institution
    place = parts.places[found.place_code]
    pictures = parts.pictures[found.id]
    return InstitutionView(
        id=ids.wire(INSTITUTION, found.id),
        name=found.name,
        name_en=found.name_en,
        is_example=found.is_example,
        bookable=listed.bookable,
        certification=listed.certification,
        place=PlaceBrief(place.code, place.name_zh, place.name_en, place.hub, place.hub_en),
        clusters=[ClusterView.of(cluster) for cluster in place.clusters],
        address=found.address,
        coordinates=CoordinatesView.of(found.position),
        distance_km=None if distance_m is None else round(distance_m / 1000, 1),
        summary=listed.summary,
        summary_en=listed.summary_en,
        services=[_service(SERVICES[code]) for code in listed.services],
        languages=[_word(LANGUAGES[code]) for code in listed.languages],
        barrier_free=[_word(BARRIER_FREE[code]) for code in listed.barrier_free],
        ability_levels=AbilityLevels(listed.ability_level_min, listed.ability_level_max),
        room_types=[RoomTypeView.of(room_type, pictures) for room_type in parts.room_types[found.id]],
        media=[PictureView.of(picture) for picture in pictures if picture.room_type_id is None],
        climate=[ClimateView.of(month) for month in place.climate],
    )


def detail(listed: Listed, parts: Parts) -> InstitutionDetail:
    """Show a listing in full."""
    found = listed.institution
    climate = parts.places[found.place_code].climate
    return InstitutionDetail(
        **msgspec.structs.asdict(view(listed, parts)),
        uscc=found.uscc,
        phone=found.phone,
        opened_on=found.opened_on,
        licensed_bed_count=found.licensed_bed_count,
        jurisdiction_code=found.jurisdiction_code,
        climate_source=climate[0].source if climate else None,
    )


def _service(word: Word) -> ServiceView:
    return ServiceView(word.code, word.name, word.name_en, word.needs_physician)


def _word(word: Word) -> WordView:
    return WordView(word.code, word.name, word.name_en)
