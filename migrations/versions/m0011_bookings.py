from marketplace.kit.migrations import script

ID = "m0011"
VERSION = "1.38.0"
DESCRIPTION = "Bookings and cancellation quotes"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE bookings (
    id                  uuid PRIMARY KEY,
    kind                text NOT NULL CHECK (kind IN ('stay', 'tour')),
    status              text NOT NULL CHECK (status IN
        ('on_hold', 'confirmed', 'checked_in', 'completed', 'cancelled', 'expired', 'displaced')),
    owner_kind          text NOT NULL CHECK (owner_kind IN ('family', 'partner')),
    owner_id            uuid NOT NULL,
    partner_reference   text,
    quote_id            uuid NOT NULL UNIQUE REFERENCES quotes,
    institution_id      uuid NOT NULL REFERENCES institutions,
    room_type_id        uuid REFERENCES room_types,
    departure_id        uuid REFERENCES departures,
    seat_id             uuid,
    allocation_id       uuid,
    check_in            date NOT NULL,
    check_out           date NOT NULL,
    guest_count         integer NOT NULL CHECK (guest_count > 0),
    unit_count          integer NOT NULL CHECK (unit_count > 0),
    total_amount        bigint NOT NULL CHECK (total_amount >= 0),
    paid_amount         bigint NOT NULL CHECK (paid_amount >= 0),
    currency            text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    first_paid_at       timestamptz,
    schedule            jsonb NOT NULL,
    cancellation_policy jsonb NOT NULL,
    contact             bytea NOT NULL,
    guests              bytea NOT NULL,
    hold_expires_at     timestamptz,
    hold_extended_at    timestamptz,
    acknowledged_at     timestamptz,
    checked_in_at       timestamptz,
    ended_at            timestamptz,
    ending_reason       text,
    decision_id         uuid,
    placed_at           timestamptz NOT NULL,
    CHECK (check_out > check_in),
    CHECK ((kind = 'stay') = (room_type_id IS NOT NULL AND departure_id IS NULL)),
    CHECK ((kind = 'tour') = (departure_id IS NOT NULL)),
    CHECK (status <> 'on_hold' OR hold_expires_at IS NOT NULL),
    CHECK (status NOT IN ('confirmed', 'checked_in', 'completed', 'displaced') OR first_paid_at IS NOT NULL),
    CHECK ((ended_at IS NULL) = (status NOT IN ('cancelled', 'expired', 'completed')))
);
CREATE INDEX bookings_owner ON bookings (owner_id, placed_at DESC, id DESC);
CREATE INDEX bookings_institution ON bookings (institution_id, check_in) WHERE status IN
    ('on_hold', 'confirmed', 'checked_in', 'displaced');
CREATE INDEX bookings_room_type ON bookings (room_type_id);
CREATE INDEX bookings_departure ON bookings (departure_id);
CREATE INDEX bookings_holds ON bookings (hold_expires_at) WHERE status = 'on_hold';
CREATE INDEX bookings_arrivals ON bookings (check_in) WHERE status = 'confirmed';
CREATE INDEX bookings_displaced ON bookings (decision_id) WHERE status = 'displaced';
CREATE UNIQUE INDEX bookings_partner_reference ON bookings (owner_id, partner_reference)
    WHERE partner_reference IS NOT NULL;

CREATE TABLE cancellation_quotes (
    id            uuid PRIMARY KEY,
    booking_id    uuid NOT NULL REFERENCES bookings,
    paid_amount   bigint NOT NULL,
    refund_amount bigint NOT NULL CHECK (refund_amount >= 0 AND refund_amount <= paid_amount),
    expires_at    timestamptz NOT NULL,
    quoted_at     timestamptz NOT NULL
);
CREATE INDEX cancellation_quotes_booking ON cancellation_quotes (booking_id);
""",
)
