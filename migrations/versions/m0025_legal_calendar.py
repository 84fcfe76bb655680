from marketplace.kit.migrations import script

ID = "m0025"
VERSION = "1.38.0"
DESCRIPTION = "The legal calendar, the clocks of the certification procedure, and the deadlines that run"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE holiday_years (
    year         smallint PRIMARY KEY CHECK (year BETWEEN 2000 AND 2200),
    version      text NOT NULL CHECK (version <> ''),
    source       text NOT NULL,
    is_tentative boolean NOT NULL
);
CREATE TABLE holidays (
    day     date PRIMARY KEY,
    year    smallint NOT NULL REFERENCES holiday_years,
    name_zh text NOT NULL,
    is_off  boolean NOT NULL,
    CONSTRAINT holidays_year CHECK (extract(year FROM day) = year),
    -- A day is listed because it differs from an ordinary week: a weekday off, a weekend worked, or a holiday by name.
    CONSTRAINT holidays_worked CHECK (is_off OR extract(isodow FROM day) > 5)
);
CREATE INDEX holidays_year_day ON holidays (year, day);

CREATE TABLE certification_clocks (
    clock          text NOT NULL,
    effective_from date NOT NULL,
    length         smallint NOT NULL CHECK (length > 0),
    unit           text NOT NULL CHECK (unit IN ('working_days', 'calendar_days', 'months', 'hours')),
    silence        text CHECK (silence IN ('accepted', 'lapsed', 'renewed')),
    basis          text NOT NULL CHECK (basis <> ''),
    PRIMARY KEY (clock, effective_from)
);

CREATE TABLE certification_deadlines (
    id               uuid PRIMARY KEY,
    subject_id       uuid NOT NULL,
    clock            text NOT NULL,
    started_on       date NOT NULL,
    due_on           date NOT NULL CHECK (due_on >= started_on),
    due_at           timestamptz NOT NULL,
    policy_from      date NOT NULL,
    silence          text CHECK (silence IN ('accepted', 'lapsed', 'renewed')),
    calendar_version text NOT NULL,
    is_tentative     boolean NOT NULL,
    status           text NOT NULL CHECK (status IN ('running', 'met', 'missed', 'cancelled')),
    closed_at        timestamptz,
    CONSTRAINT certification_deadlines_closed CHECK ((status = 'running') = (closed_at IS NULL))
);
CREATE UNIQUE INDEX certification_deadlines_running ON certification_deadlines (subject_id, clock)
    WHERE status = 'running';
CREATE INDEX certification_deadlines_subject ON certification_deadlines (subject_id, clock);
CREATE INDEX certification_deadlines_due ON certification_deadlines (due_at) WHERE status = 'running';
""",
)
