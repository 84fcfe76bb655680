"""What can be done about institutions' money.

Lock order: certification (FOR SHARE) → booking → payments → payee → transfer → reversal. The payee's lock puts whatever
nets an institution's debt in a row.
"""

from marketplace.settlement.operations.alarming import alarm_old_holds, check_payout_schedule
from marketplace.settlement.operations.crediting import credit_guests
from marketplace.settlement.operations.earning import close_booking, earn, earn_in_service
from marketplace.settlement.operations.hearing import apply_payee_event, apply_payee_events
from marketplace.settlement.operations.invoicing import issue_invoice, refuse_invoice, request_invoice
from marketplace.settlement.operations.onboarding import begin_onboarding, refresh_payee, refresh_payees
from marketplace.settlement.operations.refunding import give_credit, refund_early_departure, refund_unserved
from marketplace.settlement.operations.releasing import approve_release, request_release
from marketplace.settlement.operations.returning import submit_reversal, submit_reversals
from marketplace.settlement.operations.transferring import resume, submit_due, submit_transfer

__all__ = (
    "alarm_old_holds",
    "apply_payee_event",
    "apply_payee_events",
    "approve_release",
    "begin_onboarding",
    "check_payout_schedule",
    "close_booking",
    "credit_guests",
    "earn",
    "earn_in_service",
    "give_credit",
    "issue_invoice",
    "refresh_payee",
    "refresh_payees",
    "refund_early_departure",
    "refund_unserved",
    "refuse_invoice",
    "request_invoice",
    "request_release",
    "resume",
    "submit_due",
    "submit_reversal",
    "submit_reversals",
    "submit_transfer",
)
