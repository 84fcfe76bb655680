"""Tables of the catalogue."""

from piccolo.columns import UUID
from piccolo.table import Table

from marketplace.institutions.tables import Institution
from marketplace.kit.columns import boolean, double, integer, key, ref, smallint, text, texts, timestamptz
from marketplace.kit.db import DB


class RoomType(Table, tablename="room_types", db=DB):
    """What is sold: whole rooms or single beds of one kind."""

    id = key()
    institution_id = ref(Institution)
    name = text()
    name_en = text()
    sold_by = text()
    unit_count = integer()
    guests_max = smallint()
    area_m2 = smallint()
    bed_kind = text()
    is_barrier_free = boolean()
    added_at = timestamptz()
    beds_per_room = smallint()


class Listing(Table, tablename="listings", db=DB):
    """How an institution describes itself; it is shown in lists only while its certification is bookable."""

    institution_id = UUID(primary_key=True, default=None, null=False)
    summary = text()
    summary_en = text()
    services = texts()
    languages = texts()
    barrier_free = texts()
    ability_level_min = smallint()
    ability_level_max = smallint()
    published_at = timestamptz()


class Media(Table, tablename="media", db=DB):
    """A picture of an institution or of one of its room types; it never changes, a new one gets a new id."""

    id = key()
    institution_id = ref(Institution)
    room_type_id = ref(RoomType, null=True)
    caption_zh = text()
    caption_en = text()
    svg = text()
    added_at = timestamptz()


class InstitutionSearch(Table, tablename="institution_search", db=DB):
    """The text index of one listing, rebuilt with it."""

    institution_id = UUID(primary_key=True, default=None, null=False)
    name_grams = texts()
    place_grams = texts()
    grams = texts()
    haystack = text()
    latitude = double()
    longitude = double()
