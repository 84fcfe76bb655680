"""Webhook endpoints: who is told. The one from the environment is kept in step with it at every start."""

from typing import Annotated, Literal

import msgspec

from marketplace.embedded.stripe_sandbox import webhooks
from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.listing import ListParams, page
from marketplace.embedded.stripe_sandbox.settings import API_VERSION
from marketplace.embedded.stripe_sandbox.wire import Params, check_metadata

_FROM_ENVIRONMENT = "we_environment"


class CreateEndpoint(Params):
    """`POST /v1/webhook_endpoints`."""

    url: str
    enabled_events: Annotated[list[str], msgspec.Meta(min_length=1)]
    api_version: Literal["2026-10-28.endive"] | None = None
    connect: bool = False
    description: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class UpdateEndpoint(Params):
    """`POST /v1/webhook_endpoints/{id}`."""

    url: str | None = None
    enabled_events: Annotated[list[str], msgspec.Meta(min_length=1)] | None = None
    disabled: bool | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None


def create(call: Call) -> Json:
    """Register an endpoint; its secret is in this answer and in no other.

    Refuses: an address that is not http(s).
    """
    params = call.read(CreateEndpoint)
    check_metadata(params.metadata)
    _check_url(params.url)
    endpoint = _endpoint(call, new_id("we"), params.url, hears="connect" if params.connect else "platform")
    endpoint.update(description=params.description, enabled_events=params.enabled_events, metadata=params.metadata)
    secret = new_id("whsec", 32)
    call.tx.add(endpoint)
    webhooks.keep_secret(call.tx, endpoint["id"], secret)
    return {**endpoint, "secret": secret}


def update(call: Call) -> Json:
    """Change where an endpoint is and what it hears.

    Refuses: an address that is not http(s).
    """
    params = call.read(UpdateEndpoint)
    endpoint = retrieve(call)
    if params.url is not None:
        _check_url(params.url)
    given = {name: getattr(params, name) for name in ("url", "enabled_events", "description", "metadata")}
    endpoint.update({name: value for name, value in given.items() if value is not None})
    check_metadata(endpoint["metadata"])
    if params.disabled is not None:
        endpoint["status"] = "disabled" if params.disabled else "enabled"
    call.tx.save(endpoint)
    return endpoint


def rotate(call: Call, endpoint_id: str, *, keep_seconds: float) -> Json:
    """Give an endpoint a new secret, as Stripe's dashboard does; the former one keeps signing beside it for a while.

    Refuses: an unknown endpoint.
    """
    endpoint = call.tx.get("webhook_endpoint", endpoint_id)
    secret = new_id("whsec", 32)
    webhooks.rotate_secret(call.tx, endpoint_id, secret, keep_seconds=keep_seconds)
    return {**endpoint, "secret": secret}


def retrieve(call: Call) -> Json:
    """Retrieve an endpoint."""
    return call.tx.get("webhook_endpoint", call.ids["id"])


def index(call: Call) -> Json:
    """List endpoints."""
    return page(call, "webhook_endpoint", call.read(ListParams), url="/v1/webhook_endpoints")


def delete(call: Call) -> Json:
    """Remove an endpoint; what it was still owed will never be delivered."""
    endpoint = retrieve(call)
    _remove(call, endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def follow_environment(call: Call, url: str | None, secret: str | None) -> None:
    """Make the endpoint of the environment what the environment says; what it is owed goes to the new address."""
    endpoint = call.tx.find(_FROM_ENVIRONMENT)
    if url is None or secret is None:
        if endpoint is not None:
            _remove(call, _FROM_ENVIRONMENT)
        return
    if endpoint is None:
        call.tx.add(_endpoint(call, _FROM_ENVIRONMENT, url, hears="both"))
    else:
        call.tx.save({**endpoint, "url": url, "_hears": "both"})
    webhooks.keep_secret(call.tx, _FROM_ENVIRONMENT, secret)


def _remove(call: Call, endpoint_id: str) -> None:
    call.tx.sql(
        "UPDATE deliveries SET abandoned = 1, last_error = 'endpoint removed' "
        "WHERE endpoint_id = ? AND delivered_at IS NULL",
        endpoint_id,
    )
    call.tx.sql("DELETE FROM endpoint_secrets WHERE endpoint_id = ?", endpoint_id)
    call.tx.remove(endpoint_id)


def _check_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )


def _endpoint(call: Call, endpoint_id: str, url: str, *, hears: str) -> Json:
    return {
        "id": endpoint_id,
        "object": "webhook_endpoint",
        "_hears": hears,
        "api_version": API_VERSION,
        "application": None,
        "created": call.now,
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
    }
