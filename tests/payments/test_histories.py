"""Any history of payments and refunds, with everything heard late, twice or never, leaves books that balance.

Hypothesis makes the history; the database is real, and so is every commit. The provider is a model that answers whatever
the history says, since what is proved here is ours.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.kit.audit import SYSTEM, Actor
from marketplace.kit.db import execute, fetch, fetch_value, transaction
from marketplace.kit.ids import new_id
from marketplace.ledger import operations as ledger
from marketplace.ledger import queries as ledger_queries
from marketplace.ledger import rules as journals
from marketplace.ledger.rules import Whose
from marketplace.payments import gateway as gateways
from marketplace.payments import operations, queries
from marketplace.payments.errors import AlreadyPaid, NotCaptured, PaymentClosed, RefundTooLarge
from marketplace.payments.gateway import Refused
from marketplace.payments.rules import (
    Leg,
    Method,
    Outcome,
    PaymentRequest,
    RefundOutcome,
    RefundReason,
    RefundRequest,
    Started,
)
from marketplace.payments.states import PaymentStatus, RefundStatus

HISTORIES, STEPS = 20, 30
LEGS = {Leg.DEPOSIT: 100_000, Leg.BALANCE: 400_000}
START = datetime(2026, 7, 1, 2, tzinfo=UTC)
PAID_TWICE = """
SELECT count(*) FROM (SELECT FROM payments WHERE status = 'succeeded' AND NOT surplus
                       GROUP BY booking_id, leg, leg_number HAVING sum(captured_amount) > max(leg_amount)) AS found
"""
# What the books say is owed to payers, and what the refunds say: all that nobody has taken or that came back unpaid.
PROMISED = """
SELECT coalesce(-sum(e.amount), 0) FROM ledger_entries e JOIN ledger_journals j ON j.id = e.journal_id
 WHERE e.account = 'liability:refund_pending' AND j.booking_id = ANY($1)
"""
OWED = """
SELECT coalesce(sum(amount), 0) FROM refunds r
 WHERE booking_id = ANY($1) AND (provider_refund_id IS NULL OR status IN ('failed', 'manual'))
   AND NOT EXISTS (SELECT FROM refund_tasks t WHERE t.refund_id = r.id AND done_at IS NOT NULL)
"""
picks = st.integers(0, 99)


class Oracle:
    """A provider that answers what it was told to."""

    def __init__(self) -> None:
        self.answer: RefundStatus | None = None
        self.failed: set[str] = set()

    async def start_payment(self, request: PaymentRequest) -> Started:
        return Started(
            session_id=f"cs_{request.payment_id}", url="https://pay.example/c", expires_at=request.expires_at
        )

    async def refund(self, request: RefundRequest) -> RefundOutcome:
        if self.answer is None:
            raise Refused("charge_disputed")
        return self._outcome(f"re_{request.refund_id}")

    async def get_refund(self, provider_refund_id: str) -> RefundOutcome:
        return self._outcome(provider_refund_id)

    async def find_refund(self, *, refund_id: UUID, intent_id: str) -> RefundOutcome | None:
        return None

    def _outcome(self, provider_refund_id: str) -> RefundOutcome:
        if self.answer is RefundStatus.FAILED or provider_refund_id in self.failed:
            self.failed.add(provider_refund_id)
            return RefundOutcome(
                status=RefundStatus.FAILED, provider_refund_id=provider_refund_id, failure_code="declined"
            )
        return RefundOutcome(status=self.answer or RefundStatus.PENDING, provider_refund_id=provider_refund_id)


class Histories(RuleBasedStateMachine):
    """One institution, three bookings, and whatever happens to their money."""

    loop: asyncio.AbstractEventLoop
    institution_id: UUID
    oracle: Oracle

    def wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.bookings = [new_id() for _ in range(3)]
        self.payments: list[UUID] = []
        self.refunds: list[UUID] = []
        for booking_id in self.bookings:
            self.wait_for(self._pay(booking_id, Leg.DEPOSIT, LEGS[Leg.DEPOSIT]))
            self.wait_for(self._hear(self.payments[-1], PaymentStatus.SUCCEEDED))

    @rule(
        booking=st.integers(0, 2),
        leg=st.sampled_from(list(LEGS)),
        part=st.sampled_from([1, 1, 2, 4]),
        heard=st.booleans(),
    )
    def pay(self, booking: int, leg: Leg, part: int, heard: bool) -> None:
        self.wait_for(self._pay(self.bookings[booking], leg, LEGS[leg] // part))
        if heard:
            self.wait_for(self._hear(self.payments[-1], PaymentStatus.SUCCEEDED))

    async def _pay(self, booking_id: UUID, leg: Leg, amount: int) -> None:
        try:
            payment_id = await operations.open_payment(
                booking_id=booking_id,
                institution_id=self.institution_id,
                partner_id=None,
                leg=leg,
                method=Method.CARD,
                amount=amount,
                leg_amount=LEGS[leg],
                expires_at=self.now + timedelta(hours=1),
                actor=SYSTEM,
                now=self.now,
            )
            await operations.start_payment(
                payment_id=payment_id, success_url="https://x/s", cancel_url="https://x/c", actor=SYSTEM, now=self.now
            )
        except (AlreadyPaid, PaymentClosed):
            return
        if payment_id not in self.payments:
            self.payments.append(payment_id)

    @rule(pick=picks, heard=st.sampled_from([PaymentStatus.SUCCEEDED] * 3 + list(PaymentStatus)))
    def hear(self, pick: int, heard: PaymentStatus) -> None:
        if self.payments:
            self.wait_for(self._hear(self.payments[pick % len(self.payments)], heard))

    async def _hear(self, payment_id: UUID, heard: PaymentStatus) -> None:
        payment = await queries.payment(payment_id)
        outcome = Outcome(
            status=heard,
            session_id=payment.provider_session_id,
            intent_id=f"pi_{payment_id}",
            amount=payment.amount,
            currency="CNY",
        )
        async with transaction():
            recorded = await operations.record_outcome(payment_id=payment_id, outcome=outcome, now=self.now)
            if recorded.changed and recorded.surplus:
                await self._promise(payment_id, payment.amount, f"surplus:{payment_id}")

    @rule(booking=st.integers(0, 2))
    def cancel(self, booking: int) -> None:
        self.wait_for(self._cancel(self.bookings[booking]))

    async def _cancel(self, booking_id: UUID) -> None:
        async with transaction():
            await operations.cancel_open_payments(booking_id=booking_id, now=self.now)

    @rule(pick=picks, amount=st.integers(1, 450_000), again=st.booleans())
    def promise(self, pick: int, amount: int, again: bool) -> None:
        if self.payments:
            payment_id = self.payments[pick % len(self.payments)]
            self.wait_for(self._promise(payment_id, amount, f"once:{payment_id}" if again else str(new_id())))

    async def _promise(self, payment_id: UUID, amount: int, dedupe: str) -> None:
        try:
            refund_id = await operations.request_refund(
                payment_id=payment_id, amount=amount, reason=RefundReason.OTHER, dedupe=dedupe, now=self.now
            )
        except (NotCaptured, RefundTooLarge):
            return
        if refund_id not in self.refunds:
            self.refunds.append(refund_id)

    @rule(pick=picks, answer=st.sampled_from([None, RefundStatus.PENDING, RefundStatus.SUCCEEDED, RefundStatus.FAILED]))
    def give_back(self, pick: int, answer: RefundStatus | None) -> None:
        if self.refunds:
            self.oracle.answer = answer
            self.wait_for(operations.apply_refund(refund_id=self.refunds[pick % len(self.refunds)], now=self.now))

    @rule()
    def pay_by_hand(self) -> None:
        for refund_id in self.refunds:
            self.wait_for(self._pay_by_hand(refund_id))

    async def _pay_by_hand(self, refund_id: UUID) -> None:
        if (await queries.refund(refund_id)).status is not RefundStatus.FAILED:
            return
        await operations.hand_over_refund(refund_id=refund_id, now=self.now)
        people = [Actor(kind="officer", id=new_id()) for _ in range(2)]
        told = {"refund_id": refund_id, "bank_reference": "CMB-1", "now": self.now}
        await operations.propose_payment_by_hand(**told, actor=people[0])
        await operations.approve_payment_by_hand(**told, actor=people[1])

    @rule(booking=st.integers(0, 2), amount=st.integers(1, 500_000), bps=st.integers(0, 10_000), back=st.integers(0, 4))
    def serve(self, booking: int, amount: int, bps: int, back: int) -> None:
        self.wait_for(self._serve(self.bookings[booking], amount, bps, back))

    async def _serve(self, booking_id: UUID, amount: int, bps: int, back: int) -> None:
        """Earn, transfer, and take some of it back with what cannot be had as the institution's debt."""
        amount = min(amount, (await ledger_queries.held([booking_id]))[booking_id])
        if amount <= 0:
            return
        whose, once = Whose(booking_id=booking_id, institution_id=self.institution_id), new_id()
        payable, commission = journals.split(amount, commission_bps=bps)
        lost, kept = payable * back // 4, commission * back // 4
        facts = [
            journals.earn(whose, period=str(once), amount=amount, commission_bps=bps),
            journals.transfer(whose, transfer_id=once, amount=payable),
            journals.unearn(whose, cause=str(once), payable_amount=lost, commission_amount=kept),
            journals.reversal(whose, reversal_id=once, amount=lost // 2),
            journals.shortfall(whose, cause=str(once), amount=lost - lost // 2),
        ]
        for fact in (*facts, *facts):
            async with transaction():
                await ledger.post(fact, now=self.now)

    @rule(hours=st.sampled_from([1, 24]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.wait_for(ledger.take_snapshot(now=self.now))

    @invariant()
    def the_books_balance(self) -> None:
        if hasattr(self, "bookings"):
            self.wait_for(self._prove())

    async def _prove(self) -> None:
        assert await ledger_queries.verify() == []
        assert await queries.verify() == []
        assert await fetch_value("SELECT coalesce(sum(amount), 0) FROM ledger_entries") == 0
        assert await fetch_value(PAID_TWICE) == 0
        counted = await fetch("SELECT account, sum(amount)::bigint AS amount FROM ledger_entries GROUP BY 1 ORDER BY 1")
        standing = {account: amount for (account, _), amount in (await ledger_queries.totals()).items() if amount}
        assert standing == {row["account"]: row["amount"] for row in counted if row["amount"]}
        assert await fetch_value(PROMISED, self.bookings) == await fetch_value(OWED, self.bookings)


@pytest.fixture
async def institution(committed: str) -> UUID:
    institution_id = new_id()
    async with transaction():
        await execute("SET LOCAL session_replication_role = replica")
        await execute(
            "INSERT INTO institutions (id, name, name_en, place_code, jurisdiction_code, address, latitude, longitude,"
            " datum, licensed_bed_count, opened_on, is_example, registered_at) VALUES ($1, '账目（示例）', 'Books',"
            " 'erdaobaihe', 'jilin', '白山大街 1 号', 42.4, 128.1, 'wgs84', 10, '2018-05-01', true, $2)",
            institution_id,
            START,
        )
    return institution_id


async def test_any_history_leaves_books_that_balance(institution: UUID) -> None:
    oracle = Oracle()
    gateways.use(oracle)  # type: ignore[arg-type]
    Histories.loop, Histories.institution_id, Histories.oracle = asyncio.get_running_loop(), institution, oracle
    limits = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    try:
        await asyncio.to_thread(run_state_machine_as_test, Histories, settings=limits)
    finally:
        gateways.use(None)
    assert await fetch_value("SELECT count(*) FROM ledger_journals WHERE kind = 'capture'") > 3 * HISTORIES
    assert await fetch_value("SELECT count(*) FROM ledger_journals WHERE kind = 'refund_failed'") > 0
    assert await fetch_value("SELECT count(*) FROM ledger_journals WHERE kind = 'refund_paid_by_hand'") > 0
