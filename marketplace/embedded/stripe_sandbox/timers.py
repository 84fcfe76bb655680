"""What happens later by itself, as durable rows: wallet refunds settle, sessions expire, slow payments end."""

from collections.abc import Callable

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.resources import (
    balance,
    checkout_paying,
    checkout_sessions,
    disputes,
    payouts,
    refunds,
)
from marketplace.embedded.stripe_sandbox.store import Transaction

_ACTIONS: dict[str, Callable[[Call, str], None]] = {
    "balance.release": balance.release,
    "dispute.ask": disputes.ask_on_time,
    "dispute.open": disputes.open_on_time,
    "payout.arrive": payouts.arrive,
    "refund.settle": refunds.settle,
    "refund.fail": refunds.fail_on_time,
    "session.expire": checkout_sessions.expire_on_time,
    "session.pay_later": checkout_paying.settle_late_payment,
    "session.fail_later": checkout_paying.fail_late_payment,
}


def run_one_due(call: Call, *, at: float) -> bool:
    """Run the oldest due timer and forget it, in one transaction; returns whether there was one."""
    rows = call.tx.sql(
        "SELECT id, action, object_id, account FROM timers WHERE due_at <= ? ORDER BY due_at, id LIMIT 1", at
    )
    if not rows:
        return False
    with call.tx.inside(rows[0]["account"]):
        _ACTIONS[rows[0]["action"]](call, rows[0]["object_id"])
    call.tx.sql("DELETE FROM timers WHERE id = ?", rows[0]["id"])
    return True


def next_due(tx: Transaction) -> float | None:
    """Tell when the next timer is due, by the sandbox's clock."""
    due_at = tx.sql("SELECT min(due_at) AS due_at FROM timers")[0]["due_at"]
    return None if due_at is None else float(due_at)
