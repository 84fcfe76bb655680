"""The payment provider's door: it may say that something happened, never what we believe."""

from typing import Any

import msgspec
from litestar import Controller, Request, post

from marketplace.kit import clock
from marketplace.kit.http.problems import refusals
from marketplace.payments import operations
from marketplace.payments.errors import BadWebhookSignature


class Received(msgspec.Struct, frozen=True):
    """The event is stored, or was before."""

    received: bool = True


class ProviderWebhooks(Controller):
    """Webhooks of the payment provider."""

    path = "/v1/provider-webhooks"
    tags = ("Payments",)

    @post(
        "/stripe",
        operation_id="receive_stripe_webhook",
        summary="Receive a signed event of Stripe",
        status_code=200,
        security=[],
        responses=refusals(BadWebhookSignature),
    )
    async def stripe(self, request: Request[Any, Any, Any]) -> Received:
        """Store the event once and apply it later; answers 503 while the database is away, so that it comes again."""
        raw = await request.body()
        await operations.receive(raw=raw, signature=request.headers.get("stripe-signature"), now=clock.now())
        return Received()
