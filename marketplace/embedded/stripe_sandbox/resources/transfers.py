"""Transfers: money from the platform's balance to a connected account's, and back again."""

from typing import Annotated

import msgspec

from marketplace.embedded.stripe_sandbox import money
from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.rendering import as_list
from marketplace.embedded.stripe_sandbox.resources import accounts, balance
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata


class CreateTransfer(Params):
    """`POST /v1/transfers`."""

    currency: str
    destination: str
    amount: Annotated[int, msgspec.Meta(ge=1, le=money.MOST)]
    source_transaction: str | None = None
    transfer_group: str | None = None
    description: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class ListTransfers(ListParams):
    """`GET /v1/transfers`."""

    destination: str | None = None
    transfer_group: str | None = None


class CreateReversal(Params):
    """`POST /v1/transfers/{id}/reversals`."""

    amount: Annotated[int, msgspec.Meta(ge=1)] | None = None
    description: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


def create(call: Call) -> Json:
    """Move money to a connected account, from what is available or, with `source_transaction`, from one charge.

    Refuses: a destination that may not be paid, more than is available (`balance_insufficient`), more than the charge
    brought in less its other transfers, another currency than the charge's.
    Publishes: `transfer.created`.
    """
    params = call.read(CreateTransfer)
    check_metadata(params.metadata)
    money.check(params.amount, params.currency, least=1)
    currency = params.currency.lower()
    accounts.must_take_transfers(call, params.destination)
    available_on, group = _draw(call, params, currency)
    transfer_id = new_id("tr")
    transfer: Json = {
        "id": transfer_id,
        "object": "transfer",
        "amount": params.amount,
        "amount_reversed": 0,
        "created": call.now,
        "currency": currency,
        "description": params.description,
        "destination": params.destination,
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": params.metadata,
        "reversals": as_list([], url=f"/v1/transfers/{transfer_id}/reversals"),
        "reversed": False,
        "source_transaction": params.source_transaction,
        "source_type": "card",
        "transfer_group": params.transfer_group or group,
    }
    out = balance.record(call, "transfer", transfer, amount=-params.amount, available_on=available_on)
    transfer["balance_transaction"] = out["id"]
    with call.tx.inside(params.destination):
        arrived = {"id": transfer["destination_payment"], "currency": currency}
        balance.record(call, "payment", arrived, amount=params.amount, available_on=available_on)
    call.tx.add(transfer)
    call.publish("transfer.created", transfer)
    return transfer


def retrieve(call: Call) -> Json:
    """Retrieve a transfer."""
    return call.tx.get("transfer", call.ids["id"])


def index(call: Call) -> Json:
    """List transfers."""
    params = call.read(ListTransfers)
    where = equal(destination=params.destination, transfer_group=params.transfer_group)
    return page(call, "transfer", params, url="/v1/transfers", where=where)


def reverse(call: Call) -> Json:
    """Take a transfer back, wholly or in part; without `amount`, everything that is left.

    Refuses: more than is left of the transfer, more than the connected account still has (`balance_insufficient`).
    Publishes: `transfer.reversed`.
    """
    params = call.read(CreateReversal)
    check_metadata(params.metadata)
    transfer = retrieve(call)
    amount = _left(transfer, params.amount)
    available_on = _take_back(call, transfer, amount)
    reversal: Json = {
        "id": new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "created": call.now,
        "currency": transfer["currency"],
        "destination_payment_refund": new_id("pyr"),
        "metadata": params.metadata,
        "source_refund": None,
        "transfer": transfer["id"],
    }
    back = balance.record(call, "transfer_refund", reversal, amount=amount, available_on=available_on)
    reversal["balance_transaction"] = back["id"]
    with call.tx.inside(transfer["destination"]):
        gone = {"id": reversal["destination_payment_refund"], "currency": transfer["currency"]}
        balance.record(call, "payment_refund", gone, amount=-amount, available_on=available_on)
    call.tx.add(reversal)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    call.tx.save(transfer)
    call.publish("transfer.reversed", transfer)
    return reversal


def index_reversals(call: Call) -> Json:
    """List what was taken back of a transfer."""
    transfer = retrieve(call)
    params = call.read(ListParams)
    url = str(transfer["reversals"]["url"])
    return page(call, "transfer_reversal", params, url=url, where=equal(transfer=transfer["id"]))


def _draw(call: Call, params: CreateTransfer, currency: str) -> tuple[int, str | None]:
    """Hold a transfer against where its money comes from; returns when it is available, and the charge's group."""
    if params.source_transaction is None:
        if params.amount > balance.sums(call, "available").get(currency, 0):
            raise invalid(
                "You have insufficient available funds in your Stripe account. Try adding funds directly to your "
                "available balance.",
                code="balance_insufficient",
            )
        return call.now, None
    charge = call.tx.get("charge", params.source_transaction, param="source_transaction", status=400)
    if not charge["captured"] or charge["currency"] != currency:
        raise invalid(
            f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same as the "
            f"transfer currency ({currency}), and the charge must have been captured.",
            param="source_transaction",
        )
    moved = call.tx.select("transfer", where=equal(source_transaction=charge["id"]))
    left = charge["amount"] - sum(transfer["amount"] - transfer["amount_reversed"] for transfer in moved)
    if params.amount > left:
        raise invalid(
            f"Transfers using this transaction as a source must not exceed the source amount of {charge['amount']}. "
            f"({left} is left.)",
            param="amount",
        )
    booked = call.tx.get("balance_transaction", charge["balance_transaction"])
    return max(call.now, int(booked["available_on"])), charge["transfer_group"]


def _left(transfer: Json, asked: int | None) -> int:
    left: int = transfer["amount"] - transfer["amount_reversed"]
    if left == 0 or (asked or 0) > left:
        raise invalid(
            f"Reversal amount ({asked or 0}) is greater than unreversed amount on transfer ({left}).", param="amount"
        )
    return asked or left


def _take_back(call: Call, transfer: Json, amount: int) -> int:
    """Hold a reversal against what the connected account has; returns when the money is available to the platform."""
    with call.tx.inside(transfer["destination"]):
        arrived = call.tx.select("balance_transaction", where=equal(source=transfer["destination_payment"]))[0]
        status = arrived["status"]
        has = balance.sums(call, status).get(transfer["currency"], 0)
    if amount > has:
        raise invalid(
            "The connected account does not have enough available funds to reverse this transfer.",
            code="balance_insufficient",
        )
    return call.now if status == "available" else int(arrived["available_on"])
