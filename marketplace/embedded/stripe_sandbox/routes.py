"""The table of the API: method, path, verb."""

import re
from collections.abc import Callable

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.resources import (
    balance,
    charges,
    checkout_sessions,
    customers,
    events,
    payment_intents,
    payment_methods,
    refunds,
    webhook_endpoints,
)

Verb = Callable[[Call], Json]

_TABLE: list[tuple[str, str, Verb]] = [
    ("GET", "/v1/balance", balance.retrieve),
    ("GET", "/v1/balance_transactions", balance.index_transactions),
    ("GET", "/v1/balance_transactions/{id}", balance.retrieve_transaction),
    ("GET", "/v1/charges", charges.index),
    ("GET", "/v1/charges/{id}", charges.retrieve),
    ("GET", "/v1/checkout/sessions", checkout_sessions.index),
    ("POST", "/v1/checkout/sessions", checkout_sessions.create),
    ("GET", "/v1/checkout/sessions/{id}", checkout_sessions.retrieve),
    ("GET", "/v1/checkout/sessions/{id}/line_items", checkout_sessions.line_items),
    ("POST", "/v1/checkout/sessions/{id}/expire", checkout_sessions.expire),
    ("GET", "/v1/customers", customers.index),
    ("POST", "/v1/customers", customers.create),
    ("GET", "/v1/customers/{id}", customers.retrieve),
    ("GET", "/v1/events", events.index),
    ("GET", "/v1/events/{id}", events.retrieve),
    ("GET", "/v1/payment_intents", payment_intents.index),
    ("POST", "/v1/payment_intents", payment_intents.create),
    ("GET", "/v1/payment_intents/{id}", payment_intents.retrieve),
    ("POST", "/v1/payment_intents/{id}", payment_intents.update),
    ("POST", "/v1/payment_intents/{id}/cancel", payment_intents.cancel),
    ("POST", "/v1/payment_intents/{id}/confirm", payment_intents.confirm),
    ("POST", "/v1/payment_methods", payment_methods.create),
    ("GET", "/v1/payment_methods/{id}", payment_methods.retrieve),
    ("GET", "/v1/refunds", refunds.index),
    ("POST", "/v1/refunds", refunds.create),
    ("GET", "/v1/refunds/{id}", refunds.retrieve),
    ("GET", "/v1/webhook_endpoints", webhook_endpoints.index),
    ("POST", "/v1/webhook_endpoints", webhook_endpoints.create),
    ("GET", "/v1/webhook_endpoints/{id}", webhook_endpoints.retrieve),
    ("DELETE", "/v1/webhook_endpoints/{id}", webhook_endpoints.delete),
]

_PATTERNS = [(method, re.compile(path.replace("{id}", r"(?P<id>\w+)")), verb) for method, path, verb in _TABLE]


def find(method: str, path: str) -> tuple[Verb, dict[str, str]]:
    """Find the verb of a path, and the ids in it.

    Refuses: a path that Stripe or the sandbox does not have.
    """
    for candidate, pattern, verb in _PATTERNS:
        if candidate == method and (match := pattern.fullmatch(path)):
            return verb, match.groupdict()
    raise invalid(f"Unrecognized request URL ({method}: {path}), or one that the sandbox does not model.", status=404)
