"""Money is an integer of minor units (fen) and a currency; percentages are basis points; one rounding function."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

BPS = 10_000


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units: 428000 CNY is ¥4,280.00."""

    amount: Annotated[int, msgspec.Meta(examples=[428000], description="Minor units (fen).")]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", examples=["CNY"])] = "CNY"


def share(amount: int, bps: int) -> int:
    """Return ``bps`` basis points of ``amount``, rounded half up (away from zero for refunds of negatives)."""
    product = abs(amount) * bps
    rounded = (product * 2 + BPS) // (BPS * 2)
    return rounded if amount >= 0 else -rounded


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split ``amount`` by ``weights`` with the largest remainder, so that the parts always sum to the whole."""
    if amount < 0 or not weights or any(weight < 0 for weight in weights) or sum(weights) == 0:
        raise ValueError("allocate() needs a non-negative amount and weights that sum to more than zero")
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def yuan(amount: int) -> str:
    """Write fen as people read it: 428000 → ¥4,280.00."""
    sign = "-" if amount < 0 else ""
    return f"{sign}¥{abs(amount) // 100:,}.{abs(amount) % 100:02d}"
