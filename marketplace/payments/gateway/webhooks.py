"""Webhooks of Stripe: who signed them, when, in which mode, and which of our rows they are about."""

import json
import time
from typing import Any

import stripe

from marketplace.kit.errors import NotFound
from marketplace.kit.ids import parse
from marketplace.payments.errors import BadWebhookSignature
from marketplace.payments.rules import IGNORED, PAYMENT_PREFIX, REFUND_PREFIX, ProviderNews, Subject

TOLERANCE_S = 300

TYPES = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
)


def verify(
    client: stripe.StripeClient, raw: bytes, *, signature: str | None, secret: str, livemode: bool
) -> ProviderNews:
    """Read a signed webhook. Refuses: BadWebhookSignature."""
    try:
        event = client.construct_event(raw, signature, secret, TOLERANCE_S)
    except (stripe.SignatureVerificationError, ValueError, KeyError) as error:
        raise BadWebhookSignature from error
    # The SDK refuses what is too old but lets the future pass. Signatures carry real time, so the movable clock of
    # development has no say here, as it has none in the SDK.
    if _signed_at(signature or "") > time.time() + TOLERANCE_S or event.livemode != livemode:
        raise BadWebhookSignature
    return news(event)


def news(event: stripe.Event) -> ProviderNews:
    """Read an event: only its type and the ids in it, since what it says of money is fetched anew."""
    body: dict[str, Any] = event.to_dict()
    thing: dict[str, Any] = body["data"]["object"]
    return ProviderNews(
        event_id=event.id,
        type=event.type,
        object_id=str(thing.get("id", "")),
        subject=_subject(event.type, thing.get("metadata") or {}),
        body=json.dumps(body, ensure_ascii=False, sort_keys=True),
    )


def _subject(event_type: str, metadata: dict[str, str]) -> Subject:
    if event_type not in TYPES:
        return IGNORED
    try:
        if event_type.startswith("refund."):
            return Subject(kind="refund", id=parse(REFUND_PREFIX, metadata.get("refund_id", "")))
        return Subject(kind="payment", id=parse(PAYMENT_PREFIX, metadata.get("payment_id", "")))
    except NotFound:
        # Not ours: somebody else uses the same account, or made it by hand in the provider's console.
        return IGNORED


def _signed_at(signature: str) -> int:
    return max(int(value) for name, _, value in (part.partition("=") for part in signature.split(",")) if name == "t")
