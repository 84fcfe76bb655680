"""Reads for operators: counts by state and ages, never a personal fact."""

from datetime import datetime

from marketplace.kit.db import fetch, fetch_value

_STATES = {
    "bookings": "SELECT status, count(*) AS count FROM bookings GROUP BY status",
    "payments": "SELECT status, count(*) AS count FROM payments GROUP BY status",
    "refunds": "SELECT status, count(*) AS count FROM refunds GROUP BY status",
    "certifications": "SELECT status, count(*) AS count FROM certifications GROUP BY status",
    "departures": "SELECT status, count(*) AS count FROM departures GROUP BY status",
    "outbox": "SELECT state AS status, count(*) AS count FROM outbox GROUP BY state",
}


async def counts_by_state() -> dict[str, dict[str, int]]:
    """Count bookings, payments, refunds, certifications, departures and messages by state."""
    return {name: {row["status"]: row["count"] for row in await fetch(sql)} for name, sql in _STATES.items()}


async def job_ages_s(*, now: datetime) -> dict[str, float]:
    """Return, per kind of message, how many seconds the oldest one that is due has waited."""
    rows = await fetch(
        "SELECT kind, extract(epoch FROM $1 - min(due_at))::float AS age_s FROM outbox"
        " WHERE state = 'pending' AND due_at <= $1 GROUP BY kind",
        now,
    )
    return {row["kind"]: row["age_s"] for row in rows}


async def migrations_applied() -> list[str]:
    """List the migrations that this database has."""
    applied: list[str] = await fetch_value("SELECT coalesce(array_agg(name ORDER BY name), '{}') FROM migration")
    return applied
