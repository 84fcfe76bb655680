from marketplace.kit.migrations import script

ID = "m0018"
VERSION = "1.38.0"
DESCRIPTION = "Beds in rooms that guests of one gender share, and companion beds that are limited"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Beds of such a type stand together in rooms, which are sold whole or shared; one bed a room is a room of one's own.
ALTER TABLE room_types
    ADD COLUMN beds_per_room smallint NOT NULL DEFAULT 1 CHECK (beds_per_room BETWEEN 1 AND 8),
    ADD CONSTRAINT room_types_only_beds_share CHECK (sold_by = 'bed' OR beds_per_room = 1),
    ADD CONSTRAINT room_types_rooms_are_whole CHECK (unit_count % beds_per_room = 0),
    ADD UNIQUE (id, beds_per_room);

-- Whoever holds the lock row has the number at hand; it cannot differ from the room type's.
ALTER TABLE room_type_locks
    ADD COLUMN beds_per_room smallint NOT NULL DEFAULT 1,
    ADD FOREIGN KEY (room_type_id, beds_per_room) REFERENCES room_types (id, beds_per_room);

-- The counters stay one mechanism. taken_count is in units, and a shared room counts with all of its beds from the first
-- guest on, because nobody of another gender may have them; a further guest of the same gender adds nothing on the nights
-- on which somebody is there already.
--
-- Counting the beds of each gender and rounding up is not enough, since nobody moves mid-stay. Two rooms of two beds;
-- women on nights [0, 4), [0, 2) and [1, 3), men on [0, 1) and [2, 3): no night needs more than two rooms, yet the men's
-- room and the third woman leave each other no way. So who shares with whom is settled when a bed is taken: a share is
-- guests of one gender whose nights make one unbroken stretch, in which no night has more of them than a room has beds.
-- Shares and rooms of one's own are then nothing but intervals, of which no night has more than there are rooms; given
-- out in order of check-in they always find a room (inventory.rules.rooming), and so do the guests of a share its beds.
-- Which room that is, nobody knows before check-in.
ALTER TABLE allocations
    ADD COLUMN own_count smallint,
    ADD COLUMN share_id uuid,
    ADD COLUMN gender text CHECK (gender IN ('female', 'male', 'mixed')),
    ADD COLUMN companion_bed_count smallint NOT NULL DEFAULT 0 CHECK (companion_bed_count >= 0);
UPDATE allocations SET own_count = unit_count;
ALTER TABLE allocations
    ALTER COLUMN own_count SET NOT NULL,
    -- Units that are nobody else's: as many as are had, or those of the rooms that they fill; none in a shared room.
    ADD CONSTRAINT allocations_own_or_share CHECK (
        CASE WHEN share_id IS NULL THEN own_count >= unit_count ELSE own_count = 0 AND gender IN ('female', 'male') END),
    ADD CONSTRAINT allocations_share_has_one_gender EXCLUDE USING gist (share_id WITH =, gender WITH <>)
        WHERE (share_id IS NOT NULL);
CREATE INDEX allocations_shared ON allocations (room_type_id, gender, upper(stay)) WHERE share_id IS NOT NULL;

-- Null is one companion bed for each unit, which needs no counting: a party takes at most one for each of its units.
ALTER TABLE room_nights
    ADD COLUMN companion_bed_count smallint,
    ADD COLUMN companion_taken_count smallint NOT NULL DEFAULT 0,
    ADD CONSTRAINT room_nights_companion_beds_exist CHECK (companion_bed_count >= 0),
    ADD CONSTRAINT room_nights_companion_beds_never_oversold CHECK (
        companion_taken_count >= 0 AND companion_taken_count <= companion_bed_count);

-- Units that lapsed holds still count on a night: their own, and shared rooms in which everybody's hold has lapsed.
CREATE FUNCTION lapsed_units(for_room_type uuid, on_night date, at timestamptz) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(a.own_count), 0)::integer
           + count(DISTINCT a.share_id) FILTER (WHERE NOT EXISTS (
                 SELECT FROM allocations b WHERE b.share_id = a.share_id AND b.stay @> on_night
                    AND (b.expires_at IS NULL OR b.expires_at > at)))::integer
             * (SELECT beds_per_room FROM room_type_locks WHERE room_type_id = for_room_type)
      FROM allocations a
     WHERE a.room_type_id = for_room_type AND a.expires_at <= at AND a.stay @> on_night
$$;

-- The nights of a span of which so many units are left, counting lapsed holds as free, those in shared rooms too.
CREATE OR REPLACE FUNCTION free_nights(for_room_type uuid, span daterange, wanted_units integer, at timestamptz)
RETURNS datemultirange LANGUAGE plpgsql STABLE COST 5000 AS $$
BEGIN
    RETURN (
        WITH lapsed AS (SELECT stay FROM allocations WHERE room_type_id = for_room_type AND expires_at <= at)
        SELECT coalesce(range_agg(daterange(night, night + 1)), '{}')
          FROM room_nights
         WHERE room_type_id = for_room_type AND night >= lower(span) AND night < upper(span) AND NOT closed
           AND unit_count - taken_count
               + CASE WHEN EXISTS (SELECT FROM lapsed l WHERE l.stay @> night)
                      THEN lapsed_units(for_room_type, night, at) ELSE 0 END >= wanted_units);
END $$;

-- The shared room that some beds for one gender fit into on every night of a stay, or none: the one in which they open
-- the fewest further nights. Holds that have lapsed do not stand in the way. `span` are the nights it has already.
CREATE FUNCTION best_share(
    for_room_type uuid, wanted_stay daterange, wanted_units integer, for_gender text, at timestamptz,
    OUT share_id uuid, OUT span daterange
) RETURNS SETOF record LANGUAGE sql STABLE ROWS 1 AS $$
    WITH guests AS (
        SELECT a.share_id, a.stay, a.unit_count
          FROM allocations a
         WHERE a.share_id IN (SELECT m.share_id FROM allocations m
                               WHERE m.room_type_id = for_room_type AND m.share_id IS NOT NULL AND m.gender = for_gender
                                 AND upper(m.stay) > lower(wanted_stay) AND m.stay && wanted_stay)
           AND (a.expires_at IS NULL OR a.expires_at > at)
    ), shares AS (
        SELECT guests.share_id, unnest(range_agg(stay)) AS span FROM guests GROUP BY guests.share_id
    )
    SELECT s.share_id, s.span
      FROM shares s JOIN room_type_locks l ON l.room_type_id = for_room_type
     WHERE s.span && wanted_stay AND NOT l.stop_sale
       AND upper(wanted_stay) - lower(wanted_stay) = (
           SELECT count(*) FROM room_nights n
            WHERE n.room_type_id = for_room_type AND n.night >= lower(wanted_stay) AND n.night < upper(wanted_stay)
              AND NOT n.closed
              AND CASE WHEN s.span @> n.night
                       THEN l.beds_per_room - wanted_units >= (SELECT coalesce(sum(g.unit_count), 0) FROM guests g
                                                                WHERE g.share_id = s.share_id AND g.stay @> n.night)
                       ELSE n.taken_count - lapsed_units(for_room_type, n.night, at) + l.beds_per_room <= n.unit_count
                            AND wanted_units < l.beds_per_room END)
     ORDER BY upper(s.span * wanted_stay) - lower(s.span * wanted_stay) DESC, s.share_id, s.span
     LIMIT 1
$$;

-- Remove allocations of one room type, give their nights back and say how many there were. The caller holds the lock row.
CREATE OR REPLACE FUNCTION give_back(for_room_type uuid, given_up uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    removed integer;
    span daterange;
    left_behind uuid[];
BEGIN
    WITH gone AS (
        DELETE FROM allocations WHERE id = ANY (given_up) AND room_type_id = for_room_type
        RETURNING stay, own_count, companion_bed_count, share_id
    ), parts AS (
        SELECT lower(stay) + day AS night, own_count AS units, companion_bed_count AS companions
          FROM gone, generate_series(0, upper(stay) - lower(stay) - 1) AS day
         UNION ALL
        -- A shared room is given back on the nights on which nobody is left in it.
        SELECT emptied.night, l.beds_per_room, 0
          FROM (SELECT DISTINCT share_id, lower(stay) + day AS night
                  FROM gone, generate_series(0, upper(stay) - lower(stay) - 1) AS day
                 WHERE share_id IS NOT NULL) AS emptied, room_type_locks l
         WHERE l.room_type_id = for_room_type
           AND NOT EXISTS (SELECT FROM allocations a WHERE a.share_id = emptied.share_id AND a.stay @> emptied.night
                              AND a.id <> ALL (given_up))
    ), freed AS (
        SELECT night, sum(units) AS units, sum(companions) AS companions FROM parts GROUP BY 1
    ), updated AS (
        UPDATE room_nights
           SET taken_count = taken_count - freed.units, companion_taken_count = companion_taken_count - freed.companions
          FROM freed
         WHERE room_nights.room_type_id = for_room_type AND room_nights.night = freed.night
           AND freed.units + freed.companions > 0
        RETURNING room_nights.night
    )
    -- No night, no span: daterange(NULL, NULL) would be all of time.
    SELECT (SELECT count(*) FROM gone), (SELECT array_agg(DISTINCT share_id) FROM gone WHERE share_id IS NOT NULL),
           range_merge(range_agg(daterange(night, night + 1)))
      INTO removed, left_behind, span FROM updated;
    IF left_behind IS NOT NULL THEN
        PERFORM part_shares(left_behind);
    END IF;
    -- Giving back only ever opens nights, so where none was closed there is nothing to write.
    PERFORM FROM room_type_locks WHERE room_type_id = for_room_type AND closed && span;
    IF FOUND THEN
        PERFORM refresh_closed(for_room_type, span);
    END IF;
    RETURN removed;
END $$;

-- Those who were kept together only by somebody who has left are shares of their own from now on.
CREATE FUNCTION part_shares(shares uuid[]) RETURNS void LANGUAGE sql AS $$
    UPDATE allocations a SET share_id = parted.new_id
      FROM (SELECT share_id, span, uuidv7() AS new_id
              FROM (SELECT share_id, span, row_number() OVER (PARTITION BY share_id ORDER BY span) AS number
                      FROM (SELECT share_id, unnest(range_agg(stay)) AS span FROM allocations
                             WHERE share_id = ANY (shares) GROUP BY share_id) AS stretches) AS numbered
             WHERE number > 1) AS parted
     WHERE a.share_id = parted.share_id AND a.stay <@ parted.span
$$;

DROP FUNCTION take_nights(uuid, uuid, daterange, integer, text, uuid, timestamptz, timestamptz, text);

-- Take units on every night of a stay, or on none; `refused` says why not: full, or the restriction that a booking breaks,
-- or companion_beds_taken, where `bound` are those left.
-- A full stay is refused without queueing for the lock, unless a lapsed hold stands in its way: then the lock is taken,
-- the hold reclaimed and the stay tried again. Units that break do so whether or not their nights are on sale.
-- Beds of one gender, fewer than a room has, may share a room; anything else gets rooms of its own.
CREATE FUNCTION take_nights(
    allocation uuid, for_room_type uuid, wanted_stay daterange, wanted_units integer, for_kind text, for_owner uuid,
    hold_until timestamptz, at timestamptz, for_reason text DEFAULT NULL, for_gender text DEFAULT NULL,
    companion_beds integer DEFAULT 0, OUT refused text, OUT refused_night date, OUT bound integer
) LANGUAGE plpgsql AS $$
DECLARE
    any_night boolean := for_kind = 'out_of_service';
    lock_row room_type_locks;
    beds integer;
    shares boolean;
    share uuid;
    -- Nights that the share has already, on which the stay takes nothing, and what it takes on the others.
    covered daterange := 'empty';
    takes integer;
    full_night date;
    taken integer;
    filled datemultirange;
BEGIN
    SELECT * INTO lock_row FROM room_type_locks
     WHERE room_type_id = for_room_type
       AND (any_night OR NOT stop_sale AND CASE WHEN NOT closed && wanted_stay THEN true
            WHEN beds_per_room > wanted_units AND for_gender IN ('female', 'male')
            THEN EXISTS (SELECT FROM best_share(for_room_type, wanted_stay, wanted_units, for_gender, at))
            ELSE false END)
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
    beds := lock_row.beds_per_room;
    shares := for_kind = 'booking' AND wanted_units < beds AND for_gender IN ('female', 'male');
    takes := (wanted_units + beds - 1) / beds * beds;
    IF shares THEN
        SELECT s.share_id, s.span INTO share, covered
          FROM best_share(for_room_type, wanted_stay, wanted_units, for_gender, at) s;
        IF NOT FOUND THEN
            share := uuidv7();
            covered := 'empty';
        END IF;
    END IF;
    IF for_kind = 'booking' THEN
        SELECT * INTO refused, refused_night, bound FROM broken_restriction(for_room_type, wanted_stay, at);
        IF refused IS NOT NULL THEN
            -- Whatever else is wrong with it, a stay that is full is refused as full, as it is to who only asks.
            IF isempty(covered) THEN
                full_night := first_full_night(for_room_type, wanted_stay, takes, any_night);
            END IF;
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
           SET taken_count = taken_count + CASE WHEN covered @> night THEN 0 ELSE takes END,
               companion_taken_count = companion_taken_count + companion_beds
         WHERE room_type_id = for_room_type AND night >= lower(wanted_stay) AND night < upper(wanted_stay)
           AND upper(wanted_stay) - lower(wanted_stay) = (
               SELECT count(*) FROM room_nights
                WHERE room_type_id = for_room_type AND night >= lower(wanted_stay) AND night < upper(wanted_stay)
                  AND (any_night OR NOT closed) AND (covered @> night OR taken_count + takes <= unit_count)
                  AND (companion_beds = 0 OR companion_bed_count IS NULL
                       OR companion_taken_count + companion_beds <= companion_bed_count))
        RETURNING night, taken_count >= unit_count AS is_full
    )
    SELECT count(*), range_agg(daterange(night, night + 1)) FILTER (WHERE is_full) INTO taken, filled FROM updated;
    IF taken = 0 THEN
        IF isempty(covered) THEN
            refused_night := first_full_night(for_room_type, wanted_stay, takes, any_night);
        END IF;
        IF refused_night IS NOT NULL THEN
            refused := 'full';
            RETURN;
        END IF;
        refused := 'companion_beds_taken';
        SELECT night, companion_bed_count - companion_taken_count INTO refused_night, bound FROM room_nights
         WHERE room_type_id = for_room_type AND night >= lower(wanted_stay) AND night < upper(wanted_stay)
           AND companion_taken_count + companion_beds > companion_bed_count
         ORDER BY night LIMIT 1;
        RETURN;
    END IF;
    IF filled IS NOT NULL THEN
        UPDATE room_type_locks SET closed = closed + filled WHERE room_type_id = for_room_type;
    END IF;
    INSERT INTO allocations (id, room_type_id, institution_id, stay, unit_count, own_count, share_id, gender,
                             companion_bed_count, kind, owner_id, expires_at, reason)
    VALUES (allocation, for_room_type, lock_row.institution_id, wanted_stay, wanted_units,
            CASE WHEN shares THEN 0 ELSE takes END, share, for_gender, companion_beds, for_kind, for_owner, hold_until,
            for_reason);
END $$;

-- Beds are rows of rooms; those that say the same room stand in it together.
ALTER TABLE rooms ADD COLUMN in_room text CHECK (length(in_room) BETWEEN 1 AND 20);
""",
)
