from marketplace.kit.migrations import script

ID = "m0022"
VERSION = "1.38.0"
DESCRIPTION = "Legs paid in parts and by the month, lost disputes, and refunds that people pay"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- A leg is paid once, in one payment or in several: wallets have caps. Months are numbered.
ALTER TABLE payments
    DROP CONSTRAINT payments_leg_check,
    ADD CONSTRAINT payments_leg_check CHECK (leg IN ('full', 'deposit', 'balance', 'month', 'extension', 'adjustment')),
    ADD COLUMN leg_number smallint NOT NULL DEFAULT 1 CONSTRAINT payments_leg_is_numbered CHECK (leg_number > 0),
    ADD COLUMN leg_amount bigint,
    ADD COLUMN lost_amount bigint NOT NULL DEFAULT 0;
UPDATE payments SET leg_amount = amount;
ALTER TABLE payments
    ALTER COLUMN leg_number DROP DEFAULT,
    ALTER COLUMN leg_amount SET NOT NULL,
    ADD CONSTRAINT payments_part_of_leg CHECK (amount <= leg_amount),
    ADD CONSTRAINT payments_lost_is_captured CHECK (lost_amount >= 0);
DROP INDEX payments_paid_leg;
DROP INDEX payments_open_leg;
CREATE UNIQUE INDEX payments_open_leg ON payments (booking_id, leg, leg_number)
    WHERE status IN ('created', 'pending') AND cancel_requested_at IS NULL;

-- Money beyond a leg is kept as surplus, to be given back, never turned away and never counted.
CREATE FUNCTION payments_within_leg() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    others bigint;
BEGIN
    PERFORM FROM payments
      WHERE (booking_id, leg, leg_number) = (NEW.booking_id, NEW.leg, NEW.leg_number) ORDER BY id FOR UPDATE;
    SELECT coalesce(sum(captured_amount), 0) INTO others FROM payments
      WHERE (booking_id, leg, leg_number) = (NEW.booking_id, NEW.leg, NEW.leg_number)
        AND status = 'succeeded' AND NOT surplus AND id <> NEW.id;
    IF others + NEW.captured_amount > NEW.leg_amount THEN
        RAISE EXCEPTION 'leg % of booking % is paid more than once', NEW.leg, NEW.booking_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_within_leg';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_within_leg AFTER INSERT OR UPDATE OF status, surplus, captured_amount ON payments
    FOR EACH ROW WHEN (NEW.status = 'succeeded' AND NOT NEW.surplus) EXECUTE FUNCTION payments_within_leg();

ALTER TABLE refunds
    DROP CONSTRAINT refunds_reason_check,
    ADD CONSTRAINT refunds_reason_check CHECK (reason IN
        ('cancellation', 'revocation', 'not_formed', 'late_payment', 'surplus_payment', 'unpaid', 'other'));

-- Whoever has the code may pay what is due for the booking, and learns nothing else of it.
CREATE TABLE pay_links (
    booking_id uuid PRIMARY KEY REFERENCES bookings,
    code       text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9_-]{11}$')
);

-- What a bank took back for good cannot be given back again.
CREATE OR REPLACE FUNCTION refunds_within_captured() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    captured bigint;
    promised bigint;
BEGIN
    SELECT captured_amount - lost_amount INTO captured FROM payments WHERE id = NEW.payment_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO promised FROM refunds WHERE payment_id = NEW.payment_id AND id <> NEW.id;
    IF promised + NEW.amount > coalesce(captured, 0) THEN
        RAISE EXCEPTION 'refunds of payment % exceed what was captured', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_within_captured';
    END IF;
    RETURN NEW;
END $$;

-- A refund that the provider could not make, until people have: one proposes, another approves.
CREATE TABLE refund_tasks (
    refund_id      uuid PRIMARY KEY REFERENCES refunds,
    cause          text NOT NULL,
    opened_at      timestamptz NOT NULL,
    proposed_by    uuid,
    proposed_at    timestamptz,
    bank_reference text CHECK (length(bank_reference) BETWEEN 4 AND 64),
    approved_by    uuid,
    done_at        timestamptz,
    CONSTRAINT refund_tasks_two_people CHECK (approved_by <> proposed_by),
    CONSTRAINT refund_tasks_are_proposed CHECK (num_nulls(proposed_by, proposed_at, bank_reference) IN (0, 3)),
    CONSTRAINT refund_tasks_are_approved CHECK (num_nulls(approved_by, done_at) IN (0, 2)),
    CONSTRAINT refund_tasks_in_order CHECK (approved_by IS NULL OR proposed_by IS NOT NULL)
);
CREATE INDEX refund_tasks_open ON refund_tasks (opened_at) WHERE done_at IS NULL;
INSERT INTO refund_tasks (refund_id, cause, opened_at)
    SELECT id, coalesce(failure_code, 'unknown'), coalesce(settled_at, requested_at) FROM refunds WHERE status = 'manual';

-- 民法典 586 (R15): 定金 of at most a fifth of the price.
CREATE FUNCTION deposit_is_lawful(schedule jsonb, total bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum((leg ->> 'amount')::bigint) FILTER (WHERE leg ->> 'leg' = 'deposit'), 0) * 5 <= total
      FROM jsonb_array_elements(schedule) AS leg
$$;
ALTER TABLE quotes ADD CONSTRAINT quotes_deposit_is_lawful CHECK (deposit_is_lawful(schedule, total_amount));
ALTER TABLE bookings ADD CONSTRAINT bookings_deposit_is_lawful CHECK (deposit_is_lawful(schedule, total_amount));
""",
)
