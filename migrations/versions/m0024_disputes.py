from marketplace.kit.migrations import script

ID = "m0024"
VERSION = "1.38.0"
DESCRIPTION = "Disputes: money that a payer's bank has taken back until it decides"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- No limit by what was captured: through exchange rates a dispute may be larger than its payment.
CREATE TABLE disputes (
    id                  uuid PRIMARY KEY,
    payment_id          uuid NOT NULL REFERENCES payments,
    booking_id          uuid NOT NULL,
    institution_id      uuid NOT NULL REFERENCES institutions,
    provider_dispute_id text NOT NULL UNIQUE,
    amount              bigint NOT NULL CHECK (amount > 0),
    currency            text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    reason              text NOT NULL,
    status              text NOT NULL CHECK (status IN ('open', 'won', 'lost')),
    opened_at           timestamptz NOT NULL,
    checked_at          timestamptz NOT NULL,
    settled_at          timestamptz,
    CHECK ((status = 'open') = (settled_at IS NULL))
);
CREATE INDEX disputes_payment ON disputes (payment_id);
CREATE INDEX disputes_booking ON disputes (booking_id);
CREATE INDEX disputes_institution ON disputes (institution_id);
CREATE INDEX disputes_open ON disputes (checked_at) WHERE settled_at IS NULL;
""",
)
