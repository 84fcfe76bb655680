"""Payment methods: test cards by number or by name, Alipay and WeChat Pay."""

from typing import Literal

import msgspec

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.cards import CARDS, NAMED, Card
from marketplace.embedded.stripe_sandbox.errors import Json, StripeError, invalid, no_such
from marketplace.embedded.stripe_sandbox.ids import letters, new_id
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata

Method = Literal["card", "alipay", "wechat_pay"]
METHODS: tuple[Method, ...] = ("card", "alipay", "wechat_pay")


def offered(allowed: list[str] | None) -> list[Method]:
    """Filter the account's methods by `allowed_payment_method_types`; what does not fit is left out silently.

    Refuses: a list that leaves nothing.
    """
    methods = [method for method in METHODS if allowed is None or method in allowed]
    if not methods:
        raise invalid("No payment method type is left.", param="allowed_payment_method_types")
    return methods


def allowed_of(call: Call, allowed: list[str] | None, retired: list[str] | None) -> list[str] | None:
    """Return which methods a caller allows; who names no version, as Stripe's own CLI, says it as older versions do.

    Refuses: `payment_method_types` from who speaks the pinned version, which no longer takes it.
    """
    if retired is None:
        return allowed
    if call.speaks_our_version:
        raise invalid(
            "payment_method_types is no longer supported: use allowed_payment_method_types.",
            param="payment_method_types",
            code="payment_method_types_no_longer_supported",
        )
    return retired


class CardData(Params):
    """A card as a form sends it."""

    number: str
    exp_month: int = 12
    exp_year: int = 2034
    cvc: str | None = None


class BillingDetails(Params):
    """Who pays, as far as the form asked."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Empty(Params):
    """A group that Stripe wants present and empty."""


class MethodData(Params):
    """`POST /v1/payment_methods`, and `payment_method_data` of a payment."""

    type: Method
    card: CardData | None = None
    alipay: Empty | None = None
    wechat_pay: Empty | None = None
    billing_details: BillingDetails = msgspec.field(default_factory=BillingDetails)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


def create(call: Call) -> Json:
    """Create a payment method."""
    return make(call, call.read(MethodData))


def retrieve(call: Call) -> Json:
    """Retrieve a payment method."""
    return call.tx.get("payment_method", call.ids["id"])


def resolve(call: Call, method_id: str) -> Json:
    """Find a payment method by id, or make one of a test card's name such as `pm_card_visa`, as Stripe does.

    Refuses: an id that names neither.
    """
    if number := NAMED.get(method_id):
        return make(call, MethodData(type="card", card=CardData(number=number)))
    thing = call.tx.find(method_id)
    if thing is None or thing["object"] != "payment_method":
        raise no_such("PaymentMethod", method_id, param="payment_method", status=400)
    return thing


def make(call: Call, data: MethodData) -> Json:
    """Store a payment method.

    Refuses: a card without its number, or a number that is not one of Stripe's test cards (402, as Stripe does).
    """
    check_metadata(data.metadata)
    method: Json = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": None,
            "email": data.billing_details.email,
            "name": data.billing_details.name,
            "phone": data.billing_details.phone,
            "tax_id": None,
        },
        "created": call.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": data.metadata,
        "type": data.type,
    }
    if data.type == "card":
        card = _card(data.card)
        assert data.card is not None
        method["_number"] = card.number
        method["card"] = _card_facts(card, data.card)
    else:
        method[data.type] = {}
    call.tx.add(method)
    return method


def card_of(method: Json) -> Card | None:
    """Tell how the card of a payment method behaves; None for wallets."""
    return CARDS[method["_number"]] if method["type"] == "card" else None


def charged_with(method: Json) -> Json:
    """Describe the method on a charge."""
    kind = method["type"]
    if kind != "card":
        number = letters(28)
        details: Json = {"fingerprint": letters(16), "transaction_id": number}
        if kind == "alipay":
            details["buyer_id"] = letters(16)
        return {"type": kind, kind: details}
    card = method["card"]
    shared = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    nothing = ("amount_authorized", "installments", "mandate", "network_token", "three_d_secure", "wallet")
    details = {
        **{name: card[name] for name in shared},
        **dict.fromkeys(nothing),
        "authorization_code": letters(6).upper(),
        "network": card["brand"],
        "network_transaction_id": letters(15),
        "regulated_status": "unregulated",
    }
    return {"type": "card", "card": details}


def _card(data: CardData | None) -> Card:
    if data is None:
        raise StripeError(400, "invalid_request_error", "Missing required param: card.", param="card")
    number = data.number.replace(" ", "")
    if card := CARDS.get(number):
        return card
    raise StripeError(
        402,
        "card_error",
        "Your card number is incorrect: use one of Stripe's test cards.",
        code="incorrect_number",
        param="number",
    )


def _card_facts(card: Card, data: CardData) -> Json:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "CN" if card.brand == "unionpay" else "US",
        "display_brand": card.brand,
        "exp_month": data.exp_month,
        "exp_year": data.exp_year,
        "fingerprint": letters(16),
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
