from marketplace.kit.migrations import script

ID = "m0006"
VERSION = "1.38.0"
DESCRIPTION = "Room types, listings, pictures and the text index"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
CREATE TABLE room_types (
    id              uuid PRIMARY KEY,
    institution_id  uuid NOT NULL REFERENCES institutions,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    name_en         text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 80),
    sold_by         text NOT NULL CHECK (sold_by IN ('room', 'bed')),
    unit_count      integer NOT NULL CHECK (unit_count > 0),
    guests_max      smallint NOT NULL CHECK (guests_max BETWEEN 1 AND 8),
    area_m2         smallint NOT NULL CHECK (area_m2 BETWEEN 4 AND 400),
    bed_kind        text NOT NULL CHECK (bed_kind IN ('single', 'twin', 'double', 'care')),
    is_barrier_free boolean NOT NULL,
    added_at        timestamptz NOT NULL,
    UNIQUE (institution_id, name),
    CHECK (sold_by = 'room' OR guests_max = 1)
);

-- The last line of defence of R34: what is sold never sleeps more people than the licence has beds.
CREATE FUNCTION refuse_beds_beyond_licence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    licensed integer;
BEGIN
    SELECT licensed_bed_count INTO licensed FROM institutions WHERE id = NEW.institution_id FOR NO KEY UPDATE;
    IF (SELECT sum(unit_count * guests_max) FROM room_types WHERE institution_id = NEW.institution_id) > licensed THEN
        RAISE EXCEPTION 'institution % would sell more beds than it is licensed for', NEW.institution_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'room_types_within_licence';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER room_types_within_licence AFTER INSERT OR UPDATE ON room_types
    FOR EACH ROW EXECUTE FUNCTION refuse_beds_beyond_licence();

CREATE TABLE listings (
    institution_id    uuid PRIMARY KEY REFERENCES institutions,
    summary           text NOT NULL CHECK (length(summary) BETWEEN 1 AND 2000),
    summary_en        text NOT NULL CHECK (length(summary_en) BETWEEN 1 AND 4000),
    services          text[] NOT NULL,
    languages         text[] NOT NULL,
    barrier_free      text[] NOT NULL,
    ability_level_min smallint NOT NULL CHECK (ability_level_min BETWEEN 0 AND 4),
    ability_level_max smallint NOT NULL CHECK (ability_level_max BETWEEN 0 AND 4),
    published_at      timestamptz NOT NULL,
    CHECK (ability_level_min <= ability_level_max)
);

CREATE TABLE media (
    id             uuid PRIMARY KEY,
    institution_id uuid NOT NULL REFERENCES institutions,
    room_type_id   uuid REFERENCES room_types,
    caption_zh     text NOT NULL CHECK (length(caption_zh) BETWEEN 1 AND 120),
    caption_en     text NOT NULL CHECK (length(caption_en) BETWEEN 1 AND 240),
    svg            text NOT NULL CHECK (length(svg) BETWEEN 1 AND 65536),
    added_at       timestamptz NOT NULL
);
CREATE INDEX media_institution ON media (institution_id);
CREATE INDEX media_room_type ON media (room_type_id);

-- Grams of the name, of the place, and of everything; the coordinates are WGS-84 whatever the institution's datum is.
CREATE TABLE institution_search (
    institution_id uuid PRIMARY KEY REFERENCES listings,
    name_grams     text[] NOT NULL,
    place_grams    text[] NOT NULL,
    grams          text[] NOT NULL,
    haystack       text NOT NULL,
    latitude       double precision NOT NULL,
    longitude      double precision NOT NULL
);
CREATE INDEX institution_search_grams ON institution_search USING gin (grams);
CREATE INDEX institution_search_position ON institution_search (latitude, longitude);
""",
)
