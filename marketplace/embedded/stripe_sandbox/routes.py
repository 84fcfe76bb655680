"""The table of the API: method, path, verb."""

import re
from collections.abc import Callable

from marketplace.embedded.stripe_sandbox.call import Call
from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.resources import (
    account_links,
    accounts,
    balance,
    charges,
    checkout_sessions,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    transfers,
    webhook_endpoints,
)

Verb = Callable[[Call], Json]

_TABLE: list[tuple[str, str, Verb]] = [
    ("POST", "/v1/account_links", account_links.create),
    ("GET", "/v1/accounts", accounts.index),
    ("POST", "/v1/accounts", accounts.create),
    ("GET", "/v1/accounts/{id}", accounts.retrieve),
    ("POST", "/v1/accounts/{id}", accounts.update),
    ("GET", "/v1/balance", balance.retrieve),
    ("GET", "/v1/balance_settings", balance.retrieve_settings),
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
    ("POST", "/v1/customers/{id}", customers.update),
    ("DELETE", "/v1/customers/{id}", customers.delete),
    ("GET", "/v1/disputes", disputes.index),
    ("GET", "/v1/disputes/{id}", disputes.retrieve),
    ("POST", "/v1/disputes/{id}", disputes.update),
    ("POST", "/v1/disputes/{id}/close", disputes.close),
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
    ("GET", "/v1/payouts", payouts.index),
    ("POST", "/v1/payouts", payouts.create),
    ("GET", "/v1/payouts/{id}", payouts.retrieve),
    ("GET", "/v1/refunds", refunds.index),
    ("POST", "/v1/refunds", refunds.create),
    ("GET", "/v1/refunds/{id}", refunds.retrieve),
    ("GET", "/v1/transfers", transfers.index),
    ("POST", "/v1/transfers", transfers.create),
    ("GET", "/v1/transfers/{id}", transfers.retrieve),
    ("GET", "/v1/transfers/{id}/reversals", transfers.index_reversals),
    ("POST", "/v1/transfers/{id}/reversals", transfers.reverse),
    ("GET", "/v1/webhook_endpoints", webhook_endpoints.index),
    ("POST", "/v1/webhook_endpoints", webhook_endpoints.create),
    ("GET", "/v1/webhook_endpoints/{id}", webhook_endpoints.retrieve),
    ("POST", "/v1/webhook_endpoints/{id}", webhook_endpoints.update),
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
