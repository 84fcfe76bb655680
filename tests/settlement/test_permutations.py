"""The same events in any order, any number of times, heard early or late, leave the same rows, the same books, the same news.

A payment, a refund that fails, a dispute that is lost, a transfer whose answer was lost and a payee that is restricted,
all at the real sandbox. Its answers are asked for twice, before and after each of them ends, and then told again to
every example: what is drawn is the order of the events, and from which of them on the provider gives its last word.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.bookings import operations as bookings
from marketplace.kit import clock
from marketplace.kit.db import DB, fetch, fetch_value
from marketplace.kit.ids import parse
from marketplace.payments import operations as payments
from marketplace.payments import queries
from marketplace.payments.gateway import webhooks
from marketplace.payments.operations import inbox
from marketplace.payments.rules import PAYEES, PAYERS, RefundReason
from marketplace.settlement import operations as settlement
from tests.support.sandbox import API_KEY
from tests.support.world import hold, open_payment

PENDING_REFUNDS = "4000000000007726"


@dataclass
class Provider:
    """Says of each thing what the sandbox said of it before it ended, or after."""

    early: dict[tuple[str, object], object] = field(default_factory=dict)
    late: dict[tuple[str, object], object] = field(default_factory=dict)
    is_late: bool = False
    now: datetime = field(default_factory=clock.now)

    def stand_in(self, verb: str, ask: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        async def answer(about: Any) -> Any:
            key = (verb, about)
            if not self.is_late and key in self.early:
                return self.early[key]
            if key not in self.late:
                self.late[key] = await ask(about)
            return self.late[key]

        return answer

    async def remember(self, verb: str, ask: Callable[[Any], Awaitable[Any]], about: object) -> None:
        """Keep what is said of a thing now, before it ends."""
        self.early[verb, about] = await ask(about)


async def paid(house, family, *, card: str | None = None) -> UUID:
    payment = await open_payment(family, await hold(house.world, family, first=9, nights=5))
    await house.sandbox.pay(payment["checkout_url"].rsplit("/", 1)[1], card=card)
    assert (await house.world.client.get(f"/payments/{payment['id']}/return")).status_code == 200
    return parse("pay", payment["id"])


@pytest.fixture
async def provider(house, sandbox, gateway, monkeypatch) -> Provider:
    knobs = {"drop_webhooks": 1.0, "settle_delay_ms": 60_000}
    await sandbox.control("chaos", knobs)
    account = await house.become_payee()
    served = await house.served()
    await house.pass_days(3)
    found = Provider()
    await sandbox.control("chaos", {"lose_response_rate": 1.0})
    with pytest.raises(Exception, match="unavailable"):
        await house.send(served)
    await sandbox.control("chaos", {"lose_response_rate": 0.0})
    await found.remember("payee", gateway.payees.get_payee, account)
    await sandbox.control(f"accounts/{account}/restrict", {})

    family = await house.world.family()
    refunded = await paid(house, family, card=PENDING_REFUNDS)
    refund_id = await payments.request_refund(
        payment_id=refunded, amount=50_000, reason=RefundReason.OTHER, dedupe="permuted", now=clock.now()
    )
    await payments.submit_refund(refund_id=refund_id, now=clock.now())
    provider_refund_id = (await queries.refund(refund_id)).provider_refund_id
    await found.remember("refund", gateway.get_refund, provider_refund_id)
    await sandbox.control(f"refunds/{provider_refund_id}/fail", {})

    intent = (await queries.payment(await paid(house, family))).provider_intent_id
    headers = {"Authorization": f"Bearer {API_KEY}"}
    charge = (await sandbox.http.get(f"/v1/payment_intents/{intent}", headers=headers)).json()["latest_charge"]
    dispute = (await sandbox.control(f"charges/{charge}/dispute", {}))["id"]
    await found.remember("dispute", gateway.disputes.find_dispute, dispute)
    await sandbox.control(f"disputes/{dispute}/lose", {})

    page = await open_payment(family, await hold(house.world, family, first=9, nights=5))
    session = page["checkout_url"].rsplit("/", 1)[1]
    await found.remember("payment", gateway.get_payment, session)
    await sandbox.pay(session)

    for owner, verb, name in (
        (gateway, "payment", "get_payment"),
        (gateway, "refund", "get_refund"),
        (gateway.disputes, "dispute", "find_dispute"),
        (gateway.payees, "payee", "get_payee"),
        (gateway.payees, "transfer", "transfer"),
    ):
        monkeypatch.setattr(owner, name, found.stand_in(verb, getattr(owner, name)))
    return found


@pytest.fixture
async def events(house, sandbox, provider) -> list[tuple[UUID, str]]:
    """Store everything that the provider has to say; returns what is about us, and about what."""
    await payments.collect_missed_events(now=clock.now())
    (account,) = {about for verb, about in provider.early if verb == "payee"}
    headers = {"Authorization": f"Bearer {API_KEY}", "Stripe-Account": str(account)}
    told = (await sandbox.http.get("/v1/events", headers=headers, params={"limit": "100"})).json()["data"]
    for body in told:
        raw = json.dumps(body).encode()
        news = webhooks.verify(raw, signature=sign(raw), secret="whsec_x", livemode=False)
        await inbox._store(news, now=clock.now())
    ours = await fetch(
        "SELECT id, type, subject_kind FROM provider_events WHERE applied_at IS NULL AND (subject_kind = 'dispute'"
        "   AND object_id = ANY($1) OR subject_id IN (SELECT id FROM payments UNION ALL SELECT id FROM refunds"
        "   UNION ALL SELECT id FROM transfers UNION ALL SELECT institution_id FROM payees)) ORDER BY id",
        [about for verb, about in provider.early if verb == "dispute"],
    )
    assert {row["subject_kind"] for row in ours} == {*PAYERS, *PAYEES}
    return [(row["id"], row["subject_kind"]) for row in ours]


def sign(raw: bytes) -> str:
    import stripe

    return stripe.WebhookSignature.generate_signature_header(raw.decode(), "whsec_x")


async def hear(event: tuple[UUID, str], *, now: datetime) -> None:
    event_id, kind = event
    apply = settlement.apply_payee_event if kind in PAYEES else bookings.apply_provider_event
    await apply(event_id=event_id, now=now)


async def state() -> dict[str, object]:
    """Everything that is to be the same: rows, books and news."""
    told = {
        "payments": "SELECT id, status, captured_amount, surplus, lost_amount, failure_code, settled_at FROM payments",
        "refunds": "SELECT id, status, provider_refund_id, failure_code, settled_at FROM refunds",
        "disputes": "SELECT provider_dispute_id, status, amount, settled_at FROM disputes",
        "transfers": "SELECT id, status, provider_transfer_id, amount, settled_at FROM transfers",
        "payees": "SELECT institution_id, status FROM payees",
        "bookings": "SELECT id, status, paid_amount FROM bookings",
        "books": "SELECT j.dedupe, e.account, e.amount FROM ledger_journals j JOIN ledger_entries e"
        " ON e.journal_id = j.id",
        "news": "SELECT kind, count(*) FROM outbox GROUP BY kind",
    }
    found: dict[str, object] = {}
    for name, sql in told.items():
        found[name] = sorted(str(tuple(row)) for row in await fetch(sql))
    return found


async def after(provider: Provider, order: list[tuple[UUID, str]], late_from: int) -> dict[str, object]:
    """Hear events in an order, the provider giving its last word from one of them on; returns the state, and undoes it."""
    savepoint = DB.current_transaction.get().connection.transaction()
    await savepoint.start()
    try:
        for number, event in enumerate(order):
            provider.is_late = number >= late_from
            await hear(event, now=provider.now)
        assert (
            await fetch_value(
                "SELECT count(*) FROM provider_events WHERE applied_at IS NULL AND id = ANY($1)", [i for i, _ in order]
            )
            == 0
        )
        return await state()
    finally:
        await savepoint.rollback()


async def test_any_order_and_number_of_events_leaves_the_same_state(events, provider) -> None:
    before = await state()
    once = await after(provider, events, 0)
    news = {row.split("'")[1] for row in set(once["news"]) - set(before["news"])}
    assert news >= {"booking.confirmed", "dispute.opened", "dispute.decided", "refund.failed", "transfer.succeeded"}
    cases: list[tuple[list[tuple[UUID, str]], int]] = []

    @settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(
        order=st.lists(st.sampled_from(events), max_size=2 * len(events)),
        last=st.permutations(events),
        late_from=st.integers(0, 2 * len(events)),
    )
    def draw(order, last, late_from) -> None:
        cases.append(([*order, *last], min(late_from, len(order))))

    draw()
    for order, late_from in cases:
        assert await after(provider, order, late_from) == once, (order, late_from)
    assert max(late_from for _, late_from in cases) > 0
