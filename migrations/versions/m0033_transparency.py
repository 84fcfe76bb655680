from marketplace.kit.migrations import script

ID = "m0033"
VERSION = "1.38.0"
DESCRIPTION = "The audit log as a Merkle tree with signed checkpoints"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- The sequencer reads events in commit order, after the fact: writing one costs its transaction nothing more than this.
ALTER TABLE audit_events ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX audit_events_order ON audit_events (transaction_id, id);

-- Leaves refer to events by no foreign key: a deleted event is to be named, and only its leaf can do that.
CREATE TABLE audit_leaves (
    position       bigint PRIMARY KEY CHECK (position >= 0),
    transaction_id xid8 NOT NULL,
    event_id       uuid NOT NULL UNIQUE,
    hash           bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_leaves_hash ON audit_leaves (hash);
CREATE TABLE audit_nodes (
    level    smallint NOT NULL CHECK (level > 0),
    position bigint NOT NULL CHECK (position >= 0),
    hash     bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, position)
);
CREATE TABLE audit_checkpoints (
    size      bigint PRIMARY KEY CHECK (size > 0),
    root      bytea NOT NULL CHECK (octet_length(root) = 32),
    note      text NOT NULL,
    signed_at timestamptz NOT NULL
);
CREATE TRIGGER audit_leaves_append_only BEFORE UPDATE OR DELETE ON audit_leaves
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_nodes_append_only BEFORE UPDATE OR DELETE ON audit_nodes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoints_append_only BEFORE UPDATE OR DELETE ON audit_checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
""",
)
