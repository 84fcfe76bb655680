from marketplace.kit.migrations import script

ID = "m0023"
VERSION = "1.38.0"
DESCRIPTION = "Settlement: payees, what they earned, transfers to them and what was taken back"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Who is paid for an institution. The bank account is known to the provider only; we keep the name of its account there.
CREATE TABLE payees (
    institution_id      uuid PRIMARY KEY REFERENCES institutions,
    provider_account_id text UNIQUE,
    status              text NOT NULL CHECK (status IN ('pending', 'active', 'restricted')),
    commission_bps      integer NOT NULL CHECK (commission_bps BETWEEN 0 AND 10000),
    transfer_after_days integer NOT NULL CHECK (transfer_after_days BETWEEN 0 AND 60),
    created_at          timestamptz NOT NULL,
    checked_at          timestamptz,
    CHECK (status = 'pending' OR provider_account_id IS NOT NULL)
);

-- A period of a stay that has become the institution's, less our commission.
CREATE TABLE earnings (
    id                       uuid PRIMARY KEY,
    booking_id               uuid NOT NULL REFERENCES bookings,
    institution_id           uuid NOT NULL REFERENCES institutions,
    period                   text NOT NULL,
    first_on                 date NOT NULL,
    end_on                   date NOT NULL CHECK (end_on > first_on),
    amount                   bigint NOT NULL CHECK (amount > 0),
    commission_bps           integer NOT NULL,
    payable_amount           bigint NOT NULL CHECK (payable_amount BETWEEN 0 AND amount),
    unearned_amount          bigint NOT NULL CHECK (unearned_amount BETWEEN 0 AND amount),
    unearned_payable_amount  bigint NOT NULL CHECK (unearned_payable_amount BETWEEN 0 AND payable_amount),
    currency                 text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    earned_at                timestamptz NOT NULL,
    UNIQUE (booking_id, period),
    UNIQUE (id, payable_amount),
    -- A night is earned once.
    EXCLUDE USING gist (booking_id WITH =, daterange(first_on, end_on) WITH &&)
);
CREATE INDEX earnings_institution ON earnings (institution_id, id);

-- From which night on a stay was not served, once a booking: what is earned of it ends there.
CREATE TABLE unserved_stays (
    booking_id    uuid PRIMARY KEY REFERENCES bookings,
    from_on       date NOT NULL,
    cause         text NOT NULL,
    refund_amount bigint NOT NULL CHECK (refund_amount >= 0),
    decided_at    timestamptz NOT NULL
);

CREATE TABLE transfers (
    id                   uuid PRIMARY KEY,
    earning_id           uuid NOT NULL UNIQUE,
    booking_id           uuid NOT NULL REFERENCES bookings,
    institution_id       uuid NOT NULL REFERENCES institutions,
    payable_amount       bigint NOT NULL,
    amount               bigint NOT NULL CHECK (amount >= 0),
    netted_amount        bigint NOT NULL CHECK (netted_amount >= 0),
    reversed_amount      bigint NOT NULL CHECK (reversed_amount >= 0),
    currency             text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status               text NOT NULL CHECK (status IN ('planned', 'submitted', 'succeeded', 'cancelled')),
    due_at               timestamptz NOT NULL,
    attempt              integer NOT NULL CHECK (attempt >= 1),
    attempted_at         timestamptz,
    destination          text,
    provider_transfer_id text UNIQUE,
    failure_code         text,
    planned_at           timestamptz NOT NULL,
    settled_at           timestamptz,
    -- Never more than was earned, never more taken back than was sent.
    FOREIGN KEY (earning_id, payable_amount) REFERENCES earnings (id, payable_amount),
    CHECK (amount + netted_amount <= payable_amount),
    CHECK (reversed_amount <= amount),
    CHECK ((status IN ('succeeded', 'cancelled')) = (settled_at IS NOT NULL)),
    CHECK (status <> 'submitted' OR (destination IS NOT NULL AND attempted_at IS NOT NULL)),
    CHECK (status <> 'succeeded' OR amount = 0 OR provider_transfer_id IS NOT NULL)
);
CREATE INDEX transfers_booking ON transfers (booking_id, id);
CREATE INDEX transfers_institution ON transfers (institution_id, id);
CREATE INDEX transfers_due ON transfers (due_at) WHERE settled_at IS NULL;

CREATE TABLE transfer_reversals (
    id                   uuid PRIMARY KEY,
    transfer_id          uuid NOT NULL REFERENCES transfers,
    booking_id           uuid NOT NULL REFERENCES bookings,
    institution_id       uuid NOT NULL REFERENCES institutions,
    amount               bigint NOT NULL CHECK (amount > 0),
    currency             text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    cause                text NOT NULL,
    status               text NOT NULL CHECK (status IN ('requested', 'succeeded', 'owed')),
    attempted_at         timestamptz,
    provider_reversal_id text UNIQUE,
    failure_code         text,
    requested_at         timestamptz NOT NULL,
    settled_at           timestamptz,
    UNIQUE (transfer_id, cause),
    CHECK ((status = 'requested') = (settled_at IS NULL)),
    CHECK (status <> 'succeeded' OR provider_reversal_id IS NOT NULL)
);
CREATE INDEX transfer_reversals_booking ON transfer_reversals (booking_id);
CREATE INDEX transfer_reversals_institution ON transfer_reversals (institution_id);
CREATE INDEX transfer_reversals_open ON transfer_reversals (requested_at) WHERE settled_at IS NULL;
""",
)
