"""The payment provider's door: it may say that something happened, never what we believe."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, post
from litestar.params import HeaderParameter

from marketplace.identity.guards import NO_PRINCIPAL
from marketplace.kit import clock
from marketplace.kit.http.problems import refusals
from marketplace.payments import operations
from marketplace.payments.errors import BadWebhookSignature

Signature = Annotated[
    str | None,
    HeaderParameter(name="Stripe-Signature", description="`t=…,v1=…` over the exact bytes of the body. Required."),
]


class Received(msgspec.Struct, frozen=True):
    """The event is stored, or was before."""

    received: bool = True


class ProviderWebhooks(Controller):
    """Webhooks of the payment provider."""

    path = "/v1/provider-webhooks"
    tags = ("payments",)

    @post(
        "/stripe",
        operation_id="receiveStripeWebhook",
        summary="Receive a signed event of Stripe · 接收支付通知",
        status_code=200,
        opt=NO_PRINCIPAL,
        responses=refusals(BadWebhookSignature),
    )
    async def stripe(self, request: Request[Any, Any, Any], signature: Signature = None) -> Received:
        """Store the event once and apply it later; answers 503 while the database is away, so that it comes again."""
        raw = await request.body()
        await operations.receive(raw=raw, signature=signature, now=clock.now())
        return Received()
