"""The tables: one document table for Stripe's objects, and small ones for what Stripe never shows."""

SCHEMA = """
CREATE TABLE objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,  -- lists go by this, newest first; seconds would tie
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data))
);
CREATE INDEX objects_by_kind ON objects (kind, seq);
CREATE INDEX objects_by_payment_intent ON objects (json_extract(data, '$.payment_intent'));
CREATE INDEX objects_by_charge ON objects (json_extract(data, '$.charge'));

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL REFERENCES objects (id),
    endpoint_id TEXT NOT NULL,
    due_at REAL NOT NULL,                   -- real time: the movable clock does not hurry a receiver
    first_due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL,
    abandoned INTEGER NOT NULL DEFAULT 0,   -- dropped by chaos, given up, or its endpoint was deleted
    last_status INTEGER,
    last_error TEXT
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE delivered_at IS NULL AND abandoned = 0;
CREATE INDEX deliveries_by_event ON deliveries (event_id);

CREATE TABLE timers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    due_at REAL NOT NULL,
    action TEXT NOT NULL,
    object_id TEXT NOT NULL
);
CREATE INDEX timers_due ON timers (due_at);

CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created_at REAL NOT NULL
);

CREATE TABLE endpoint_secrets (endpoint_id TEXT PRIMARY KEY, secret TEXT NOT NULL);

CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

UPGRADES = (
    # Connected accounts: whose an object and a timer is. Endpoints: the former secret, while both are valid.
    """
ALTER TABLE objects ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE timers ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoint_secrets ADD COLUMN former_secret TEXT;
ALTER TABLE endpoint_secrets ADD COLUMN former_until REAL;
DROP INDEX objects_by_kind;
CREATE INDEX objects_by_kind ON objects (kind, account, seq);
CREATE INDEX objects_by_source ON objects (json_extract(data, '$.source_transaction'));
""",
)
