from marketplace.kit.migrations import script

ID = "m0035"
VERSION = "1.38.0"
DESCRIPTION = "The right to cancel free of charge that a suspension gives to every booking of its institution"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Open while the suspension lasts; a reinstatement sets its end.
ALTER TABLE bookings
    ADD COLUMN free_cancel_from_at  timestamptz,
    ADD COLUMN free_cancel_until_at timestamptz,
    ADD CONSTRAINT bookings_free_cancel CHECK
        (free_cancel_until_at IS NULL OR (free_cancel_from_at IS NOT NULL AND free_cancel_until_at > free_cancel_from_at));
CREATE INDEX bookings_free_cancel ON bookings (institution_id)
    WHERE free_cancel_from_at IS NOT NULL AND free_cancel_until_at IS NULL;
""",
)
