from marketplace.kit.migrations import script

ID = "m0026"
VERSION = "1.38.0"
DESCRIPTION = "Applications for certification with their evidence, objections and history"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE certification_applications (
    id                 uuid PRIMARY KEY,
    institution_id     uuid NOT NULL REFERENCES institutions,
    kind               text NOT NULL CHECK (kind IN ('initial', 'renewal')),
    certification_id   uuid REFERENCES certifications,
    status             text NOT NULL CHECK (status IN ('draft', 'submitted', 'correction_requested', 'lapsed', 'accepted',
                           'county_passed', 'prefecture_passed', 'assessed', 'publicity', 'objection_review',
                           'renewal_review', 'rejected', 'certified', 'withdrawn')),
    defects            text,
    corrected          boolean NOT NULL,
    extended           boolean NOT NULL,
    rubric             text,
    scores             jsonb,
    score              smallint CHECK (score BETWEEN 0 AND 1000),
    grade              smallint CHECK (grade BETWEEN 1 AND 5),
    assessed_on        date,
    assessed_by        uuid,
    publicity_from_on  date,
    publicity_until_on date,
    publicity_ends_at  timestamptz,
    facts              text,
    legal_basis        text,
    rights             text,
    locked_until_on    date,
    version            integer NOT NULL CHECK (version > 0),
    opened_at          timestamptz NOT NULL,
    submitted_at       timestamptz,
    decided_at         timestamptz,
    CONSTRAINT certification_applications_scores CHECK
        (num_nonnulls(rubric, scores, score, assessed_on, assessed_by) IN (0, 5) AND (grade IS NULL OR score IS NOT NULL)),
    CONSTRAINT certification_applications_publicity CHECK
        (num_nonnulls(publicity_from_on, publicity_until_on, publicity_ends_at) IN (0, 3)),
    -- No application becomes a certificate but by scores and by publicity that has ended.
    CONSTRAINT certification_applications_certified CHECK
        (status <> 'certified' OR kind = 'renewal'
         OR (scores IS NOT NULL AND publicity_ends_at IS NOT NULL AND decided_at >= publicity_ends_at)),
    -- What is refused is refused with facts, basis and rights (R04).
    CONSTRAINT certification_applications_refusal CHECK
        (num_nonnulls(facts, legal_basis, rights) = CASE status WHEN 'rejected' THEN 3 ELSE 0 END),
    CONSTRAINT certification_applications_renewal CHECK (kind <> 'renewal' OR certification_id IS NOT NULL),
    CONSTRAINT certification_applications_decided CHECK
        ((status IN ('lapsed', 'rejected', 'certified', 'withdrawn')) = (decided_at IS NOT NULL))
);
CREATE UNIQUE INDEX certification_applications_pending ON certification_applications (institution_id)
    WHERE status NOT IN ('lapsed', 'rejected', 'certified', 'withdrawn');
CREATE INDEX certification_applications_institution ON certification_applications (institution_id, id);
CREATE INDEX certification_applications_certification ON certification_applications (certification_id);
CREATE INDEX certification_applications_publicised ON certification_applications (publicity_ends_at)
    WHERE status IN ('publicity', 'objection_review');

-- Null where a certificate is older than this register; a renewal leaves it as it is.
ALTER TABLE certifications ADD COLUMN application_id uuid REFERENCES certification_applications;
ALTER TABLE certifications ADD COLUMN locked_until_on date;
CREATE INDEX certifications_application ON certifications (application_id);

CREATE TABLE certification_evidence (
    id             uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES certification_applications,
    kind           text NOT NULL,
    reference      text NOT NULL CHECK (reference <> ''),
    issued_by      text,
    valid_until_on date,
    added_at       timestamptz NOT NULL,
    UNIQUE (application_id, kind)
);

CREATE TABLE certification_objections (
    id             uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES certification_applications,
    statement      text NOT NULL CHECK (statement <> ''),
    raised_kind    text NOT NULL,
    raised_by      uuid NOT NULL,
    raised_at      timestamptz NOT NULL,
    outcome        text CHECK (outcome IN ('dismissed', 'upheld')),
    answer         text,
    answered_by    uuid,
    answered_at    timestamptz,
    CONSTRAINT certification_objections_answer CHECK (num_nonnulls(outcome, answer, answered_by, answered_at) IN (0, 4))
);
CREATE INDEX certification_objections_application ON certification_objections (application_id, id);

CREATE TABLE certification_application_history (
    id             uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES certification_applications,
    event          text NOT NULL,
    status         text NOT NULL,
    reason         text,
    actor_kind     text NOT NULL,
    decided_by     uuid,
    decided_level  text CHECK (decided_level IN ('county', 'prefecture', 'province')),
    decided_at     timestamptz NOT NULL
);
CREATE INDEX certification_application_history_application
    ON certification_application_history (application_id, decided_at, id);
CREATE TRIGGER certification_application_history_append_only BEFORE UPDATE OR DELETE ON certification_application_history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
""",
)
