"""One attempt to pay: straight through, declined, or by way of the payer's bank or wallet."""

from base64 import b64encode
from urllib.parse import urlencode

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.drawing import code_svg
from marketplace.embedded.stripe_sandbox.errors import Json, card_error, unexpected_state
from marketplace.embedded.stripe_sandbox.ids import letters
from marketplace.embedded.stripe_sandbox.rendering import render
from marketplace.embedded.stripe_sandbox.resources import charges
from marketplace.embedded.stripe_sandbox.resources.payment_methods import card_of

OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}
"""The statuses in which no money has moved and none is on its way."""


def attempt(call: Call, intent: Json, method: Json) -> Json:
    """Try to take the money with a payment method.

    Refuses: a declined card (402; the failed charge and its events stay).
    Publishes: see `succeed`, `decline`; or `payment_intent.requires_action` when the payer must agree elsewhere.
    """
    card = card_of(method)
    intent.update(payment_method=method["id"], last_payment_error=None)
    if card is None or card.challenge:
        intent.update(status="requires_action", next_action=_next_action(call, intent, method))
        call.tx.save(intent)
        call.publish("payment_intent.requires_action", intent)
        return intent
    if card.decline is not None:
        raise decline(call, intent, *card.decline)
    return succeed(call, intent)


def authorise(call: Call, intent: Json, *, agreed: bool) -> Json:
    """Take the payer's word from the authorise page.

    Refuses: a payment that is not waiting for it.
    """
    if intent["status"] != "requires_action":
        raise unexpected_state(f"This PaymentIntent has a status of {intent['status']}.", intent)
    if agreed:
        return succeed(call, intent)
    decline(call, intent, "payment_intent_authentication_failure", None)
    return intent


def succeed(call: Call, intent: Json) -> Json:
    """Take the money.

    Publishes: `charge.succeeded`, `payment_intent.succeeded`.
    """
    charge = charges.capture(call, intent, call.tx.get("payment_method", intent["payment_method"]))
    intent.update(
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        next_action=None,
        processing=None,
        status="succeeded",
    )
    call.tx.save(intent)
    call.publish("payment_intent.succeeded", intent)
    return intent


def delay(call: Call, intent: Json) -> Json:
    """Leave the payment under way, as slow methods do.

    Publishes: `payment_intent.processing`.
    """
    intent.update(status="processing", next_action=None)
    call.tx.save(intent)
    call.publish("payment_intent.processing", intent)
    return intent


def decline(call: Call, intent: Json, code: str, decline_code: str | None) -> Exception:
    """Record that an attempt failed and hand back the refusal to raise; the payment may be tried again.

    Publishes: `charge.failed` when a card's bank said no, `payment_intent.payment_failed`.
    """
    method = call.tx.get("payment_method", intent["payment_method"])
    charge = None
    if decline_code is not None:
        charge = charges.fail(call, intent, method, code=code, decline_code=decline_code)
        message = charge["failure_message"]
    else:
        message = "The payer did not agree to this payment, or it timed out: choose another method and try again."
    error: Json = {
        "code": code,
        "message": message,
        "payment_method": render(call.tx, method),
        "type": "card_error" if decline_code is not None else "invalid_request_error",
    }
    if charge is not None:
        error |= {"charge": charge["id"], "decline_code": decline_code}
    intent.update(
        last_payment_error=error,
        latest_charge=charge["id"] if charge else intent["latest_charge"],
        next_action=None,
        payment_method=None,
        processing=None,
        status="requires_payment_method",
    )
    call.tx.save(intent)
    call.publish("payment_intent.payment_failed", intent)
    shown = render(call.tx, intent)
    return card_error(error, charge=charge["id"] if charge else None, payment_intent=shown)


def cancel(call: Call, intent: Json, reason: str | None) -> Json:
    """Close a payment for good.

    Publishes: `payment_intent.canceled`.
    """
    intent.update(status="canceled", canceled_at=call.now, cancellation_reason=reason, next_action=None)
    call.tx.save(intent)
    call.publish("payment_intent.canceled", intent)
    return intent


def way_back(intent: Json) -> str | None:
    """Build the address that the payer returns to after the authorise page; None when nobody named one."""
    address: str | None = intent.get("_return_url")
    if address is None:
        return None
    query = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if intent["status"] == "succeeded" else "failed",
        }
    )
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _next_action(call: Call, intent: Json, method: Json) -> Json:
    page = f"{call.base_url}/authorize/{intent['id']}"
    back = intent.get("_return_url")
    if method["type"] == "alipay":
        details: Json = {"native_data": None, "native_url": None, "return_url": back, "url": page}
        return {"type": "alipay_handle_redirect", "alipay_handle_redirect": details}
    if method["type"] == "wechat_pay":
        code = f"weixin://wxpay/bizpayurl?pr={letters(9)}"
        image = f"{page}/code.svg"
        inline = b64encode(code_svg(intent["id"]).encode()).decode()
        details = {
            "data": code,
            "hosted_instructions_url": page,
            "image_data_url": f"data:image/svg+xml;base64,{inline}",
            "image_url_png": image,
            "image_url_svg": image,
        }
        return {"type": "wechat_pay_display_qr_code", "wechat_pay_display_qr_code": details}
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": back, "url": page}}
