"""Whose money a price and a refund are: exact for every amount and every basis points, in one step or in many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.ledger.rules import NOBODY, Shares, shares_of, spread_shares, taken_back

amounts = st.integers(min_value=0, max_value=10**12)
bps = st.integers(min_value=0, max_value=10_000)


def parts(found: Shares) -> tuple[int, ...]:
    return (found.held_amount, found.institution_amount, found.platform_amount, found.subsidy_amount)


@given(amount=amounts, commission=bps, subsidy=bps)
def test_the_shares_of_any_amount_at_any_basis_points_sum_to_it(amount, commission, subsidy):
    """I23."""
    found = shares_of(amount, commission_bps=commission, subsidy_bps=subsidy)
    assert found.amount == amount
    assert min(parts(found)) >= 0


@given(
    amount=amounts,
    commission=bps,
    subsidy=bps,
    steps=st.lists(st.integers(min_value=0, max_value=10**12), max_size=6),
)
def test_refunds_in_parts_give_back_what_one_refund_would(amount, commission, subsidy, steps):
    rates = {"commission_bps": commission, "subsidy_bps": subsidy}
    kept, back = amount, NOBODY
    for step in steps:
        part = taken_back(kept, min(step, kept), **rates)
        assert part.amount == min(step, kept)
        assert min(parts(part)) >= 0
        kept, back = kept - part.amount, back + part
    assert back == taken_back(amount, amount - kept, **rates)
    assert taken_back(amount, amount, **rates) == shares_of(amount, **rates)


def test_the_remainder_is_the_institutions_and_the_doubtful_fen_of_a_subsidy_the_payers():
    assert parts(shares_of(101, commission_bps=1_200, subsidy_bps=5_000)) == (0, 45, 6, 50)
    assert parts(shares_of(5, commission_bps=5_000)) == (0, 2, 3, 0)


def test_no_more_goes_back_than_was_kept():
    for kept, back in ((5, 6), (5, -1)):
        with pytest.raises(ValueError, match="no more goes back"):
            taken_back(kept, back, commission_bps=100)


@given(
    found=st.builds(
        Shares,
        held_amount=st.integers(0, 999),
        institution_amount=st.integers(0, 999),
        platform_amount=st.integers(0, 999),
        subsidy_amount=st.integers(0, 999),
    ),
    cuts=st.lists(st.integers(0, 4_000), max_size=4),
)
def test_each_refund_is_its_shares_and_together_they_are_all(found, cuts):
    marks = sorted({0, found.amount, *(cut for cut in cuts if cut <= found.amount)})
    wanted = [end - first for first, end in pairwise(marks)]
    spread = spread_shares(found, wanted)
    assert [one.amount for one in spread] == wanted
    assert all(min(parts(one)) >= 0 for one in spread)
    assert sum(spread, NOBODY) == found
    with pytest.raises(ValueError, match="more than the shares"):
        spread_shares(found, [found.amount + 1])
