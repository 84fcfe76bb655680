from marketplace.kit.migrations import script

ID = "m0045"
VERSION = "1.38.0"
DESCRIPTION = "What the application's login may do with the books"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- A snapshot lets all writers finish first, which is a lock; MAINTAIN gives that and no way to rewrite a row.
-- Nothing else of the books may be rewritten either, nor the history of migrations.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'marketplace_app') THEN
        GRANT MAINTAIN ON ledger_journals TO marketplace_app;
        REVOKE INSERT, UPDATE, DELETE ON ledger_accounts FROM marketplace_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON ledger_journals, ledger_entries, ledger_snapshots, ledger_snapshot_balances
            FROM marketplace_app;
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON migration FROM marketplace_app;
    END IF;
END $$;
""",
)
