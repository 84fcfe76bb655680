"""Money between us and the provider: its fees, its payouts, its conversions, and what nothing of ours explains."""

from marketplace.ledger.rules.records import Account, Entry, Journal

STRIPE = Account.STRIPE


def fee(*, provider_ref: str, amount: int, currency: str) -> Journal:
    """The provider kept a fee, or gave one back when negative; ``provider_ref`` is its balance transaction."""
    lines = ((Account.PSP_FEE, amount), (STRIPE, -amount))
    return _journal("fee", f"fee:{provider_ref}", *lines, currency=currency, provider_ref=provider_ref)


def payout(*, provider_ref: str, amount: int, currency: str) -> Journal:
    """The provider paid our balance out to our bank; a negative amount is a payout that came back."""
    name = f"payout:{provider_ref}" if amount > 0 else f"payout:{provider_ref}:back"
    lines = ((Account.BANK, amount), (STRIPE, -amount))
    return _journal("payout", name, *lines, currency=currency, provider_ref=provider_ref)


def unmatched(*, provider_ref: str, amount: int, currency: str) -> Journal:
    """Our balance at the provider moved for a reason that nothing of ours explains; people must look."""
    lines = ((STRIPE, amount), (Account.SUSPENSE, -amount))
    return _journal("unmatched", f"susp:{provider_ref}", *lines, currency=currency, provider_ref=provider_ref)


def explained(*, provider_ref: str, amount: int, currency: str) -> Journal:
    """Somebody found what an unmatched movement was: it leaves suspense, and is posted as what it is beside this."""
    lines = ((Account.SUSPENSE, amount), (STRIPE, -amount))
    return _journal("explained", f"expl:{provider_ref}", *lines, currency=currency, provider_ref=provider_ref)


def converted(  # noqa: PLR0913 - a conversion is these facts, each named at the call.
    *,
    provider_ref: str,
    amount: int,
    currency: str,
    settled_amount: int,
    settled_currency: str,
    expected_amount: int | None = None,
) -> Journal:
    """The provider turned ``amount`` of one currency into another: each balances by itself over ``fx:clearing``.

    Money that goes back at another rate than it came is expected to cost ``expected_amount``; the difference is our gain
    or loss, so that a payment that was refunded whole leaves nothing in clearing.
    """
    cleared = settled_amount if expected_amount is None else expected_amount
    lines = (
        (Account.FX_CLEARING, amount, currency),
        (STRIPE, -amount, currency),
        (STRIPE, settled_amount, settled_currency),
        (Account.FX_CLEARING, -cleared, settled_currency),
        (Account.FX_GAIN_LOSS, cleared - settled_amount, settled_currency),
    )
    return Journal(
        kind="converted",
        dedupe=f"fx:{provider_ref}",
        provider_ref=provider_ref,
        entries=tuple(Entry(account=name, amount=moved, currency=of) for name, moved, of in lines if moved),
    )


def _journal(kind: str, dedupe: str, *lines: tuple[Account, int], currency: str, provider_ref: str) -> Journal:
    entries = tuple(Entry(account=account, amount=amount, currency=currency) for account, amount in lines)
    return Journal(kind=kind, dedupe=dedupe, provider_ref=provider_ref, entries=entries)
