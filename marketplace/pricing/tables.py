"""Tables of pricing."""

from piccolo.table import Table

from marketplace.catalog.tables import RoomType
from marketplace.institutions.tables import Institution
from marketplace.kit.columns import bigint, date, integer, jsonb, key, ref, smallint, text, timestamptz, uuid
from marketplace.kit.db import DB


class LengthOfStayDiscount(Table, tablename="length_of_stay_discounts", db=DB):
    """What an institution takes off long stays from a day on; the SQL key is its first three columns."""

    institution_id = key()
    nights_min = smallint()
    effective_from_on = date()
    discount_bps = smallint()


class QuoteRow(Table, tablename="quotes", db=DB):
    """An immutable priced offer; SQL lets nothing but its use and its withdrawal be written later."""

    id = key()
    kind = text()
    principal_kind = text()
    principal_id = uuid()
    institution_id = ref(Institution)
    room_type_id = ref(RoomType, null=True)
    departure_id = uuid(null=True)
    check_in = date()
    check_out = date()
    guest_count = integer()
    unit_count = integer()
    lines = jsonb()
    total_amount = bigint()
    currency = text()
    schedule = jsonb()
    cancellation_policy = jsonb()
    cancellation_timeline = jsonb()
    certification = jsonb()
    policy_version = text()
    issued_at = timestamptz()
    expires_at = timestamptz()
    used_by_booking_id = uuid(null=True)
    voided_at = timestamptz(null=True)
