"""The routes of settlement: institutions' money, statements of bookings, and the platform's finance people."""

from marketplace.settlement.controllers.finance import RefundTasks, TransferReleases
from marketplace.settlement.controllers.payees import Payees, Transfers, onboarding_return
from marketplace.settlement.controllers.statements import Credits, Invoices, Statements

__all__ = (
    "Credits",
    "Invoices",
    "Payees",
    "RefundTasks",
    "Statements",
    "TransferReleases",
    "Transfers",
    "onboarding_return",
)
