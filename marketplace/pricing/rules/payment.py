"""When a price is to be paid, and what cancelling will cost from when on. Instants are UTC; days are local dates."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from marketplace.kit.clock import local_midnight
from marketplace.kit.money import BPS, allocate
from marketplace.pricing.rules.policies import Policy
from marketplace.pricing.rules.prepaying import months_later
from marketplace.pricing.rules.records import CancellationPolicy, CancellationStep, Leg
from marketplace.pricing.rules.refunds import cooling_off_ends, refund_due

_ONE_DAY = timedelta(days=1)


def schedule(
    total: int, *, check_in: date, today: date, policy: Policy, check_out: date | None = None
) -> tuple[Leg, ...]:
    """Return the payments: all at once when check-in is near, else a deposit now and the balance later (R15).

    A stay of more than 30 nights, known by its ``check_out``, is billed by the month (R14): the deposit is of the first
    month, and each further month is due shortly before it begins. The deposit is rounded down, so that it never passes the
    share that the law allows.
    """
    if check_out is not None and (check_out - check_in).days >= policy.monthly_from_nights:
        return _monthly(total, check_in=check_in, check_out=check_out, today=today, policy=policy)
    deposit = _deposit(total, check_in=check_in, today=today, policy=policy)
    if not deposit:
        return (Leg(leg="full", amount=total, due_on=today),)
    return (
        Leg(leg="deposit", amount=deposit, due_on=today),
        Leg(leg="balance", amount=total - deposit, due_on=check_in - timedelta(days=policy.balance_due_days)),
    )


def _monthly(total: int, *, check_in: date, check_out: date, today: date, policy: Policy) -> tuple[Leg, ...]:
    """Bill a long stay: months run from the day of arrival, and each costs its share of the nights."""
    months = list(pairwise(_month_starts(check_in, check_out)))
    amounts = allocate(total, [(end - first).days for first, end in months])
    deposit = _deposit(amounts[0], check_in=check_in, today=today, policy=policy)
    legs = [Leg(leg="deposit", amount=deposit, due_on=today)] if deposit else []
    for number, ((first, end), amount) in enumerate(zip(months, amounts, strict=True), start=1):
        early = policy.balance_due_days if number == 1 else policy.month_due_days
        left = amount - deposit if number == 1 else amount
        due_on = max(today, first - timedelta(days=early))
        if left:
            legs.append(Leg(leg="month", amount=left, due_on=due_on, number=number, first_night=first, end_on=end))
    return tuple(legs)


def _month_starts(check_in: date, check_out: date) -> Sequence[date]:
    starts = [check_in]
    while (following := months_later(check_in, len(starts))) < check_out:
        starts.append(following)
    return (*starts, check_out)


def _deposit(amount: int, *, check_in: date, today: date, policy: Policy) -> int:
    near = (check_in - today).days <= policy.paid_in_full_days
    return 0 if near else amount * policy.deposit_bps // BPS


def cancellation_timeline(
    policy: CancellationPolicy, *, total: int, check_in: date, issued_at: datetime
) -> tuple[CancellationStep, ...]:
    """Return what cancelling will cost from ``issued_at`` on, for a guest who pays at once and has not arrived.

    Steps end where the amount changes; the last has no end.
    """
    free_until = cooling_off_ends(policy, issued_at)
    ends = [local_midnight(check_in - timedelta(days=tier.days_before) + _ONE_DAY) for tier in policy.tiers[:-1]]
    steps: list[CancellationStep] = []
    begins = issued_at
    for end in [*sorted({end for end in (free_until, *ends) if end > issued_at}), None]:
        refund = refund_due(
            policy, paid_amount=total, total_amount=total, first_paid_at=issued_at, check_in=check_in, now=begins
        )
        step = _step(policy, until=end, total=total, refund=refund, cooling_off=begins < free_until)
        if steps and steps[-1].refund_amount == refund:
            steps[-1] = step
        else:
            steps.append(step)
        begins = end or begins
    return tuple(steps)


def _step(
    policy: CancellationPolicy, *, until: datetime | None, total: int, refund: int, cooling_off: bool
) -> CancellationStep:
    penalty = total - refund
    if penalty == 0 and cooling_off:
        zh = f"付款后 {policy.cooling_off_days} 日内且未入住，全额退款"
        en = f"Full refund within {policy.cooling_off_days} days of payment, before arrival"
    elif penalty == 0:
        zh, en = "免费取消", "Free cancellation"
    else:
        percent = f"{penalty * 100 / total:.3g}%"
        zh, en = f"收取总价的 {percent}", f"{percent} of the price is kept"
    return CancellationStep(until=until, penalty_amount=penalty, refund_amount=refund, reason_zh=zh, reason_en=en)
