from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.bookings.rules import Paid, payable_leg, spread_refund
from marketplace.bookings.states import BOOKING, FINAL, Event, Status
from marketplace.kit.errors import IllegalTransition
from marketplace.pricing.rules import Leg

AMOUNTS = st.lists(st.integers(min_value=1, max_value=10**9), min_size=1, max_size=6)


@given(AMOUNTS, st.data())
def test_a_refund_is_spread_newest_first_and_sums_exactly(amounts: list[int], data: st.DataObject) -> None:
    payments = [Paid(payment_id=UUID(int=i + 1), amount=amount) for i, amount in enumerate(amounts)]
    refund = data.draw(st.integers(min_value=0, max_value=sum(amounts)))
    parts = spread_refund(payments, refund)
    by_payment = {paid.payment_id: paid.amount for paid in payments}

    assert sum(part.amount for part in parts) == refund
    assert all(0 < part.amount <= by_payment[part.payment_id] for part in parts)
    # Only the oldest payment that is touched may be left with something.
    assert all(part.amount == by_payment[part.payment_id] for part in parts[:-1])


def test_a_refund_of_more_than_was_paid_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="must not exceed"):
        spread_refund([Paid(payment_id=UUID(int=1), amount=5)], 6)


def test_legs_are_paid_whole_and_in_order() -> None:
    deposit = Leg(leg="deposit", amount=20, due_on=date(2027, 1, 1))
    balance = Leg(leg="balance", amount=80, due_on=date(2027, 2, 1))

    assert payable_leg([deposit, balance], paid_amount=0) is deposit
    assert payable_leg([deposit, balance], paid_amount=20) is balance
    assert payable_leg([deposit, balance], paid_amount=100) is None


LEGAL = {(row.source, row.event) for row in BOOKING.rows}


@pytest.mark.parametrize(
    ("status", "event"), [(s, e) for s in Status for e in Event if (s, e) not in LEGAL], ids=lambda value: value.value
)
def test_every_move_that_is_not_in_the_table_is_refused_by_name(status: Status, event: Event) -> None:
    with pytest.raises(IllegalTransition) as refusal:
        BOOKING.target(status, event)

    assert refusal.value.facts == {"current": status.value, "event": event.value}


def test_an_ended_booking_moves_only_when_late_money_takes_the_room_again() -> None:
    assert {(row.source, row.event) for row in BOOKING.rows if row.source in FINAL} == {(Status.EXPIRED, Event.RETAKE)}
