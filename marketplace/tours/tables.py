"""Tables of tours."""

from piccolo.table import Table

from marketplace.catalog.tables import RoomType
from marketplace.institutions.tables import Institution
from marketplace.kit.columns import (
    bigint,
    boolean,
    date,
    integer,
    jsonb,
    key,
    ref,
    smallint,
    text,
    texts,
    timestamptz,
    uuid,
)
from marketplace.kit.db import DB


class Tour(Table, tablename="tours", db=DB):
    """A package that an agency organises."""

    id = key()
    kind = text()
    name = text()
    name_en = text()
    summary = text()
    summary_en = text()
    origin = text()
    organiser_name = text()
    organiser_licence = text()
    services = texts()
    itinerary = jsonb()
    inclusions = texts()
    exclusions = texts()
    group_min_count = integer()
    group_max_count = integer()
    published_at = timestamptz()


class Departure(Table, tablename="departures", db=DB):
    """A dated tour."""

    id = key()
    tour_id = ref(Tour)
    status = text()
    check_in = date()
    check_out = date()
    group_min_count = integer()
    group_max_count = integer()
    traveller_count = integer()
    price_amount = bigint()
    decide_at = timestamptz()
    opened_at = timestamptz()
    decided_at = timestamptz(null=True)


class DepartureBlock(Table, tablename="departure_blocks", db=DB):
    """Units of one room type set aside on every night of a departure."""

    id = key()
    departure_id = ref(Departure)
    institution_id = ref(Institution)
    room_type_id = ref(RoomType)
    allocation_id = uuid()
    position = smallint()
    unit_count = integer()
    guests_per_unit = smallint()
    taken_count = integer()
    released_at = timestamptz(null=True)


class DepartureSeat(Table, tablename="departure_seats", db=DB):
    """The places of one party; ``booking_id`` is of the package above."""

    id = key()
    departure_id = ref(Departure)
    block_id = ref(DepartureBlock)
    booking_id = uuid()
    traveller_count = integer()
    unit_count = integer()
    expires_at = timestamptz(null=True)
    is_released = boolean()
