"""When a price is to be paid, and what cancelling gives back. Instants are UTC; days are local dates."""

from datetime import date, datetime, timedelta

from marketplace.kit.clock import local_date, local_midnight
from marketplace.kit.money import BPS, share
from marketplace.pricing.rules.policies import Policy
from marketplace.pricing.rules.records import CancellationPolicy, CancellationStep, Leg, Tier

_ONE_DAY = timedelta(days=1)


def schedule(total: int, *, check_in: date, today: date, policy: Policy) -> tuple[Leg, ...]:
    """Return the payments: all at once when check-in is near, else a deposit now and the balance later (R15).

    The deposit is rounded down, so that it never passes the share that the law allows.
    """
    deposit = total * policy.deposit_bps // BPS
    if (check_in - today).days <= policy.paid_in_full_days or deposit == 0:
        return (Leg(leg="full", amount=total, due_on=today),)
    balance_due_on = check_in - timedelta(days=policy.balance_due_days)
    return (
        Leg(leg="deposit", amount=deposit, due_on=today),
        Leg(leg="balance", amount=total - deposit, due_on=balance_due_on),
    )


def cooling_off_ends(policy: CancellationPolicy, first_paid_at: datetime) -> datetime:
    """Return the end of the days of R17: the day of payment is not counted, the last day is whole (民法典 201–203)."""
    return local_midnight(local_date(first_paid_at) + timedelta(days=policy.cooling_off_days) + _ONE_DAY)


def refund_due(  # noqa: PLR0913 - what a refund depends on, each fact named.
    policy: CancellationPolicy,
    *,
    paid_amount: int,
    total_amount: int,
    first_paid_at: datetime | None,
    check_in: date,
    now: datetime,
    service_begun: bool = False,
) -> int:
    """Return what the consumer gets back on cancelling at ``now``, in fen.

    Everything while R17 lasts: within its days after the first payment, and the service has never begun
    (法释〔2025〕4号 art. 14). After that what was paid minus the tier's share of the total, never below nothing.
    With the other facts fixed it never rises as ``now`` passes or the service begins.
    """
    if first_paid_at is not None and not service_begun and now < cooling_off_ends(policy, first_paid_at):
        return paid_amount
    penalty = share(total_amount, _tier(policy, check_in=check_in, now=now).penalty_bps)
    return max(0, paid_amount - penalty)


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


def _tier(policy: CancellationPolicy, *, check_in: date, now: datetime) -> Tier:
    days = (check_in - local_date(now)).days
    return next((tier for tier in policy.tiers if days >= tier.days_before), policy.tiers[-1])


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
