"""Objects as callers see them: private fields left out, references expanded on request."""

from collections.abc import Iterable

from marketplace.embedded.stripe_sandbox.errors import Json, invalid
from marketplace.embedded.stripe_sandbox.store import Transaction

_EXPANDABLE = {
    "payment_intent": {"customer", "payment_method", "latest_charge"},
    "payment_method": {"customer"},
    "charge": {"customer", "payment_intent", "balance_transaction", "failure_balance_transaction"},
    "refund": {
        "charge",
        "customer",
        "payment_intent",
        "payment_method",
        "balance_transaction",
        "failure_balance_transaction",
    },
    "checkout.session": {"customer", "payment_intent"},
    "balance_transaction": {"source"},
    "transfer": {"balance_transaction", "destination"},
    "transfer_reversal": {"balance_transaction", "transfer"},
    "payout": {"balance_transaction", "failure_balance_transaction"},
    "dispute": {"charge", "payment_intent"},
}
_MAX_DEPTH = 4


def render(tx: Transaction, thing: Json, expand: Iterable[str] = ()) -> Json:
    """Shape a stored object for the wire; `expand` holds dotted paths.

    Refuses: a path that cannot be expanded, or one deeper than four steps.
    """
    shown = {name: value for name, value in thing.items() if not name.startswith("_")}
    if shown.get("object") == "event":
        shown["pending_webhooks"] = _pending_webhooks(tx, shown["id"])
    for path in expand:
        steps = path.split(".")
        if len(steps) > _MAX_DEPTH:
            raise invalid(f"You cannot expand more than {_MAX_DEPTH} levels of a property: {path}", param="expand")
        _expand(tx, shown, thing, steps)
    return shown


def _expand(tx: Transaction, shown: Json, stored: Json, steps: list[str]) -> None:
    name, rest = steps[0], steps[1:]
    if shown.get("object") == "list" and name == "data":
        for item in shown["data"]:
            _expand(tx, item, item, rest)
        return
    kind = shown.get("object", "")
    if included := _included(tx, stored, kind, name):
        shown[name] = included
        return
    if name not in _EXPANDABLE.get(kind, ()):
        raise invalid(f"This property cannot be expanded ({name}).", param="expand")
    value = shown.get(name)
    if value is None:
        return
    if isinstance(value, str):
        shown[name] = value = render(tx, tx.find(value) or {})
    if rest:
        _expand(tx, value, value, rest)


def _included(tx: Transaction, stored: Json, kind: str, name: str) -> Json | None:
    """Sub-lists that Stripe leaves out unless they are asked for."""
    if (kind, name) == ("checkout.session", "line_items"):
        session = tx.get(kind, stored["id"])
        return as_list(session["_line_items"], url=f"/v1/checkout/sessions/{stored['id']}/line_items")
    if (kind, name) == ("charge", "refunds"):
        refunds = tx.select("refund", where=[("json_extract(data, '$.charge') = ?", stored["id"])])
        return as_list([render(tx, refund) for refund in refunds], url=f"/v1/charges/{stored['id']}/refunds")
    return None


def as_list(items: list[Json], *, url: str, has_more: bool = False) -> Json:
    """Shape a list object."""
    return {"object": "list", "data": items, "has_more": has_more, "url": url}


def _pending_webhooks(tx: Transaction, event_id: str) -> int:
    rows = tx.sql("SELECT count(*) AS n FROM deliveries WHERE event_id = ? AND delivered_at IS NULL", event_id)
    return int(rows[0]["n"])
