from marketplace.kit.migrations import script

ID = "m0034"
VERSION = "1.38.0"
DESCRIPTION = (
    "The visit of an application is an assessment like any other: findings, two assessors, preview, publication"
)

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Points by block from one officer explain nothing. They were entered while this was being built, and never released.
DELETE FROM assessment_orders WHERE rubric IS NOT NULL AND revision = 0;
UPDATE certification_applications SET status = 'withdrawn', decided_at = now()
 WHERE status IN ('prefecture_passed', 'assessed', 'publicity', 'objection_review');

-- An assessment is of an application until its certificate is issued, and from then on of the certification as well.
ALTER TABLE assessment_orders
    ALTER COLUMN certification_id DROP NOT NULL,
    ADD COLUMN application_id uuid REFERENCES certification_applications,
    ADD COLUMN institution_id uuid REFERENCES institutions;
UPDATE assessment_orders a SET institution_id = c.institution_id FROM certifications c WHERE c.id = a.certification_id;
ALTER TABLE assessment_orders
    ALTER COLUMN institution_id SET NOT NULL,
    ADD CONSTRAINT assessment_orders_subject CHECK (num_nonnulls(certification_id, application_id) > 0),
    DROP CONSTRAINT assessment_orders_reason_check,
    ADD CONSTRAINT assessment_orders_reason CHECK (reason IN ('application', 'schedule', 'complaint', 'incident',
        'overdue_rectification', 'institution_cancellation', 'inspection', 'confirmed_abuse')),
    ADD CONSTRAINT assessment_orders_findings CHECK ((rubric IS NULL) = (revision = 0));
CREATE UNIQUE INDEX assessment_orders_application ON assessment_orders (application_id);
CREATE INDEX assessment_orders_institution ON assessment_orders (institution_id);

-- The result is the assessment's; this also drops the checks that spoke of it.
ALTER TABLE certification_applications
    DROP COLUMN rubric,
    DROP COLUMN scores,
    DROP COLUMN score,
    DROP COLUMN grade,
    DROP COLUMN assessed_on,
    DROP COLUMN assessed_by,
    ADD CONSTRAINT certification_applications_certified CHECK
        (status <> 'certified' OR kind = 'renewal'
         OR (publicity_ends_at IS NOT NULL AND decided_at >= publicity_ends_at));

-- Nothing is shown to the public, let alone certified, that two assessors have not found and its institution not seen.
CREATE FUNCTION check_application_assessed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM assessment_orders WHERE application_id = NEW.id AND published_at IS NOT NULL) THEN
        RAISE EXCEPTION 'application % has no published assessment', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certification_applications_assessed BEFORE INSERT OR UPDATE OF status ON certification_applications
    FOR EACH ROW WHEN (NEW.kind = 'initial' AND NEW.status IN ('publicity', 'objection_review', 'certified'))
    EXECUTE FUNCTION check_application_assessed();
""",
)
