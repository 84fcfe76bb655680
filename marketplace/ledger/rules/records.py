"""The chart of accounts, and what a journal is."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec


class Account(StrEnum):
    """The chart of accounts, as in ``ledger_accounts``."""

    STRIPE = "asset:stripe"
    BANK = "asset:bank"
    DISPUTE_HOLD = "asset:dispute_hold"
    INSTITUTION_RECEIVABLE = "asset:institution_receivable"
    CUSTOMER_HELD = "liability:customer_held"
    INSTITUTION_PAYABLE = "liability:institution_payable"
    REFUND_PENDING = "liability:refund_pending"
    SUBSIDY = "liability:subsidy"
    COMMISSION = "income:commission"
    PSP_FEE = "expense:psp_fee"
    GOODWILL = "expense:goodwill"
    FX_CLEARING = "fx:clearing"
    FX_GAIN_LOSS = "fx:gain_loss"
    SUSPENSE = "suspense:unmatched"


_OF_BOOKING = frozenset({Account.CUSTOMER_HELD})
_OF_INSTITUTION = frozenset({Account.INSTITUTION_PAYABLE, Account.INSTITUTION_RECEIVABLE})


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line: so much, on an account, for the booking or institution that the account is kept for."""

    account: Account
    amount: int
    currency: str
    subject_id: UUID | None = None


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that moved money; ``dedupe`` names it for ever, ``provider_ref`` names it at the provider."""

    kind: str
    dedupe: str
    entries: tuple[Entry, ...]
    booking_id: UUID | None = None
    institution_id: UUID | None = None
    provider_ref: str | None = None


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Whose money moves: the booking, its institution, and the currency."""

    booking_id: UUID
    institution_id: UUID
    currency: str = "CNY"

    def journal(self, kind: str, dedupe: str, *lines: tuple[Account, int], provider_ref: str | None = None) -> Journal:
        """Write a journal of this booking; lines of nothing are left out."""
        return Journal(
            kind=kind,
            dedupe=dedupe,
            booking_id=self.booking_id,
            institution_id=self.institution_id,
            provider_ref=provider_ref,
            entries=tuple(self._entry(account, amount) for account, amount in lines if amount),
        )

    def _entry(self, account: Account, amount: int) -> Entry:
        subject_id = None
        if account in _OF_BOOKING:
            subject_id = self.booking_id
        elif account in _OF_INSTITUTION:
            subject_id = self.institution_id
        return Entry(account=account, amount=amount, currency=self.currency, subject_id=subject_id)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the books say and that cannot be so: which check, about what, and the two numbers."""

    check: str
    subject: str
    expected: int
    found: int


def sums(entries: Sequence[Entry]) -> dict[str, int]:
    """Return the sum of some entries by currency; a journal's are all zero."""
    totals: dict[str, int] = {}
    for entry in entries:
        totals[entry.currency] = totals.get(entry.currency, 0) + entry.amount
    return totals
