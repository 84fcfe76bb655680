from marketplace.kit.migrations import script

ID = "m0010"
VERSION = "1.38.0"
DESCRIPTION = "Tours, departures, blocks and seats"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- What a package must say before it may be published (旅游法 58, 111) is required here too.
CREATE TABLE tours (
    id                uuid PRIMARY KEY,
    kind              text NOT NULL CHECK (kind IN ('custom', 'train', 'family')),
    name              text NOT NULL UNIQUE CHECK (length(name) BETWEEN 2 AND 60),
    name_en           text NOT NULL CHECK (length(name_en) BETWEEN 2 AND 120),
    summary           text NOT NULL CHECK (length(summary) BETWEEN 1 AND 2000),
    summary_en        text NOT NULL CHECK (length(summary_en) BETWEEN 1 AND 4000),
    origin            text NOT NULL CHECK (origin <> ''),
    organiser_name    text NOT NULL CHECK (organiser_name <> ''),
    organiser_licence text NOT NULL CHECK (organiser_licence ~ '^L-[A-Z]{2}(-[A-Z]{2})?-?[0-9]{5,6}$'),
    services          text[] NOT NULL CHECK (cardinality(services) >= 2),
    itinerary         jsonb NOT NULL CHECK (jsonb_array_length(itinerary) BETWEEN 2 AND 60),
    inclusions        text[] NOT NULL CHECK (cardinality(inclusions) > 0),
    exclusions        text[] NOT NULL,
    group_min_count   integer NOT NULL CHECK (group_min_count > 0),
    group_max_count   integer NOT NULL CHECK (group_max_count BETWEEN group_min_count AND 2000),
    published_at      timestamptz NOT NULL
);

CREATE TABLE departures (
    id              uuid PRIMARY KEY,
    tour_id         uuid NOT NULL REFERENCES tours (id),
    status          text NOT NULL CHECK (status IN ('open', 'guaranteed', 'not_formed', 'departed')),
    check_in        date NOT NULL,
    check_out       date NOT NULL CHECK (check_out > check_in),
    group_min_count integer NOT NULL CHECK (group_min_count > 0),
    group_max_count integer NOT NULL CHECK (group_max_count BETWEEN group_min_count AND 2000),
    -- The sum of its seats, held and kept.
    traveller_count integer NOT NULL,
    price_amount    bigint NOT NULL CHECK (price_amount > 0),
    decide_at       timestamptz NOT NULL,
    opened_at       timestamptz NOT NULL,
    decided_at      timestamptz,
    CONSTRAINT departures_never_oversold CHECK (traveller_count BETWEEN 0 AND group_max_count),
    CHECK ((status = 'open') = (decided_at IS NULL)),
    CHECK (decided_at >= decide_at)
);
CREATE INDEX departures_tour ON departures (tour_id, check_in);
CREATE INDEX departures_calendar ON departures (check_in, id) WHERE status IN ('open', 'guaranteed');
CREATE INDEX departures_undecided ON departures (decide_at) WHERE status = 'open';

-- allocation_id names a row of allocations, which is deleted when the block is given back; so no foreign key.
CREATE TABLE departure_blocks (
    id              uuid PRIMARY KEY,
    departure_id    uuid NOT NULL REFERENCES departures (id),
    institution_id  uuid NOT NULL REFERENCES institutions (id),
    room_type_id    uuid NOT NULL REFERENCES room_types (id),
    allocation_id   uuid NOT NULL UNIQUE,
    position        smallint NOT NULL,
    unit_count      integer NOT NULL CHECK (unit_count > 0),
    guests_per_unit smallint NOT NULL CHECK (guests_per_unit BETWEEN 1 AND 8),
    taken_count     integer NOT NULL,
    released_at     timestamptz,
    CONSTRAINT departure_blocks_never_oversold CHECK (taken_count BETWEEN 0 AND unit_count),
    UNIQUE (departure_id, room_type_id),
    UNIQUE (id, departure_id)
);
CREATE INDEX departure_blocks_institution ON departure_blocks (institution_id);
CREATE INDEX departure_blocks_room_type ON departure_blocks (room_type_id);

-- One party's places. Released seats stay, so that late money finds the institution that the party had chosen.
CREATE TABLE departure_seats (
    id              uuid PRIMARY KEY,
    departure_id    uuid NOT NULL REFERENCES departures (id),
    block_id        uuid NOT NULL,
    booking_id      uuid NOT NULL UNIQUE,
    traveller_count integer NOT NULL CHECK (traveller_count > 0),
    unit_count      integer NOT NULL CHECK (unit_count > 0),
    expires_at      timestamptz,
    is_released     boolean NOT NULL,
    FOREIGN KEY (block_id, departure_id) REFERENCES departure_blocks (id, departure_id)
);
CREATE INDEX departure_seats_departure ON departure_seats (departure_id) WHERE NOT is_released;
CREATE INDEX departure_seats_block ON departure_seats (block_id);
""",
)
