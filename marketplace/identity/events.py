"""News of signing in."""

from uuid import UUID

from marketplace.kit.outbox import Event


class SessionCodeRequested(Event, frozen=True, kw_only=True):
    """A one-time code waits to be sent; who reacts opens it with ``queries.session_code`` and then erases it."""

    kind = "identity.session_code_requested"

    request_id: UUID
