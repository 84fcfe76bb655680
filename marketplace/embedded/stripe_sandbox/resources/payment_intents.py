"""PaymentIntents: the verbs. What one attempt to pay does is told in `paying.py`."""

from typing import Annotated, Literal

import msgspec

from marketplace.embedded.stripe_sandbox import money
from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid, unexpected_state
from marketplace.embedded.stripe_sandbox.ids import letters, new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.resources import customers, paying
from marketplace.embedded.stripe_sandbox.resources.payment_methods import (
    Method,
    MethodData,
    allowed_of,
    make,
    offered,
    resolve,
)
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata


class AutomaticMethods(Params):
    """`automatic_payment_methods`."""

    enabled: bool
    allow_redirects: Literal["always", "never"] = "always"


class ClientOptions(Params):
    """`payment_method_options[wechat_pay]`; Stripe wants to know where the QR code will be shown."""

    client: Literal["web", "ios", "android"]


class Options(Params):
    """`payment_method_options`."""

    wechat_pay: ClientOptions | None = None


class Confirmation(Params):
    """What may be said when a payment is confirmed, with its creation or after."""

    payment_method: str | None = None
    payment_method_data: MethodData | None = None
    payment_method_options: Options | None = None
    return_url: str | None = None
    receipt_email: str | None = None
    off_session: bool | None = None


class Address(Params):
    """`shipping[address]`."""

    city: str | None = None
    country: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    state: str | None = None


class Shipping(Params):
    """`shipping`; the product sends none, Stripe's own fixtures do."""

    name: str
    address: Address
    carrier: str | None = None
    phone: str | None = None
    tracking_number: str | None = None


class CreateIntent(Confirmation, kw_only=True):
    """`POST /v1/payment_intents`."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=money.MOST)]
    currency: str
    confirm: bool = False
    allowed_payment_method_types: list[str] | None = None
    payment_method_types: list[str] | None = None
    automatic_payment_methods: AutomaticMethods | None = None
    capture_method: Literal["automatic", "automatic_async"] = "automatic_async"
    customer: str | None = None
    description: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    transfer_group: str | None = None
    shipping: Shipping | None = None


class UpdateIntent(Params):
    """`POST /v1/payment_intents/{id}`."""

    description: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    receipt_email: str | None = None


class CancelIntent(Params):
    """`POST /v1/payment_intents/{id}/cancel`."""

    cancellation_reason: Literal["duplicate", "fraudulent", "requested_by_customer", "abandoned"] | None = None


class ListIntents(ListParams):
    """`GET /v1/payment_intents`."""

    customer: str | None = None


def create(call: Call) -> Json:
    """Create a payment, and confirm it at once when `confirm` is true.

    Refuses: a currency or an amount that a method cannot take; whatever confirming refuses.
    Publishes: `payment_intent.created`, then what confirming publishes.
    """
    params = call.read(CreateIntent)
    check_metadata(params.metadata)
    customers.must_exist(call, params.customer)
    money.check(params.amount, params.currency)
    allowed, automatic = _methods(call, params)
    intent = blank(call, amount=params.amount, currency=params.currency, methods=offered(allowed))
    intent.update(
        allowed_payment_method_types=allowed,
        automatic_payment_methods=msgspec.to_builtins(automatic),
        capture_method=params.capture_method,
        customer=params.customer,
        description=params.description,
        metadata=params.metadata,
        receipt_email=params.receipt_email,
        shipping=msgspec.to_builtins(params.shipping),
        transfer_group=params.transfer_group,
    )
    call.tx.add(intent)
    call.publish("payment_intent.created", intent)
    _take_method(call, intent, params)
    if params.confirm:
        return _confirm(call, intent, params)
    if params.return_url is not None:
        raise invalid("return_url is only accepted together with confirm=true.", param="return_url")
    call.tx.save(intent)
    return intent


def retrieve(call: Call) -> Json:
    """Retrieve a payment."""
    return call.tx.get("payment_intent", call.ids["id"], param="intent")


def update(call: Call) -> Json:
    """Change the words on a payment; an empty metadata value removes its key."""
    params = call.read(UpdateIntent)
    intent = retrieve(call)
    merged = {**intent["metadata"], **params.metadata}
    intent["metadata"] = {key: value for key, value in merged.items() if value != ""}
    check_metadata(intent["metadata"])
    for name in ("description", "receipt_email"):
        if name in call.params:
            intent[name] = getattr(params, name)
    call.tx.save(intent)
    return intent


def index(call: Call) -> Json:
    """List payments."""
    params = call.read(ListIntents)
    return page(call, "payment_intent", params, url="/v1/payment_intents", where=equal(customer=params.customer))


def confirm(call: Call) -> Json:
    """Try to take the money.

    Refuses: a payment that is not waiting for it, a missing method, a declined card (402).
    Publishes: `payment_intent.succeeded`, `.requires_action` or `.payment_failed`, and the charge's event.
    """
    params = call.read(Confirmation)
    intent = retrieve(call)
    if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
        raise unexpected_state(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.", intent
        )
    if intent.get("_session"):
        raise unexpected_state("You cannot confirm a PaymentIntent that belongs to a Checkout Session.", intent)
    _take_method(call, intent, params)
    return _confirm(call, intent, params)


def cancel(call: Call) -> Json:
    """Cancel a payment that has not taken money.

    Refuses: one that has, one already cancelled, one whose Checkout Session is open (expire the session).
    Publishes: `payment_intent.canceled`.
    """
    params = call.read(CancelIntent)
    intent = retrieve(call)
    if intent["status"] not in paying.OPEN:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.", intent
        )
    if intent.get("_session"):
        raise unexpected_state("This PaymentIntent belongs to a Checkout Session: expire the session instead.", intent)
    return paying.cancel(call, intent, params.cancellation_reason)


def blank(call: Call, *, amount: int, currency: str, methods: list[Method]) -> Json:
    """Shape a payment that nobody has tried to pay yet; not stored."""
    intent_id = new_id("pi")
    nothing = (
        "allowed_payment_method_types",
        "application",
        "application_fee_amount",
        "automatic_payment_methods",
        "canceled_at",
        "cancellation_reason",
        "customer",
        "customer_account",
        "description",
        "excluded_payment_method_types",
        "last_payment_error",
        "latest_charge",
        "managed_payments",
        "next_action",
        "on_behalf_of",
        "payment_method",
        "payment_method_configuration_details",
        "payment_record",
        "processing",
        "receipt_email",
        "review",
        "setup_future_usage",
        "shipping",
        "source",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_data",
        "transfer_group",
    )
    return {
        "id": intent_id,
        "object": "payment_intent",
        **dict.fromkeys(nothing),
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{letters(25)}",
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": currency.lower(),
        "livemode": False,
        "metadata": {},
        "payment_method_options": {},
        "payment_method_types": list(methods),
        "status": "requires_payment_method",
    }


def _methods(call: Call, params: CreateIntent) -> tuple[list[str] | None, AutomaticMethods | None]:
    """Methods are dynamic unless a list narrows them; the two ways exclude each other. Older versions took cards only."""
    allowed = allowed_of(call, params.allowed_payment_method_types, params.payment_method_types)
    automatic = params.automatic_payment_methods
    if allowed is None and automatic is None and not call.speaks_our_version:
        return ["card"], None
    if allowed is None:
        return None, automatic or AutomaticMethods(enabled=True)
    if automatic is not None:
        raise invalid(
            "You may only specify one of these parameters: allowed_payment_method_types, automatic_payment_methods.",
            param="allowed_payment_method_types",
        )
    return allowed, None


def _take_method(call: Call, intent: Json, params: Confirmation) -> None:
    """Put the payment method that was named on the payment."""
    if params.payment_method is not None:
        method = resolve(call, params.payment_method)
    elif params.payment_method_data is not None:
        method = make(call, params.payment_method_data)
    else:
        return
    if method["type"] not in intent["payment_method_types"]:
        raise invalid(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent.",
            param="payment_method",
        )
    intent.update(payment_method=method["id"], status="requires_confirmation")


def _confirm(call: Call, intent: Json, params: Confirmation) -> Json:
    if intent["payment_method"] is None:
        raise unexpected_state("You cannot confirm this PaymentIntent because it's missing a payment method.", intent)
    method = call.tx.get("payment_method", intent["payment_method"])
    options = params.payment_method_options
    if options is not None:
        intent["payment_method_options"] = {
            name: value for name, value in msgspec.to_builtins(options).items() if value is not None
        }
    _check_return(intent, method, params)
    if params.receipt_email is not None:
        intent["receipt_email"] = params.receipt_email
    intent["_return_url"] = params.return_url
    return paying.attempt(call, intent, method)


def _check_return(intent: Json, method: Json, params: Confirmation) -> None:
    """Methods that send the payer elsewhere must know the way back, and WeChat Pay where its QR code is shown."""
    automatic = intent["automatic_payment_methods"]
    may_redirect = automatic is not None and automatic["enabled"] and automatic["allow_redirects"] == "always"
    if params.return_url is None and (method["type"] == "alipay" or may_redirect):
        raise invalid(
            "This PaymentIntent may redirect: pass a return_url, or create it with "
            "automatic_payment_methods[allow_redirects]=never.",
            param="return_url",
        )
    if method["type"] == "wechat_pay" and "wechat_pay" not in intent["payment_method_options"]:
        raise invalid(
            "Missing required param: payment_method_options[wechat_pay][client].",
            param="payment_method_options[wechat_pay][client]",
            code="parameter_missing",
        )
