"""Whose money the price of a stay is, and who gives how much of a refund. Pure; amounts in minor units.

The remainder rule: a subsidised part is rounded down, so that a doubtful fen is the payer's; the platform's commission is
taken of the rest and rounded half up; whatever is left is the institution's. What goes back is the split of what was kept
before less the split of what is kept after: so refunds in any number of parts give back exactly what one would, nobody
gains by rounding, and a stay that is refunded whole leaves nobody a fen of it.

No source of subsidies pays into this system yet (民政通 vouchers are settled outside it), so ``subsidy_bps`` is zero in
every journal that is posted; the share is here because what a subsidy paid must never go back to a guest (R23).
"""

from collections.abc import Sequence

import msgspec

from marketplace.kit.money import BPS, share


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of an amount: still held for the booking, the institution's, the platform's, and a subsidy's."""

    held_amount: int = 0
    institution_amount: int = 0
    platform_amount: int = 0
    subsidy_amount: int = 0

    @property
    def amount(self) -> int:
        """The whole."""
        return self.held_amount + self.institution_amount + self.platform_amount + self.subsidy_amount

    def __add__(self, other: "Shares") -> "Shares":
        """Return both together."""
        return _combined(self, other, 1)

    def __sub__(self, other: "Shares") -> "Shares":
        """Return what is left without the other."""
        return _combined(self, other, -1)


NOBODY = Shares()


def shares_of(amount: int, *, commission_bps: int, subsidy_bps: int = 0) -> Shares:
    """Split what a stay costs; the parts are never negative and sum to it, for any amount and any basis points."""
    subsidy = amount * subsidy_bps // BPS
    commission = share(amount - subsidy, commission_bps)
    return Shares(institution_amount=amount - subsidy - commission, platform_amount=commission, subsidy_amount=subsidy)


def taken_back(kept_amount: int, back_amount: int, *, commission_bps: int, subsidy_bps: int = 0) -> Shares:
    """Split what goes back of an amount of which ``kept_amount`` had been kept so far."""
    if not 0 <= back_amount <= kept_amount:
        raise ValueError("no more goes back than was kept")
    before = shares_of(kept_amount, commission_bps=commission_bps, subsidy_bps=subsidy_bps)
    return before - shares_of(kept_amount - back_amount, commission_bps=commission_bps, subsidy_bps=subsidy_bps)


def spread_shares(found: Shares, amounts: Sequence[int]) -> list[Shares]:
    """Say whose money each of several refunds is: what is held goes first, then the institution's, then the platform's.

    Each of the results sums to its amount, and together they are ``found``; no division, so no remainder. Amounts that
    are less than ``found`` in sum leave out what comes last.
    """
    left = list(msgspec.structs.astuple(found))
    spread = []
    for amount in amounts:
        parts: list[int] = []
        for i, available in enumerate(left):
            part = min(available, amount - sum(parts))
            parts.append(part)
            left[i] -= part
        if sum(parts) != amount:
            raise ValueError("the refunds are more than the shares they are made of")
        spread.append(Shares(**dict(zip(Shares.__struct_fields__, parts, strict=True))))
    return spread


def _combined(one: Shares, other: Shares, sign: int) -> Shares:
    pairs = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    parts = [mine + sign * theirs for mine, theirs in pairs]
    return Shares(**dict(zip(Shares.__struct_fields__, parts, strict=True)))
