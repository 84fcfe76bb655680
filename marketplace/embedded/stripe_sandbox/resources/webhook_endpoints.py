"""Webhook endpoints: who is told. The one from the environment is kept in step with it at every start."""

from typing import Annotated, Literal

import msgspec

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
    description: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


def create(call: Call) -> Json:
    """Register an endpoint; its secret is in this answer and in no other.

    Refuses: an address that is not http(s).
    """
    params = call.read(CreateEndpoint)
    check_metadata(params.metadata)
    if not params.url.startswith(("http://", "https://")):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )
    endpoint = _endpoint(call, new_id("we"), params.url)
    endpoint.update(description=params.description, enabled_events=params.enabled_events, metadata=params.metadata)
    secret = new_id("whsec", 32)
    call.tx.add(endpoint)
    _keep_secret(call, endpoint["id"], secret)
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
        call.tx.add(_endpoint(call, _FROM_ENVIRONMENT, url))
    else:
        call.tx.save({**endpoint, "url": url})
    _keep_secret(call, _FROM_ENVIRONMENT, secret)


def _remove(call: Call, endpoint_id: str) -> None:
    call.tx.sql(
        "UPDATE deliveries SET abandoned = 1, last_error = 'endpoint removed' "
        "WHERE endpoint_id = ? AND delivered_at IS NULL",
        endpoint_id,
    )
    call.tx.sql("DELETE FROM endpoint_secrets WHERE endpoint_id = ?", endpoint_id)
    call.tx.remove(endpoint_id)


def _endpoint(call: Call, endpoint_id: str, url: str) -> Json:
    return {
        "id": endpoint_id,
        "object": "webhook_endpoint",
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


def _keep_secret(call: Call, endpoint_id: str, secret: str) -> None:
    call.tx.sql("INSERT OR REPLACE INTO endpoint_secrets (endpoint_id, secret) VALUES (?, ?)", endpoint_id, secret)
