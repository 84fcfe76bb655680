from marketplace.kit.migrations import script

ID = "m0038"
VERSION = "1.38.0"
DESCRIPTION = (
    "What brings a visit forward: complaints, incidents, stays that institutions cancelled; what each signal caused"
)

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- What people write may name anybody and say anything about their health, so all of it is sealed.
CREATE TABLE complaints (
    id               uuid PRIMARY KEY,
    booking_id       uuid NOT NULL REFERENCES bookings,
    institution_id   uuid NOT NULL REFERENCES institutions,
    complainant_kind text NOT NULL CHECK (complainant_kind IN ('family', 'partner')),
    complainant_id   uuid NOT NULL,
    subject          text NOT NULL CHECK (subject IN
                         ('safety', 'care', 'food', 'hygiene', 'price', 'refund', 'contract', 'information', 'conduct',
                          'abuse', 'other')),
    status           text NOT NULL CHECK (status IN ('received', 'referred', 'replied', 'answered')),
    statement        bytea NOT NULL,
    received_at      timestamptz NOT NULL,
    referral         bytea,
    referred_by      uuid,
    referred_at      timestamptz,
    reply            bytea,
    replied_by       uuid,
    replied_at       timestamptz,
    outcome          text CHECK (outcome IN ('substantiated', 'partly_substantiated', 'unsubstantiated')),
    answer           bytea,
    answered_by      uuid,
    answered_at      timestamptz,
    CONSTRAINT complaints_referred CHECK (num_nonnulls(referral, referred_by, referred_at) IN (0, 3)),
    CONSTRAINT complaints_replied CHECK (num_nonnulls(reply, replied_by, replied_at) IN (0, 3)),
    CONSTRAINT complaints_answered CHECK
        (num_nonnulls(outcome, answer, answered_by, answered_at) = CASE status WHEN 'answered' THEN 4 ELSE 0 END),
    CONSTRAINT complaints_in_order CHECK (status NOT IN ('referred', 'replied') OR referred_at IS NOT NULL),
    CONSTRAINT complaints_reply_after_referral CHECK (replied_at IS NULL OR referred_at IS NOT NULL)
);
-- One stay counts once until it has been answered, however often somebody writes.
CREATE UNIQUE INDEX complaints_open ON complaints (booking_id) WHERE status <> 'answered';
CREATE INDEX complaints_booking ON complaints (booking_id);
CREATE INDEX complaints_institution ON complaints (institution_id, id);
CREATE INDEX complaints_complainant ON complaints (complainant_id, id);

CREATE TABLE incidents (
    id             uuid PRIMARY KEY,
    institution_id uuid NOT NULL REFERENCES institutions,
    kind           text NOT NULL CHECK (kind IN
                       ('choking', 'misingestion', 'pressure_injury', 'scald', 'bed_fall', 'fall', 'wandering', 'harm',
                        'activity', 'fire', 'food_poisoning', 'infection', 'death', 'abuse', 'other')),
    severity       text NOT NULL CHECK (severity IN ('minor', 'serious', 'grave')),
    status         text NOT NULL CHECK (status IN ('reported', 'concluded')),
    occurred_at    timestamptz NOT NULL,
    statement      bytea NOT NULL,
    reported_kind  text NOT NULL CHECK (reported_kind IN ('institution', 'officer')),
    reported_by    uuid NOT NULL,
    reported_at    timestamptz NOT NULL,
    outcome        text CHECK (outcome IN ('confirmed', 'unfounded')),
    conclusion     bytea,
    concluded_by   uuid,
    concluded_at   timestamptz,
    CONSTRAINT incidents_happened_before CHECK (occurred_at <= reported_at),
    CONSTRAINT incidents_concluded CHECK
        (num_nonnulls(outcome, conclusion, concluded_by, concluded_at) = CASE status WHEN 'concluded' THEN 4 ELSE 0 END)
);
CREATE INDEX incidents_institution ON incidents (institution_id, id);

-- A stay that an institution could not honour, and what it owes for that beside the refund (法释〔2025〕4号 art. 15).
CREATE TABLE institution_cancellations (
    booking_id      uuid PRIMARY KEY REFERENCES bookings,
    institution_id  uuid NOT NULL REFERENCES institutions,
    cause           text NOT NULL CHECK (cause IN ('overbooked', 'out_of_service', 'staffing', 'closing', 'other')),
    refund_amount   bigint NOT NULL CHECK (refund_amount >= 0),
    interest_amount bigint NOT NULL CHECK (interest_amount >= 0),
    cancelled_by    uuid NOT NULL,
    cancelled_at    timestamptz NOT NULL
);
CREATE INDEX institution_cancellations_institution ON institution_cancellations (institution_id, cancelled_at);

ALTER TABLE refunds
    DROP CONSTRAINT refunds_reason_check,
    ADD CONSTRAINT refunds_reason_check CHECK (reason IN
        ('cancellation', 'institution', 'revocation', 'not_formed', 'late_payment', 'surplus_payment', 'unpaid', 'other'));

-- The visit that a signal ordered or brought forward; none when the policy's trigger was not reached.
ALTER TABLE certification_signals ADD COLUMN assessment_id uuid REFERENCES assessment_orders;
CREATE INDEX certification_signals_assessment ON certification_signals (assessment_id);
""",
)
