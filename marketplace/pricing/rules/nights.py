"""What each night of a stay costs its party, to the fen."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import msgspec

from marketplace.kit.money import allocate
from marketplace.pricing.rules.charges import ROOM
from marketplace.pricing.rules.records import Line


class PricedNight(msgspec.Struct, frozen=True, kw_only=True):
    """A night, the price of one unit, and what the whole party pays for it after discounts and with supplements."""

    night: date
    unit_amount: int
    amount: int


def by_night(lines: Sequence[Line]) -> tuple[PricedNight, ...]:
    """Split the price of a stay over its nights; they sum to the total. A tour has no nights of its own.

    Discounts and the service fee fall on the nights in proportion, by the largest remainder; supplements are nightly.
    """
    nights = [night for line in lines for night in _nights(line)]
    if not nights:
        return ()
    full = [night.amount for night in nights]
    off = -sum(line.amount for line in lines if line.code in ROOM and line.code != "nights")
    extras = sum(line.amount for line in lines if line.code not in ROOM and line.code != "service_fee") // len(nights)
    fee = sum(line.amount for line in lines if line.code == "service_fee")
    room = [amount - less + extras for amount, less in zip(full, allocate(off, full), strict=True)]
    return tuple(
        msgspec.structs.replace(night, amount=amount + part)
        for night, amount, part in zip(nights, room, allocate(fee, room), strict=True)
    )


def _nights(line: Line) -> Iterator[PricedNight]:
    if line.first_night is None or line.end_on is None or line.unit_amount is None:
        return
    count = (line.end_on - line.first_night).days
    for i in range(count):
        yield PricedNight(
            night=line.first_night + timedelta(days=i), unit_amount=line.unit_amount, amount=line.amount // count
        )
