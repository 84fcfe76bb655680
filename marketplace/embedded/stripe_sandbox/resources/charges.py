"""Charges: what an attempt to pay left behind, the money that moved or the reason why it did not."""

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.cards import decline_message
from marketplace.embedded.stripe_sandbox.errors import Json
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.resources import balance, payment_methods


class ListCharges(ListParams):
    """`GET /v1/charges`."""

    payment_intent: str | None = None
    customer: str | None = None
    transfer_group: str | None = None


def retrieve(call: Call) -> Json:
    """Retrieve a charge."""
    return call.tx.get("charge", call.ids["id"])


def index(call: Call) -> Json:
    """List charges."""
    params = call.read(ListCharges)
    where = equal(payment_intent=params.payment_intent, customer=params.customer, transfer_group=params.transfer_group)
    return page(call, "charge", params, url="/v1/charges", where=where)


def capture(call: Call, intent: Json, method: Json) -> Json:
    """Take the money of a payment.

    Publishes: `charge.succeeded`.
    """
    charge = _charge(call, intent, method)
    card = payment_methods.card_of(method)
    at_once = card is not None and card.available_at_once
    outcome = {"network_status": "approved_by_network", "seller_message": "Payment complete.", "type": "authorized"}
    charge.update(
        amount_captured=intent["amount"],
        captured=True,
        paid=True,
        status="succeeded",
        outcome=_outcome(method, outcome),
        balance_transaction=balance.for_charge(call, charge, method["type"], at_once=at_once)["id"],
    )
    call.tx.add(charge)
    call.publish("charge.succeeded", charge)
    if card is not None and card.disputed != "never":
        action = "dispute.open" if card.disputed == "taken" else "dispute.ask"
        call.tx.set_timer(action, charge["id"], call.now + call.settle_delay_seconds)
    return charge


def fail(call: Call, intent: Json, method: Json, *, code: str, decline_code: str) -> Json:
    """Record that the bank declined.

    Publishes: `charge.failed`.
    """
    charge = _charge(call, intent, method)
    message = decline_message(code, decline_code)
    outcome = {"network_status": "declined_by_network", "reason": decline_code, "type": "issuer_declined"}
    charge.update(
        failure_code=code,
        failure_message=message,
        status="failed",
        outcome=_outcome(method, {**outcome, "seller_message": message}),
    )
    call.tx.add(charge)
    call.publish("charge.failed", charge)
    return charge


def _outcome(method: Json, facts: Json) -> Json:
    nothing = dict.fromkeys(("advice_code", "network_advice_code", "network_decline_code", "reason"))
    risk = {"risk_level": "normal", "risk_score": 12} if method["type"] == "card" else {}
    return {**nothing, **risk, **facts}


def _charge(call: Call, intent: Json, method: Json) -> Json:
    copied = ("amount", "currency", "customer", "description", "receipt_email", "shipping", "transfer_group")
    nothing = (
        "application",
        "application_fee",
        "application_fee_amount",
        "authorization_code",
        "balance_transaction",
        "calculated_statement_descriptor",
        "failure_balance_transaction",
        "failure_code",
        "failure_message",
        "on_behalf_of",
        "receipt_number",
        "receipt_url",
        "review",
        "source",
        "source_transfer",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
    )
    return {
        "id": new_id("ch" if method["type"] == "card" else "py"),
        "object": "charge",
        **dict.fromkeys(nothing),
        **{name: intent[name] for name in copied},
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "captured": False,
        "created": call.now,
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": payment_methods.charged_with(method),
        "refunded": False,
        "status": "pending",
    }
