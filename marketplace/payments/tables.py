"""Tables of payments. ``booking_id`` belongs to a package above, so it is a bare id here."""

from piccolo.columns import Array, Timestamptz
from piccolo.table import Table

from marketplace.identity.tables import Partner
from marketplace.institutions.tables import Institution
from marketplace.kit.columns import bigint, boolean, integer, key, ref, sealed, smallint, text, timestamptz, uuid
from marketplace.kit.db import DB


class Payment(Table, tablename="payments", db=DB):
    """One leg of a booking being paid by one method; the provider knows it by ``provider_session_id``."""

    id = key()
    booking_id = uuid()
    institution_id = ref(Institution)
    partner_id = ref(Partner, null=True)
    leg = text()
    method = text()
    amount = bigint()
    currency = text()
    status = text()
    attempt = integer()
    attempted_at = timestamptz(null=True)
    expires_at = timestamptz()
    provider_session_id = text(null=True)
    provider_intent_id = text(null=True)
    checkout_url = text(null=True)
    captured_amount = bigint(null=True)
    surplus = boolean()
    failure_code = text(null=True)
    leg_number = smallint()
    leg_amount = bigint()
    lost_amount = bigint()
    opened_at = timestamptz()
    cancel_requested_at = timestamptz(null=True)
    checked_at = timestamptz(null=True)
    settled_at = timestamptz(null=True)


class Refund(Table, tablename="refunds", db=DB):
    """Money going back from one payment, for one reason, once per ``dedupe``."""

    id = key()
    payment_id = ref(Payment)
    booking_id = uuid()
    institution_id = ref(Institution)
    partner_id = ref(Partner, null=True)
    amount = bigint()
    currency = text()
    reason = text()
    status = text()
    dedupe = text()
    institution_amount = bigint()
    platform_amount = bigint()
    subsidy_amount = bigint()
    attempted_at = timestamptz(null=True)
    provider_refund_id = text(null=True)
    failure_code = text(null=True)
    requested_at = timestamptz()
    checked_at = timestamptz(null=True)
    settled_at = timestamptz(null=True)


class RefundTask(Table, tablename="refund_tasks", db=DB):
    """A refund that the provider could not make: one person proposes the bank transfer, another approves it."""

    refund_id = key()
    cause = text()
    opened_at = timestamptz()
    proposed_by = uuid(null=True)
    proposed_at = timestamptz(null=True)
    bank_reference = text(null=True)
    approved_by = uuid(null=True)
    done_at = timestamptz(null=True)


class ProviderEvent(Table, tablename="provider_events", db=DB):
    """The inbox: each event of the provider once, its body sealed, since it may hold what a payer typed."""

    id = key()
    provider_event_id = text()
    type = text()
    object_id = text()
    subject_kind = text()
    subject_id = uuid(null=True)
    payload = sealed()
    signed_at = Array(base_column=Timestamptz(), default=None, null=False)
    received_at = timestamptz()
    applied_at = timestamptz(null=True)


class ProviderBalanceEntry(Table, tablename="provider_balance_entries", db=DB):
    """A movement of our balance at the provider, by its own books, and the journal of ours that explains it.

    ``amount`` is gross, in the currency of the balance; ``charged_amount`` is what it was before it was converted.
    """

    id = key()
    provider_entry_id = text()
    type = text()
    source_ref = text(null=True)
    amount = bigint()
    fee_amount = bigint()
    currency = text()
    charged_amount = bigint()
    charged_currency = text()
    booked_at = timestamptz()
    seen_at = timestamptz()
    journal_id = bigint(null=True)
    suspended_at = timestamptz(null=True)
    matched_at = timestamptz(null=True)


class MoneyVerification(Table, tablename="money_verifications", db=DB):
    """How many findings a comparison of the books had."""

    id = key()
    verified_at = timestamptz()
    finding_count = integer()


class Dispute(Table, tablename="disputes", db=DB):
    """Money of a payment that the payer's bank has taken back until it decides."""

    id = key()
    payment_id = ref(Payment)
    booking_id = uuid()
    institution_id = ref(Institution)
    provider_dispute_id = text()
    amount = bigint()
    currency = text()
    reason = text()
    status = text()
    opened_at = timestamptz()
    checked_at = timestamptz()
    settled_at = timestamptz(null=True)
