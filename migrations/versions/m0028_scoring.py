from marketplace.kit.migrations import script

ID = "m0028"
VERSION = "1.38.0"
DESCRIPTION = "Rubrics as data, findings with evidence, two assessors, preview before publication and corrections"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- A rubric in force is never altered: what is changed is a new version, so that an old grade can still be explained.
CREATE TABLE rubrics (
    version        text PRIMARY KEY CHECK (version ~ '^[a-z0-9][a-z0-9.-]{2,40}$'),
    effective_from date NOT NULL UNIQUE,
    title          text NOT NULL,
    title_en       text NOT NULL,
    source         text NOT NULL,
    maxima         jsonb NOT NULL,
    thresholds     jsonb NOT NULL,
    digest         text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$')
);
CREATE TABLE rubric_criteria (
    id             uuid PRIMARY KEY,
    rubric_version text NOT NULL REFERENCES rubrics,
    code           text NOT NULL CHECK (code ~ '^[A-Z][0-9]{1,2}$'),
    position       smallint NOT NULL CHECK (position >= 0),
    block          text CHECK (block IN ('environment', 'facilities', 'operations', 'services')),
    points_max     smallint CHECK (points_max BETWEEN 1 AND 1000),
    title          text NOT NULL,
    title_en       text NOT NULL,
    basis          text NOT NULL,
    CONSTRAINT rubric_criteria_gate_or_item CHECK ((block IS NULL) = (points_max IS NULL)),
    CONSTRAINT rubric_criteria_once UNIQUE (rubric_version, code)
);
CREATE TRIGGER rubrics_append_only BEFORE UPDATE OR DELETE ON rubrics
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rubric_criteria_append_only BEFORE UPDATE OR DELETE ON rubric_criteria
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- By which method the present grade was found; what was certified before there was a rubric has the frame of the standard.
ALTER TABLE certifications ADD COLUMN grade_method text NOT NULL DEFAULT 'gbt37276-2018';

-- revision counts the sheets of findings; 0 is a result from the procedure on paper, with points by block alone.
ALTER TABLE assessment_orders
    DROP CONSTRAINT assessment_orders_result,
    DROP CONSTRAINT assessment_orders_grade,
    ADD COLUMN revision         smallint NOT NULL DEFAULT 0 CHECK (revision >= 0),
    ADD COLUMN assessed_with    uuid,
    ADD COLUMN confirmed_at     timestamptz,
    ADD COLUMN preview_until_at timestamptz,
    ADD COLUMN published_at     timestamptz,
    ADD CONSTRAINT assessment_orders_result CHECK
        (num_nonnulls(rubric, scores, score, assessed_on, assessed_by) IN (0, 5)),
    ADD CONSTRAINT assessment_orders_grade CHECK (grade IS NULL OR rubric IS NOT NULL),
    ADD CONSTRAINT assessment_orders_done CHECK
        ((status = 'done') = (completed_at IS NOT NULL) AND (status <> 'done' OR rubric IS NOT NULL)),
    ADD CONSTRAINT assessment_orders_two_assessors CHECK (assessed_with <> assessed_by),
    ADD CONSTRAINT assessment_orders_confirmed CHECK
        (num_nonnulls(assessed_with, confirmed_at, preview_until_at) IN (0, 3)
         AND (confirmed_at IS NULL OR (revision > 0 AND status = 'done'))),
    -- No path through this database publishes what one assessor found alone, or what its institution has not seen.
    ADD CONSTRAINT assessment_orders_previewed CHECK
        (published_at IS NULL OR (confirmed_at IS NOT NULL AND published_at >= preview_until_at));
CREATE INDEX assessment_orders_preview ON assessment_orders (preview_until_at)
    WHERE confirmed_at IS NOT NULL AND published_at IS NULL;

CREATE TABLE assessment_findings (
    id            uuid PRIMARY KEY,
    assessment_id uuid NOT NULL REFERENCES assessment_orders,
    revision      smallint NOT NULL CHECK (revision > 0),
    criterion_id  uuid NOT NULL REFERENCES rubric_criteria,
    passed        boolean,
    points        smallint CHECK (points >= 0),
    evidence      jsonb NOT NULL CHECK (jsonb_typeof(evidence) = 'array' AND jsonb_array_length(evidence) > 0),
    entered_by    uuid NOT NULL,
    entered_at    timestamptz NOT NULL,
    CONSTRAINT assessment_findings_once UNIQUE (assessment_id, revision, criterion_id),
    CONSTRAINT assessment_findings_one CHECK (num_nonnulls(passed, points) = 1)
);
CREATE INDEX assessment_findings_criterion ON assessment_findings (criterion_id);
CREATE TRIGGER assessment_findings_append_only BEFORE UPDATE OR DELETE ON assessment_findings
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A gate is passed or not; an item has points, and never more than the rubric gives.
CREATE FUNCTION check_finding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rubric_criteria c
                    WHERE c.id = NEW.criterion_id
                      AND (c.points_max IS NULL) = (NEW.points IS NULL)
                      AND (NEW.points IS NULL OR NEW.points <= c.points_max)) THEN
        RAISE EXCEPTION 'the finding does not fit criterion %', NEW.criterion_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER assessment_findings_fit BEFORE INSERT ON assessment_findings
    FOR EACH ROW EXECUTE FUNCTION check_finding();

-- What an institution says against its preview. One at a time; publication waits for the answer.
CREATE TABLE assessment_corrections (
    id            uuid PRIMARY KEY,
    assessment_id uuid NOT NULL REFERENCES assessment_orders,
    revision      smallint NOT NULL CHECK (revision > 0),
    codes         text[] NOT NULL CHECK (cardinality(codes) > 0),
    statement     text NOT NULL CHECK (statement <> ''),
    status        text NOT NULL CHECK (status IN ('open', 'accepted', 'rejected')),
    requested_by  uuid NOT NULL,
    requested_at  timestamptz NOT NULL,
    answer        text CHECK (answer <> ''),
    answered_by   uuid,
    answered_at   timestamptz,
    CONSTRAINT assessment_corrections_answer CHECK
        (num_nonnulls(answer, answered_by, answered_at) = CASE status WHEN 'open' THEN 0 ELSE 3 END)
);
CREATE INDEX assessment_corrections_assessment ON assessment_corrections (assessment_id, requested_at);
CREATE UNIQUE INDEX assessment_corrections_open ON assessment_corrections (assessment_id) WHERE status = 'open';
""",
)
