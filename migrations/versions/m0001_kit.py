from marketplace.kit.migrations import script

ID = "m0001"
VERSION = "1.38.0"
DESCRIPTION = "Outbox, idempotency keys and the audit log"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE outbox (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL,
    payload        jsonb NOT NULL,
    audience       text NOT NULL CHECK (audience IN ('nobody', 'partner', 'public')),
    partner_id     uuid,
    is_event       boolean NOT NULL,
    dedupe         text UNIQUE,
    request_id     text,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    published_at   timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,
    state          text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'dead')),
    handled        text[] NOT NULL DEFAULT '{}',
    attempts       integer NOT NULL DEFAULT 0,
    leased_until   timestamptz,
    settled_at     timestamptz,
    last_error     text
);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 'pending';
CREATE INDEX outbox_feed ON outbox (transaction_id, id) WHERE is_event AND audience <> 'nobody';

CREATE TABLE idempotency_keys (
    principal_id uuid NOT NULL,
    route        text NOT NULL,
    key          text NOT NULL,
    fingerprint  bytea NOT NULL,
    status       integer,
    body         bytea,
    reserved_at  timestamptz NOT NULL,
    PRIMARY KEY (principal_id, route, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (reserved_at);

CREATE TABLE audit_events (
    id            uuid PRIMARY KEY,
    action        text NOT NULL,
    actor_kind    text NOT NULL,
    actor_id      uuid,
    on_behalf_of  uuid,
    subject_id    uuid NOT NULL,
    why           text,
    before_digest text,
    after_digest  text,
    recorded_at   timestamptz NOT NULL
);
CREATE INDEX audit_events_subject ON audit_events (subject_id, recorded_at);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE clock_offset (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    offset_s  bigint NOT NULL
);
""",
)
