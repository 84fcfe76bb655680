from marketplace.kit.migrations import script

ID = "m0032"
VERSION = "1.38.0"
DESCRIPTION = "The public register's feed of changes"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- What was decided in one transaction is published with it.
ALTER TABLE certification_history ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();

-- One row for each transaction that changed what the public may read of an institution. It is written by triggers, so
-- that no path through this database changes the register unnoticed.
CREATE TABLE register_changes (
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    institution_id uuid NOT NULL REFERENCES institutions,
    published_at   timestamptz NOT NULL,
    PRIMARY KEY (transaction_id, institution_id)
);
CREATE INDEX register_changes_institution ON register_changes (institution_id, transaction_id);

CREATE FUNCTION note_register_change(changed uuid) RETURNS void LANGUAGE sql AS $$
    -- Development may have moved the clock of the whole system.
    INSERT INTO register_changes (institution_id, published_at)
    VALUES (changed, clock_timestamp() + coalesce((SELECT offset_s FROM clock_offset), 0) * interval '1 second')
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION note_certification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_register_change(NEW.institution_id);
    RETURN NULL;
END $$;
CREATE TRIGGER certifications_published AFTER INSERT OR UPDATE ON certifications
    FOR EACH ROW WHEN (NEW.status NOT IN ('draft', 'submitted', 'correction_requested', 'county_passed',
                                          'prefecture_passed', 'assessed', 'publicity'))
    EXECUTE FUNCTION note_certification();

CREATE FUNCTION note_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_register_change(c.institution_id) FROM certifications c WHERE c.id = NEW.certification_id;
    RETURN NULL;
END $$;
CREATE TRIGGER certification_history_published AFTER INSERT ON certification_history
    FOR EACH ROW EXECUTE FUNCTION note_history();

-- The facts of an institution, and the services of its listing, are of the register once it has been certified.
CREATE FUNCTION note_institution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_register_change(NEW.id) WHERE EXISTS (SELECT FROM certifications WHERE institution_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER institutions_published AFTER UPDATE ON institutions
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION note_institution();

CREATE FUNCTION note_listing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_register_change(NEW.institution_id)
      WHERE EXISTS (SELECT FROM certifications WHERE institution_id = NEW.institution_id);
    RETURN NULL;
END $$;
CREATE TRIGGER listings_published AFTER INSERT OR UPDATE OF services ON listings
    FOR EACH ROW EXECUTE FUNCTION note_listing();

INSERT INTO register_changes (institution_id, published_at)
    SELECT institution_id, max(granted_at) FROM certifications GROUP BY institution_id;
""",
)
