"""Orders that payments leave for later; each may be carried out any number of times."""

from uuid import UUID

from marketplace.kit.outbox import Job


class CancelPayment(Job, frozen=True, kw_only=True):
    """Close a payment's checkout page at the provider, then apply what the provider says of it."""

    kind = "payments.cancel"

    payment_id: UUID


class SubmitRefund(Job, frozen=True, kw_only=True):
    """Ask the provider to give money back."""

    kind = "refunds.submit"

    refund_id: UUID


class ApplyPayeeEvent(Job, frozen=True, kw_only=True):
    """Fetch which payee or transfer a stored event of the provider is about, and apply it; ``event_id`` is our row's."""

    kind = "provider_events.apply_payee"

    event_id: UUID


class ApplyProviderEvent(Job, frozen=True, kw_only=True):
    """Fetch what a stored event of the provider is about, and apply it; ``event_id`` is our row's."""

    kind = "provider_events.apply"

    event_id: UUID
