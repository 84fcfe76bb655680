"""What happens again and again: each entry calls one operation, which must be safe to repeat and to overlap.

Times of day are Asia/Shanghai. A run that was missed, because everything was down, is made up when beat is back.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
from celery.schedules import crontab

from marketplace.bookings import operations as bookings
from marketplace.certifications import operations as certifications
from marketplace.identity import operations as identity
from marketplace.inventory import operations as inventory
from marketplace.kit import idempotency, outbox
from marketplace.ledger import operations as ledger
from marketplace.messaging import operations as messaging
from marketplace.payments import operations as payments
from marketplace.settings import settings
from marketplace.settlement import operations as settlement
from marketplace.signing import operations as signing
from marketplace.tours import operations as tours
from marketplace.transparency import operations as transparency
from workers import relay

# Development may move the clock, and what a jump has made due should happen soon after it.
SOON = timedelta(seconds=10)
# A run that nobody took by then is forgotten: the next one does its work too.
EXPIRES_MAX = timedelta(hours=1)


class Periodic(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: a name, how often or when, and the operation, called with ``now``."""

    name: str
    every: timedelta | crontab
    run: Callable[..., Awaitable[Any]]
    may_wait: bool = False

    @property
    def task(self) -> str:
        """The name of its Celery task."""
        return f"workers.{self.name}"

    @property
    def schedule(self) -> timedelta | crontab:
        """How often it runs in this environment."""
        if self.may_wait or not settings().is_development:
            return self.every
        return min(self.every, SOON) if isinstance(self.every, timedelta) else SOON

    @property
    def expires(self) -> timedelta:
        """How long a run may wait for a worker."""
        return min(self.schedule, EXPIRES_MAX) if isinstance(self.schedule, timedelta) else EXPIRES_MAX


PERIODIC: tuple[Periodic, ...] = (
    Periodic(name="sweep_outbox", every=timedelta(seconds=5), run=relay.dispatch),
    Periodic(name="sequence_audit", every=timedelta(seconds=10), run=transparency.sequence),
    Periodic(
        name="publish_checkpoint",
        every=crontab(minute="10", hour="0"),
        run=transparency.publish_checkpoint,
        may_wait=True,
    ),
    Periodic(name="expire_holds", every=timedelta(seconds=30), run=bookings.expire_lapsed),
    Periodic(name="reconcile", every=timedelta(seconds=60), run=bookings.reconcile),
    Periodic(name="catch_up", every=timedelta(minutes=5), run=bookings.catch_up),
    Periodic(name="apply_disputes", every=timedelta(seconds=60), run=payments.apply_disputes),
    # The months of long stays are earned early in the day; the rest is what lost news has left.
    Periodic(name="earn_in_service", every=timedelta(minutes=10), run=settlement.earn_in_service),
    Periodic(name="submit_transfers", every=timedelta(minutes=10), run=settlement.submit_due),
    Periodic(name="submit_reversals", every=timedelta(minutes=1), run=settlement.submit_reversals),
    Periodic(name="apply_payee_events", every=timedelta(seconds=60), run=settlement.apply_payee_events),
    Periodic(name="refresh_payees", every=timedelta(minutes=5), run=settlement.refresh_payees),
    Periodic(name="alarm_old_holds", every=crontab(minute="20", hour="7"), run=settlement.alarm_old_holds),
    Periodic(name="check_payout_schedule", every=crontab(minute="25", hour="7"), run=settlement.check_payout_schedule),
    Periodic(name="decide_formations", every=timedelta(minutes=10), run=tours.decide_due),
    Periodic(name="depart", every=timedelta(hours=1), run=tours.depart_due),
    # News of a suspension reaches its guests at once; whatever was lost is made up long before the day is over.
    Periodic(
        name="offer_free_cancellations", every=timedelta(minutes=10), run=bookings.offer_missed_free_cancellations
    ),
    # Nobody gets an SMS at night.
    Periodic(name="remind", every=crontab(minute="5", hour="9-20"), run=messaging.remind),
    Periodic(name="order_assessments", every=crontab(minute="10", hour="6"), run=certifications.order_due_assessments),
    Periodic(
        name="signal_rectifications",
        every=crontab(minute="5", hour="6"),
        run=certifications.signal_overdue_rectifications,
    ),
    Periodic(name="escalate_assessments", every=crontab(minute="15", hour="6"), run=certifications.escalate_overdue),
    Periodic(name="call_attention", every=crontab(minute="20", hour="6"), run=certifications.call_attention),
    Periodic(name="recount_deadlines", every=crontab(minute="25", hour="5"), run=certifications.recount_deadlines),
    Periodic(
        name="escalate_inspections", every=crontab(minute="20", hour="6"), run=certifications.escalate_uninspected
    ),
    Periodic(name="flag_lapsed_grades", every=crontab(minute="2", hour="0"), run=certifications.flag_lapsed_grades),
    Periodic(name="draw_inspections", every=crontab(minute="0", hour="8"), run=certifications.draw_inspections),
    Periodic(name="expire_certifications", every=crontab(minute="1", hour="0"), run=certifications.expire_due),
    Periodic(name="extend_horizon", every=crontab(minute="30", hour="0"), run=inventory.extend_horizon),
    Periodic(name="assign_rooms", every=crontab(minute="15", hour="0"), run=bookings.assign_rooms),
    Periodic(
        name="verify_inventory", every=crontab(minute="45", hour="3"), run=bookings.verify_inventory, may_wait=True
    ),
    Periodic(name="rotate_keys", every=crontab(minute="35", hour="4"), run=signing.rotate_due, may_wait=True),
    Periodic(name="verify_money", every=crontab(minute="20", hour="4"), run=bookings.verify_money, may_wait=True),
    Periodic(name="snapshot_ledger", every=crontab(minute="5", hour="4"), run=ledger.take_snapshot, may_wait=True),
    Periodic(name="forget_people", every=timedelta(hours=1), run=identity.forget, may_wait=True),
    Periodic(name="forget_messages", every=timedelta(hours=1), run=messaging.forget, may_wait=True),
    Periodic(name="prune_outbox", every=timedelta(hours=1), run=outbox.prune, may_wait=True),
    Periodic(name="prune_idempotency_keys", every=timedelta(hours=1), run=idempotency.prune, may_wait=True),
    Periodic(name="prune_provider_events", every=timedelta(hours=1), run=payments.prune_events, may_wait=True),
)


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return the entries as Celery beat wants them."""
    return {
        entry.name: {
            "task": entry.task,
            "schedule": entry.schedule,
            "options": {"expires": entry.expires.total_seconds()},
        }
        for entry in PERIODIC
    }
