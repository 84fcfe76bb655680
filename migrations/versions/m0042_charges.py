from marketplace.kit.migrations import script

ID = "m0042"
VERSION = "1.38.0"
DESCRIPTION = "Charges beside the booked price: extensions and adjustments"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- The booking changes when one is paid, never before: until then nothing of it depends on the charge. An extension holds its
-- nights in an allocation of its own, which lapses by itself.
CREATE TABLE booking_charges (
    id             uuid PRIMARY KEY,
    booking_id     uuid NOT NULL REFERENCES bookings,
    institution_id uuid NOT NULL REFERENCES institutions,
    kind           text NOT NULL CHECK (kind IN ('extension', 'adjustment')),
    number         smallint NOT NULL CHECK (number > 0),
    status         text NOT NULL CHECK (status IN ('proposed', 'open', 'paid', 'refused', 'lapsed', 'void')),
    quote_id       uuid UNIQUE REFERENCES quotes,
    allocation_id  uuid,
    first_on       date NOT NULL,
    end_on         date NOT NULL CHECK (end_on > first_on),
    lines          jsonb NOT NULL,
    amount         bigint NOT NULL CHECK (amount > 0),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    due_at         timestamptz NOT NULL,
    opened_at      timestamptz NOT NULL,
    settled_at     timestamptz,
    UNIQUE (booking_id, kind, number),
    CHECK ((kind = 'extension') = (quote_id IS NOT NULL)),
    CHECK (kind = 'adjustment' OR status <> 'proposed'),
    CHECK (kind = 'extension' OR allocation_id IS NULL),
    CHECK ((status IN ('proposed', 'open')) = (settled_at IS NULL)),
    CONSTRAINT booking_charges_lines_make_the_amount CHECK (sum_of_amounts(lines) = amount)
);
CREATE INDEX booking_charges_institution ON booking_charges (institution_id);
-- One of each kind at a time.
CREATE UNIQUE INDEX booking_charges_open ON booking_charges (booking_id, kind) WHERE status IN ('proposed', 'open');

-- Make one allocation of two that follow each other, in the same rooms or bed: no night is taken or given back by it.
-- False when they do not fit together. The room type's row is locked.
CREATE FUNCTION join_allocations(kept uuid, further uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    one allocations;
    other allocations;
BEGIN
    PERFORM FROM room_type_locks
      WHERE room_type_id = (SELECT room_type_id FROM allocations WHERE id = kept) FOR NO KEY UPDATE;
    SELECT * INTO one FROM allocations WHERE id = kept;
    SELECT * INTO other FROM allocations WHERE id = further;
    IF one.id IS NULL OR other.id IS NULL OR upper(one.stay) <> lower(other.stay)
       OR (one.room_type_id, one.unit_count, one.own_count, one.companion_bed_count)
          IS DISTINCT FROM (other.room_type_id, other.unit_count, other.own_count, other.companion_bed_count)
       OR (one.share_id, one.gender) IS DISTINCT FROM (other.share_id, other.gender) THEN
        RETURN false;
    END IF;
    DELETE FROM allocations WHERE id = further;
    UPDATE allocations SET stay = one.stay + other.stay WHERE id = kept;
    RETURN true;
END $$;
""",
)
