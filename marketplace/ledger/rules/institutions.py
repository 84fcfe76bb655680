"""Money of institutions: earned from what was held, transferred, taken back, owed."""

from uuid import UUID

from marketplace.ledger.rules.records import Account, Journal, Whose
from marketplace.ledger.rules.shares import shares_of

STRIPE, HELD = Account.STRIPE, Account.CUSTOMER_HELD
PAYABLE, RECEIVABLE = Account.INSTITUTION_PAYABLE, Account.INSTITUTION_RECEIVABLE


def split(amount: int, *, commission_bps: int) -> tuple[int, int]:
    """Split what a stay costs into the institution's part and our commission, by the remainder rule of ``shares``."""
    found = shares_of(amount, commission_bps=commission_bps)
    return found.institution_amount, found.platform_amount


def earn(whose: Whose, *, period: str, amount: int, commission_bps: int) -> Journal:
    """A period of the stay begins: what was held is the institution's, less our commission.

    ``period`` names it within the booking, such as ``check_in`` or ``2026-08-01``.
    """
    payable, commission = split(amount, commission_bps=commission_bps)
    lines = ((HELD, amount), (PAYABLE, -payable), (Account.COMMISSION, -commission))
    return whose.journal("earn", f"earn:{whose.booking_id}:{period}", *lines)


def unearn(whose: Whose, *, cause: str, payable_amount: int, commission_amount: int) -> Journal:
    """Days that were earned will not be served: they are held for the customer again, our commission with them."""
    whole = payable_amount + commission_amount
    lines = ((PAYABLE, payable_amount), (Account.COMMISSION, commission_amount), (HELD, -whole))
    return whose.journal("unearn", f"unearn:{whose.booking_id}:{cause}", *lines)


def transfer(whose: Whose, *, transfer_id: UUID, amount: int, provider_ref: str | None = None) -> Journal:
    """What an institution earned went to its account at the provider."""
    lines = ((PAYABLE, amount), (STRIPE, -amount))
    return whose.journal("transfer", f"xfer:{transfer_id}", *lines, provider_ref=provider_ref)


def reversal(whose: Whose, *, reversal_id: UUID, amount: int, provider_ref: str | None = None) -> Journal:
    """A transfer, or a part of one, came back from the institution's account."""
    lines = ((STRIPE, amount), (PAYABLE, -amount))
    return whose.journal("reversal", f"rev:{reversal_id}", *lines, provider_ref=provider_ref)


def shortfall(whose: Whose, *, cause: str, amount: int) -> Journal:
    """What could not be taken back becomes the institution's debt; ``cause`` is the reversal's id, say."""
    return whose.journal("shortfall", f"owed:{whose.booking_id}:{cause}", (RECEIVABLE, amount), (PAYABLE, -amount))


def netting(whose: Whose, *, transfer_id: UUID, amount: int) -> Journal:
    """A debt is kept from what would have been transferred."""
    return whose.journal("netting", f"net:{transfer_id}", (PAYABLE, amount), (RECEIVABLE, -amount))
