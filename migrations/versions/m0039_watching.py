from marketplace.kit.migrations import script

ID = "m0039"
VERSION = "1.38.0"
DESCRIPTION = "Inspections that nobody makes escalate; keys are rotated by two officers"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
ALTER TABLE inspections
    ADD COLUMN escalated_to text CHECK (escalated_to IN ('prefecture', 'province')),
    ADD COLUMN escalated_at timestamptz,
    ADD CONSTRAINT inspections_escalation CHECK ((escalated_to IS NULL) = (escalated_at IS NULL));

-- One officer asks for a new key, another approves exactly that; the yearly change, which nobody asks for, needs neither.
CREATE TABLE key_rotations (
    id           uuid PRIMARY KEY,
    purpose      text NOT NULL CHECK (purpose IN ('credential', 'checkpoint')),
    compromised  boolean NOT NULL,
    key_id       uuid NOT NULL REFERENCES signing_keys,
    reason       text NOT NULL CHECK (reason <> ''),
    payload_hash text NOT NULL CHECK (payload_hash ~ '^[0-9a-f]{64}$'),
    requested_by uuid NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > requested_at),
    approved_by  uuid,
    approved_at  timestamptz,
    CONSTRAINT key_rotations_two_officers CHECK (approved_by <> requested_by),
    CONSTRAINT key_rotations_approval CHECK (num_nonnulls(approved_by, approved_at) IN (0, 2))
);
CREATE INDEX key_rotations_key ON key_rotations (key_id);

-- No path through this database withdraws a key, and what it signed with it, on one person's word.
CREATE FUNCTION refuse_withdrawal_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM key_rotations
                    WHERE key_id = NEW.id AND compromised AND approved_by IS NOT NULL) THEN
        RAISE EXCEPTION 'key % has no approved request to withdraw it', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signing_keys_two_officers BEFORE INSERT OR UPDATE OF compromised_at ON signing_keys
    FOR EACH ROW WHEN (NEW.compromised_at IS NOT NULL) EXECUTE FUNCTION refuse_withdrawal_by_one();
""",
)
