"""Webhook deliveries as durable rows: who is owed what, when to try again, and how a body is signed."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from marketplace.embedded.stripe_sandbox.errors import Json
from marketplace.embedded.stripe_sandbox.rendering import render
from marketplace.embedded.stripe_sandbox.store import PLATFORM, Transaction

_BACK_OFF_SECONDS = (1, 2, 5, 10, 30, 60)
_GIVE_UP_AFTER_SECONDS = 3 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery attempt, ready to be sent."""

    delivery_id: int
    url: str
    secrets: tuple[str, ...]
    body: bytes


def owe(tx: Transaction, event: Json) -> int:
    """Owe an event to every enabled endpoint that listens for its type and its account; returns how many."""
    with tx.inside(PLATFORM):
        listeners = [endpoint for endpoint in tx.select("webhook_endpoint") if _listens(endpoint, event)]
    due = time.time()
    for endpoint in listeners:
        tx.sql(
            "INSERT INTO deliveries (event_id, endpoint_id, due_at, first_due_at) VALUES (?, ?, ?, ?)",
            event["id"],
            endpoint["id"],
            due,
            due,
        )
    return len(listeners)


def due(tx: Transaction, *, limit: int, skip: set[int]) -> list[Parcel]:
    """Read the deliveries that are due and not already under way."""
    rows = tx.sql(
        "SELECT id, event_id, endpoint_id FROM deliveries "
        "WHERE delivered_at IS NULL AND abandoned = 0 AND due_at <= ? ORDER BY due_at, id LIMIT ?",
        time.time(),
        limit + len(skip),
    )
    return [_parcel(tx, row["id"], row["event_id"], row["endpoint_id"]) for row in rows if row["id"] not in skip][
        :limit
    ]


def next_due(tx: Transaction, *, skip: set[int]) -> float | None:
    """Tell when the next delivery is due, in real time."""
    rows = tx.sql(
        "SELECT id, due_at FROM deliveries WHERE delivered_at IS NULL AND abandoned = 0 ORDER BY due_at, id LIMIT ?",
        len(skip) + 1,
    )
    return next((float(row["due_at"]) for row in rows if row["id"] not in skip), None)


def delivered(tx: Transaction, delivery_id: int, status: int) -> None:
    """Record a 2xx answer."""
    tx.sql(
        "UPDATE deliveries SET delivered_at = ?, attempts = attempts + 1, last_status = ?, last_error = NULL WHERE id = ?",
        time.time(),
        status,
        delivery_id,
    )


def failed(tx: Transaction, delivery_id: int, *, status: int | None, error: str | None) -> int:
    """Record a failed attempt and plan the next (1, 2, 5, 10, 30 s, then every minute, three days); returns how many."""
    rows = tx.sql("SELECT attempts, first_due_at FROM deliveries WHERE id = ?", delivery_id)
    attempts, now = rows[0]["attempts"] + 1, time.time()
    pause = _BACK_OFF_SECONDS[min(attempts, len(_BACK_OFF_SECONDS)) - 1]
    tx.sql(
        "UPDATE deliveries SET attempts = ?, due_at = ?, last_status = ?, last_error = ?, abandoned = ? WHERE id = ?",
        attempts,
        now + pause,
        status,
        error,
        int(now - rows[0]["first_due_at"] > _GIVE_UP_AFTER_SECONDS),
        delivery_id,
    )
    return int(attempts)


def abandon(tx: Transaction, delivery_id: int, reason: str) -> None:
    """Never try a delivery again; its event stays undelivered, so that a reconciler can find it."""
    tx.sql(
        "UPDATE deliveries SET abandoned = 1, attempts = attempts + 1, last_error = ? WHERE id = ?", reason, delivery_id
    )


def keep_secret(tx: Transaction, endpoint_id: str, secret: str) -> None:
    """Make a secret the only one of an endpoint."""
    tx.sql("INSERT OR REPLACE INTO endpoint_secrets (endpoint_id, secret) VALUES (?, ?)", endpoint_id, secret)


def rotate_secret(tx: Transaction, endpoint_id: str, secret: str, *, keep_seconds: float) -> None:
    """Give an endpoint a new secret; for `keep_seconds` every delivery is signed with the former one as well."""
    tx.sql(
        "UPDATE endpoint_secrets SET former_secret = secret, former_until = ?, secret = ? WHERE endpoint_id = ?",
        time.time() + keep_seconds,
        secret,
        endpoint_id,
    )


def signature(body: bytes, secrets: tuple[str, ...], timestamp: int) -> str:
    """Sign a body as Stripe does: `t=…,v1=…`, HMAC-SHA256 over timestamp, dot and body, once per valid secret."""
    signed = f"{timestamp}.".encode() + body
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])


def _listens(endpoint: Json, event: Json) -> bool:
    """An endpoint hears the platform or the connected accounts; the one of the environment hears both."""
    hears = endpoint.get("_hears", "platform")
    if hears != "both" and (hears == "connect") != ("account" in event):
        return False
    return endpoint["status"] == "enabled" and not {"*", event["type"]}.isdisjoint(endpoint["enabled_events"])


def _parcel(tx: Transaction, delivery_id: int, event_id: str, endpoint_id: str) -> Parcel:
    event = render(tx, tx.find(event_id) or {})
    kept = tx.sql("SELECT * FROM endpoint_secrets WHERE endpoint_id = ?", endpoint_id)[0]
    overlaps = kept["former_secret"] is not None and kept["former_until"] > time.time()
    secrets = (kept["secret"], kept["former_secret"]) if overlaps else (kept["secret"],)
    url = tx.get("webhook_endpoint", endpoint_id)["url"]
    return Parcel(delivery_id, url, secrets, json.dumps(event, ensure_ascii=False, indent=2).encode())
