from marketplace.kit.migrations import script

ID = "m0007"
VERSION = "1.38.0"
DESCRIPTION = "Nightly inventory: lock rows, nights, allocations, and the functions that keep them in step"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- The narrow row that every writer of a room type locks. It also says on which nights nothing more can be taken
-- (full, or closed by the institution), so that a sold-out stay is refused without waiting for the lock.
CREATE TABLE room_type_locks (
    room_type_id   uuid PRIMARY KEY REFERENCES room_types (id),
    institution_id uuid NOT NULL REFERENCES institutions (id),
    closed         datemultirange NOT NULL DEFAULT '{}',
    stop_sale      boolean NOT NULL DEFAULT false,
    UNIQUE (room_type_id, institution_id)
) WITH (fillfactor = 70);
CREATE INDEX room_type_locks_institution ON room_type_locks (institution_id);

-- A night without a row is not on sale.
CREATE TABLE room_nights (
    room_type_id    uuid NOT NULL,
    night           date NOT NULL,
    institution_id  uuid NOT NULL,
    unit_count      smallint NOT NULL,
    taken_count     smallint NOT NULL,
    price_amount    bigint NOT NULL CHECK (price_amount > 0),
    min_stay_count  smallint NOT NULL CHECK (min_stay_count BETWEEN 1 AND 180),
    closed          boolean NOT NULL,
    PRIMARY KEY (room_type_id, night),
    FOREIGN KEY (room_type_id, institution_id) REFERENCES room_type_locks (room_type_id, institution_id),
    CONSTRAINT room_nights_never_oversold CHECK (taken_count >= 0 AND taken_count <= unit_count)
) WITH (fillfactor = 80);

-- Who holds what: the truth. room_nights.taken_count is the sum of these rows, night by night.
CREATE TABLE allocations (
    id              uuid PRIMARY KEY,
    room_type_id    uuid NOT NULL,
    institution_id  uuid NOT NULL,
    stay            daterange NOT NULL CHECK (NOT isempty(stay) AND NOT lower_inf(stay) AND NOT upper_inf(stay)),
    unit_count      smallint NOT NULL CHECK (unit_count > 0),
    kind            text NOT NULL CHECK (kind IN ('booking', 'block')),
    owner_id        uuid NOT NULL,
    expires_at      timestamptz,
    FOREIGN KEY (room_type_id, institution_id) REFERENCES room_type_locks (room_type_id, institution_id)
);
CREATE INDEX allocations_room_type ON allocations (room_type_id);
CREATE INDEX allocations_owner ON allocations (owner_id);
CREATE INDEX allocations_holds ON allocations (room_type_id, expires_at) WHERE expires_at IS NOT NULL;

-- The functions below are one round trip each, so that no lock is held while a client thinks. They run in READ COMMITTED,
-- where each statement of a volatile function sees everything that was committed before that statement began.

-- Recompute the nights of `span` on which nothing more can be taken. The caller holds the lock row.
CREATE FUNCTION refresh_closed(for_room_type uuid, span daterange) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE room_type_locks
       SET closed = room_type_locks.closed - datemultirange(span) + coalesce((
               SELECT range_agg(daterange(night, night + 1))
                 FROM room_nights
                WHERE room_type_id = for_room_type AND night >= lower(span) AND night < upper(span)
                  AND (room_nights.closed OR taken_count >= unit_count)), '{}')
     WHERE room_type_id = for_room_type;
END $$;

-- Remove allocations of one room type, give their nights back and say how many there were. The caller holds the lock row.
CREATE FUNCTION give_back(for_room_type uuid, given_up uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    removed integer;
    span daterange;
BEGIN
    WITH gone AS (
        DELETE FROM allocations WHERE id = ANY (given_up) AND room_type_id = for_room_type RETURNING stay, unit_count
    ), freed AS (
        SELECT lower(stay) + day AS night, sum(unit_count) AS unit_count
          FROM gone, generate_series(0, upper(stay) - lower(stay) - 1) AS day
         GROUP BY 1
    ), updated AS (
        UPDATE room_nights
           SET taken_count = taken_count - freed.unit_count
          FROM freed
         WHERE room_nights.room_type_id = for_room_type AND room_nights.night = freed.night
        RETURNING room_nights.night
    )
    -- Where nothing was given back there is no span; a range without bounds would be all nights.
    SELECT (SELECT count(*) FROM gone), CASE WHEN count(*) > 0 THEN daterange(min(night), max(night) + 1) END
      INTO removed, span FROM updated;
    -- Giving back only ever opens nights, so where none was closed there is nothing to write.
    PERFORM FROM room_type_locks WHERE room_type_id = for_room_type AND closed && span;
    IF FOUND THEN
        PERFORM refresh_closed(for_room_type, span);
    END IF;
    RETURN removed;
END $$;

-- Give back every hold of a room type that has lapsed. The caller holds the lock row.
CREATE FUNCTION reclaim_lapsed(for_room_type uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lapsed uuid[];
BEGIN
    SELECT array_agg(id) INTO lapsed FROM allocations WHERE room_type_id = for_room_type AND expires_at <= at;
    IF lapsed IS NOT NULL THEN
        PERFORM give_back(for_room_type, lapsed);
    END IF;
END $$;

-- Release one allocation; false when it is no longer there.
CREATE FUNCTION release_allocation(allocation uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    its_room_type uuid;
BEGIN
    SELECT room_type_id INTO its_room_type FROM allocations WHERE id = allocation;
    PERFORM FROM room_type_locks WHERE room_type_id = its_room_type FOR NO KEY UPDATE;
    RETURN FOUND AND give_back(its_room_type, ARRAY[allocation]) > 0;
END $$;

-- Name the first night of a stay that cannot be had; null when all can.
CREATE FUNCTION first_full_night(for_room_type uuid, wanted_stay daterange, wanted_units integer) RETURNS date
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT min(lower(wanted_stay) + day)
          FROM generate_series(0, upper(wanted_stay) - lower(wanted_stay) - 1) AS day
          LEFT JOIN room_nights ON room_type_id = for_room_type AND night = lower(wanted_stay) + day
         WHERE night IS NULL OR closed OR taken_count + wanted_units > unit_count);
END $$;

-- Take units on every night of a stay, or on none; `refused` says why not: full or stay_too_short.
-- A full stay is refused without queueing for the lock, unless a lapsed hold stands in its way: then the lock is taken,
-- the hold reclaimed and the stay tried again.
CREATE FUNCTION take_nights(
    allocation uuid, for_room_type uuid, wanted_stay daterange, wanted_units integer, for_kind text, for_owner uuid,
    hold_until timestamptz, at timestamptz, OUT refused text, OUT full_night date, OUT least_nights integer
) LANGUAGE plpgsql AS $$
DECLARE
    lock_row room_type_locks;
    taken integer;
    filled datemultirange;
BEGIN
    full_night := lower(wanted_stay);
    SELECT * INTO lock_row FROM room_type_locks
     WHERE room_type_id = for_room_type AND NOT stop_sale AND NOT closed && wanted_stay FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM FROM allocations WHERE room_type_id = for_room_type AND expires_at <= at AND stay && wanted_stay;
        IF FOUND THEN
            SELECT * INTO lock_row FROM room_type_locks
             WHERE room_type_id = for_room_type AND NOT stop_sale FOR NO KEY UPDATE;
        END IF;
    END IF;
    IF lock_row.room_type_id IS NULL THEN
        refused := 'full';
        full_night := coalesce(first_full_night(for_room_type, wanted_stay, wanted_units), full_night);
        RETURN;
    END IF;

    PERFORM reclaim_lapsed(for_room_type, at);
    IF for_kind = 'booking' THEN
        SELECT min_stay_count INTO least_nights FROM room_nights
         WHERE room_type_id = for_room_type AND night = lower(wanted_stay);
        IF least_nights > upper(wanted_stay) - lower(wanted_stay) THEN
            refused := 'stay_too_short';
            RETURN;
        END IF;
    END IF;

    WITH updated AS (
        UPDATE room_nights
           SET taken_count = taken_count + wanted_units
         WHERE room_type_id = for_room_type AND night >= lower(wanted_stay) AND night < upper(wanted_stay)
           AND upper(wanted_stay) - lower(wanted_stay) = (
               SELECT count(*) FROM room_nights
                WHERE room_type_id = for_room_type AND night >= lower(wanted_stay) AND night < upper(wanted_stay)
                  AND NOT closed AND taken_count + wanted_units <= unit_count)
        RETURNING night, taken_count >= unit_count AS is_full
    )
    SELECT count(*), range_agg(daterange(night, night + 1)) FILTER (WHERE is_full) INTO taken, filled FROM updated;
    IF taken = 0 THEN
        refused := 'full';
        full_night := first_full_night(for_room_type, wanted_stay, wanted_units);
        RETURN;
    END IF;
    IF filled IS NOT NULL THEN
        UPDATE room_type_locks SET closed = closed + filled WHERE room_type_id = for_room_type;
    END IF;
    INSERT INTO allocations (id, room_type_id, institution_id, stay, unit_count, kind, owner_id, expires_at)
    VALUES (allocation, for_room_type, lock_row.institution_id, wanted_stay, wanted_units, for_kind, for_owner, hold_until);
END $$;
""",
)
