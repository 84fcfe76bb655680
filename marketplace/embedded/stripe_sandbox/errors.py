"""Every refusal, in Stripe's own error shape."""

from typing import Any

Json = dict[str, Any]


class StripeError(Exception):
    """An answer other than 200; facts that are None are left out, as Stripe does."""

    def __init__(self, status: int, kind: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.facts = {name: fact for name, fact in facts.items() if fact is not None}

    @property
    def keeps_effects(self) -> bool:
        """Whether what was done before the refusal stays done.

        A declined card leaves a failed charge and its events behind, so a 402 commits and is stored under its key.
        """
        return self.status == 402

    def body(self) -> Json:
        """Shape the error as it goes over the wire."""
        return {"error": {"type": self.kind, "message": str(self), **self.facts}}


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> StripeError:
    """Refuse a request that can never work as it stands."""
    return StripeError(status, "invalid_request_error", message, param=param, code=code)


def no_such(kind: str, object_id: str, *, param: str = "id", status: int = 404) -> StripeError:
    """Refuse an id that names nothing; inside a body Stripe answers 400, in the path 404."""
    return invalid(f"No such {kind}: '{object_id}'", param=param, code="resource_missing", status=status)


def unexpected_state(message: str, payment_intent: Json) -> StripeError:
    """Refuse a step that the payment's status does not allow; the payment rides along so that callers can look."""
    return StripeError(
        400,
        "invalid_request_error",
        message,
        code="payment_intent_unexpected_state",
        payment_intent={name: value for name, value in payment_intent.items() if not name.startswith("_")},
    )


def card_error(last_payment_error: Json, *, charge: str | None, payment_intent: Json) -> StripeError:
    """Refuse a payment that the card's bank declined."""
    facts = {name: fact for name, fact in last_payment_error.items() if name not in {"type", "message"}}
    return StripeError(
        402,
        "card_error",
        last_payment_error["message"],
        **{**facts, "charge": charge, "payment_intent": payment_intent},
    )
