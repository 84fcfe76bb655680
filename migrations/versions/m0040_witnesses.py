from marketplace.kit.migrations import script

ID = "m0040"
VERSION = "1.38.0"
DESCRIPTION = (
    "The checkpoint of each day, which is handed to those who watch the log; how grave an incident is a signal"
)

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Which checkpoint was handed out for which day: in the feed of events, by mail, and where anybody may read it.
CREATE TABLE audit_publications (
    published_on date PRIMARY KEY,
    size         bigint NOT NULL REFERENCES audit_checkpoints,
    published_at timestamptz NOT NULL
);
CREATE INDEX audit_publications_size ON audit_publications (size);
CREATE TRIGGER audit_publications_append_only BEFORE UPDATE OR DELETE ON audit_publications
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

INSERT INTO certification_policies (code, effective_from, value, status, source) VALUES
    ('incident_severities', '2000-01-01', '["serious", "grave"]', 'proposal', '本系统设定：轻微事故如实报告不作为风险信号');
""",
)
