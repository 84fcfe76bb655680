"""Checkout Sessions: an invitation to pay on a hosted page. What happens on the page is in `checkout_paying.py`."""

from typing import Annotated, Literal

import msgspec

from marketplace.embedded.stripe_sandbox import money
from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.rendering import as_list
from marketplace.embedded.stripe_sandbox.resources import customers, paying
from marketplace.embedded.stripe_sandbox.resources.payment_intents import Options
from marketplace.embedded.stripe_sandbox.resources.payment_methods import allowed_of, offered
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata

_SHORTEST_SECONDS = 30 * 60
_LONGEST_SECONDS = 24 * 3600
_SLACK_SECONDS = 60
"""Stripe forgives the time a request is under way; without it, "30 minutes from now" would fail now and then."""


class ProductData(Params):
    """`line_items[][price_data][product_data]`."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    description: str | None = None
    images: list[str] = msgspec.field(default_factory=list)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class PriceData(Params):
    """`line_items[][price_data]`."""

    currency: str
    unit_amount: Annotated[int, msgspec.Meta(ge=0, le=money.MOST)]
    product_data: ProductData


class LineItem(Params):
    """`line_items[]`; prices are always inline, the sandbox keeps no catalogue."""

    price_data: PriceData
    quantity: Annotated[int, msgspec.Meta(ge=1, le=999_999)] = 1


class IntentData(Params):
    """`payment_intent_data`: what the payment will carry once the payer has chosen a method."""

    description: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    receipt_email: str | None = None
    transfer_group: str | None = None


class CreateSession(Params):
    """`POST /v1/checkout/sessions`."""

    mode: Literal["payment"]
    line_items: Annotated[list[LineItem], msgspec.Meta(min_length=1, max_length=100)]
    success_url: str
    allowed_payment_method_types: list[str] | None = None
    payment_method_types: list[str] | None = None
    cancel_url: str | None = None
    client_reference_id: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    customer: str | None = None
    customer_email: str | None = None
    expires_at: int | None = None
    locale: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    payment_intent_data: IntentData = msgspec.field(default_factory=IntentData)
    payment_method_options: Options | None = None
    submit_type: Literal["auto", "book", "pay"] | None = None
    ui_mode: Literal["hosted_page"] = "hosted_page"


class ListSessions(ListParams):
    """`GET /v1/checkout/sessions`."""

    customer: str | None = None
    payment_intent: str | None = None
    status: Literal["open", "complete", "expired"] | None = None


def create(call: Call) -> Json:
    """Open a session; its payment is created when the payer first tries to pay.

    Refuses: an expiry outside 30 minutes to 24 hours, mixed currencies, WeChat Pay without its client, a bad address.
    """
    params = call.read(CreateSession)
    customers.must_exist(call, params.customer)
    expires_at = _check(call, params)
    items = [_item(call, item) for item in params.line_items]
    total = sum(item["amount_total"] for item in items)
    money.check(total, items[0]["currency"])
    session = _session(call, params, total=total, currency=items[0]["currency"], expires_at=expires_at)
    session.update(
        payment_method_types=offered(params.allowed_payment_method_types),
        _line_items=items,
        _intent_data=msgspec.to_builtins(params.payment_intent_data),
    )
    call.tx.add(session)
    call.tx.set_timer("session.expire", session["id"], expires_at)
    return session


def retrieve(call: Call) -> Json:
    """Retrieve a session."""
    return call.tx.get("checkout.session", call.ids["id"])


def index(call: Call) -> Json:
    """List sessions."""
    params = call.read(ListSessions)
    where = equal(customer=params.customer, payment_intent=params.payment_intent, status=params.status)
    return page(call, "checkout.session", params, url="/v1/checkout/sessions", where=where)


def line_items(call: Call) -> Json:
    """List what is being paid for."""
    session = retrieve(call)
    return as_list(session["_line_items"], url=f"/v1/checkout/sessions/{session['id']}/line_items")


def expire(call: Call) -> Json:
    """Close an open session, so that nobody can pay it any more.

    Refuses: a session that is complete or expired.
    Publishes: `checkout.session.expired`, and `payment_intent.canceled` when a payment had been begun.
    """
    session = retrieve(call)
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}."
        )
    return close(call, session)


def expire_on_time(call: Call, session_id: str) -> None:
    """Close a session whose time is over, if it is still open."""
    session = call.tx.get("checkout.session", session_id)
    if session["status"] == "open":
        close(call, session)


def close(call: Call, session: Json) -> Json:
    """Expire a session and cancel the payment that was begun on it."""
    session.update(status="expired", url=None)
    call.tx.save(session)
    call.publish("checkout.session.expired", session)
    if session["payment_intent"] is not None:
        intent = call.tx.get("payment_intent", session["payment_intent"])
        if intent["status"] in paying.OPEN:
            paying.cancel(call, intent, "expired")
    return session


def _check(call: Call, params: CreateSession) -> int:
    params.allowed_payment_method_types = allowed_of(
        call, params.allowed_payment_method_types, params.payment_method_types
    )
    check_metadata(params.metadata)
    check_metadata(params.payment_intent_data.metadata, "payment_intent_data[metadata]")
    for name in ("success_url", "cancel_url"):
        address = getattr(params, name)
        if address is not None and not address.startswith(("http://", "https://")):
            raise invalid("Not a valid URL", param=name, code="url_invalid")
    if "wechat_pay" in (params.allowed_payment_method_types or []) and (
        params.payment_method_options is None or params.payment_method_options.wechat_pay is None
    ):
        param = "payment_method_options[wechat_pay][client]"
        raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    if len({item.price_data.currency.lower() for item in params.line_items}) > 1:
        raise invalid("All line items must use the same currency.", param="line_items")
    expires_at = call.now + _LONGEST_SECONDS if params.expires_at is None else params.expires_at
    earliest = call.now + _SHORTEST_SECONDS - _SLACK_SECONDS
    latest = call.now + _LONGEST_SECONDS + _SLACK_SECONDS
    if not earliest <= expires_at <= latest:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    return expires_at


def _item(call: Call, item: LineItem) -> Json:
    price = item.price_data
    currency = price.currency.lower()
    total = price.unit_amount * item.quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": currency,
        "description": price.product_data.name,
        "metadata": {},
        "price": {
            "id": new_id("price"),
            "object": "price",
            **dict.fromkeys(("custom_unit_amount", "lookup_key", "nickname", "recurring", "tiers_mode")),
            "active": False,
            "billing_scheme": "per_unit",
            "created": call.now,
            "currency": currency,
            "livemode": False,
            "metadata": {},
            "product": new_id("prod", 14),
            "tax_behavior": "unspecified",
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": price.unit_amount,
            "unit_amount_decimal": str(price.unit_amount),
        },
        "quantity": item.quantity,
    }


def _session(call: Call, params: CreateSession, *, total: int, currency: str, expires_at: int) -> Json:
    session_id = new_id("cs_test", 58)
    options = msgspec.to_builtins(params.payment_method_options) or {}
    nothing = (
        "adaptive_pricing",
        "after_expiration",
        "allow_promotion_codes",
        "billing_address_collection",
        "client_secret",
        "collected_information",
        "consent",
        "consent_collection",
        "currency_conversion",
        "customer_account",
        "customer_details",
        "integration_identifier",
        "invoice",
        "invoice_creation",
        "managed_payments",
        "origin_context",
        "payment_intent",
        "payment_link",
        "payment_method_configuration_details",
        "permissions",
        "recovered_from",
        "saved_payment_method_options",
        "setup_intent",
        "shipping_address_collection",
        "shipping_cost",
        "subscription",
        "wallet_options",
    )
    same = (
        "allowed_payment_method_types",
        "cancel_url",
        "client_reference_id",
        "customer",
        "customer_email",
        "locale",
        "metadata",
        "mode",
    )
    return {
        "id": session_id,
        "object": "checkout.session",
        **dict.fromkeys(nothing),
        **{name: getattr(params, name) for name in (*same, "submit_type", "success_url", "ui_mode")},
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": call.now,
        "currency": currency,
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"),
        ),
        "customer_creation": "if_required",
        "discounts": [],
        "expires_at": expires_at,
        "livemode": False,
        "optional_items": [],
        "payment_method_collection": "if_required",
        "payment_method_options": {name: value for name, value in options.items() if value is not None},
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "url": f"{call.base_url}/c/pay/{session_id}",
    }
