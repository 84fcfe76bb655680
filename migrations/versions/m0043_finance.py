from marketplace.kit.migrations import script

ID = "m0043"
VERSION = "1.38.0"
DESCRIPTION = "The platform's finance people, and what two of them release"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
ALTER TABLE staff
    DROP CONSTRAINT staff_kind_check,
    ADD CONSTRAINT staff_kind_check CHECK (kind IN ('institution', 'officer', 'finance')),
    DROP CONSTRAINT staff_place,
    ADD CONSTRAINT staff_place CHECK (
        CASE kind WHEN 'institution' THEN institution_id IS NOT NULL AND level IS NULL AND jurisdiction IS NULL
                  WHEN 'officer' THEN institution_id IS NULL AND level IS NOT NULL AND jurisdiction IS NOT NULL
                  ELSE institution_id IS NULL AND level IS NULL AND jurisdiction IS NULL END);
CREATE INDEX staff_finance ON staff (id) WHERE kind = 'finance';

-- Money stays with us while an institution is suspended, and once it is revoked; what it earned by serving is sent all the
-- same when two people have looked at it. `transfers_hash` is over what was seen: anything else is refused at approval.
CREATE TABLE transfer_releases (
    id             uuid PRIMARY KEY,
    institution_id uuid NOT NULL REFERENCES institutions,
    amount         bigint NOT NULL CHECK (amount > 0),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    transfers_hash text NOT NULL,
    reason         text NOT NULL CHECK (length(reason) BETWEEN 2 AND 400),
    requested_by   uuid NOT NULL,
    requested_at   timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    approved_by    uuid,
    approved_at    timestamptz,
    CONSTRAINT transfer_releases_two_people CHECK (approved_by <> requested_by),
    CONSTRAINT transfer_releases_approved_whole CHECK (num_nulls(approved_by, approved_at) IN (0, 2))
);
CREATE INDEX transfer_releases_institution ON transfer_releases (institution_id, id);
ALTER TABLE transfers ADD COLUMN release_id uuid REFERENCES transfer_releases;
CREATE INDEX transfers_release ON transfers (release_id) WHERE release_id IS NOT NULL;
""",
)
