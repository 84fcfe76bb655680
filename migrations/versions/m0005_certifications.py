from marketplace.kit.migrations import script

ID = "m0005"
VERSION = "1.38.0"
DESCRIPTION = "Certifications, decisions by two officers, history, and orders to assess again"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE SEQUENCE certificate_serials;

CREATE TABLE certifications (
    id                 uuid PRIMARY KEY,
    institution_id     uuid NOT NULL REFERENCES institutions,
    number             text NOT NULL UNIQUE,
    status             text NOT NULL CHECK (status IN ('draft', 'submitted', 'correction_requested', 'county_passed',
                           'prefecture_passed', 'assessed', 'publicity', 'certified', 'under_rectification',
                           'suspended', 'revocation_noticed', 'revoked', 'expired', 'withdrawn')),
    grade              smallint CHECK (grade BETWEEN 1 AND 5),
    valid_from_on      date NOT NULL,
    valid_until_on     date NOT NULL CHECK (valid_until_on >= valid_from_on),
    assessed_on        date NOT NULL,
    assessment_due_on  date NOT NULL CHECK (assessment_due_on > assessed_on),
    assessment_overdue boolean NOT NULL,
    safety_defect      boolean NOT NULL CHECK (NOT safety_defect OR status = 'under_rectification'),
    rectify_by_on      date,
    restricted_by      text CHECK (restricted_by IN ('county', 'prefecture', 'province')),
    is_current         boolean NOT NULL,
    -- The rule certifications.rules.bookable, stated here so that listings can join on it.
    is_bookable        boolean NOT NULL GENERATED ALWAYS AS
                           (status = 'certified' OR (status = 'under_rectification' AND NOT safety_defect)) STORED,
    version            integer NOT NULL CHECK (version > 0),
    granted_at         timestamptz NOT NULL,
    CONSTRAINT certifications_rectification CHECK ((status = 'under_rectification') = (rectify_by_on IS NOT NULL)),
    CONSTRAINT certifications_restriction CHECK
        ((status IN ('under_rectification', 'suspended', 'revocation_noticed')) = (restricted_by IS NOT NULL)),
    CONSTRAINT certifications_ended CHECK (is_current OR status IN ('revoked', 'expired', 'withdrawn'))
);
CREATE UNIQUE INDEX certifications_current ON certifications (institution_id) WHERE is_current;
CREATE INDEX certifications_institution ON certifications (institution_id);
CREATE INDEX certifications_status ON certifications (status, id);
CREATE INDEX certifications_assessment_due ON certifications (assessment_due_on)
    WHERE status IN ('certified', 'under_rectification', 'suspended');

CREATE TABLE certification_decisions (
    id               uuid PRIMARY KEY,
    certification_id uuid NOT NULL REFERENCES certifications,
    kind             text NOT NULL CHECK (kind IN ('revocation')),
    status           text NOT NULL CHECK (status IN ('pending', 'approved', 'expired')),
    payload          jsonb NOT NULL,
    payload_hash     text NOT NULL CHECK (payload_hash ~ '^[0-9a-f]{64}$'),
    requested_by     uuid NOT NULL,
    requested_at     timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL CHECK (expires_at > requested_at),
    approved_by      uuid,
    approved_at      timestamptz,
    CONSTRAINT certification_decisions_two_officers CHECK (approved_by <> requested_by),
    CONSTRAINT certification_decisions_approval CHECK
        (num_nonnulls(approved_by, approved_at) = CASE status WHEN 'approved' THEN 2 ELSE 0 END)
);
CREATE UNIQUE INDEX certification_decisions_pending ON certification_decisions (certification_id, kind)
    WHERE status = 'pending';
CREATE INDEX certification_decisions_certification ON certification_decisions (certification_id);
CREATE INDEX certification_decisions_expiry ON certification_decisions (expires_at) WHERE status = 'pending';

-- No path through this database revokes a certification without a decision that two officers made.
CREATE FUNCTION refuse_revocation_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM certification_decisions
                    WHERE certification_id = NEW.id AND kind = 'revocation' AND status = 'approved') THEN
        RAISE EXCEPTION 'certification % has no approved decision to revoke it', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certifications_two_officers BEFORE INSERT OR UPDATE OF status ON certifications
    FOR EACH ROW WHEN (NEW.status = 'revoked') EXECUTE FUNCTION refuse_revocation_by_one();

CREATE TABLE certification_history (
    id               uuid PRIMARY KEY,
    certification_id uuid NOT NULL REFERENCES certifications,
    event            text NOT NULL,
    status           text NOT NULL,
    grade            smallint CHECK (grade BETWEEN 1 AND 5),
    reason           text NOT NULL CHECK (reason <> ''),
    decided_by       uuid,
    decided_level    text CHECK (decided_level IN ('county', 'prefecture', 'province')),
    decided_at       timestamptz NOT NULL,
    CONSTRAINT certification_history_officer CHECK ((decided_by IS NULL) = (decided_level IS NULL))
);
CREATE INDEX certification_history_certification ON certification_history (certification_id, decided_at, id);
CREATE TRIGGER certification_history_append_only BEFORE UPDATE OR DELETE ON certification_history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE assessment_orders (
    id               uuid PRIMARY KEY,
    certification_id uuid NOT NULL REFERENCES certifications,
    status           text NOT NULL CHECK (status IN ('ordered', 'overdue', 'done', 'cancelled')),
    due_on           date NOT NULL,
    ordered_at       timestamptz NOT NULL,
    rubric           text,
    scores           jsonb,
    score            smallint CHECK (score BETWEEN 0 AND 1000),
    grade            smallint CHECK (grade BETWEEN 1 AND 5),
    assessed_on      date,
    assessed_by      uuid,
    completed_at     timestamptz,
    CONSTRAINT assessment_orders_result CHECK
        (num_nonnulls(rubric, scores, score, assessed_on, assessed_by, completed_at)
         = CASE status WHEN 'done' THEN 6 ELSE 0 END),
    CONSTRAINT assessment_orders_grade CHECK (grade IS NULL OR status = 'done')
);
CREATE UNIQUE INDEX assessment_orders_open ON assessment_orders (certification_id)
    WHERE status IN ('ordered', 'overdue');
CREATE INDEX assessment_orders_certification ON assessment_orders (certification_id);
CREATE INDEX assessment_orders_status ON assessment_orders (status, id);
""",
)
