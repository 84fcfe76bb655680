"""Money of customers: held for a booking, promised back, given back, disputed."""

from uuid import UUID

from marketplace.ledger.rules.records import Account, Journal, Whose

STRIPE, HELD, PENDING = Account.STRIPE, Account.CUSTOMER_HELD, Account.REFUND_PENDING


def capture(whose: Whose, *, payment_id: UUID, amount: int, provider_ref: str | None = None) -> Journal:
    """A payment succeeded: we hold the money for the booking."""
    lines = ((STRIPE, amount), (HELD, -amount))
    return whose.journal("capture", f"cap:{payment_id}", *lines, provider_ref=provider_ref)


def refund_requested(whose: Whose, *, refund_id: UUID, amount: int, subsidy_amount: int = 0) -> Journal:
    """We promised money back: it is no longer held for the booking, but owed to whoever paid.

    What a subsidy had paid is owed to its source instead, never to the guest.
    """
    lines = ((HELD, amount + subsidy_amount), (PENDING, -amount), (Account.SUBSIDY, -subsidy_amount))
    return whose.journal("refund_requested", f"refreq:{refund_id}", *lines)


def interest_owed(whose: Whose, *, refund_id: UUID, amount: int) -> Journal:
    """A refund for the trader's cause bears interest: owed to whoever paid, and to us by the institution."""
    lines = ((Account.INSTITUTION_RECEIVABLE, amount), (PENDING, -amount))
    return whose.journal("refund_requested", f"refreq:{refund_id}", *lines)


def refund_taken(whose: Whose, *, refund_id: UUID, amount: int, provider_ref: str | None) -> Journal:
    """The provider took the refund, pending or succeeded: our balance there is less from now on."""
    lines = ((PENDING, amount), (STRIPE, -amount))
    return whose.journal("refund_taken", f"ref:{refund_id}", *lines, provider_ref=provider_ref)


def refund_failed(whose: Whose, *, refund_id: UUID, amount: int, provider_ref: str | None) -> Journal:
    """A refund that the provider had taken came back: the money is there again, and still owed."""
    lines = ((STRIPE, amount), (PENDING, -amount))
    return whose.journal("refund_failed", f"reffail:{refund_id}", *lines, provider_ref=provider_ref)


def refund_paid_by_hand(whose: Whose, *, refund_id: UUID, amount: int) -> Journal:
    """People paid a promised refund by bank."""
    return whose.journal("refund_paid_by_hand", f"refbank:{refund_id}", (PENDING, amount), (Account.BANK, -amount))


def goodwill(whose: Whose, *, cause: str, amount: int) -> Journal:
    """An adjustment in the customer's favour that the platform bears: more is held for the booking than was paid."""
    return whose.journal("goodwill", f"adjust:{cause}", (Account.GOODWILL, amount), (HELD, -amount))


def dispute_withdrawn(whose: Whose, *, dispute_id: str, amount: int) -> Journal:
    """The card's bank took the money back until it has decided; ``dispute_id`` is the provider's."""
    lines = ((Account.DISPUTE_HOLD, amount), (STRIPE, -amount))
    return whose.journal("dispute_withdrawn", f"disp:{dispute_id}:withdrawn", *lines, provider_ref=dispute_id)


def dispute_reinstated(whose: Whose, *, dispute_id: str, amount: int) -> Journal:
    """We won: the bank gave the money back."""
    lines = ((STRIPE, amount), (Account.DISPUTE_HOLD, -amount))
    return whose.journal("dispute_reinstated", f"disp:{dispute_id}:reinstated", *lines, provider_ref=dispute_id)


def dispute_lost(whose: Whose, *, dispute_id: str, amount: int, held_amount: int) -> Journal:
    """The customer keeps what the bank took: out of what is still held for the booking, the rest is ours to bear.

    A dispute may be larger than the payment, through exchange rates.
    """
    from_held = min(amount, max(held_amount, 0))
    return whose.journal(
        "dispute_lost",
        f"disp:{dispute_id}:lost",
        (HELD, from_held),
        (Account.GOODWILL, amount - from_held),
        (Account.DISPUTE_HOLD, -amount),
        provider_ref=dispute_id,
    )
