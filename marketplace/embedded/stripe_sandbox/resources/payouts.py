"""Payouts: money from a balance to a bank account, the platform's or a connected account's."""

from typing import Annotated

import msgspec

from marketplace.embedded.stripe_sandbox import money
from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.resources import balance
from marketplace.embedded.stripe_sandbox.store import PLATFORM
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata


class CreatePayout(Params):
    """`POST /v1/payouts`."""

    amount: Annotated[int, msgspec.Meta(ge=1)]
    currency: str
    description: str | None = None
    statement_descriptor: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class ListPayouts(ListParams):
    """`GET /v1/payouts`."""

    status: str | None = None


def create(call: Call) -> Json:
    """Send what is available to the account's bank; it arrives after a while.

    Refuses: more than is available, an account that may not be paid out.
    Publishes: `payout.created`, later `payout.paid`.
    """
    params = call.read(CreatePayout)
    check_metadata(params.metadata)
    money.check(params.amount, params.currency, least=1, most=None)
    currency = params.currency.lower()
    if params.amount > balance.sums(call, "available").get(currency, 0):
        raise invalid(
            f"You have insufficient funds in your Stripe account for this transfer, in {currency}.",
            code="balance_insufficient",
        )
    payout: Json = {
        "id": new_id("po"),
        "object": "payout",
        **dict.fromkeys(
            (
                "application_fee",
                "application_fee_amount",
                "failure_balance_transaction",
                "failure_code",
                "failure_message",
                "original_payout",
                "payout_method",
                "reversed_by",
                "trace_id",
            )
        ),
        "amount": params.amount,
        "arrival_date": call.now + int(call.settle_delay_seconds),
        "automatic": False,
        "created": call.now,
        "currency": currency,
        "description": params.description,
        "destination": _bank(call),
        "livemode": False,
        "metadata": params.metadata,
        "method": "standard",
        "reconciliation_status": "not_applicable",
        "source_type": "card",
        "statement_descriptor": params.statement_descriptor,
        "status": "pending",
        "type": "bank_account",
    }
    out = balance.record(call, "payout", payout, amount=-params.amount, available_on=call.now)
    payout["balance_transaction"] = out["id"]
    call.tx.add(payout)
    call.tx.set_timer("payout.arrive", payout["id"], call.now + call.settle_delay_seconds)
    call.publish("payout.created", payout)
    return payout


def retrieve(call: Call) -> Json:
    """Retrieve a payout."""
    return call.tx.get("payout", call.ids["id"])


def index(call: Call) -> Json:
    """List payouts."""
    params = call.read(ListPayouts)
    return page(call, "payout", params, url="/v1/payouts", where=equal(status=params.status))


def arrive(call: Call, payout_id: str) -> None:
    """Let a payout reach the bank, unless it has failed meanwhile.

    Publishes: `payout.paid`.
    """
    payout = call.tx.get("payout", payout_id)
    if payout["status"] == "pending":
        call.tx.save({**payout, "status": "paid"})
        call.publish("payout.paid", {**payout, "status": "paid"}, previous={"status": "pending"})


def fail(call: Call, payout_id: str) -> Json:
    """Have the bank refuse a payout: its money is in the balance again.

    Refuses: one that has failed already. Publishes: `payout.failed`.
    """
    payout = call.tx.get("payout", payout_id)
    if payout["status"] == "failed":
        raise invalid(f"Payout {payout_id} has already failed.")
    back = balance.record(call, "payout_failure", payout, amount=payout["amount"], available_on=call.now)
    payout.update(
        status="failed",
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
        failure_balance_transaction=back["id"],
    )
    call.tx.save(payout)
    call.publish("payout.failed", payout)
    return payout


def _bank(call: Call) -> str:
    """Where a payout goes: the platform's bank is known, a connected account must have told its own."""
    whose = call.tx.account
    if whose == PLATFORM:
        return "ba_platform"
    with call.tx.inside(PLATFORM):
        account = call.tx.get("account", whose)
    if not account["payouts_enabled"]:
        raise invalid("Cannot create payouts: this account has requirements that need to be collected.")
    return str(account["external_accounts"]["data"][0]["id"])
