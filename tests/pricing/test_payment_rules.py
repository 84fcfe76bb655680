"""When to pay and what cancelling gives back, as pure rules."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.clock import SHANGHAI, local_date, local_midnight
from marketplace.pricing.rules import (
    POLICIES,
    CancellationPolicy,
    QuoteKind,
    Tier,
    cancellation_timeline,
    cooling_off_ends,
    policy_on,
    refund_due,
    schedule,
)

POLICY = POLICIES[0]
STAY, TOUR = POLICY.cancellation[QuoteKind.STAY], POLICY.cancellation[QuoteKind.TOUR]
TODAY = date(2027, 3, 1)
totals = st.integers(1, 10_000_000)
instants = st.timedeltas(timedelta(), timedelta(days=364)).map(lambda later: datetime(2027, 1, 1, tzinfo=UTC) + later)
policies = st.sampled_from([STAY, TOUR])


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@given(total=totals, days=st.integers(0, 400))
def test_the_schedule_pays_the_total_and_asks_for_at_most_a_fifth_up_front(total, days):
    check_in = TODAY + timedelta(days=days)
    legs = schedule(total, check_in=check_in, today=TODAY, policy=POLICY)
    assert sum(leg.amount for leg in legs) == total
    assert all(leg.amount > 0 for leg in legs)
    if len(legs) == 1:
        assert [(leg.leg, leg.due_on) for leg in legs] == [("full", TODAY)]
        assert days <= 30 or total < 5
    else:
        assert [leg.leg for leg in legs] == ["deposit", "balance"]
        assert legs[0].amount * 5 <= total
        assert [leg.due_on for leg in legs] == [TODAY, check_in - timedelta(days=30)]
        assert legs[1].due_on > TODAY


@given(
    policy=policies, total=totals, share=st.integers(0, 100), paid_at=instants, check_in=st.dates(date(2027, 1, 1), date(2027, 12, 31)),
    moments=st.lists(st.tuples(instants, st.booleans()), min_size=2, max_size=6),
)  # fmt: skip
def test_a_refund_is_between_nothing_and_what_was_paid_and_never_grows_by_waiting(
    *, policy, total, share, paid_at, check_in, moments
):
    paid = total * share // 100

    def due(now: datetime, service_begun: bool) -> int:
        return refund_due(
            policy, paid_amount=paid, total_amount=total, first_paid_at=paid_at, check_in=check_in, now=now,
            service_begun=service_begun,
        )  # fmt: skip

    # The service begins once, so in order of time it is first not begun and then begun.
    order = sorted(zip(sorted(now for now, _ in moments), sorted(begun for _, begun in moments), strict=True))
    refunds = [due(now, begun) for now, begun in order]
    assert all(0 <= refund <= paid for refund in refunds)
    assert refunds == sorted(refunds, reverse=True)


@given(
    policy=policies,
    total=totals,
    paid_at=instants,
    after=st.timedeltas(timedelta(), timedelta(days=7)),
    days=st.integers(-3, 60),
)
def test_within_seven_days_of_payment_everything_comes_back_unless_the_service_has_begun(
    policy, total, paid_at, after, days
):
    facts = {"paid_amount": total, "total_amount": total, "first_paid_at": paid_at, "now": paid_at + after}
    facts["check_in"] = local_date(paid_at) + timedelta(days=days)
    assert refund_due(policy, **facts) == total
    begun = refund_due(policy, **facts, service_begun=True)
    never_paid_late = refund_due(policy, **{**facts, "first_paid_at": None})
    assert begun == never_paid_late


def test_the_day_of_payment_is_not_counted_and_the_seventh_day_is_whole():
    paid_at = at(date(2027, 3, 1), 23, 59)
    assert cooling_off_ends(STAY, paid_at) == at(date(2027, 3, 9))
    facts = {"paid_amount": 1_000, "total_amount": 1_000, "first_paid_at": paid_at, "check_in": date(2027, 3, 9)}
    assert refund_due(STAY, **facts, now=at(date(2027, 3, 8), 23, 59)) == 1_000
    assert refund_due(STAY, **facts, now=at(date(2027, 3, 9))) == 800


@pytest.mark.parametrize(
    ("policy", "days_before", "refund"),
    [
        (STAY, 14, 100_000), (STAY, 13, 90_000), (STAY, 7, 90_000), (STAY, 6, 80_000), (STAY, 0, 80_000), (STAY, -5, 80_000),
        (TOUR, 7, 100_000), (TOUR, 6, 80_000), (TOUR, 4, 80_000), (TOUR, 3, 60_000), (TOUR, 1, 60_000), (TOUR, 0, 40_000),
    ],
)  # fmt: skip
def test_tiers_change_at_local_midnight(policy, days_before, refund):
    check_in = date(2027, 8, 1)
    day = check_in - timedelta(days=days_before)
    facts = {
        "paid_amount": 100_000,
        "total_amount": 100_000,
        "first_paid_at": at(date(2027, 3, 1)),
        "check_in": check_in,
    }
    assert refund_due(policy, **facts, now=at(day)) == refund
    assert refund_due(policy, **facts, now=at(day, 23, 59)) == refund


def test_a_deposit_smaller_than_the_penalty_is_kept_and_nothing_more_is_asked():
    facts = {"total_amount": 100_000, "first_paid_at": at(date(2027, 3, 1)), "check_in": date(2027, 8, 1)}
    assert refund_due(TOUR, paid_amount=20_000, now=at(date(2027, 7, 30)), **facts) == 0
    assert refund_due(STAY, paid_amount=20_000, now=at(date(2027, 7, 20)), **facts) == 10_000


@given(
    policy=policies,
    total=totals,
    issued_at=instants,
    days=st.integers(0, 60),
    moment=st.timedeltas(timedelta(), timedelta(days=90)),
)
def test_the_timeline_says_at_every_moment_what_a_refund_would_be(policy, total, issued_at, days, moment):
    check_in, now = local_date(issued_at) + timedelta(days=days), issued_at + moment
    steps = cancellation_timeline(policy, total=total, check_in=check_in, issued_at=issued_at)
    ends = [step.until for step in steps]
    assert ends[-1] is None
    assert ends[:-1] == sorted(set(ends[:-1]))
    step = next(step for step in steps if step.until is None or now < step.until)
    assert step.refund_amount + step.penalty_amount == total
    assert step.refund_amount == refund_due(
        policy, paid_amount=total, total_amount=total, first_paid_at=issued_at, check_in=check_in, now=now
    )
    assert len({step.refund_amount for step in steps}) == len(steps)


def test_a_timeline_reads_from_free_to_dear_with_its_reasons():
    check_in, issued_at = date(2027, 3, 11), at(TODAY, 9)
    steps = cancellation_timeline(STAY, total=100_000, check_in=check_in, issued_at=issued_at)
    assert [(step.until, step.refund_amount, step.reason_zh) for step in steps] == [
        (local_midnight(date(2027, 3, 9)), 100_000, "付款后 7 日内且未入住，全额退款"),
        (None, 80_000, "收取总价的 20%"),
    ]


def test_a_policy_holds_from_its_day_on():
    assert policy_on(date(2020, 1, 1)) is POLICY
    versions = [policy.version for policy in POLICIES]
    assert len(set(versions)) == len(versions)
    assert [policy.effective_from for policy in POLICIES] == sorted({policy.effective_from for policy in POLICIES})


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        (Tier(days_before=7, penalty_bps=0),),
        (Tier(days_before=0, penalty_bps=0), Tier(days_before=7, penalty_bps=0)),
        (Tier(days_before=7, penalty_bps=2_000), Tier(days_before=0, penalty_bps=1_000)),
        (Tier(days_before=0, penalty_bps=10_001),),
    ],
)
def test_tiers_that_contradict_each_other_are_refused(tiers):
    with pytest.raises(ValueError, match=r"tier|penalty"):
        CancellationPolicy(version="x", cooling_off_days=7, tiers=tiers)


@pytest.mark.parametrize("change", [{"deposit_bps": 2_001}, {"balance_due_days": 31}])
def test_a_policy_beyond_the_law_is_refused(change):
    with pytest.raises(ValueError, match=r"fifth|balance"):
        msgspec.structs.replace(POLICY, **change)
