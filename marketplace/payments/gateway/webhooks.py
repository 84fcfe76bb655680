"""Webhooks of Stripe: who signed them, when, in which mode, and which of our rows they are about."""

import time
from datetime import UTC, datetime

import msgspec

from marketplace.kit.errors import NotFound
from marketplace.kit.ids import parse
from marketplace.payments.errors import BadWebhookSignature
from marketplace.payments.gateway.sdk import stripe
from marketplace.payments.rules import (
    IGNORED,
    PAYMENT_PREFIX,
    REFUND_PREFIX,
    TRANSFER_PREFIX,
    ProviderNews,
    Subject,
    SubjectKind,
)

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
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "transfer.created",
    "transfer.reversed",
    "account.updated",
)


# What the metadata of an object calls the row of ours that it is about, by the first word of the event's type.
_OURS: dict[str, tuple[SubjectKind, str, str]] = {
    "refund": ("refund", REFUND_PREFIX, "refund_id"),
    "transfer": ("transfer", TRANSFER_PREFIX, "transfer_id"),
    "account": ("payee", "ins", "institution_id"),
}


class _Thing(msgspec.Struct, frozen=True):
    id: str = ""
    metadata: dict[str, str] | None = None


class _Data(msgspec.Struct, frozen=True):
    object: _Thing


class _Event(msgspec.Struct, frozen=True):
    """What we read of an event: ids, its type and mode. What it says of money is fetched anew."""

    id: str
    type: str
    livemode: bool
    data: _Data


def verify(raw: bytes, *, signature: str | None, secret: str, livemode: bool) -> ProviderNews:
    """Read a signed webhook. Refuses: BadWebhookSignature."""
    try:
        stripe.WebhookSignature.verify_header(raw, signature, secret, TOLERANCE_S)
        signed_at = _signed_at(signature or "")
        event = msgspec.json.decode(raw, type=_Event)
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise BadWebhookSignature from error
    # The SDK refuses what is too old but lets the future pass. Signatures carry real time, so the movable clock of
    # development has no say here, as it has none in the SDK.
    if signed_at > time.time() + TOLERANCE_S or event.livemode != livemode:
        raise BadWebhookSignature
    return _news(event, body=raw.decode(), signed_at=datetime.fromtimestamp(signed_at, tz=UTC))


def listed(event: stripe.Event) -> ProviderNews:
    """Read an event that we asked the provider for."""
    body = event.to_dict()
    return _news(msgspec.convert(body, type=_Event), body=msgspec.json.encode(body).decode())


def _news(event: _Event, *, body: str, signed_at: datetime | None = None) -> ProviderNews:
    thing = event.data.object
    return ProviderNews(
        event_id=event.id,
        type=event.type,
        object_id=thing.id,
        subject=_subject(event.type, thing),
        body=body,
        signed_at=signed_at,
    )


def _subject(event_type: str, thing: _Thing) -> Subject:
    if event_type not in TYPES:
        return IGNORED
    if event_type.startswith("charge.dispute."):
        # A dispute is the bank's: it carries nothing of ours, and is known by the provider's id.
        return Subject(kind="dispute", ref=thing.id)
    metadata = thing.metadata or {}
    family = event_type.partition(".")[0]
    kind, prefix, name = _OURS.get(family, ("payment", PAYMENT_PREFIX, "payment_id"))
    try:
        return Subject(kind=kind, id=parse(prefix, metadata.get(name, "")))
    except NotFound:
        # Not ours: somebody else uses the same account, or made it by hand in the provider's console.
        return IGNORED


def _signed_at(signature: str) -> int:
    """Return the latest time that a verified header names."""
    return max(int(value) for name, _, value in (part.partition("=") for part in signature.split(",")) if name == "t")
