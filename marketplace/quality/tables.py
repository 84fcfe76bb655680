"""Complaints and incidents; whatever people wrote is sealed."""

from piccolo.table import Table

from marketplace.bookings.tables import Booking
from marketplace.institutions.tables import Institution
from marketplace.kit.columns import key, ref, sealed, text, timestamptz, uuid
from marketplace.kit.db import DB


class Complaint(Table, tablename="complaints", db=DB):
    """A complaint by a family or a partner about a stay of theirs."""

    id = key()
    booking_id = ref(Booking)
    institution_id = ref(Institution)
    complainant_kind = text()
    complainant_id = uuid()
    subject = text()
    status = text()
    statement = sealed()
    received_at = timestamptz()
    referral = sealed(null=True)
    referred_by = uuid(null=True)
    referred_at = timestamptz(null=True)
    reply = sealed(null=True)
    replied_by = uuid(null=True)
    replied_at = timestamptz(null=True)
    outcome = text(null=True)
    answer = sealed(null=True)
    answered_by = uuid(null=True)
    answered_at = timestamptz(null=True)


class Incident(Table, tablename="incidents", db=DB):
    """Something that happened in a house, as an institution or an officer reported it."""

    id = key()
    institution_id = ref(Institution)
    kind = text()
    severity = text()
    status = text()
    occurred_at = timestamptz()
    statement = sealed()
    reported_kind = text()
    reported_by = uuid()
    reported_at = timestamptz()
    outcome = text(null=True)
    conclusion = sealed(null=True)
    concluded_by = uuid(null=True)
    concluded_at = timestamptz(null=True)
