"""Settlement on the wire."""

from marketplace.settlement.schemas.finance import (
    FrozenTransfersView,
    ProposedTransfer,
    RefundTaskView,
    ReleaseRequest,
    TransferReleaseView,
)
from marketplace.settlement.schemas.payees import OnboardingView, PayeeView, TransferView
from marketplace.settlement.schemas.statements import (
    CreditRequest,
    InvoiceRequest,
    InvoiceView,
    IssuedInvoice,
    StatementView,
)

__all__ = (
    "CreditRequest",
    "FrozenTransfersView",
    "InvoiceRequest",
    "InvoiceView",
    "IssuedInvoice",
    "OnboardingView",
    "PayeeView",
    "ProposedTransfer",
    "RefundTaskView",
    "ReleaseRequest",
    "StatementView",
    "TransferReleaseView",
    "TransferView",
)
