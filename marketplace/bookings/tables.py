"""Bookings, and the priced offers to cancel them."""

from piccolo.table import Table

from marketplace.institutions.tables import Institution
from marketplace.kit.columns import bigint, date, integer, jsonb, key, ref, sealed, smallint, text, timestamptz, uuid
from marketplace.kit.db import DB


class Booking(Table, tablename="bookings", db=DB):
    """One stay of one party, from hold to completion. Contact and guests are sealed."""

    id = key()
    kind = text()
    status = text()
    owner_kind = text()
    owner_id = uuid()
    partner_reference = text(null=True)
    quote_id = uuid()
    institution_id = uuid()
    room_type_id = uuid(null=True)
    departure_id = uuid(null=True)
    seat_id = uuid(null=True)
    allocation_id = uuid(null=True)
    check_in = date()
    check_out = date()
    guest_count = integer()
    unit_count = integer()
    total_amount = bigint()
    paid_amount = bigint()
    currency = text()
    first_paid_at = timestamptz(null=True)
    schedule = jsonb()
    cancellation_policy = jsonb()
    contact = sealed()
    guests = sealed()
    hold_expires_at = timestamptz(null=True)
    hold_extended_at = timestamptz(null=True)
    acknowledged_at = timestamptz(null=True)
    checked_in_at = timestamptz(null=True)
    ended_at = timestamptz(null=True)
    ending_reason = text(null=True)
    decision_id = uuid(null=True)
    placed_at = timestamptz()
    free_cancel_from_at = timestamptz(null=True)
    free_cancel_until_at = timestamptz(null=True)


class Charge(Table, tablename="booking_charges", db=DB):
    """Something beside the booked price: further nights that the guests ask for, or what the institution proposes."""

    id = key()
    booking_id = ref(Booking)
    institution_id = uuid()
    kind = text()
    number = smallint()
    status = text()
    quote_id = uuid(null=True)
    allocation_id = uuid(null=True)
    first_on = date()
    end_on = date()
    lines = jsonb()
    amount = bigint()
    currency = text()
    due_at = timestamptz()
    opened_at = timestamptz()
    settled_at = timestamptz(null=True)


class PayLink(Table, tablename="pay_links", db=DB):
    """The code by which anybody may pay what is due for a booking."""

    booking_id = key()
    code = text()


class InstitutionCancellation(Table, tablename="institution_cancellations", db=DB):
    """A stay that its institution could not honour, and what it owes for that."""

    booking_id = key()
    institution_id = ref(Institution)
    cause = text()
    refund_amount = bigint()
    interest_amount = bigint()
    cancelled_by = uuid()
    cancelled_at = timestamptz()


class CancellationQuote(Table, tablename="cancellation_quotes", db=DB):
    """What cancelling a booking would refund, promised for a few minutes."""

    id = key()
    booking_id = ref(Booking)
    paid_amount = bigint()
    refund_amount = bigint()
    expires_at = timestamptz()
    quoted_at = timestamptz()
