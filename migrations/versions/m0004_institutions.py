from marketplace.kit.migrations import script

ID = "m0004"
VERSION = "1.38.0"
DESCRIPTION = "Institutions: who hosts"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE institutions (
    id                 uuid PRIMARY KEY,
    name               text NOT NULL UNIQUE CHECK (length(name) BETWEEN 2 AND 60),
    name_en            text NOT NULL CHECK (length(name_en) BETWEEN 2 AND 120),
    uscc               text UNIQUE CHECK (uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'),
    place_code         text NOT NULL REFERENCES places,
    jurisdiction_code  text NOT NULL REFERENCES jurisdictions,
    address            text NOT NULL CHECK (address <> ''),
    latitude           double precision NOT NULL CHECK (latitude BETWEEN 40 AND 47),
    longitude          double precision NOT NULL CHECK (longitude BETWEEN 121 AND 132),
    datum              text NOT NULL CHECK (datum IN ('wgs84', 'gcj02')),
    licensed_bed_count integer NOT NULL CHECK (licensed_bed_count > 0),
    phone              text CHECK (phone ~ '^\\+[0-9]{5,15}$'),
    opened_on          date NOT NULL,
    is_example         boolean NOT NULL,
    registered_at      timestamptz NOT NULL,
    CHECK (is_example = (name LIKE '%（示例）')),
    CHECK (is_example OR uscc IS NOT NULL)
);
CREATE INDEX institutions_place ON institutions (place_code);
CREATE INDEX institutions_jurisdiction ON institutions (jurisdiction_code);
""",
)
