from marketplace.kit.migrations import script

ID = "m0046"
VERSION = "1.38.0"
DESCRIPTION = "Events of the provider about disputes, transfers and payees"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
ALTER TABLE provider_events DROP CONSTRAINT provider_events_subject_kind_check;
ALTER TABLE provider_events ADD CONSTRAINT provider_events_subject_kind_check
    CHECK (subject_kind IN ('payment', 'refund', 'dispute', 'transfer', 'payee', 'ignored'));
-- A dispute is the bank's and carries nothing of ours: object_id says which it is.
ALTER TABLE provider_events DROP CONSTRAINT provider_events_check;
ALTER TABLE provider_events ADD CONSTRAINT provider_events_subject_named
    CHECK ((subject_kind IN ('dispute', 'ignored')) = (subject_id IS NULL));
""",
)
