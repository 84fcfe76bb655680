"""What can be done about institutions' money.

Lock order: certification (FOR SHARE) → booking → payments → payee → transfer → reversal. The payee's lock puts whatever
nets an institution's debt in a row.
"""

from marketplace.settlement.operations.alarming import alarm_old_holds, check_payout_schedule
from marketplace.settlement.operations.earning import close_stay, earn, earn_in_service
from marketplace.settlement.operations.hearing import apply_payee_event, apply_payee_events
from marketplace.settlement.operations.onboarding import begin_onboarding, refresh_payee, refresh_payees
from marketplace.settlement.operations.returning import refund_unserved, submit_reversal, submit_reversals
from marketplace.settlement.operations.transferring import resume, submit_due, submit_transfer

__all__ = (
    "alarm_old_holds",
    "apply_payee_event",
    "apply_payee_events",
    "begin_onboarding",
    "check_payout_schedule",
    "close_stay",
    "earn",
    "earn_in_service",
    "refresh_payee",
    "refresh_payees",
    "refund_unserved",
    "resume",
    "submit_due",
    "submit_reversal",
    "submit_reversals",
    "submit_transfer",
)
