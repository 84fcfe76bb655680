"""Pure: how long a provider that fails is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.payments.gateway.circuit import FAILURES_MAX, PAUSE_MAX_S, Circuit


def after(failures: int, *, now: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(failures):
        circuit = circuit.failed(now)
    return circuit


def test_failures_in_a_row_open_it_and_only_those():
    assert [after(count).is_open for count in range(FAILURES_MAX + 2)] == [False] * FAILURES_MAX + [True, True]
    assert after(FAILURES_MAX - 1).wait_s(0.0) == 0.0


@pytest.mark.parametrize(("extra", "pause_s"), [(0, 2.0), (1, 4.0), (2, 8.0), (3, 15.0), (4, 15.0), (500, 15.0)])
def test_the_pauses_double_up_to_fifteen_seconds(extra, pause_s):
    circuit = after(FAILURES_MAX + extra, now=100.0)
    assert circuit.wait_s(100.0) == pause_s
    assert circuit.wait_s(100.0 + pause_s) == 0.0


def test_after_a_pause_one_request_tries_and_the_others_wait():
    circuit = after(FAILURES_MAX, now=100.0)
    trying = circuit.tried(102.0)
    assert (circuit.wait_s(102.0), trying.wait_s(102.0), trying.wait_s(104.0)) == (0.0, 2.0, 0.0)
    assert Circuit().tried(102.0) == Circuit()


@given(st.lists(st.tuples(st.floats(0, 60), st.booleans()), max_size=40))
def test_nobody_ever_waits_longer_than_the_longest_pause(steps):
    circuit, now = Circuit(), 0.0
    for seconds, failed in steps:
        now += seconds
        if circuit.wait_s(now) == 0.0:
            circuit = circuit.tried(now)
            circuit = circuit.failed(now) if failed else Circuit()
        assert 0.0 <= circuit.wait_s(now) <= PAUSE_MAX_S
