"""Events: what happened, kept to be read again by whoever missed a webhook."""

from marketplace.embedded.stripe_sandbox import webhooks
from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid, no_such
from marketplace.embedded.stripe_sandbox.listing import ListParams, page
from marketplace.embedded.stripe_sandbox.rendering import render
from marketplace.embedded.stripe_sandbox.store import Where

_UNDELIVERED = "EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = objects.id AND d.delivered_at IS NULL)"


class ListEvents(ListParams):
    """`GET /v1/events`."""

    type: str | None = None
    types: list[str] | None = None
    delivery_success: bool | None = None


def retrieve(call: Call) -> Json:
    """Retrieve an event."""
    return call.tx.get("event", call.ids["id"])


def index(call: Call) -> Json:
    """List events, by type and by whether every endpoint has them.

    Refuses: `type` together with `types`, more than twenty types.
    """
    params = call.read(ListEvents)
    types = params.types or []
    if params.type is not None and types:
        raise invalid("You cannot specify both type and types.", param="types")
    if len(types) > 20:
        raise invalid("You may pass up to 20 types.", param="types")
    if params.type is not None:
        types = [params.type]
    # `refund.*` names a family, as at Stripe.
    where: list[Where] = []
    if types:
        where.append((" OR ".join(["json_extract(data, '$.type') GLOB ?"] * len(types)), *types))
    if params.delivery_success is not None:
        where.append((f"NOT {_UNDELIVERED}" if params.delivery_success else _UNDELIVERED,))
    return page(call, "event", params, url="/v1/events", where=where)


def resend(call: Call, event_id: str) -> int:
    """Owe an event once more to every endpoint that listens; returns how many.

    Refuses: an unknown event.
    """
    event = call.tx.find(event_id)
    if event is None or event["object"] != "event":
        raise no_such("event", event_id)
    return webhooks.owe(call.tx, render(call.tx, event))
