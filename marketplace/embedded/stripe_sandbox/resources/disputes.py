"""Disputes: a card's bank takes the money back while it decides; wallets of the mainland have none."""

import msgspec

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.resources import balance
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata

_FEE = 8_500
"""What the bank's procedure costs the platform, won or lost, in minor units."""
_DAYS_TO_ANSWER = 9
_OPEN = {"needs_response", "under_review", "warning_needs_response", "warning_under_review"}
_EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


class Evidence(Params):
    """`evidence`; two words decide, as in Stripe's own tests: `winning_evidence` and `losing_evidence`."""

    uncategorized_text: str | None = None


class UpdateDispute(Params):
    """`POST /v1/disputes/{id}`."""

    evidence: Evidence = msgspec.field(default_factory=Evidence)
    submit: bool = True
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class ListDisputes(ListParams):
    """`GET /v1/disputes`."""

    charge: str | None = None
    payment_intent: str | None = None


def retrieve(call: Call) -> Json:
    """Retrieve a dispute."""
    return call.tx.get("dispute", call.ids["id"])


def index(call: Call) -> Json:
    """List disputes."""
    params = call.read(ListDisputes)
    where = equal(charge=params.charge, payment_intent=params.payment_intent)
    return page(call, "dispute", params, url="/v1/disputes", where=where)


def update(call: Call) -> Json:
    """Answer a dispute with evidence.

    Refuses: a dispute that has been decided. Publishes: `charge.dispute.updated`, and the decision when it is made.
    """
    params = call.read(UpdateDispute)
    check_metadata(params.metadata)
    dispute = retrieve(call)
    _must_be_open(dispute)
    said = params.evidence.uncategorized_text
    dispute["evidence"]["uncategorized_text"] = said
    dispute["metadata"] = {**dispute["metadata"], **params.metadata}
    if params.submit:
        dispute["evidence_details"].update(has_evidence=True, submission_count=1, submission_method="manual")
        dispute["status"] = "warning_under_review" if _only_asks(dispute) else "under_review"
    call.tx.save(dispute)
    call.publish("charge.dispute.updated", dispute)
    if params.submit and said in {"winning_evidence", "losing_evidence"}:
        return decide(call, dispute["id"], won=said == "winning_evidence")
    return dispute


def close(call: Call) -> Json:
    """Give a dispute up. Refuses: a dispute that has been decided. Publishes: `charge.dispute.closed`."""
    return decide(call, call.ids["id"], won=False)


def open_on_time(call: Call, charge_id: str) -> None:
    """Dispute the charge of a test card that is disputed after a while."""
    charge = call.tx.get("charge", charge_id)
    if not charge["disputed"] and charge["amount_captured"] > charge["amount_refunded"]:
        dispute_charge(call, charge_id)


def ask_on_time(call: Call, charge_id: str) -> None:
    """Have the bank of a test card ask about its charge: an inquiry takes nothing.

    Publishes: `charge.dispute.created`.
    """
    charge = call.tx.get("charge", charge_id)
    inquiry = _dispute(call, charge, charge["amount_captured"] - charge["amount_refunded"])
    inquiry["payment_method_details"]["card"]["case_type"] = "inquiry"
    inquiry.update(status="warning_needs_response", is_charge_refundable=True, balance_transactions=[])
    call.tx.add(inquiry)
    call.publish("charge.dispute.created", inquiry)


def dispute_charge(call: Call, charge_id: str) -> Json:
    """Have the payer's bank dispute what is left of a card's charge, and take it out of the balance with a fee.

    Refuses: a wallet's charge, one that is disputed or wholly refunded.
    Publishes: `charge.dispute.created`, `charge.dispute.funds_withdrawn`.
    """
    charge = call.tx.get("charge", charge_id)
    amount = charge["amount_captured"] - charge["amount_refunded"]
    if charge["payment_method_details"]["type"] != "card" or charge["disputed"] or amount == 0:
        raise invalid(f"Charge {charge_id} cannot be disputed.")
    dispute = _dispute(call, charge, amount)
    taken = balance.record(call, "adjustment", dispute, amount=-amount, available_on=call.now, fee=_FEE)
    dispute["balance_transactions"] = [taken]
    call.tx.add(dispute)
    charge["disputed"] = True
    call.tx.save(charge)
    call.publish("charge.dispute.created", dispute)
    call.publish("charge.dispute.funds_withdrawn", dispute)
    return dispute


def decide(call: Call, dispute_id: str, *, won: bool) -> Json:
    """Let the bank decide; a dispute that is won brings the money back, but not the fee. An inquiry is merely closed.

    Refuses: a dispute that has been decided.
    Publishes: `charge.dispute.closed`, and `charge.dispute.funds_reinstated` when it was won.
    """
    dispute = call.tx.get("dispute", dispute_id)
    _must_be_open(dispute)
    if _only_asks(dispute):
        dispute["status"] = "warning_closed"
        call.tx.save(dispute)
        call.publish("charge.dispute.closed", dispute)
        return dispute
    dispute.update(status="won" if won else "lost", is_charge_refundable=False)
    if won:
        back = balance.record(call, "adjustment", dispute, amount=dispute["amount"], available_on=call.now)
        dispute["balance_transactions"].append(back)
    call.tx.save(dispute)
    if won:
        call.publish("charge.dispute.funds_reinstated", dispute)
    call.publish("charge.dispute.closed", dispute)
    return dispute


def blocks_refund(call: Call, charge: Json) -> bool:
    """Tell whether a charge's money is with its payer's bank, so that nothing can be refunded."""
    if not charge["disputed"]:
        return False
    found = call.tx.select("dispute", where=equal(charge=charge["id"]))
    return any(dispute["status"] != "won" and not _only_asks(dispute) for dispute in found)


def _only_asks(dispute: Json) -> bool:
    return bool(dispute["status"].startswith("warning_"))


def _must_be_open(dispute: Json) -> None:
    if dispute["status"] not in _OPEN:
        raise invalid(f"This dispute is already closed ({dispute['status']}).", code="dispute_already_closed")


def _dispute(call: Call, charge: Json, amount: int) -> Json:
    brand = charge["payment_method_details"]["card"]["brand"]
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.now + _DAYS_TO_ANSWER * 24 * 3600,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "type": "card",
            "card": {"brand": brand, "case_type": "chargeback", "network": brand, "network_reason_code": "10.4"},
        },
        "reason": "fraudulent",
        "status": "needs_response",
    }
