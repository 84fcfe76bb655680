from marketplace.kit.migrations import script

ID = "m0009"
VERSION = "1.38.0"
DESCRIPTION = "Payments, refunds and the provider's inbox"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE payments (
    id                  uuid PRIMARY KEY,
    booking_id          uuid NOT NULL,
    institution_id      uuid NOT NULL REFERENCES institutions,
    partner_id          uuid REFERENCES partners,
    leg                 text NOT NULL CHECK (leg IN ('full', 'deposit', 'balance')),
    method              text NOT NULL CHECK (method IN ('card', 'alipay', 'wechat_pay')),
    amount              bigint NOT NULL CHECK (amount > 0),
    currency            text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status              text NOT NULL CHECK (status IN ('created', 'pending', 'succeeded', 'failed', 'cancelled')),
    attempt             integer NOT NULL CHECK (attempt >= 1),
    attempted_at        timestamptz,
    expires_at          timestamptz NOT NULL,
    provider_session_id text UNIQUE,
    provider_intent_id  text UNIQUE,
    checkout_url        text,
    captured_amount     bigint CHECK (captured_amount > 0),
    surplus             boolean NOT NULL,
    failure_code        text,
    opened_at           timestamptz NOT NULL,
    cancel_requested_at timestamptz,
    checked_at          timestamptz,
    settled_at          timestamptz,
    CHECK ((status = 'succeeded') = (captured_amount IS NOT NULL)),
    CHECK ((status IN ('created', 'pending')) = (settled_at IS NULL)),
    CHECK (status NOT IN ('pending', 'succeeded') OR provider_session_id IS NOT NULL),
    CHECK (provider_session_id IS NULL OR attempted_at IS NOT NULL),
    CHECK (status = 'succeeded' OR NOT surplus)
);
CREATE INDEX payments_booking ON payments (booking_id, id);
CREATE INDEX payments_institution ON payments (institution_id);
CREATE INDEX payments_partner ON payments (partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX payments_unsettled ON payments (attempted_at) WHERE settled_at IS NULL AND attempted_at IS NOT NULL;
-- A leg is paid once; money that comes a second time is kept as surplus, to be given back, never turned away.
CREATE UNIQUE INDEX payments_paid_leg ON payments (booking_id, leg) WHERE status = 'succeeded' AND NOT surplus;
CREATE UNIQUE INDEX payments_open_leg ON payments (booking_id, leg)
    WHERE status IN ('created', 'pending') AND cancel_requested_at IS NULL;

CREATE TABLE refunds (
    id                 uuid PRIMARY KEY,
    payment_id         uuid NOT NULL REFERENCES payments,
    booking_id         uuid NOT NULL,
    institution_id     uuid NOT NULL REFERENCES institutions,
    partner_id         uuid REFERENCES partners,
    amount             bigint NOT NULL CHECK (amount > 0),
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    reason             text NOT NULL CHECK (reason IN
        ('cancellation', 'revocation', 'not_formed', 'late_payment', 'surplus_payment', 'other')),
    status             text NOT NULL CHECK (status IN
        ('requested', 'submitted', 'pending', 'succeeded', 'failed', 'manual')),
    dedupe             text NOT NULL UNIQUE,
    attempted_at       timestamptz,
    provider_refund_id text UNIQUE,
    failure_code       text,
    requested_at       timestamptz NOT NULL,
    checked_at         timestamptz,
    settled_at         timestamptz,
    CHECK ((status IN ('requested', 'submitted', 'pending')) = (settled_at IS NULL)),
    CHECK ((status = 'requested') = (attempted_at IS NULL)),
    CHECK (status NOT IN ('pending', 'succeeded') OR provider_refund_id IS NOT NULL)
);
CREATE INDEX refunds_payment ON refunds (payment_id, id);
CREATE INDEX refunds_booking ON refunds (booking_id, id);
CREATE INDEX refunds_institution ON refunds (institution_id);
CREATE INDEX refunds_partner ON refunds (partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX refunds_unsettled ON refunds (requested_at) WHERE settled_at IS NULL;

-- Every refund counts, a failed one too: it is then paid by hand, so the money is promised all the same.
CREATE FUNCTION refunds_within_captured() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    captured bigint;
    promised bigint;
BEGIN
    SELECT captured_amount INTO captured FROM payments WHERE id = NEW.payment_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO promised FROM refunds WHERE payment_id = NEW.payment_id AND id <> NEW.id;
    IF promised + NEW.amount > coalesce(captured, 0) THEN
        RAISE EXCEPTION 'refunds of payment % exceed what was captured', NEW.payment_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_within_captured';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refunds_within_captured BEFORE INSERT OR UPDATE OF amount, payment_id ON refunds
    FOR EACH ROW EXECUTE FUNCTION refunds_within_captured();

-- What was captured is a fact of the provider's books: refunds are measured by it, so it never changes again.
CREATE FUNCTION captured_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payment % has been captured and cannot be rewritten', OLD.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'payments_captured_stays';
END $$;
CREATE TRIGGER payments_captured_stays BEFORE UPDATE OF captured_amount, amount, currency, status ON payments
    FOR EACH ROW WHEN (OLD.status = 'succeeded' AND (NEW.captured_amount, NEW.amount, NEW.currency, NEW.status)
        IS DISTINCT FROM (OLD.captured_amount, OLD.amount, OLD.currency, OLD.status))
    EXECUTE FUNCTION captured_stays();

CREATE TABLE provider_events (
    id                uuid PRIMARY KEY,
    provider_event_id text NOT NULL UNIQUE,
    type              text NOT NULL,
    object_id         text NOT NULL,
    subject_kind      text NOT NULL CHECK (subject_kind IN ('payment', 'refund', 'ignored')),
    subject_id        uuid,
    payload           bytea NOT NULL,
    signed_at         timestamptz[] NOT NULL,
    received_at       timestamptz NOT NULL,
    applied_at        timestamptz,
    CHECK ((subject_kind = 'ignored') = (subject_id IS NULL))
);
CREATE INDEX provider_events_unapplied ON provider_events (received_at) WHERE applied_at IS NULL;
CREATE INDEX provider_events_age ON provider_events (received_at) WHERE applied_at IS NOT NULL;
""",
)
