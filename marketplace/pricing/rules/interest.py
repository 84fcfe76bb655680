"""What a refund bears when a contract ends early (R18; 法释〔2025〕4号 art. 15–17): rates by the day on which it ends.

A rate is replaced by adding a row, never by editing one. ``verified`` says whether somebody has held it against its
source; until then it is what we remember of a publication, and the statement says so.
"""

from datetime import date

import msgspec

from marketplace.kit.money import BPS
from marketplace.pricing.rules.refunds import Cause

_DAYS_OF_A_YEAR = 365


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A yearly rate in basis points, from a day on."""

    cause: Cause
    effective_from: date
    year_bps: int
    source: str
    verified: bool = False


RATES = (
    Rate(
        cause=Cause.TRADER,
        effective_from=date.min,
        year_bps=300,
        source="贷款市场报价利率（LPR）一年期，全国银行间同业拆借中心 2025-05-20 公布",
    ),
    Rate(
        cause=Cause.CONSUMER,
        effective_from=date.min,
        year_bps=150,
        source="金融机构人民币一年期定期存款基准利率，中国人民银行 2015-10-24 公布",
    ),
)


def rate_on(cause: Cause, day: date) -> Rate:
    """Return the rate in force on a day for whoever's cause it is."""
    known = [rate for rate in RATES if rate.cause is cause and rate.effective_from <= day]
    return max(known, key=lambda rate: rate.effective_from)


def interest_due(amount: int, *, paid_on: date, returned_on: date, year_bps: int) -> int:
    """Return the simple interest on a refund at a yearly rate, rounded half up.

    For the trader's cause the rate is the one-year LPR, for the consumer's the one-year deposit rate.
    """
    days = max((returned_on - paid_on).days, 0)
    year = BPS * _DAYS_OF_A_YEAR
    return (amount * year_bps * days * 2 + year) // (year * 2)
