"""Tables of inventory. Allocations are the truth; the counters of nights are kept in step with them."""

from piccolo.columns import Column
from piccolo.table import Table

from marketplace.kit.columns import (
    bigint,
    bigints,
    boolean,
    booleans,
    date,
    integer,
    integers,
    key,
    ref,
    smallint,
    smallints,
    text,
    timestamptz,
    uuid,
)
from marketplace.kit.db import DB


class DateRange(Column):
    """A ``daterange``: the nights ``[check_in, check_out)`` of a stay."""

    @property
    def column_type(self) -> str:
        """The name of the type in PostgreSQL."""
        return "DATERANGE"


class DateMultirange(Column):
    """A ``datemultirange``: any set of nights."""

    @property
    def column_type(self) -> str:
        """The name of the type in PostgreSQL."""
        return "DATEMULTIRANGE"


class RoomTypeLock(Table, tablename="room_type_locks", db=DB):
    """The narrow row that every writer of a room type locks.

    ``closed`` are the nights of which nothing can be taken: full, closed by the institution, or not on sale. What fits
    into the units stands here too, and which stays obey the restrictions of every night there is, for search.
    """

    room_type_id = key()
    institution_id = uuid()
    closed = DateMultirange(default=None, null=False)
    stop_sale = boolean()
    sold_by = text()
    guests_max = smallint()
    unit_count = integer()
    stay_min_count = smallint()
    stay_max_count = smallint()
    lead_day_count = smallint()
    has_closed_days = boolean()
    beds_per_room = smallint()


class RoomNight(Table, tablename="room_nights", db=DB):
    """One night of a room type; a night without a row is not on sale.

    The SQL key is room type and night, of which Piccolo can be told only one.
    """

    room_type_id = key()
    night = date()
    institution_id = uuid()
    unit_count = smallint()
    taken_count = smallint()
    price_amount = bigint()
    min_stay_count = smallint()
    closed = boolean()
    max_stay_count = smallint()
    lead_day_count = smallint()
    closed_to_arrival = boolean()
    closed_to_departure = boolean()
    companion_bed_count = smallint(null=True)
    companion_taken_count = smallint()


class RoomTypeSeasons(Table, tablename="room_type_seasons", db=DB):
    """The nights of a room type run-length encoded for search: runs ``[first, end)`` in days since 2000-01-01.

    Each run has one price and one set of restrictions, and the sum of all nights before it.
    """

    room_type_id = key()
    first_days = integers()
    end_days = integers()
    price_amounts = integers()
    before_amounts = bigints()
    min_stay_counts = smallints()
    max_stay_counts = smallints()
    lead_day_counts = smallints()
    closed_to_arrival = booleans()
    closed_to_departure = booleans()


class Allocation(Table, tablename="allocations", db=DB):
    """Units set aside for an owner on every night of a stay, until ``expires_at`` or, when that is null, for good.

    Units out of service are owned by their institution and say the ``reason``. ``own_count`` units are nobody else's;
    in a shared room there are none, and ``share_id`` says who is in it together.
    """

    id = key()
    room_type_id = uuid()
    institution_id = uuid()
    stay = DateRange(default=None, null=False)
    unit_count = smallint()
    kind = text()
    owner_id = uuid()
    expires_at = timestamptz(null=True)
    reason = text(null=True)
    own_count = smallint()
    share_id = uuid(null=True)
    gender = text(null=True)
    companion_bed_count = smallint()


class Room(Table, tablename="rooms", db=DB):
    """A room with a number on its door, or a bed where beds are sold; ``in_room`` is the room that it shares."""

    id = key()
    room_type_id = uuid()
    institution_id = uuid()
    number = text()
    floor = smallint()
    has_lift = boolean()
    wing = text(null=True)
    position = smallint()
    retired_at = timestamptz(null=True)
    in_room = text(null=True)


class RoomAssignment(Table, tablename="room_assignments", db=DB):
    """Whose a room is on which nights; the SQL key is the room and its nights without overlaps."""

    room_id = key()
    stay = DateRange(default=None, null=False)
    institution_id = uuid()
    allocation_id = ref(Allocation)
    occupant_id = uuid(null=True)
    pinned = boolean()
    assigned_at = timestamptz()


class InventoryVerification(Table, tablename="inventory_verifications", db=DB):
    """How many counters were not what the allocations said when they were last compared."""

    id = key()
    verified_at = timestamptz()
    drift_count = integer()
