"""What happens on the hosted page: the payer tries a method, agrees or refuses, and is sent on."""

from typing import Literal

import msgspec

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.cards import CARDS, DECLINED, GOOD
from marketplace.embedded.stripe_sandbox.errors import Json, StripeError, invalid
from marketplace.embedded.stripe_sandbox.resources import checkout_sessions, paying, payment_intents
from marketplace.embedded.stripe_sandbox.resources.payment_methods import (
    BillingDetails,
    CardData,
    Method,
    MethodData,
    make,
)

Outcome = Literal["ask", "succeed", "decline", "later", "later_decline", "abandon", "cancel"]


class Attempt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form of the hosted page; `ask` is what a person's click means: wallets then show their own page.

    `abandon` is a person who is sent to the wallet or bank and never answers there.
    """

    method: Method = "card"
    outcome: Outcome = "ask"
    card_number: str | None = None


def pay(call: Call, session_id: str, form: Attempt) -> str:
    """Try to pay a session; returns the address the browser goes to next.

    Refuses: an unknown session, a method that the session does not offer.
    Publishes: what the payment publishes, and `checkout.session.completed`.
    """
    session = call.tx.get("checkout.session", session_id)
    if session["status"] == "open" and session["expires_at"] <= call.now:
        checkout_sessions.close(call, session)
    if session["status"] == "complete":
        return success_address(session)
    if session["status"] == "expired":
        return page_of(call, session)
    if form.outcome == "cancel":
        return str(session["cancel_url"] or page_of(call, session))
    if form.method not in session["payment_method_types"]:
        raise invalid(f"This session does not offer {form.method}.", param="method")
    intent = _begin(call, session, form)
    if form.outcome in {"later", "later_decline"}:
        return _pay_later(call, session, intent, agreed=form.outcome == "later")
    return _pay_now(call, session, intent, form)


def authorise(call: Call, intent_id: str, *, agreed: bool) -> str | None:
    """Take the payer's word from the wallet's or bank's page; returns where the browser goes, if anybody said so.

    Refuses: a payment that is not waiting for it.
    Publishes: what the payment publishes, and `checkout.session.completed`.
    """
    intent = paying.authorise(call, call.tx.get("payment_intent", intent_id), agreed=agreed)
    if "_session" not in intent:
        return paying.way_back(intent)
    session = call.tx.get("checkout.session", intent["_session"])
    return _complete(call, session, intent) if intent["status"] == "succeeded" else page_of(call, session)


def settle_late_payment(call: Call, session_id: str) -> None:
    """Let a slow payment arrive.

    Publishes: the payment's success, `checkout.session.async_payment_succeeded`.
    """
    session = call.tx.get("checkout.session", session_id)
    paying.succeed(call, call.tx.get("payment_intent", session["payment_intent"]))
    session["payment_status"] = "paid"
    call.tx.save(session)
    call.publish("checkout.session.async_payment_succeeded", session)


def fail_late_payment(call: Call, session_id: str) -> None:
    """Let a slow payment fail; the session stays complete and unpaid, as at Stripe.

    Publishes: the payment's failure, `checkout.session.async_payment_failed`.
    """
    session = call.tx.get("checkout.session", session_id)
    intent = call.tx.get("payment_intent", session["payment_intent"])
    paying.decline(call, intent, "payment_intent_payment_attempt_failed", None)
    call.publish("checkout.session.async_payment_failed", session)


def page_of(call: Call, session: Json) -> str:
    """Where the payer pays."""
    return f"{call.base_url}/c/pay/{session['id']}"


def success_address(session: Json) -> str:
    """Where the payer goes with the money paid, or on its way."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _begin(call: Call, session: Json, form: Attempt) -> Json:
    """Create the payment on the first try, reuse it on the next, and put the chosen method on it."""
    if session["payment_intent"] is None:
        intent = payment_intents.blank(
            call,
            amount=session["amount_total"],
            currency=session["currency"],
            methods=session["payment_method_types"],
        )
        intent.update(
            session["_intent_data"],
            _session=session["id"],
            customer=session["customer"],
            payment_method_options=session["payment_method_options"],
        )
        call.tx.add(intent)
        call.publish("payment_intent.created", intent)
        session["payment_intent"] = intent["id"]
        call.tx.save(session)
    else:
        intent = call.tx.get("payment_intent", session["payment_intent"])
    data = MethodData(
        type=form.method,
        card=CardData(number=_number(form)) if form.method == "card" else None,
        billing_details=BillingDetails(email=session["customer_email"]),
    )
    intent.update(
        payment_method=make(call, data)["id"],
        next_action=None,
        status="requires_confirmation",
        _return_url=success_address(session),
    )
    return intent


def _pay_now(call: Call, session: Json, intent: Json, form: Attempt) -> str:
    try:
        paying.attempt(call, intent, call.tx.get("payment_method", intent["payment_method"]))
    except StripeError:
        # The page shows what the bank said; the session stays open for another try.
        return page_of(call, session)
    if intent["status"] != "requires_action":
        return _complete(call, session, intent)
    if form.outcome == "abandon":
        return str(session["cancel_url"] or page_of(call, session))
    if form.outcome == "ask":
        return f"{call.base_url}/authorize/{intent['id']}"
    return authorise(call, intent["id"], agreed=form.outcome == "succeed") or page_of(call, session)


def _number(form: Attempt) -> str:
    """Choose the card: the one that was typed, unless it would not do what was asked for."""
    if form.outcome != "decline":
        return form.card_number or GOOD
    card = CARDS.get(form.card_number or "")
    return card.number if card and (card.decline or card.challenge) else DECLINED


def _pay_later(call: Call, session: Json, intent: Json, *, agreed: bool) -> str:
    paying.delay(call, intent)
    action = "session.pay_later" if agreed else "session.fail_later"
    call.tx.set_timer(action, session["id"], call.now + call.settle_delay_seconds)
    return _complete(call, session, intent)


def _complete(call: Call, session: Json, intent: Json) -> str:
    nothing = ("address", "business_name", "individual_name", "name", "phone")
    session.update(
        customer_details={
            **dict.fromkeys(nothing),
            "email": session["customer_email"],
            "tax_exempt": "none",
            "tax_ids": [],
        },
        payment_status="paid" if intent["status"] == "succeeded" else "unpaid",
        status="complete",
        url=None,
    )
    call.tx.save(session)
    call.publish("checkout.session.completed", session)
    return success_address(session)
