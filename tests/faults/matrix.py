"""The fault matrix: what can break, and the named tests that show that it was survived.

A row without a test says why it has none. ``python -m tests.faults`` runs the tests and prints the matrix.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """One fault, and the tests that cover it; ``gap`` says what of the row is not shown."""

    number: str
    fault: str
    tests: tuple[str, ...]
    gap: str = ""


_CHAOS = "tests/faults/test_chaos.py::test_every_invariant_holds_after_kills_and_chaos"
_POINTS = "tests/faults/test_failpoints.py::test_"
_WORKERS_DIE = f"{_POINTS}workers_that_die_before_after_and_amid_their_work_are_made_good_within_15_seconds"
_KILLS = "tests/faults/test_kills.py::test_nothing_acknowledged_is_lost_whichever_process_is_killed"

MATRIX = (
    Row(
        "F1",
        "kill -9 API between commit and response",
        (
            f"{_POINTS}an_answer_that_was_committed_and_never_sent_is_replayed",
            "tests/bookings/test_placing.py::test_the_same_key_replays_the_same_answer",
            "tests/kit/test_idempotency.py::test_a_key_whose_holder_died_is_taken_over_after_the_lease",
            _CHAOS,
        ),
    ),
    Row(
        "F2",
        "kill -9 worker after the Stripe call, before the DB write",
        (
            _WORKERS_DIE,
            f"{_POINTS}an_api_that_dies_between_the_provider_and_its_record_leaves_one_page",
            "tests/payments/test_starting.py::test_a_crash_after_the_answer_leaves_one_page",
            "tests/payments/test_refunding.py::test_an_answer_that_is_lost_gives_the_money_back_once",
            "tests/settlement/test_transferring.py::test_a_lost_answer_moves_the_money_once",
        ),
    ),
    Row(
        "F3",
        "kill -9 worker before the Stripe call",
        (
            _WORKERS_DIE,
            "tests/workers/test_processes.py::test_kill_9_of_a_child_and_a_wiped_broker_lose_nothing",
            "tests/bookings/test_finishing.py::test_a_refund_that_was_never_submitted_is_submitted_by_the_reconciler",
        ),
    ),
    Row("F4", "kill -9 applier mid-transaction", (_WORKERS_DIE, _CHAOS)),
    Row(
        "F5",
        "kill -9 webhook receiver after insert, before 200",
        (
            f"{_POINTS}an_event_that_was_stored_and_never_answered_comes_again_and_changes_nothing",
            "tests/payments/test_inbox.py::test_the_sandbox_may_deliver_an_event_again",
            _CHAOS,
        ),
    ),
    Row("F6", "kill -9 PostgreSQL mid-booking", (_KILLS, _CHAOS)),
    Row(
        "F7",
        "PostgreSQL paused",
        ("tests/faults/test_pauses.py::test_a_paused_database_is_answered_for_within_five_seconds_and_loses_nothing",),
    ),
    Row(
        "F8",
        "kill -9 Valkey without persistence",
        ("tests/workers/test_processes.py::test_kill_9_of_a_child_and_a_wiped_broker_lose_nothing", _KILLS),
    ),
    Row(
        "F9",
        "broker down while booking",
        (
            "tests/workers/test_relay.py::test_a_broker_that_is_away_leaves_every_message_due",
            "tests/workers/test_relay.py::test_a_real_broker_that_refuses_is_noticed_at_once",
        ),
    ),
    Row(
        "F10",
        "whole worker group kill -9",
        ("tests/workers/test_processes.py::test_what_a_killed_worker_group_had_in_hand_is_done_within_15_seconds",),
    ),
    Row(
        "F11",
        "Stripe answer lost after commit",
        (
            "tests/payments/test_starting.py::test_an_answer_that_is_lost_is_asked_for_again",
            "tests/stripe_sandbox/test_sandbox_idempotency.py::test_a_lost_answer_is_found_again_by_its_key",
            _CHAOS,
        ),
    ),
    Row(
        "F12",
        "Stripe 500, 429 and time-outs for long",
        (
            "tests/payments/test_provider_faults.py::test_a_provider_that_is_away_for_long_is_left_alone_and_everything_drains_afterwards",
            "tests/bookings/test_finishing.py::test_a_family_that_cannot_pay_just_now_is_told_when_to_try_again_and_keeps_its_hold",
            "tests/payments/test_gateway.py::test_a_provider_that_hangs_is_not_waited_for_forever",
            "tests/bookings/test_finishing.py::test_a_provider_that_is_away_is_not_an_error_of_the_round_but_of_the_order",
        ),
    ),
    Row(
        "F13",
        "409 in flight",
        (
            "tests/stripe_sandbox/test_sandbox_idempotency.py::test_a_key_in_flight_is_409",
            "tests/stripe_sandbox/test_sandbox_idempotency.py::test_ten_at_once_make_one_object",
            "tests/payments/test_races.py::test_starting_at_once_makes_one_page",
        ),
    ),
    Row(
        "F14",
        "webhooks doubled, shuffled and late",
        (
            "tests/payments/test_outcomes.py::test_any_order_and_number_of_outcomes_ends_in_the_same_row",
            "tests/settlement/test_permutations.py::test_any_order_and_number_of_events_leaves_the_same_state",
            _CHAOS,
        ),
    ),
    Row(
        "F15",
        "all webhooks lost",
        ("tests/faults/test_chaos.py::test_the_reconciler_alone_is_enough_when_every_webhook_is_lost",),
    ),
    Row(
        "F16",
        "forged, old, future, wrong-livemode signature",
        (
            "tests/payments/test_inbox.py::test_a_forged_old_or_future_webhook_leaves_nothing",
            "tests/payments/test_inbox.py::test_a_signed_body_that_is_not_for_us_leaves_nothing",
            "tests/payments/test_inbox.py::test_a_replayed_signature_is_refused_and_changes_nothing",
        ),
    ),
    Row(
        "F17",
        "payment success after hold expiry, room gone",
        ("tests/bookings/test_settling.py::test_money_after_the_room_was_sold_goes_back_in_full",),
    ),
    Row(
        "F18",
        "50 families, 1 bed",
        ("tests/concurrency/test_races.py::test_fifty_clients_and_one_unit_make_exactly_one_booking",),
    ),
    Row(
        "F19",
        "refund pending → failed",
        (
            "tests/payments/test_refunding.py::test_a_pending_refund_that_fails_is_handed_over",
            "tests/payments/test_refunding.py::test_a_refund_that_arrived_can_still_come_back",
        ),
    ),
    Row(
        "F20",
        "reversal without payee balance",
        (
            "tests/settlement/test_returning.py::test_what_the_institution_no_longer_has_it_owes_and_later_transfers_are_less",
        ),
    ),
    Row(
        "F21",
        "revocation killed at random",
        (
            "tests/faults/test_revocation.py::test_a_revocation_that_is_killed_at_random_leaves_each_booking_with_one_outcome",
        ),
    ),
    Row(
        "F22",
        "dispute during refund, refund during dispute",
        (
            "tests/payments/test_provider_faults.py::test_a_refund_during_a_dispute_fails_and_goes_to_people",
            "tests/payments/test_provider_faults.py::test_a_dispute_during_a_refund_takes_only_what_is_left",
            "tests/payments/test_disputing.py::test_a_dispute_that_is_lost_cannot_be_refunded_again",
            "tests/settlement/test_transferring.py::test_nothing_is_sent_while_a_bank_disputes_the_bookings_money",
        ),
    ),
    Row(
        "F23",
        "Alipay refund on day 91",
        ("tests/payments/test_refunding.py::test_a_wallet_refund_after_its_window_fails_without_a_fuss",),
    ),
    Row(
        "F24",
        "idempotency key older than 24 h",
        (
            "tests/payments/test_starting.py::test_an_old_attempt_is_looked_up_before_it_is_repeated",
            "tests/payments/test_refunding.py::test_a_refund_older_than_its_key_is_looked_up_first",
            "tests/settlement/test_transferring.py::test_an_answer_lost_for_more_than_a_day_is_looked_up_first",
            "tests/stripe_sandbox/test_sandbox_idempotency.py::test_a_key_is_forgotten_after_a_day",
        ),
    ),
    Row(
        "N1",
        "control: no reconciler, all webhooks lost must be seen",
        ("tests/faults/test_chaos.py::test_without_reconciler_and_webhooks_money_is_stuck_and_the_harness_sees_it",),
    ),
    Row(
        "N2",
        "control: random idempotency keys must be seen",
        ("tests/faults/test_chaos.py::test_without_stable_keys_pages_are_doubled_and_the_harness_sees_it",),
    ),
    Row(
        "N3",
        "control: no ledger dedupe must be seen",
        ("tests/faults/test_chaos.py::test_without_ledger_dedupe_captures_are_doubled_and_the_harness_sees_it",),
    ),
)
