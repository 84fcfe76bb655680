from marketplace.kit.migrations import script

ID = "m0021"
VERSION = "1.38.0"
DESCRIPTION = "Money of before the ledger; the provider's balance, entry by entry; what verifications of money found"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Money that moved before there was a ledger is posted as it would have been.
WITH facts AS (
    SELECT 1 AS step, settled_at AS at, 'cap:' || id AS dedupe, 'capture' AS kind, booking_id, institution_id,
           provider_intent_id AS ref, 'asset:stripe' AS debit, 'liability:customer_held' AS credit,
           captured_amount AS amount, currency
      FROM payments WHERE status = 'succeeded'
    UNION ALL
    SELECT 2, requested_at, 'refreq:' || id, 'refund_requested', booking_id, institution_id, NULL,
           'liability:customer_held', 'liability:refund_pending', amount, currency
      FROM refunds
    UNION ALL
    SELECT 3, coalesce(settled_at, attempted_at), 'ref:' || id, 'refund_taken', booking_id, institution_id,
           provider_refund_id, 'liability:refund_pending', 'asset:stripe', amount, currency
      FROM refunds WHERE provider_refund_id IS NOT NULL
    UNION ALL
    SELECT 4, settled_at, 'reffail:' || id, 'refund_failed', booking_id, institution_id,
           provider_refund_id, 'asset:stripe', 'liability:refund_pending', amount, currency
      FROM refunds WHERE provider_refund_id IS NOT NULL AND status IN ('failed', 'manual')
), posted AS (
    INSERT INTO ledger_journals (dedupe, kind, booking_id, institution_id, provider_ref, posted_at)
    SELECT dedupe, kind, booking_id, institution_id, ref, at FROM facts ORDER BY at, step, dedupe
    RETURNING id, dedupe
)
INSERT INTO ledger_entries (journal_id, line, account, subject_id, institution_id, amount, currency)
SELECT posted.id, line, account, CASE account WHEN 'liability:customer_held' THEN booking_id END, institution_id,
       sign * amount, currency
  FROM facts JOIN posted USING (dedupe), LATERAL (VALUES (1, debit, 1), (2, credit, -1)) AS lines (line, account, sign);

-- Every movement of our balance at the provider, by its own books, and the journal of ours that explains it: one to one.
CREATE TABLE provider_balance_entries (
    id                uuid PRIMARY KEY,
    provider_entry_id text NOT NULL UNIQUE,
    type              text NOT NULL,
    source_ref        text,
    amount            bigint NOT NULL,
    fee_amount        bigint NOT NULL,
    currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    charged_amount    bigint NOT NULL,
    charged_currency  text NOT NULL CHECK (charged_currency ~ '^[A-Z]{3}$'),
    booked_at         timestamptz NOT NULL,
    seen_at           timestamptz NOT NULL,
    journal_id        bigint UNIQUE REFERENCES ledger_journals,
    suspended_at      timestamptz,
    matched_at        timestamptz,
    CHECK ((journal_id IS NULL) = (matched_at IS NULL))
);
CREATE INDEX provider_balance_entries_unmatched ON provider_balance_entries (booked_at) WHERE matched_at IS NULL;
CREATE INDEX provider_balance_entries_booked ON provider_balance_entries (booked_at);

CREATE TABLE money_verifications (
    id            uuid PRIMARY KEY,
    verified_at   timestamptz NOT NULL,
    finding_count integer NOT NULL CHECK (finding_count >= 0)
);
CREATE INDEX money_verifications_at ON money_verifications (verified_at DESC);
""",
)
