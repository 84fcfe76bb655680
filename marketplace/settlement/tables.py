"""Tables of settlement."""

from piccolo.columns import ForeignKey
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.table import Table

from marketplace.bookings.tables import Booking
from marketplace.institutions.tables import Institution
from marketplace.kit.columns import bigint, date, integer, key, ref, sealed, text, timestamptz, uuid
from marketplace.kit.db import DB


class Payee(Table, tablename="payees", db=DB):
    """Who is paid for an institution; its bank is known to the provider only."""

    institution_id = ForeignKey(
        references=Institution,
        primary_key=True,
        default=None,
        null=False,
        on_delete=OnDelete.restrict,
        on_update=OnUpdate.restrict,
    )
    provider_account_id = text(null=True)
    status = text()
    commission_bps = integer()
    transfer_after_days = integer()
    created_at = timestamptz()
    checked_at = timestamptz(null=True)


class Earning(Table, tablename="earnings", db=DB):
    """A period of a stay that has become the institution's."""

    id = key()
    booking_id = ref(Booking)
    institution_id = ref(Institution)
    period = text()
    first_on = date()
    end_on = date()
    amount = bigint()
    commission_bps = integer()
    payable_amount = bigint()
    unearned_amount = bigint()
    unearned_payable_amount = bigint()
    currency = text()
    earned_at = timestamptz()
    kind = text()


class UnservedStay(Table, tablename="unserved_stays", db=DB):
    """From which night on a stay was not served."""

    booking_id = ForeignKey(
        references=Booking,
        primary_key=True,
        default=None,
        null=False,
        on_delete=OnDelete.restrict,
        on_update=OnUpdate.restrict,
    )
    from_on = date()
    cause = text()
    refund_amount = bigint()
    decided_at = timestamptz()


class Transfer(Table, tablename="transfers", db=DB):
    """What is sent to an institution for an earning; ``netted_amount`` was kept for a debt."""

    id = key()
    earning_id = uuid()
    booking_id = ref(Booking)
    institution_id = ref(Institution)
    payable_amount = bigint()
    amount = bigint()
    netted_amount = bigint()
    reversed_amount = bigint()
    currency = text()
    status = text()
    due_at = timestamptz()
    attempt = integer()
    attempted_at = timestamptz(null=True)
    destination = text(null=True)
    provider_transfer_id = text(null=True)
    failure_code = text(null=True)
    planned_at = timestamptz()
    settled_at = timestamptz(null=True)
    release_id = uuid(null=True)


class TransferReversal(Table, tablename="transfer_reversals", db=DB):
    """What is taken back of a transfer, once per cause."""

    id = key()
    transfer_id = ref(Transfer)
    booking_id = ref(Booking)
    institution_id = ref(Institution)
    amount = bigint()
    currency = text()
    cause = text()
    status = text()
    attempted_at = timestamptz(null=True)
    provider_reversal_id = text(null=True)
    failure_code = text(null=True)
    requested_at = timestamptz()
    settled_at = timestamptz(null=True)


class TransferRelease(Table, tablename="transfer_releases", db=DB):
    """Frozen transfers that two finance people send all the same."""

    id = key()
    institution_id = ref(Institution)
    amount = bigint()
    currency = text()
    transfers_hash = text()
    reason = text()
    requested_by = uuid()
    requested_at = timestamptz()
    expires_at = timestamptz()
    approved_by = uuid(null=True)
    approved_at = timestamptz(null=True)


class Invoice(Table, tablename="invoices", db=DB):
    """A request for an e-invoice of a booking; the buyer is sealed."""

    id = key()
    booking_id = ref(Booking)
    institution_id = ref(Institution)
    status = text()
    buyer = sealed()
    amount = bigint(null=True)
    currency = text()
    number = text(null=True)
    issued_on = date(null=True)
    requested_by = uuid()
    requested_at = timestamptz()
    settled_at = timestamptz(null=True)


class Credit(Table, tablename="credits", db=DB):
    """Money that an institution gives its guests back of its own will."""

    id = key()
    booking_id = ref(Booking)
    institution_id = ref(Institution)
    amount = bigint()
    currency = text()
    reason = sealed()
    given_by = uuid()
    given_at = timestamptz()
