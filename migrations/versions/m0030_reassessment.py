from marketplace.kit.migrations import script

ID = "m0030"
VERSION = "1.38.0"
DESCRIPTION = (
    "Signals that bring an assessment forward, why it was ordered, to whom it has escalated, and lapsed grades"
)

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Something happened that may call for a visit. What it was stands in its own domain, under subject_id.
CREATE TABLE certification_signals (
    id               uuid PRIMARY KEY,
    certification_id uuid NOT NULL REFERENCES certifications,
    kind             text NOT NULL CHECK (kind IN
                         ('complaint', 'incident', 'overdue_rectification', 'institution_cancellation', 'inspection',
                          'confirmed_abuse')),
    subject_id       uuid NOT NULL,
    raised_at        timestamptz NOT NULL,
    CONSTRAINT certification_signals_once UNIQUE (kind, subject_id)
);
CREATE INDEX certification_signals_certification ON certification_signals (certification_id, kind, raised_at);
CREATE TRIGGER certification_signals_append_only BEFORE UPDATE OR DELETE ON certification_signals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE assessment_orders
    ADD COLUMN reason text NOT NULL DEFAULT 'schedule' CHECK (reason IN
        ('schedule', 'complaint', 'incident', 'overdue_rectification', 'institution_cancellation', 'inspection',
         'confirmed_abuse')),
    ADD COLUMN escalated_to text CHECK (escalated_to IN ('prefecture', 'province')),
    ADD COLUMN escalated_at timestamptz,
    ADD CONSTRAINT assessment_orders_escalation CHECK ((escalated_to IS NULL) = (escalated_at IS NULL));
CREATE INDEX assessment_orders_overdue ON assessment_orders (due_on) WHERE status = 'overdue';

-- Whether the world has been told that the grade is too old to be shown; whether it is, is computed at every reading.
ALTER TABLE certifications
    ADD COLUMN grade_lapsed boolean NOT NULL DEFAULT false,
    -- The last day on which abuse was confirmed; it caps the public grade for years.
    ADD COLUMN abuse_confirmed_on date;
CREATE INDEX certifications_assessed ON certifications (assessed_on) WHERE NOT grade_lapsed AND is_current;
CREATE INDEX certifications_rectify_by ON certifications (rectify_by_on) WHERE rectify_by_on IS NOT NULL;
""",
)
