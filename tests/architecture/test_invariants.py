"""The twenty-five invariants of money, and the tests that prove each; a test that is renamed or removed fails here."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

# Each: what must hold, then the tests by file. The faults prove them again after kills and chaos (tests/faults/matrix.py).
INVARIANTS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "I1": (
        "every journal balances per currency, and so do all postings",
        {
            "ledger/test_rules.py": ("test_every_fact_balances_in_every_currency",),
            "ledger/test_posting.py": ("test_the_database_refuses_an_unbalanced_journal_at_commit",),
            "payments/test_histories.py": ("test_any_history_leaves_books_that_balance",),
        },
    ),
    "I2": (
        "no journal without postings, none mutable",
        {
            "ledger/test_posting.py": (
                "test_nothing_that_is_posted_changes",
                "test_a_line_added_to_an_old_journal_is_refused",
            ),
            "ledger/test_grants.py": ("test_the_applications_login_can_add_to_the_books_and_rewrite_nothing_of_them",),
        },
    ),
    "I3": (
        "every acknowledged booking exists after any crash",
        {"faults/test_kills.py": ("test_nothing_acknowledged_is_lost_whichever_process_is_killed",)},
    ),
    "I4": (
        "at most one captured intent for a payment",
        {
            "payments/test_races.py": ("test_starting_at_once_makes_one_page",),
            "payments/test_starting.py": ("test_an_answer_that_is_lost_is_asked_for_again",),
        },
    ),
    "I5": (
        "a booking is confirmed if and only if its first leg was captured",
        {
            "bookings/test_settling.py": (
                "test_a_paid_deposit_confirms_the_booking",
                "test_an_unfinished_payment_does_not_confirm",
            )
        },
    ),
    "I6": (
        "the provider's captures are the ledger's",
        {
            "payments/test_ledger.py": (
                "test_every_movement_at_the_provider_is_matched_one_to_one_and_its_fee_is_booked",
            ),
            "faults/test_chaos.py": ("test_every_invariant_holds_after_kills_and_chaos",),
        },
    ),
    "I7": (
        "the provider's refunds are the ledger's",
        {"payments/test_ledger.py": ("test_a_refund_is_owed_from_the_promise_and_gone_once_the_provider_took_it",)},
    ),
    "I8": (
        "our balance at the provider is the ledger's",
        {
            "bookings/test_books.py": (
                "test_the_proof_says_when_the_provider_holds_something_else_and_somebody_hears_of_it",
            )
        },
    ),
    "I9": (
        "every captured intent is one captured payment",
        {
            "bookings/test_books.py": ("test_the_proof_names_money_without_a_booking_and_a_booking_without_money",),
            "payments/test_ledger.py": (
                "test_what_nothing_explains_goes_to_suspense_after_an_hour_and_leaves_it_only_when_explained",
            ),
        },
    ),
    "I10": (
        "at most one refund at the provider for a refund of ours",
        {
            "payments/test_races.py": ("test_submitting_a_refund_at_once_gives_the_money_back_once",),
            "payments/test_refunding.py": ("test_an_answer_that_is_lost_gives_the_money_back_once",),
        },
    ),
    "I11": (
        "no more is refunded than was captured",
        {
            "payments/test_races.py": ("test_refunds_at_once_never_exceed_what_was_captured",),
            "payments/test_refunding.py": ("test_the_database_refuses_more_than_was_captured",),
        },
    ),
    "I12": (
        "what a payment gave back is the sum of its live refunds",
        {"payments/test_ledger.py": ("test_a_refund_that_fails_restores_the_books_and_is_still_owed",)},
    ),
    "I13": (
        "each event of the provider is applied once",
        {
            "payments/test_inbox.py": (
                "test_a_real_webhook_is_stored_once_and_applied_by_a_job",
                "test_the_sandbox_may_deliver_an_event_again",
            )
        },
    ),
    "I14": (
        "nothing is left half done once all is quiet",
        {"faults/test_chaos.py": ("test_the_reconciler_alone_is_enough_when_every_webhook_is_lost",)},
    ),
    "I15": (
        "no more is transferred of a booking than was earned",
        {"settlement/test_earning.py": ("test_the_database_refuses_more_than_was_earned_and_a_night_earned_twice",)},
    ),
    "I16": (
        "no transfer before the day of arrival, nor while an institution is frozen unless two people released it",
        {
            "settlement/test_transferring.py": (
                "test_an_institution_is_paid_three_days_after_check_in",
                "test_nothing_is_sent_while_the_institution_is_suspended",
            ),
            "settlement/test_closing.py": (
                "test_what_a_cancellation_leaves_is_the_institutions_less_commission_and_sent_after_the_day_of_arrival",
            ),
            "settlement/test_finance.py": ("test_two_people_release_what_a_suspension_froze_and_nothing_else",),
        },
    ),
    "I17": (
        "no two confirmed bookings have one bed",
        {
            "concurrency/test_interleaving.py": (
                "test_whatever_people_do_at_once_nothing_is_sold_twice_and_no_money_goes_astray",
            )
        },
    ),
    "I18": (
        "no money is held beyond ninety days unnoticed",
        {"settlement/test_transferring.py": ("test_money_held_for_eighty_days_is_reported_once",)},
    ),
    "I19": (
        "after a revocation no future booking is confirmed, and each has one outcome",
        {
            "bookings/test_displacing.py": ("test_a_revocation_ends_holds_displaces_bookings_and_refunds_everyone",),
            "bookings/test_charges.py": (
                "test_a_revocation_during_an_open_extension_refunds_the_stay_and_whatever_comes_for_it",
            ),
            "faults/test_revocation.py": (
                "test_a_revocation_that_is_killed_at_random_leaves_each_booking_with_one_outcome",
            ),
        },
    ),
    "I20": (
        "what we owe an institution and it owes us nets to what it was sent",
        {
            "settlement/test_returning.py": (
                "test_what_the_institution_no_longer_has_it_owes_and_later_transfers_are_less",
            )
        },
    ),
    "I21": (
        "a refund by policy is within what was paid and never grows as time passes",
        {
            "pricing/test_refund_rules.py": (
                "test_a_refund_stays_within_what_was_paid_and_never_grows_as_time_passes_and_nights_are_used",
            )
        },
    ),
    "I22": (
        "a message that is closed has had its effect, at most once",
        {
            "workers/test_handling.py": (
                "test_a_message_reaches_every_operation_once_and_is_closed",
                "test_of_many_workers_with_the_same_nudge_one_begins",
            )
        },
    ),
    "I23": (
        "the shares of any amount at any basis points sum to it",
        {
            "ledger/test_shares.py": (
                "test_the_shares_of_any_amount_at_any_basis_points_sum_to_it",
                "test_refunds_in_parts_give_back_what_one_refund_would",
                "test_each_refund_is_its_shares_and_together_they_are_all",
            )
        },
    ),
    "I24": (
        "an event of the wrong mode, signature or age changes nothing",
        {
            "payments/test_inbox.py": (
                "test_a_forged_old_or_future_webhook_leaves_nothing",
                "test_a_replayed_signature_is_refused_and_changes_nothing",
                "test_a_signed_body_that_is_not_for_us_leaves_nothing",
            )
        },
    ),
    "I25": (
        "any order and repetition of the same events gives the same state",
        {
            "payments/test_rules.py": (
                "test_the_order_and_number_of_outcomes_do_not_matter",
                "test_the_order_and_number_of_refund_outcomes_do_not_matter",
            ),
            "payments/test_outcomes.py": ("test_any_order_and_number_of_outcomes_ends_in_the_same_row",),
        },
    ),
}


@cache
def found_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_invariant_is_there() -> None:
    assert list(INVARIANTS) == [f"I{number}" for number in range(1, 26)]


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_is_proved_by_tests_that_exist(name: str) -> None:
    _, proved_by = INVARIANTS[name]
    assert proved_by
    for file, names in proved_by.items():
        assert set(names) <= found_in(file), f"{name}: {file}"
