"""Every fact makes a journal that sums to zero, and a split always makes the whole."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.ledger import rules
from marketplace.ledger.rules import Account, Journal, Whose

BOOKING, INSTITUTION, ID = UUID(int=1), UUID(int=2), UUID(int=3)
WHOSE = Whose(booking_id=BOOKING, institution_id=INSTITUTION)
AMOUNTS = st.integers(min_value=1, max_value=10**14)


def every_fact(amount: int) -> list[Journal]:
    return [
        rules.capture(WHOSE, payment_id=ID, amount=amount, provider_ref="pi_1"),
        rules.refund_requested(WHOSE, refund_id=ID, amount=amount),
        rules.refund_taken(WHOSE, refund_id=ID, amount=amount, provider_ref="re_1"),
        rules.refund_failed(WHOSE, refund_id=ID, amount=amount, provider_ref="re_1"),
        rules.refund_paid_by_hand(WHOSE, refund_id=ID, amount=amount),
        rules.goodwill(WHOSE, cause="case-1", amount=amount),
        rules.dispute_withdrawn(WHOSE, dispute_id="dp_1", amount=amount),
        rules.dispute_reinstated(WHOSE, dispute_id="dp_1", amount=amount),
        rules.dispute_lost(WHOSE, dispute_id="dp_1", amount=amount, held_amount=amount // 2),
        rules.earn(WHOSE, period="check_in", amount=amount, commission_bps=1_000),
        rules.unearn(WHOSE, cause="case-1", payable_amount=amount, commission_amount=amount // 9),
        rules.transfer(WHOSE, transfer_id=ID, amount=amount),
        rules.reversal(WHOSE, reversal_id=ID, amount=amount),
        rules.shortfall(WHOSE, cause="case-1", amount=amount),
        rules.netting(WHOSE, transfer_id=ID, amount=amount),
        rules.fee(provider_ref="txn_1", amount=amount, currency="CNY"),
        rules.payout(provider_ref="po_1", amount=amount, currency="CNY"),
        rules.unmatched(provider_ref="txn_1", amount=-amount, currency="CNY"),
        rules.explained(provider_ref="txn_1", amount=-amount, currency="CNY"),
        rules.converted(
            provider_ref="txn_1", amount=amount, currency="CNY", settled_amount=amount // 7 + 1, settled_currency="USD"
        ),
    ]


@given(AMOUNTS)
def test_every_fact_balances_in_every_currency(amount: int) -> None:
    for journal in every_fact(amount):
        assert set(rules.sums(journal.entries).values()) == {0}, journal.kind


def test_no_two_facts_share_a_name() -> None:
    names = [journal.dedupe for journal in every_fact(100)]

    assert len(names) == len(set(names))


@given(AMOUNTS, st.integers(min_value=0, max_value=10_000))
def test_a_split_by_any_basis_points_makes_the_whole(amount: int, bps: int) -> None:
    payable, commission = rules.split(amount, commission_bps=bps)
    journal = rules.earn(WHOSE, period="check_in", amount=amount, commission_bps=bps)

    assert payable + commission == amount
    assert 0 <= commission <= amount
    assert rules.sums(journal.entries) == {"CNY": 0}
    assert sum(entry.amount for entry in journal.entries if entry.account is Account.CUSTOMER_HELD) == amount


def test_an_account_of_somebody_says_whose_it_is() -> None:
    journal = rules.earn(WHOSE, period="check_in", amount=10_000, commission_bps=1_200)

    assert [(entry.account, entry.subject_id, entry.amount) for entry in journal.entries] == [
        (Account.CUSTOMER_HELD, BOOKING, 10_000),
        (Account.INSTITUTION_PAYABLE, INSTITUTION, -8_800),
        (Account.COMMISSION, None, -1_200),
    ]


def test_lines_of_nothing_are_left_out() -> None:
    journal = rules.earn(WHOSE, period="check_in", amount=10_000, commission_bps=0)

    assert [entry.account for entry in journal.entries] == [Account.CUSTOMER_HELD, Account.INSTITUTION_PAYABLE]


@pytest.mark.parametrize(("held", "goodwill"), [(0, 500), (200, 300), (900, 0), (-50, 500)])
def test_a_lost_dispute_takes_what_is_held_and_no_more(held: int, goodwill: int) -> None:
    journal = rules.dispute_lost(WHOSE, dispute_id="dp_1", amount=500, held_amount=held)
    found = {entry.account: entry.amount for entry in journal.entries}

    assert found.get(Account.GOODWILL, 0) == goodwill
    assert found.get(Account.CUSTOMER_HELD, 0) == 500 - goodwill
    assert found[Account.DISPUTE_HOLD] == -500
