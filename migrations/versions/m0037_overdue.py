from marketplace.kit.migrations import script

ID = "m0037"
VERSION = "1.38.0"
DESCRIPTION = "Deadlines that are counted again when a calendar is published, and that call attention when they pass; what the plaque says"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql=r"""
-- A day that an officer has set, or that follows from another day, is not counted again with another calendar.
ALTER TABLE certification_deadlines
    ADD COLUMN is_set       boolean NOT NULL DEFAULT false,
    ADD COLUMN escalated_to text CHECK (escalated_to IN ('county', 'prefecture', 'province')),
    ADD COLUMN escalated_at timestamptz,
    ADD CONSTRAINT certification_deadlines_escalation CHECK ((escalated_to IS NULL) = (escalated_at IS NULL));
CREATE INDEX certification_deadlines_tentative ON certification_deadlines (due_at)
    WHERE status = 'running' AND is_tentative;

INSERT INTO certification_policies (code, effective_from, value, status, source) VALUES
    ('overdue_escalation_days', '2000-01-01', '5', 'proposal', '本系统设定'),
    ('plaque_text', '2000-01-01', '"旅居养老认定机构"', 'proposal',
        '《吉林省旅居养老服务机构认定暂行办法》全文及牌匾式样未见公布；本系统暂拟');

-- What is told or weighed says something: a blank is no ground, no basis, no right and no answer (R04).
ALTER TABLE certification_cases ADD CONSTRAINT certification_cases_said CHECK
    (facts ~ '\S' AND coalesce(legal_basis, '-') ~ '\S' AND coalesce(rights, '-') ~ '\S'
     AND coalesce(defence_outcome, '-') ~ '\S' AND coalesce(hearing_record, '-') ~ '\S');
ALTER TABLE certification_applications ADD CONSTRAINT certification_applications_said CHECK
    (coalesce(facts, '-') ~ '\S' AND coalesce(legal_basis, '-') ~ '\S' AND coalesce(rights, '-') ~ '\S');

-- What the plaque says is decided with the certificate, and stays although later ones may say something else.
ALTER TABLE certifications ADD COLUMN plaque_text text NOT NULL DEFAULT '旅居养老认定机构' CHECK (plaque_text <> '');
""",
)
