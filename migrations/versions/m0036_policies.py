from marketplace.kit.migrations import script

ID = "m0036"
VERSION = "1.38.0"
DESCRIPTION = (
    "The numbers of the procedure as rows: each valid from a day on, with its source and how far it can be relied on"
)

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- A number is replaced by a row of a later day, never edited: what was decided under a row stays explainable.
CREATE TABLE certification_policies (
    code           text NOT NULL CHECK (code ~ '^[a-z_]+$'),
    effective_from date NOT NULL,
    value          jsonb NOT NULL,
    status         text NOT NULL CHECK (status IN ('verified', 'inferred', 'proposal')),
    source         text NOT NULL CHECK (source <> ''),
    PRIMARY KEY (code, effective_from)
);
CREATE TRIGGER certification_policies_append_only BEFORE UPDATE OR DELETE ON certification_policies
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Every number in force on a day, in one value.
CREATE FUNCTION certification_policy(day date) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_object_agg(code, value) FROM (
        SELECT DISTINCT ON (code) code, value FROM certification_policies
         WHERE effective_from <= day ORDER BY code, effective_from DESC) in_force
$$;

INSERT INTO certification_policies (code, effective_from, value, status, source) VALUES
    ('validity_years', '2000-01-01', '3', 'inferred', '湖北、广东、北京、长沙、甘肃等地养老机构等级评定办法通例'),
    ('begins_months_max', '2000-01-01', '12', 'proposal', '本系统设定：证书最迟一年内生效'),
    ('certifiable_grade', '2000-01-01', '3', 'proposal', 'GB/T 37276-2018 五级中的第三级'),
    ('assessment_months', '2000-01-01', '12', 'inferred', '养老机构管理办法（民政部令第66号）38：每年至少一次现场检查'),
    ('assessment_months_of', '2000-01-01', '{"1": 6, "2": 6}', 'proposal', '本系统设定：低等级每半年一次'),
    ('assessment_months_at_risk', '2000-01-01', '6', 'proposal', '本系统设定'),
    ('assessment_notice_days', '2000-01-01', '30', 'proposal', '本系统设定'),
    ('grade_fresh_months', '2000-01-01', '12', 'inferred', '参照 CMS、My Aged Care：数据超过十二个月不再显示等级'),
    ('grade_caps', '2000-01-01', '{"under_rectification": 2, "suspended": 1, "revocation_noticed": 1}', 'inferred',
        '参照 My Aged Care：合规为一、二星时总评以此为限'),
    ('abuse_cap', '2000-01-01', '1', 'inferred', '参照 CMS 虐待标识'),
    ('abuse_months', '2000-01-01', '36', 'inferred', '广东、北京等地：三年内有虐待的不予评定'),
    ('inspection_share_bps', '2000-01-01', '1000', 'inferred', '湖北等地：每年随机复评不低于百分之十'),
    ('draw_notice_days', '2000-01-01', '7', 'proposal', '本系统设定'),
    ('inspection_days', '2000-01-01', '60', 'proposal', '本系统设定'),
    ('triggers', '2000-01-01',
        '{"complaint": {"count": 3, "within_days": 90, "due_days": 30},
          "incident": {"count": 1, "within_days": 1, "due_days": 10},
          "overdue_rectification": {"count": 1, "within_days": 1, "due_days": 10},
          "institution_cancellation": {"count": 2, "within_days": 90, "due_days": 30},
          "inspection": {"count": 1, "within_days": 1, "due_days": 15},
          "confirmed_abuse": {"count": 1, "within_days": 1, "due_days": 5}}', 'proposal', '本系统设定'),
    ('risk_signal_count', '2000-01-01', '3', 'proposal', '本系统设定'),
    ('risk_days', '2000-01-01', '365', 'proposal', '本系统设定'),
    ('escalation_days', '2000-01-01', '15', 'proposal', '本系统设定'),
    ('hearing_within_days', '2000-01-01', '90', 'proposal', '本系统设定：听证不得无限期推后');

-- The clocks are policy rows too, and say the same of themselves.
ALTER TABLE certification_clocks ADD COLUMN status text NOT NULL DEFAULT 'proposal'
    CHECK (status IN ('verified', 'inferred', 'proposal'));
ALTER TABLE certification_clocks ALTER COLUMN status DROP DEFAULT;
""",
)
