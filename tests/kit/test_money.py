from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.money import allocate, share, yuan

AMOUNTS = st.integers(min_value=0, max_value=10**12)


@given(AMOUNTS, st.integers(min_value=0, max_value=10_000))
def test_a_share_is_rounded_half_up_and_the_rest_is_the_difference(amount: int, bps: int) -> None:
    exact = Fraction(amount * bps, 10_000)
    found = share(amount, bps)

    assert abs(found - exact) <= Fraction(1, 2)
    assert found + (amount - found) == amount
    assert share(-amount, bps) == -found


def test_half_a_fen_goes_up() -> None:
    assert share(1, 5_000) == 1
    assert share(8_788, 5_000) == 4_394
    assert share(17_575, 5_000) == 8_788


@given(AMOUNTS, st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=20).filter(any))
def test_parts_always_sum_to_the_whole_and_are_within_one_fen_of_exact(amount: int, weights: list[int]) -> None:
    parts = allocate(amount, weights)

    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(amount * weight, sum(weights))) < 1


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, []), (1, [0, 0]), (1, [-1, 2])])
def test_a_split_that_cannot_be_made_is_refused(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="non-negative amount"):
        allocate(amount, weights)


def test_fen_are_written_as_people_read_them() -> None:
    assert yuan(428_000) == "¥4,280.00"
    assert yuan(-5) == "-¥0.05"
