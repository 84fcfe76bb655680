"""Tables of pricing."""

from piccolo.table import Table

from marketplace.catalog.tables import RoomType
from marketplace.institutions.tables import Institution
from marketplace.kit.columns import (
    bigint,
    bigints,
    date,
    integer,
    jsonb,
    key,
    ref,
    smallint,
    smallints,
    text,
    timestamptz,
    uuid,
)
from marketplace.kit.db import DB


class RatePlanRow(Table, tablename="rate_plans", db=DB):
    """What an institution charges and takes off beside its nights from a day on; the SQL key is its first two columns."""

    institution_id = key()
    effective_from_on = date()
    single_use_bps = smallint()
    companion_bed_amount = bigint(null=True)
    breakfast_amount = bigint(null=True)
    half_board_amount = bigint(null=True)
    full_board_amount = bigint(null=True)
    care_amounts = bigints()
    nights_min = smallints()
    nights_bps = smallints()
    days_ahead_min = smallints()
    days_ahead_bps = smallints()


class PromotionRow(Table, tablename="promotions", db=DB):
    """A code that takes something off a stay, of an institution or, without one, of the platform."""

    id = key()
    institution_id = ref(Institution, null=True)
    code = text()
    name_zh = text()
    name_en = text()
    discount_bps = smallint(null=True)
    discount_amount = bigint(null=True)
    nights_min = smallint()
    valid_from_on = date()
    valid_until_on = date()
    usage_max = integer(null=True)
    ended_at = timestamptz(null=True)


class PromotionUse(Table, tablename="promotion_uses", db=DB):
    """One of the uses that a promotion has, and the booking that has it; the SQL key is its first two columns."""

    promotion_id = key()
    number = integer()
    booking_id = uuid(null=True)
    expires_at = timestamptz(null=True)


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
    party = jsonb(null=True)
    promotion_code = text(null=True)
    lines = jsonb()
    total_amount = bigint()
    reference_amount = bigint(null=True)
    currency = text()
    schedule = jsonb()
    cancellation_policy = jsonb()
    cancellation_timeline = jsonb()
    certification = jsonb()
    policy_version = text()
    rate_plan_on = date(null=True)
    issued_at = timestamptz()
    expires_at = timestamptz()
    used_by_booking_id = uuid(null=True)
    voided_at = timestamptz(null=True)


class Deal(Table, tablename="deals", db=DB):
    """What a unit was sold for a night, supplements apart, when its booking was confirmed."""

    quote_id = key()
    institution_id = ref(Institution)
    room_type_id = ref(RoomType)
    night_amount = bigint()
    dealt_at = timestamptz()
