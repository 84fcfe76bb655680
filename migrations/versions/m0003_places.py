from marketplace.kit.migrations import script

ID = "m0003"
VERSION = "1.38.0"
DESCRIPTION = "Divisions, jurisdictions, clusters, places and their climate"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE divisions (
    code           text PRIMARY KEY CHECK (code ~ '^[0-9]{6}([0-9]{3})?$'),
    name_zh        text NOT NULL,
    name_en        text NOT NULL,
    level          text NOT NULL CHECK (level IN ('province', 'prefecture', 'county', 'township')),
    parent_code    text REFERENCES divisions,
    is_statistical boolean NOT NULL,
    latitude       double precision CHECK (latitude BETWEEN 40 AND 47),
    longitude      double precision CHECK (longitude BETWEEN 121 AND 132),
    datum          text CHECK (datum IN ('wgs84', 'gcj02')),
    CHECK (num_nulls(latitude, longitude, datum) IN (0, 3)),
    CHECK ((level = 'province') = (parent_code IS NULL)),
    CHECK ((level = 'township') = (length(code) = 9))
);
CREATE INDEX divisions_parent ON divisions (parent_code);

CREATE TABLE jurisdictions (
    code        text PRIMARY KEY CHECK (code ~ '^([0-9]{6}|[a-z]+)$'),
    name_zh     text NOT NULL,
    name_en     text NOT NULL,
    level       text NOT NULL CHECK (level IN ('county', 'prefecture', 'province')),
    parent_code text REFERENCES jurisdictions,
    CHECK ((level = 'province') = (parent_code IS NULL))
);
CREATE INDEX jurisdictions_parent ON jurisdictions (parent_code);

CREATE TABLE clusters (
    code     text PRIMARY KEY CHECK (code ~ '^[a-z]+(-[a-z]+)*$'),
    name_zh  text NOT NULL,
    name_en  text NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('silver_health', 'hot_spring')),
    position smallint NOT NULL UNIQUE
);

CREATE TABLE places (
    code              text PRIMARY KEY CHECK (code ~ '^[a-z]+(-[a-z]+)*$'),
    name_zh           text NOT NULL,
    name_en           text NOT NULL,
    division_code     text NOT NULL REFERENCES divisions,
    jurisdiction_code text NOT NULL REFERENCES jurisdictions,
    latitude          double precision NOT NULL CHECK (latitude BETWEEN 40 AND 47),
    longitude         double precision NOT NULL CHECK (longitude BETWEEN 121 AND 132),
    datum             text NOT NULL CHECK (datum IN ('wgs84', 'gcj02')),
    accuracy_m        integer NOT NULL CHECK (accuracy_m > 0),
    hub               text,
    hub_en            text,
    CHECK ((hub IS NULL) = (hub_en IS NULL))
);
CREATE INDEX places_division ON places (division_code);
CREATE INDEX places_jurisdiction ON places (jurisdiction_code);

CREATE TABLE place_clusters (
    place_code   text NOT NULL REFERENCES places,
    cluster_code text NOT NULL REFERENCES clusters,
    PRIMARY KEY (place_code, cluster_code)
);
CREATE INDEX place_clusters_cluster ON place_clusters (cluster_code);

CREATE TABLE climate (
    place_code text NOT NULL REFERENCES places,
    month      smallint NOT NULL CHECK (month BETWEEN 1 AND 12),
    mean_c     double precision NOT NULL CHECK (mean_c BETWEEN -45 AND 40),
    confidence text NOT NULL CHECK (confidence IN ('high', 'medium', 'low')),
    source     text NOT NULL,
    PRIMARY KEY (place_code, month)
);
""",
)
