from marketplace.kit.migrations import script

ID = "m0008"
VERSION = "1.38.0"
DESCRIPTION = "Length-of-stay discounts and quotes"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE length_of_stay_discounts (
    institution_id    uuid NOT NULL REFERENCES institutions (id),
    nights_min        smallint NOT NULL CHECK (nights_min BETWEEN 2 AND 180),
    effective_from_on date NOT NULL,
    -- 0 ends a discount from that day on.
    discount_bps      smallint NOT NULL CHECK (discount_bps BETWEEN 0 AND 9000),
    PRIMARY KEY (institution_id, nights_min, effective_from_on)
);

CREATE FUNCTION sum_of_amounts(parts jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT sum((part ->> 'amount')::bigint) FROM jsonb_array_elements(parts) AS part
$$;

-- departure_id and used_by_booking_id point at domains above this one, so they carry no foreign key.
CREATE TABLE quotes (
    id                    uuid PRIMARY KEY,
    kind                  text NOT NULL CHECK (kind IN ('stay', 'tour')),
    principal_kind        text NOT NULL CHECK (principal_kind IN ('family', 'partner')),
    principal_id          uuid NOT NULL,
    institution_id        uuid NOT NULL REFERENCES institutions (id),
    room_type_id          uuid REFERENCES room_types (id),
    departure_id          uuid,
    check_in              date NOT NULL,
    check_out             date NOT NULL CHECK (check_out > check_in),
    guest_count           integer NOT NULL CHECK (guest_count > 0),
    unit_count            integer NOT NULL CHECK (unit_count > 0),
    lines                 jsonb NOT NULL,
    total_amount          bigint NOT NULL CHECK (total_amount > 0),
    currency              text NOT NULL CHECK (currency = 'CNY'),
    schedule              jsonb NOT NULL,
    cancellation_policy   jsonb NOT NULL,
    cancellation_timeline jsonb NOT NULL,
    certification         jsonb NOT NULL,
    policy_version        text NOT NULL,
    issued_at             timestamptz NOT NULL,
    expires_at            timestamptz NOT NULL CHECK (expires_at > issued_at),
    used_by_booking_id    uuid UNIQUE,
    voided_at             timestamptz,
    CHECK ((kind = 'stay') = (room_type_id IS NOT NULL)),
    CHECK ((kind = 'tour') = (departure_id IS NOT NULL)),
    CHECK (num_nonnulls(used_by_booking_id, voided_at) <= 1),
    CONSTRAINT quotes_lines_make_the_total CHECK (sum_of_amounts(lines) = total_amount),
    CONSTRAINT quotes_schedule_pays_the_total CHECK (sum_of_amounts(schedule) = total_amount)
);
CREATE INDEX quotes_principal ON quotes (principal_id, id);
CREATE INDEX quotes_institution ON quotes (institution_id);
CREATE INDEX quotes_open ON quotes (institution_id) WHERE used_by_booking_id IS NULL AND voided_at IS NULL;
CREATE INDEX quotes_room_type ON quotes (room_type_id);

-- An offer that was made stays as it was made; only that it was used, or withdrawn, may be written, and once.
CREATE TRIGGER quotes_immutable BEFORE UPDATE OF
    id, kind, principal_kind, principal_id, institution_id, room_type_id, departure_id, check_in, check_out, guest_count,
    unit_count, lines, total_amount, currency, schedule, cancellation_policy, cancellation_timeline, certification,
    policy_version, issued_at, expires_at
    ON quotes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER quotes_ended_once BEFORE UPDATE ON quotes FOR EACH ROW
    WHEN (num_nonnulls(OLD.used_by_booking_id, OLD.voided_at) > 0) EXECUTE FUNCTION refuse_change();
""",
)
