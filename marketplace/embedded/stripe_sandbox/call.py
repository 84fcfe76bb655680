"""One call of a verb: the open transaction, the moment, the parameters, and a way to publish events."""

from dataclasses import dataclass, field

from marketplace.embedded.stripe_sandbox import webhooks
from marketplace.embedded.stripe_sandbox.errors import Json
from marketplace.embedded.stripe_sandbox.ids import new_id
from marketplace.embedded.stripe_sandbox.rendering import render
from marketplace.embedded.stripe_sandbox.settings import API_VERSION
from marketplace.embedded.stripe_sandbox.store import PLATFORM, Transaction
from marketplace.embedded.stripe_sandbox.wire import Shape, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What every verb is handed; `request` is the caller's request id and idempotency key, empty for the pages."""

    tx: Transaction
    now: int
    base_url: str
    speaks_our_version: bool = True
    settle_delay_seconds: float = 2.0
    ids: dict[str, str] = field(default_factory=dict)
    params: Json = field(default_factory=dict)
    request: Json = field(default_factory=lambda: {"id": None, "idempotency_key": None})

    def read(self, shape: type[Shape]) -> Shape:
        """Check this call's parameters against a Struct."""
        return read(self.params, shape)

    def publish(self, event_type: str, thing: Json, *, previous: Json | None = None) -> None:
        """Record an event with a snapshot of the object, and owe it to every endpoint that listens.

        Publishes: the event row and its delivery rows, in the transaction of the change itself.
        """
        data: Json = {"object": render(self.tx, thing)}
        if previous is not None:
            data["previous_attributes"] = previous
        # An event of a connected account names it; the platform's own do not.
        whose = {} if self.tx.account == PLATFORM else {"account": self.tx.account}
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": self.request,
            "type": event_type,
            **whose,
        }
        self.tx.add(event)
        webhooks.owe(self.tx, event)
