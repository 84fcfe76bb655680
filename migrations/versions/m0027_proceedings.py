from marketplace.kit.migrations import script

ID = "m0027"
VERSION = "1.38.0"
DESCRIPTION = "Rectifications, proceedings against an institution with notice and defence, and appeals"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE certification_rectifications (
    id               uuid PRIMARY KEY,
    certification_id uuid NOT NULL REFERENCES certifications,
    status           text NOT NULL CHECK (status IN ('ordered', 'reported', 'failed', 'passed', 'ended')),
    defect           text NOT NULL,
    is_of_safety     boolean NOT NULL,
    ordered_by       uuid NOT NULL,
    ordered_at       timestamptz NOT NULL,
    due_on           date NOT NULL,
    report           text,
    reported_by      uuid,
    reported_at      timestamptz,
    finding          text,
    inspected_by     uuid,
    inspected_at     timestamptz,
    CONSTRAINT certification_rectifications_report CHECK
        (num_nonnulls(report, reported_by, reported_at) IN (0, 3)
         AND (status NOT IN ('reported', 'passed') OR report IS NOT NULL)),
    CONSTRAINT certification_rectifications_finding CHECK
        (num_nonnulls(finding, inspected_by, inspected_at) IN (0, 3)
         AND (status NOT IN ('passed', 'failed') OR finding IS NOT NULL))
);
CREATE UNIQUE INDEX certification_rectifications_open ON certification_rectifications (certification_id)
    WHERE status IN ('ordered', 'reported', 'failed');
CREATE INDEX certification_rectifications_certification ON certification_rectifications (certification_id, id);

CREATE TABLE certification_cases (
    id                   uuid PRIMARY KEY,
    certification_id     uuid NOT NULL REFERENCES certifications,
    kind                 text NOT NULL CHECK (kind IN ('emergency_suspension', 'suspension', 'revocation')),
    status               text NOT NULL CHECK (status IN ('open', 'noticed', 'concluded', 'decided', 'dismissed')),
    facts                text NOT NULL CHECK (facts <> ''),
    legal_basis          text CHECK (legal_basis <> ''),
    rights               text CHECK (rights <> ''),
    opened_by            uuid NOT NULL,
    opened_level         text NOT NULL CHECK (opened_level IN ('county', 'prefecture', 'province')),
    opened_at            timestamptz NOT NULL,
    noticed_at           timestamptz,
    defence              text,
    waived               boolean NOT NULL,
    defended_at          timestamptz,
    hearing_requested_at timestamptz,
    hearing_called_at    timestamptz,
    hearing_on           date,
    hearing_record       text,
    heard_at             timestamptz,
    defence_outcome      text CHECK (defence_outcome <> ''),
    concluded_by         uuid,
    concluded_at         timestamptz,
    decided_at           timestamptz,
    -- R04, 处罚法 44–45: what is announced has facts, basis and rights; what is decided has been announced and answered.
    CONSTRAINT certification_cases_noticed CHECK
        (status = 'open' OR (kind = 'emergency_suspension') OR num_nonnulls(legal_basis, rights, noticed_at) = 3),
    CONSTRAINT certification_cases_decided CHECK
        (status NOT IN ('concluded', 'decided', 'dismissed') OR kind = 'emergency_suspension'
         OR num_nonnulls(defence_outcome, concluded_by, concluded_at) = 3),
    CONSTRAINT certification_cases_reasons CHECK
        (kind <> 'emergency_suspension' OR status = 'open' OR num_nonnulls(legal_basis, rights) = 2),
    CONSTRAINT certification_cases_heard CHECK
        (hearing_requested_at IS NULL OR status NOT IN ('concluded', 'decided') OR heard_at IS NOT NULL),
    CONSTRAINT certification_cases_hearing CHECK
        (num_nonnulls(hearing_called_at, hearing_on) IN (0, 2) AND num_nonnulls(hearing_record, heard_at) IN (0, 2))
);
CREATE UNIQUE INDEX certification_cases_pending ON certification_cases (certification_id)
    WHERE status IN ('noticed', 'concluded');
CREATE INDEX certification_cases_certification ON certification_cases (certification_id, id);

CREATE TABLE certification_appeals (
    id               uuid PRIMARY KEY,
    institution_id   uuid NOT NULL REFERENCES institutions,
    certification_id uuid REFERENCES certifications,
    case_id          uuid REFERENCES certification_cases,
    application_id   uuid REFERENCES certification_applications,
    status           text NOT NULL CHECK (status IN ('filed', 'accepted', 'refused', 'upheld', 'annulled', 'withdrawn')),
    grounds          text NOT NULL CHECK (grounds <> ''),
    filed_at         timestamptz NOT NULL,
    accepted_at      timestamptz,
    stay_reason      text,
    stayed_at        timestamptz,
    stayed_level     text CHECK (stayed_level IN ('county', 'prefecture', 'province')),
    stay_ended_at    timestamptz,
    extended         boolean NOT NULL,
    decision         text,
    decided_by       uuid,
    decided_at       timestamptz,
    CONSTRAINT certification_appeals_against CHECK (num_nonnulls(case_id, application_id) = 1),
    CONSTRAINT certification_appeals_stay CHECK (num_nonnulls(stay_reason, stayed_at) IN (0, 2)),
    CONSTRAINT certification_appeals_decision CHECK
        (num_nonnulls(decision, decided_by, decided_at) = CASE WHEN status IN ('refused', 'upheld', 'annulled') THEN 3
                                                              ELSE 0 END)
);
CREATE UNIQUE INDEX certification_appeals_of_case ON certification_appeals (case_id)
    WHERE status IN ('filed', 'accepted');
CREATE UNIQUE INDEX certification_appeals_of_application ON certification_appeals (application_id)
    WHERE status IN ('filed', 'accepted');
CREATE INDEX certification_appeals_institution ON certification_appeals (institution_id, id);
CREATE INDEX certification_appeals_certification ON certification_appeals (certification_id);
CREATE INDEX certification_appeals_case ON certification_appeals (case_id);
CREATE INDEX certification_appeals_application ON certification_appeals (application_id);

-- No path through this database revokes a certification but after notice, an answered defence and two officers.
CREATE OR REPLACE FUNCTION refuse_revocation_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM certification_decisions
                    WHERE certification_id = NEW.id AND kind = 'revocation' AND status = 'approved') THEN
        RAISE EXCEPTION 'certification % has no approved decision to revoke it', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (SELECT FROM certification_cases
                    WHERE certification_id = NEW.id AND kind = 'revocation' AND status = 'decided') THEN
        RAISE EXCEPTION 'certification % has no proceeding with notice and defence to revoke it', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
""",
)
