"""Refunds: cards at once, wallets after a while; never more than was captured; and they can fail afterwards."""

from typing import Annotated, Literal

import msgspec

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.cards import CARDS
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.ids import letters, new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.resources import balance, disputes
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata

_WINDOW_DAYS = {"alipay": 90, "wechat_pay": 180}
_DAY = 24 * 3600


class CreateRefund(Params):
    """`POST /v1/refunds`."""

    payment_intent: str | None = None
    charge: str | None = None
    amount: Annotated[int, msgspec.Meta(ge=1)] | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class ListRefunds(ListParams):
    """`GET /v1/refunds`."""

    payment_intent: str | None = None
    charge: str | None = None


def create(call: Call) -> Json:
    """Refund a payment, wholly or in part; without `amount`, everything that is left.

    Refuses: a payment without a successful charge, one in dispute, more than what is left, a wallet's beyond its window.
    Publishes: `refund.created`, `charge.refunded`.
    """
    params = call.read(CreateRefund)
    check_metadata(params.metadata)
    charge = _charge_to_refund(call, params)
    if disputes.blocks_refund(call, charge):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    amount = _amount(charge, params.amount)
    kind = charge["payment_method_details"]["type"]
    behaviour = _behaviour(call, charge)
    _check_window(call, charge, kind)
    refund: Json = {
        "id": new_id("re" if kind == "card" else "pyr"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {"type": kind, kind: _card_destination() if kind == "card" else {}},
        "metadata": params.metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    if behaviour == "pending":
        refund.update(status="pending", pending_reason="processing")
        call.tx.set_timer("refund.settle", refund["id"], call.now + call.settle_delay_seconds)
    elif behaviour == "fail_later":
        call.tx.set_timer("refund.fail", refund["id"], call.now + call.settle_delay_seconds)
    refund["balance_transaction"] = balance.for_refund(call, refund, charge)["id"]
    call.tx.add(refund)
    _move_charge(call, charge, amount)
    call.publish("refund.created", refund)
    call.publish("charge.refunded", charge)
    return refund


def retrieve(call: Call) -> Json:
    """Retrieve a refund."""
    return call.tx.get("refund", call.ids["id"])


def index(call: Call) -> Json:
    """List refunds."""
    params = call.read(ListRefunds)
    where = equal(payment_intent=params.payment_intent, charge=params.charge)
    return page(call, "refund", params, url="/v1/refunds", where=where)


def settle(call: Call, refund_id: str) -> None:
    """Let a pending refund arrive.

    Publishes: `refund.updated`, `charge.refund.updated`.
    """
    refund = call.tx.get("refund", refund_id)
    if refund["status"] != "pending":
        return
    refund.update(status="succeeded")
    refund.pop("pending_reason", None)
    call.tx.save(refund)
    for event_type in ("refund.updated", "charge.refund.updated"):
        call.publish(event_type, refund, previous={"status": "pending"})


def fail(call: Call, refund_id: str) -> Json:
    """Fail a pending or succeeded refund: the money is ours again, and owed to the customer still.

    Refuses: a refund that has already failed.
    Publishes: `refund.failed`, `refund.updated`, `charge.refund.updated`.
    """
    refund = call.tx.get("refund", refund_id)
    before = refund["status"]
    if before == "failed":
        raise invalid(f"Refund {refund_id} has already failed.")
    charge = call.tx.get("charge", refund["charge"])
    returned = balance.for_failed_refund(call, refund, charge)
    refund.update(status="failed", failure_reason="declined", failure_balance_transaction=returned["id"])
    refund.pop("pending_reason", None)
    call.tx.save(refund)
    _move_charge(call, charge, -refund["amount"])
    for event_type in ("refund.failed", "refund.updated", "charge.refund.updated"):
        call.publish(event_type, refund, previous={"status": before})
    return refund


def fail_on_time(call: Call, refund_id: str) -> None:
    """Fail the refund of the test card whose refunds fail after a while."""
    if call.tx.get("refund", refund_id)["status"] != "failed":
        fail(call, refund_id)


def _charge_to_refund(call: Call, params: CreateRefund) -> Json:
    if (params.charge is None) == (params.payment_intent is None):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    if params.charge is not None:
        charge = call.tx.get("charge", params.charge, param="charge", status=400)
    else:
        intent = call.tx.get("payment_intent", params.payment_intent or "", param="payment_intent", status=400)
        if intent["status"] != "succeeded":
            raise invalid(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        charge = call.tx.get("charge", intent["latest_charge"])
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} was not successful and cannot be refunded.", code="charge_not_refundable")
    return charge


def _amount(charge: Json, asked: int | None) -> int:
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if asked is not None and asked > left:
        raise invalid(
            f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left}), in {charge['currency']}.",
            param="amount",
        )
    return int(asked or left)


def _behaviour(call: Call, charge: Json) -> str:
    method = call.tx.get("payment_method", charge["payment_method"])
    return CARDS[method["_number"]].refunds if method["type"] == "card" else "pending"


def _check_window(call: Call, charge: Json, kind: str) -> None:
    days = _WINDOW_DAYS.get(kind)
    if days is not None and call.now > charge["created"] + days * _DAY:
        raise invalid(f"{kind} payments can be refunded for {days} days only.", code="charge_not_refundable")


def _card_destination() -> Json:
    return {
        "reference": letters(23),
        "reference_status": "available",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }


def _move_charge(call: Call, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.tx.save(charge)
