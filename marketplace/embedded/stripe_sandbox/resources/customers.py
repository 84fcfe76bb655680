"""Customers: a name to hang payments on."""

import msgspec

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json
from marketplace.embedded.stripe_sandbox.ids import letters, new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, equal, page
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata


class CreateCustomer(Params):
    """`POST /v1/customers`."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class ListCustomers(ListParams):
    """`GET /v1/customers`."""

    email: str | None = None


def create(call: Call) -> Json:
    """Create a customer.

    Publishes: `customer.created`.
    """
    params = call.read(CreateCustomer)
    check_metadata(params.metadata)
    customer: Json = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": params.description,
        "discount": None,
        "email": params.email,
        "invoice_prefix": letters(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": params.metadata,
        "name": params.name,
        "next_invoice_sequence": 1,
        "phone": params.phone,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    call.tx.add(customer)
    call.publish("customer.created", customer)
    return customer


def retrieve(call: Call) -> Json:
    """Retrieve a customer."""
    return call.tx.get("customer", call.ids["id"])


def update(call: Call) -> Json:
    """Change the words on a customer; an empty metadata value removes its key.

    Publishes: `customer.updated`.
    """
    params = call.read(CreateCustomer)
    customer = retrieve(call)
    merged = {**customer["metadata"], **params.metadata}
    customer["metadata"] = {key: value for key, value in merged.items() if value != ""}
    check_metadata(customer["metadata"])
    for name in ("name", "email", "phone", "description"):
        if name in call.params:
            customer[name] = getattr(params, name)
    call.tx.save(customer)
    call.publish("customer.updated", customer)
    return customer


def delete(call: Call) -> Json:
    """Forget a customer; what was paid stays.

    Publishes: `customer.deleted`.
    """
    customer = retrieve(call)
    call.publish("customer.deleted", customer)
    call.tx.remove(customer["id"])
    return {"id": customer["id"], "object": "customer", "deleted": True}


def index(call: Call) -> Json:
    """List customers."""
    params = call.read(ListCustomers)
    return page(call, "customer", params, url="/v1/customers", where=equal(email=params.email))


def must_exist(call: Call, customer_id: str | None) -> None:
    """Refuses: a customer id that names nobody."""
    if customer_id is not None:
        call.tx.get("customer", customer_id, param="customer", status=400)
