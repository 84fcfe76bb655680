"""Which currencies and amounts Stripe takes, in minor units."""

from marketplace.embedded.stripe_sandbox.errors import invalid

MOST = 99_999_999
"""Eight digits: ¥999,999.99."""

_LEAST = {"cny": 400, "hkd": 400, "usd": 50, "sgd": 50, "eur": 50, "gbp": 30, "jpy": 50}
"""About half a US dollar, Stripe's floor; for CNY it moves with the rate, ¥4 is on the safe side."""


def check(amount: int, currency: str, *, least: int | None = None, most: int | None = MOST) -> None:
    """Hold an amount against its currency; what is charged has Stripe's floor, what is moved has none.

    Refuses: an unknown currency, less than the floor, more than eight digits.
    """
    lower = currency.lower()
    if lower not in _LEAST:
        known = ", ".join(sorted(_LEAST))
        raise invalid(f"Invalid currency: {currency}. The sandbox supports these currencies: {known}", param="currency")
    floor = _LEAST[lower] if least is None else least
    if amount < floor:
        raise invalid(
            f"Amount must convert to at least 50 cents: {amount} {lower} is below {floor}.",
            param="amount",
            code="amount_too_small",
        )
    if most is not None and amount > most:
        raise invalid(f"Amount must be no more than {most}.", param="amount", code="amount_too_large")
