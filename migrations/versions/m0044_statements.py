from marketplace.kit.migrations import script

ID = "m0044"
VERSION = "1.38.0"
DESCRIPTION = "Statements: invoices that are asked for, and credits"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- The institution is the issuer: it issues with the tax authority and writes the number here. One at a time; after a refusal
-- it may be asked for again.
CREATE TABLE invoices (
    id             uuid PRIMARY KEY,
    booking_id     uuid NOT NULL REFERENCES bookings,
    institution_id uuid NOT NULL REFERENCES institutions,
    status         text NOT NULL CHECK (status IN ('requested', 'issued', 'refused')),
    buyer          bytea NOT NULL,
    amount         bigint CHECK (amount > 0),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- A 数电票 has a number of twenty digits.
    number         text UNIQUE CHECK (number ~ '^[0-9]{20}$'),
    issued_on      date,
    requested_by   uuid NOT NULL,
    requested_at   timestamptz NOT NULL,
    settled_at     timestamptz,
    CHECK ((status = 'requested') = (settled_at IS NULL)),
    CHECK ((status = 'issued') = (num_nulls(amount, number, issued_on) = 0)),
    CHECK (status = 'issued' OR num_nonnulls(amount, number, issued_on) = 0)
);
CREATE INDEX invoices_booking ON invoices (booking_id, id);
CREATE INDEX invoices_institution ON invoices (institution_id);
CREATE UNIQUE INDEX invoices_one ON invoices (booking_id) WHERE status <> 'refused';

CREATE TABLE credits (
    id             uuid PRIMARY KEY,
    booking_id     uuid NOT NULL REFERENCES bookings,
    institution_id uuid NOT NULL REFERENCES institutions,
    amount         bigint NOT NULL CHECK (amount > 0),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    reason         bytea NOT NULL,
    given_by       uuid NOT NULL,
    given_at       timestamptz NOT NULL
);
CREATE INDEX credits_booking ON credits (booking_id);
CREATE INDEX credits_institution ON credits (institution_id);
""",
)
