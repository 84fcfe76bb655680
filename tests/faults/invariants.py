"""What must hold of our books, the provider's and the rooms once everything is quiet, each by its number.

Each is a question that answers with what is wrong, so that a failing run says what broke, and so that a sabotaged run
can be seen to break exactly what it should.
"""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from marketplace.inventory import queries as inventory
from marketplace.kit.db import fetch, fetch_value
from marketplace.kit.ids import parse, wire
from marketplace.ledger import queries as ledger
from marketplace.payments import queries as payments
from tests.faults.shopping import Told
from tests.support.system import System

Findings = dict[str, list[str]]


@dataclass
class Provider:
    """The provider's books, read over the wire."""

    intents: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    movements: list[dict[str, Any]]

    @classmethod
    async def read(cls, system: System) -> "Provider":
        told = system.run.environment
        headers = {"Authorization": f"Bearer {told['STRIPE_API_KEY']}"}
        # Plain HTTP needs no authorities, whose certificates take 30 ms of a processor to read.
        async with httpx.AsyncClient(
            base_url=told["STRIPE_API_BASE"], headers=headers, trust_env=False, verify=False
        ) as http:
            return cls(
                intents=await _all(http, "payment_intents"),
                sessions=await _all(http, "checkout/sessions"),
                refunds=await _all(http, "refunds"),
                movements=await _all(http, "balance_transactions"),
            )


async def _all(http: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = (await http.get(f"/v1/{path}", params={"limit": "100", **after})).json()
        items += page["data"]
        if not page["has_more"]:
            return items
        after = {"starting_after": items[-1]["id"]}


async def broken(system: System, told: Told) -> Findings:
    """Ask every question; returns what is wrong by invariant, nothing when all hold."""
    provider = await Provider.read(system)
    found: Findings = {}
    for name, ask in _QUESTIONS.items():
        if wrong := await ask(provider, told):
            found[name] = wrong
    return found


async def _ledger_balances(_: Provider, __: Told) -> list[str]:
    return [str(finding) for finding in [*await ledger.verify(), *await payments.verify()]]


async def _acknowledged_exist(_: Provider, told: Told) -> list[str]:
    known = {wire("bkg", row["id"]) for row in await fetch("SELECT id FROM bookings")}
    return sorted(set(told.bookings) - known)


async def _one_page_an_attempt(provider: Provider, _: Told) -> list[str]:
    """One payment row makes one page at the provider per attempt, and is captured at most once."""
    attempts = {wire("pay", row["id"]): row["attempt"] for row in await fetch("SELECT id, attempt FROM payments")}
    pages = Counter(session["client_reference_id"] for session in provider.sessions)
    captured = Counter(
        intent["metadata"]["payment_id"] for intent in provider.intents if intent["status"] == "succeeded"
    )
    wrong = [f"{name} has {count} pages" for name, count in pages.items() if count > attempts.get(name, 0)]
    return wrong + [f"{name} was captured {count} times" for name, count in captured.items() if count > 1]


async def _confirmed_means_paid(_: Provider, __: Told) -> list[str]:
    rows = await fetch(
        "SELECT b.id, b.status FROM bookings b WHERE (b.status = 'confirmed') AND NOT EXISTS (SELECT FROM payments p"
        " WHERE p.booking_id = b.id AND p.status = 'succeeded' AND NOT p.surplus)"
    )
    return [f"{row['id']} is {row['status']} and not paid" for row in rows]


async def _captures_agree(provider: Provider, _: Told) -> list[str]:
    theirs = sum(intent["amount_received"] for intent in provider.intents)
    ours = await _posted("capture")
    return [] if theirs == ours else [f"they captured {theirs}, the ledger says {ours}"]


async def _refunds_agree(provider: Provider, _: Told) -> list[str]:
    theirs = sum(refund["amount"] for refund in provider.refunds if refund["status"] != "failed")
    ours = -(await _posted("refund_taken") + await _posted("refund_failed"))
    return [] if theirs == ours else [f"they gave back {theirs}, the ledger says {ours}"]


async def _balance_agrees(provider: Provider, _: Told) -> list[str]:
    """Our balance at the provider is theirs, fees aside, which are collected once a day."""
    theirs = sum(movement["amount"] for movement in provider.movements)
    ours: int = await fetch_value(
        "SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger_entries e JOIN ledger_journals j ON j.id = e.journal_id"
        " WHERE e.account = 'asset:stripe' AND j.kind <> 'fee'"
    )
    return [] if theirs == ours else [f"their balance is {theirs} before fees, ours {ours}"]


async def _captured_is_known(provider: Provider, _: Told) -> list[str]:
    known = {
        row["provider_intent_id"]: row["captured_amount"]
        for row in await fetch("SELECT provider_intent_id, captured_amount FROM payments WHERE status = 'succeeded'")
    }
    theirs = {intent["id"]: intent["amount"] for intent in provider.intents if intent["status"] == "succeeded"}
    return [
        f"{name} took {amount}, we know of {known.get(name)}"
        for name, amount in theirs.items()
        if known.get(name) != amount
    ]


async def _one_refund_a_row(provider: Provider, _: Told) -> list[str]:
    made = Counter(refund["metadata"].get("refund_id") for refund in provider.refunds)
    return [f"{name} was refunded {count} times" for name, count in made.items() if count > 1]


async def _refunded_within_captured(_: Provider, __: Told) -> list[str]:
    # Interest is owed beside what was paid, as soon as midnight lies between a payment and its refund.
    rows = await fetch(
        "SELECT p.id FROM payments p JOIN refunds r ON r.payment_id = p.id AND r.reason <> 'interest' GROUP BY p.id"
        " HAVING sum(r.amount) > coalesce(p.captured_amount, 0)"
    )
    return [str(row["id"]) for row in rows]


async def _live_refunds_agree(provider: Provider, _: Told) -> list[str]:
    theirs: dict[str, int] = defaultdict(int)
    for refund in provider.refunds:
        if refund["status"] != "failed":
            theirs[refund["metadata"]["refund_id"]] += refund["amount"]
    rows = await fetch("SELECT id, amount FROM refunds WHERE status IN ('submitted', 'pending', 'succeeded')")
    ours = {wire("ref", row["id"]): row["amount"] for row in rows}
    return [
        f"{name}: {theirs.get(name)} there, {ours.get(name)} here"
        for name in theirs | ours
        if theirs.get(name) != ours.get(name)
    ]


async def _events_are_applied(_: Provider, __: Told) -> list[str]:
    rows = await fetch("SELECT type, id FROM provider_events WHERE applied_at IS NULL")
    return [f"{row['type']} {row['id']} waits" for row in rows]


async def _nothing_is_on_its_way(_: Provider, __: Told) -> list[str]:
    rows = await fetch(
        "SELECT 'refund' AS what, id FROM refunds WHERE status IN ('requested', 'submitted', 'pending')"
        " UNION ALL SELECT 'payment', id FROM payments WHERE status IN ('created', 'pending')"
        "   AND cancel_requested_at IS NOT NULL"
        " UNION ALL SELECT kind, id FROM outbox WHERE state = 'pending' AND due_at <= now()"
    )
    return [f"{row['what']} {row['id']}" for row in rows]


async def _paid_has_an_end(_: Provider, told: Told) -> list[str]:
    """Whoever paid has the stay or the money: confirmed, or cancelled with its refunds promised, nothing between."""
    wrong = []
    for booking_id in sorted(told.paid):
        found = parse("bkg", booking_id)
        status = await fetch_value("SELECT status FROM bookings WHERE id = $1", found)
        captured = await fetch_value(
            "SELECT coalesce(sum(captured_amount), 0)::bigint FROM payments WHERE booking_id = $1", found
        )
        back = await fetch_value("SELECT coalesce(sum(amount), 0)::bigint FROM refunds WHERE booking_id = $1", found)
        if status == "confirmed" or (status == "cancelled" and booking_id in told.cancelled):
            continue
        if captured == 0 or captured != back:
            wrong.append(f"{booking_id} is {status}, paid {captured}, given back {back}")
    return wrong


async def _transfers_within_earned(_: Provider, __: Told) -> list[str]:
    rows = await fetch(
        "SELECT t.booking_id FROM transfers t JOIN earnings e ON e.id = t.earning_id WHERE t.status <> 'cancelled'"
        " GROUP BY t.booking_id HAVING sum(t.amount - t.reversed_amount) > sum(e.payable_amount - e.unearned_payable_amount)"
    )
    return [str(row["booking_id"]) for row in rows]


async def _no_transfer_before_check_in(_: Provider, __: Told) -> list[str]:
    rows = await fetch(
        # What a cancellation leaves to the institution is sent though nobody ever came.
        "SELECT t.id FROM transfers t JOIN bookings b ON b.id = t.booking_id"
        " WHERE b.checked_in_at IS NULL AND b.status <> 'cancelled'"
    )
    return [str(row["id"]) for row in rows]


async def _rooms_are_right(_: Provider, __: Told) -> list[str]:
    return [str(drift) for drift in await inventory.verify()]


async def _one_booking_a_key(_: Provider, told: Told) -> list[str]:
    keys = Counter(told.bookings.values())
    return [key for key, count in keys.items() if count > 1]


async def _nothing_was_given_up(_: Provider, __: Told) -> list[str]:
    rows = await fetch("SELECT kind, last_error FROM outbox WHERE state = 'dead'")
    return [f"{row['kind']}: {row['last_error']}" for row in rows]


async def _posted(kind: str) -> int:
    found: int = await fetch_value(
        "SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger_entries e JOIN ledger_journals j ON j.id = e.journal_id"
        " WHERE e.account = 'asset:stripe' AND j.kind = $1",
        kind,
    )
    return found


_QUESTIONS: dict[str, Callable[[Provider, Told], Awaitable[list[str]]]] = {
    "I1 I2 the ledger balances and tells the facts": _ledger_balances,
    "I3 what was acknowledged exists": _acknowledged_exist,
    "I3 one key, one booking": _one_booking_a_key,
    "I4 one page and one capture a payment": _one_page_an_attempt,
    "I5 confirmed means paid": _confirmed_means_paid,
    "I5 who paid has the stay or the money": _paid_has_an_end,
    "I6 captures agree": _captures_agree,
    "I7 refunds agree": _refunds_agree,
    "I8 the balance agrees": _balance_agrees,
    "I9 every capture is known": _captured_is_known,
    "I10 one refund a row": _one_refund_a_row,
    "I11 refunded within captured": _refunded_within_captured,
    "I12 live refunds agree": _live_refunds_agree,
    "I13 events are applied": _events_are_applied,
    "I14 nothing is on its way": _nothing_is_on_its_way,
    "I15 transfers within earned": _transfers_within_earned,
    "I16 no transfer before check-in": _no_transfer_before_check_in,
    "I17 rooms are right": _rooms_are_right,
    "I22 nothing was given up": _nothing_was_given_up,
}
