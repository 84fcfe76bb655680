from marketplace.kit.migrations import script

ID = "m0014"
VERSION = "1.38.0"
DESCRIPTION = "Restrictions per night, units out of service, how many holds one may have, and physical rooms"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- The defaults say that nothing is restricted, which is what a night means until its institution says otherwise.
-- closed_to_departure is of the day on which a stay would end: the day after its last night.
ALTER TABLE room_nights
    ADD COLUMN max_stay_count      smallint NOT NULL DEFAULT 180 CHECK (max_stay_count BETWEEN 1 AND 180),
    ADD COLUMN lead_day_count      smallint NOT NULL DEFAULT 0 CHECK (lead_day_count BETWEEN 0 AND 365),
    ADD COLUMN closed_to_arrival   boolean NOT NULL DEFAULT false,
    ADD COLUMN closed_to_departure boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT room_nights_some_stay_is_possible CHECK (min_stay_count <= max_stay_count);
-- Few nights are restricted; search asks whether any of a window's is.
CREATE INDEX room_nights_restricted ON room_nights (room_type_id, night)
    WHERE closed_to_arrival OR closed_to_departure OR lead_day_count > 0 OR max_stay_count < 180;

ALTER TABLE allocations
    DROP CONSTRAINT allocations_kind_check,
    ADD CONSTRAINT allocations_kind_check CHECK (kind IN ('booking', 'block', 'out_of_service')),
    ADD COLUMN reason text CHECK (length(reason) BETWEEN 1 AND 200),
    ADD CONSTRAINT allocations_out_of_service_says_why CHECK ((kind = 'out_of_service') = (reason IS NOT NULL)),
    ADD CONSTRAINT allocations_out_of_service_is_no_hold CHECK (kind <> 'out_of_service' OR expires_at IS NULL);
CREATE INDEX allocations_out_of_service ON allocations (room_type_id) WHERE kind = 'out_of_service';

DROP FUNCTION take_nights(uuid, uuid, daterange, integer, text, uuid, timestamptz, timestamptz);
DROP FUNCTION first_full_night(uuid, daterange, integer);

-- Name the first night of a stay that has too few units left, or, unless `any_night`, is closed; null when there is none.
CREATE FUNCTION first_full_night(for_room_type uuid, wanted_stay daterange, wanted_units integer, any_night boolean)
RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT min(lower(wanted_stay) + day)
          FROM generate_series(0, upper(wanted_stay) - lower(wanted_stay) - 1) AS day
          LEFT JOIN room_nights ON room_type_id = for_room_type AND night = lower(wanted_stay) + day
         WHERE night IS NULL OR (closed AND NOT any_night) OR taken_count + wanted_units > unit_count);
END $$;

-- Name the first restriction that a stay breaks, the night that has it and its bound; all null when it breaks none.
-- inventory.rules.check_restrictions says the same, in the same order, to who only asks.
CREATE FUNCTION broken_restriction(
    for_room_type uuid, wanted_stay daterange, at timestamptz, OUT refused text, OUT refused_night date, OUT bound integer
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    length integer := upper(wanted_stay) - lower(wanted_stay);
    lead integer := lower(wanted_stay) - (at AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
    SELECT broken.refused, broken.night, broken.bound INTO refused, refused_night, bound
      FROM room_nights arrival
      LEFT JOIN room_nights departure ON departure.room_type_id = for_room_type AND departure.night = upper(wanted_stay),
      LATERAL (VALUES
          (1, 'closed_to_arrival', arrival.closed_to_arrival, arrival.night, NULL),
          (2, 'lead_time_too_short', lead < arrival.lead_day_count, arrival.night, arrival.lead_day_count),
          (3, 'stay_too_short', length < arrival.min_stay_count, arrival.night, arrival.min_stay_count),
          (4, 'stay_too_long', length > arrival.max_stay_count, arrival.night, arrival.max_stay_count),
          (5, 'closed_to_departure', departure.closed_to_departure, departure.night, NULL)
      ) AS broken (rank, refused, holds, night, bound)
     WHERE arrival.room_type_id = for_room_type AND arrival.night = lower(wanted_stay) AND broken.holds
     ORDER BY broken.rank LIMIT 1;
END $$;

-- Take units on every night of a stay, or on none; `refused` says why not: full, or the restriction that a booking breaks.
-- A full stay is refused without queueing for the lock, unless a lapsed hold stands in its way: then the lock is taken,
-- the hold reclaimed and the stay tried again. Units that break do so whether or not their nights are on sale.
CREATE FUNCTION take_nights(
    allocation uuid, for_room_type uuid, wanted_stay daterange, wanted_units integer, for_kind text, for_owner uuid,
    hold_until timestamptz, at timestamptz, for_reason text DEFAULT NULL,
    OUT refused text, OUT refused_night date, OUT bound integer
) LANGUAGE plpgsql AS $$
DECLARE
    any_night boolean := for_kind = 'out_of_service';
    lock_row room_type_locks;
    full_night date;
    taken integer;
    filled datemultirange;
BEGIN
    SELECT * INTO lock_row FROM room_type_locks
     WHERE room_type_id = for_room_type AND (any_night OR NOT stop_sale AND NOT closed && wanted_stay)
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM FROM allocations WHERE room_type_id = for_room_type AND expires_at <= at AND stay && wanted_stay;
        IF FOUND THEN
            SELECT * INTO lock_row FROM room_type_locks
             WHERE room_type_id = for_room_type AND NOT stop_sale FOR NO KEY UPDATE;
        END IF;
    END IF;
    IF lock_row.room_type_id IS NULL THEN
        refused := 'full';
        refused_night := coalesce(
            first_full_night(for_room_type, wanted_stay, wanted_units, any_night), lower(wanted_stay));
        RETURN;
    END IF;

    PERFORM reclaim_lapsed(for_room_type, at);
    IF for_kind = 'booking' THEN
        SELECT * INTO refused, refused_night, bound FROM broken_restriction(for_room_type, wanted_stay, at);
        IF refused IS NOT NULL THEN
            -- Whatever else is wrong with it, a stay that is full is refused as full, as it is to who only asks.
            full_night := first_full_night(for_room_type, wanted_stay, wanted_units, any_night);
            IF full_night IS NOT NULL THEN
                refused := 'full';
                refused_night := full_night;
                bound := NULL;
            END IF;
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
                  AND (any_night OR NOT closed) AND taken_count + wanted_units <= unit_count)
        RETURNING night, taken_count >= unit_count AS is_full
    )
    SELECT count(*), range_agg(daterange(night, night + 1)) FILTER (WHERE is_full) INTO taken, filled FROM updated;
    IF taken = 0 THEN
        refused := 'full';
        refused_night := first_full_night(for_room_type, wanted_stay, wanted_units, any_night);
        RETURN;
    END IF;
    IF filled IS NOT NULL THEN
        UPDATE room_type_locks SET closed = closed + filled WHERE room_type_id = for_room_type;
    END IF;
    INSERT INTO allocations (id, room_type_id, institution_id, stay, unit_count, kind, owner_id, expires_at, reason)
    VALUES (allocation, for_room_type, lock_row.institution_id, wanted_stay, wanted_units, for_kind, for_owner, hold_until,
            for_reason);
END $$;

-- Anti-hoarding: how many holds a family or partner has, counted while no other hold of theirs can be made. The count is
-- a statement of its own, so it sees what was committed while the lock was waited for.
CREATE INDEX bookings_live_holds ON bookings (owner_id, hold_expires_at) WHERE status = 'on_hold';
CREATE FUNCTION count_holds_alone(for_owner uuid, at timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('holds of ' || for_owner, 0));
    RETURN (SELECT count(*) FROM bookings
             WHERE owner_id = for_owner AND status = 'on_hold' AND hold_expires_at > at);
END $$;

-- Physical rooms (beds, where beds are sold) and whose they are on which nights. A room is given out around check-in.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE rooms (
    id             uuid PRIMARY KEY,
    room_type_id   uuid NOT NULL,
    institution_id uuid NOT NULL,
    number         text NOT NULL CHECK (length(number) BETWEEN 1 AND 20),
    floor          smallint NOT NULL CHECK (floor BETWEEN -3 AND 99),
    has_lift       boolean NOT NULL,
    wing           text CHECK (length(wing) BETWEEN 1 AND 40),
    position       smallint NOT NULL,
    retired_at     timestamptz,
    FOREIGN KEY (room_type_id, institution_id) REFERENCES room_type_locks (room_type_id, institution_id)
);
CREATE INDEX rooms_room_type ON rooms (room_type_id);
CREATE UNIQUE INDEX rooms_number ON rooms (institution_id, number) WHERE retired_at IS NULL;

-- An assignment lives as long as its allocation. `pinned` is a promise that giving out rooms anew does not touch.
CREATE TABLE room_assignments (
    room_id        uuid NOT NULL REFERENCES rooms,
    stay           daterange NOT NULL,
    institution_id uuid NOT NULL,
    allocation_id  uuid NOT NULL REFERENCES allocations ON DELETE CASCADE,
    occupant_id    uuid,
    pinned         boolean NOT NULL,
    assigned_at    timestamptz NOT NULL,
    PRIMARY KEY (room_id, stay WITHOUT OVERLAPS)
);
CREATE INDEX room_assignments_allocation ON room_assignments (allocation_id);
CREATE INDEX room_assignments_occupant ON room_assignments (occupant_id) WHERE occupant_id IS NOT NULL;

-- The result of the last comparison of every counter with what is taken; monitoring shows it.
CREATE TABLE inventory_verifications (
    id          uuid PRIMARY KEY,
    verified_at timestamptz NOT NULL,
    drift_count integer NOT NULL CHECK (drift_count >= 0)
);
CREATE INDEX inventory_verifications_at ON inventory_verifications (verified_at DESC);
""",
)
