from marketplace.kit.migrations import script

ID = "m0020"
VERSION = "1.38.0"
DESCRIPTION = "The ledger: accounts, journals, entries, balances and snapshots"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- A balance belongs to an account, to a subject where the account has one, and to a currency. Booking and institution ids
-- point at domains above, or are wanted after those are gone, so they carry no foreign key.
CREATE TABLE ledger_accounts (
    code    text PRIMARY KEY CHECK (code ~ '^(asset|liability|income|expense|fx|suspense):[a-z_]+$'),
    subject text NOT NULL CHECK (subject IN ('none', 'booking', 'institution')),
    name_zh text NOT NULL,
    name_en text NOT NULL
);
INSERT INTO ledger_accounts (code, subject, name_zh, name_en) VALUES
    ('asset:stripe', 'none', '支付渠道余额', 'Balance at the payment provider'),
    ('asset:bank', 'none', '平台银行账户', 'The platform''s bank account'),
    ('asset:dispute_hold', 'none', '争议冻结款', 'Held by the provider for disputes'),
    ('asset:institution_receivable', 'institution', '应收机构款', 'Owed by an institution'),
    ('liability:customer_held', 'booking', '代收客户款', 'Held for a customer''s booking'),
    ('liability:institution_payable', 'institution', '应付机构款', 'Earned by an institution, not yet transferred'),
    ('liability:refund_pending', 'none', '待退款', 'Promised refunds not yet taken by the provider'),
    ('income:commission', 'none', '平台佣金', 'The platform''s commission'),
    ('expense:psp_fee', 'none', '支付手续费', 'Fees of the payment provider'),
    ('expense:goodwill', 'none', '平台补偿', 'Borne by the platform for a customer or institution'),
    ('fx:clearing', 'none', '外汇清算', 'Currency conversion in progress'),
    ('fx:gain_loss', 'none', '汇兑损益', 'Gain and loss of conversion'),
    ('suspense:unmatched', 'none', '待查款', 'At the provider, but matched by nothing of ours');

CREATE TABLE ledger_journals (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dedupe         text NOT NULL UNIQUE CHECK (length(dedupe) BETWEEN 5 AND 200),
    kind           text NOT NULL,
    booking_id     uuid,
    institution_id uuid,
    provider_ref   text,
    posted_at      timestamptz NOT NULL
);
CREATE INDEX ledger_journals_booking ON ledger_journals (booking_id, id) WHERE booking_id IS NOT NULL;
CREATE INDEX ledger_journals_institution ON ledger_journals (institution_id, id) WHERE institution_id IS NOT NULL;
CREATE INDEX ledger_journals_provider_ref ON ledger_journals (provider_ref) WHERE provider_ref IS NOT NULL;

-- Debit is positive, credit negative.
CREATE TABLE ledger_entries (
    journal_id     bigint NOT NULL REFERENCES ledger_journals,
    line           smallint NOT NULL CHECK (line > 0),
    account        text NOT NULL REFERENCES ledger_accounts,
    subject_id     uuid,
    institution_id uuid,
    amount         bigint NOT NULL CHECK (amount <> 0),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    PRIMARY KEY (journal_id, line),
    CONSTRAINT ledger_entries_subject CHECK ((subject_id IS NOT NULL) = (account IN
        ('liability:customer_held', 'liability:institution_payable', 'asset:institution_receivable')))
);
CREATE INDEX ledger_entries_account ON ledger_entries (account, subject_id, currency, journal_id) INCLUDE (amount);
CREATE INDEX ledger_entries_institution ON ledger_entries (institution_id, journal_id) WHERE institution_id IS NOT NULL;

-- Looked at when the transaction commits: a journal has entries, and they sum to zero in each currency.
CREATE FUNCTION ledger_balances_out() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked bigint := CASE WHEN TG_TABLE_NAME = 'ledger_journals' THEN (to_jsonb(NEW) ->> 'id')::bigint
                           ELSE (to_jsonb(NEW) ->> 'journal_id')::bigint END;
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_entries WHERE journal_id = checked) THEN
        RAISE EXCEPTION 'journal % has no entries', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_journals_have_entries';
    END IF;
    IF EXISTS (SELECT FROM ledger_entries WHERE journal_id = checked GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'journal % does not balance', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_journals_balance';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_journals_balance AFTER INSERT ON ledger_journals
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances_out();
-- A line that is added to an older journal is looked at too.
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances_out();

CREATE TRIGGER ledger_journals_append_only BEFORE UPDATE OR DELETE ON ledger_journals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_journals_no_truncate BEFORE TRUNCATE ON ledger_journals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entries_no_truncate BEFORE TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Every balance that was not zero at the end of journal `journal_id`, so that the view reads only what came after.
CREATE TABLE ledger_snapshots (
    id         uuid PRIMARY KEY,
    taken_on   date NOT NULL UNIQUE,
    journal_id bigint NOT NULL,
    taken_at   timestamptz NOT NULL
);
CREATE INDEX ledger_snapshots_newest ON ledger_snapshots (journal_id DESC, taken_on DESC);
CREATE TABLE ledger_snapshot_balances (
    snapshot_id    uuid NOT NULL REFERENCES ledger_snapshots,
    account        text NOT NULL REFERENCES ledger_accounts,
    subject_id     uuid,
    currency       text NOT NULL,
    balance_amount bigint NOT NULL CHECK (balance_amount <> 0),
    UNIQUE NULLS NOT DISTINCT (snapshot_id, account, subject_id, currency)
);
CREATE INDEX ledger_snapshot_balances_account ON ledger_snapshot_balances (account, subject_id);

CREATE VIEW ledger_balances AS
WITH newest AS (SELECT id, journal_id FROM ledger_snapshots ORDER BY journal_id DESC, taken_on DESC LIMIT 1)
SELECT account, subject_id, currency, sum(amount)::bigint AS balance_amount
  FROM (SELECT account, subject_id, currency, balance_amount AS amount
          FROM ledger_snapshot_balances WHERE snapshot_id = (SELECT id FROM newest)
        UNION ALL
        SELECT account, subject_id, currency, amount
          FROM ledger_entries WHERE journal_id > coalesce((SELECT journal_id FROM newest), 0)) AS parts
 GROUP BY account, subject_id, currency;

-- The role that the application's login is to be a member of in production: it adds to the ledger and never rewrites it.
-- Where this login may not make roles, its operator makes it and grants the same.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'marketplace_app') THEN
        CREATE ROLE marketplace_app NOLOGIN;
    END IF;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    RAISE NOTICE 'role marketplace_app is left to the operator';
END $$;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'marketplace_app') THEN
        GRANT USAGE ON SCHEMA public TO marketplace_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO marketplace_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO marketplace_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO marketplace_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO marketplace_app;
        REVOKE INSERT, UPDATE, DELETE ON ledger_accounts FROM marketplace_app;
        REVOKE UPDATE, DELETE ON ledger_journals, ledger_entries, ledger_snapshots, ledger_snapshot_balances
            FROM marketplace_app;
    END IF;
END $$;
REVOKE ALL ON ledger_journals, ledger_entries, ledger_snapshots, ledger_snapshot_balances FROM PUBLIC;
""",
)
