from marketplace.kit.migrations import script

ID = "m0041"
VERSION = "1.38.0"
DESCRIPTION = "Whose money a refund is, interest, and what is earned beside nights"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
INSERT INTO ledger_accounts (code, subject, name_zh, name_en) VALUES
    ('liability:subsidy', 'none', '待退补贴', 'Subsidies to go back to their source');

-- How much of a refund had been earned and was taken back for it; the rest was held for the booking.
ALTER TABLE refunds
    ADD COLUMN institution_amount bigint NOT NULL DEFAULT 0 CHECK (institution_amount >= 0),
    ADD COLUMN platform_amount bigint NOT NULL DEFAULT 0 CHECK (platform_amount >= 0),
    ADD COLUMN subsidy_amount bigint NOT NULL DEFAULT 0 CHECK (subsidy_amount >= 0),
    ADD CONSTRAINT refunds_shares_within CHECK (institution_amount + platform_amount + subsidy_amount <= amount),
    DROP CONSTRAINT refunds_reason_check,
    ADD CONSTRAINT refunds_reason_check CHECK (reason IN ('cancellation', 'institution', 'revocation', 'not_formed',
        'late_payment', 'surplus_payment', 'unpaid', 'left_early', 'credit', 'interest', 'other')),
    -- Interest is never asked of the provider: it gives back no more than it took.
    ADD CONSTRAINT refunds_interest_is_paid_by_hand CHECK (reason <> 'interest'
        OR (status = 'manual' AND provider_refund_id IS NULL AND institution_amount = amount));
ALTER TABLE refunds
    ALTER COLUMN institution_amount DROP DEFAULT,
    ALTER COLUMN platform_amount DROP DEFAULT,
    ALTER COLUMN subsidy_amount DROP DEFAULT;

-- Interest comes on top of what a payment brought in.
CREATE OR REPLACE FUNCTION refunds_within_captured() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    captured bigint;
    promised bigint;
BEGIN
    IF NEW.reason = 'interest' THEN
        RETURN NEW;
    END IF;
    SELECT captured_amount - lost_amount INTO captured FROM payments WHERE id = NEW.payment_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO promised FROM refunds
     WHERE payment_id = NEW.payment_id AND id <> NEW.id AND reason <> 'interest';
    IF promised + NEW.amount > coalesce(captured, 0) THEN
        RAISE EXCEPTION 'refunds of payment % exceed what was captured', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_within_captured';
    END IF;
    RETURN NEW;
END $$;

-- Beside nights, what a cancellation or an early departure leaves is earned too, and what guests agreed to pay on top.
ALTER TABLE earnings ADD COLUMN kind text NOT NULL DEFAULT 'nights' CHECK (kind IN ('nights', 'kept', 'adjustment'));
ALTER TABLE earnings ALTER COLUMN kind DROP DEFAULT;
DO $$ DECLARE found text; BEGIN
    SELECT conname INTO STRICT found FROM pg_constraint WHERE conrelid = 'earnings'::regclass AND contype = 'x';
    EXECUTE format('ALTER TABLE earnings DROP CONSTRAINT %I', found);
END $$;
ALTER TABLE earnings ADD CONSTRAINT earnings_a_night_once
    EXCLUDE USING gist (booking_id WITH =, daterange(first_on, end_on) WITH &&) WHERE (kind = 'nights');
""",
)
