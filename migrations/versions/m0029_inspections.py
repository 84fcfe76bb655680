from marketplace.kit.migrations import script

ID = "m0029"
VERSION = "1.38.0"
DESCRIPTION = "Inspections by lot: conflicts of interest, draws whose seed is committed to beforehand, and results"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Who must not assess or inspect whom. The reason is not public; that there is one is an input of the draw.
CREATE TABLE inspection_conflicts (
    id             uuid PRIMARY KEY,
    officer_id     uuid NOT NULL,
    institution_id uuid NOT NULL REFERENCES institutions,
    reason         text NOT NULL CHECK (reason <> ''),
    declared_by    uuid NOT NULL,
    declared_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX inspection_conflicts_once ON inspection_conflicts (institution_id, officer_id);
CREATE INDEX inspection_conflicts_officer ON inspection_conflicts (officer_id);

-- The seed is chosen, and its hash published, days before the lists on which it will be used are taken.
CREATE TABLE inspection_draws (
    id            uuid PRIMARY KEY,
    period        text NOT NULL UNIQUE CHECK (period ~ '^[0-9]{4}Q[1-4]$'),
    method        text NOT NULL,
    commitment    text NOT NULL CHECK (commitment ~ '^[0-9a-f]{64}$'),
    sealed_seed   bytea NOT NULL,
    announced_at  timestamptz NOT NULL,
    draws_on      date NOT NULL,
    seed          text,
    inputs        jsonb,
    inputs_digest text CHECK (inputs_digest ~ '^[0-9a-f]{64}$'),
    inspect_by_on date,
    drawn_at      timestamptz,
    CONSTRAINT inspection_draws_drawn CHECK
        (num_nonnulls(seed, inputs, inputs_digest, inspect_by_on, drawn_at) IN (0, 5)),
    CONSTRAINT inspection_draws_seed_is_the_promised_one CHECK
        (seed IS NULL OR encode(sha256(decode(seed, 'hex')), 'hex') = commitment)
);
CREATE INDEX inspection_draws_due ON inspection_draws (draws_on) WHERE drawn_at IS NULL;

-- A draw is carried out once, and nothing of it changes afterwards.
CREATE TRIGGER inspection_draws_once BEFORE UPDATE ON inspection_draws
    FOR EACH ROW WHEN (OLD.drawn_at IS NOT NULL OR NEW.commitment <> OLD.commitment OR NEW.period <> OLD.period)
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER inspection_draws_stay BEFORE DELETE ON inspection_draws
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE inspections (
    id               uuid PRIMARY KEY,
    draw_id          uuid NOT NULL REFERENCES inspection_draws,
    certification_id uuid NOT NULL REFERENCES certifications,
    institution_id   uuid NOT NULL REFERENCES institutions,
    position         smallint NOT NULL CHECK (position > 0),
    first_inspector  uuid,
    second_inspector uuid,
    outcome          text CHECK (outcome IN ('passed', 'problems', 'obstructed')),
    summary          text CHECK (summary <> ''),
    inspected_on     date,
    recorded_by      uuid,
    recorded_at      timestamptz,
    CONSTRAINT inspections_two_inspectors CHECK (first_inspector <> second_inspector),
    CONSTRAINT inspections_by_who_was_drawn CHECK (recorded_by IN (first_inspector, second_inspector)),
    CONSTRAINT inspections_result CHECK (num_nonnulls(outcome, summary, inspected_on, recorded_by, recorded_at) IN (0, 5)),
    CONSTRAINT inspections_position UNIQUE (draw_id, position),
    CONSTRAINT inspections_once UNIQUE (draw_id, institution_id)
);
CREATE INDEX inspections_certification ON inspections (certification_id);
CREATE INDEX inspections_institution ON inspections (institution_id, id);
CREATE INDEX inspections_open ON inspections (draw_id) WHERE outcome IS NULL;
CREATE TRIGGER inspections_final BEFORE UPDATE ON inspections
    FOR EACH ROW WHEN (OLD.outcome IS NOT NULL) EXECUTE FUNCTION refuse_change();
""",
)
