from marketplace.kit.migrations import script

ID = "m0016"
VERSION = "1.38.0"
DESCRIPTION = "Closed nights include those not on sale; seasons carry every restriction and running sums, for search"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- One look at the lock row says whether a party could stay: a search looks at thousands of them. A night that is not on
-- sale cannot be taken, so it is closed, and is refused without queueing for the lock like one that is sold out. Who fits
-- into a unit never changes. A stay of stay_min_count to stay_max_count nights, asked for at least lead_day_count days
-- ahead, obeys the restrictions of every night there is, unless has_closed_days: most stays need no further look.
ALTER TABLE room_type_locks
    ALTER COLUMN closed SET DEFAULT '{(,)}',
    ADD COLUMN sold_by         text CHECK (sold_by IN ('room', 'bed')),
    ADD COLUMN guests_max      smallint CHECK (guests_max > 0),
    ADD COLUMN unit_count      integer CHECK (unit_count > 0),
    ADD COLUMN stay_min_count  smallint NOT NULL DEFAULT 1,
    ADD COLUMN stay_max_count  smallint NOT NULL DEFAULT 180,
    ADD COLUMN lead_day_count  smallint NOT NULL DEFAULT 0,
    ADD COLUMN has_closed_days boolean NOT NULL DEFAULT false;
UPDATE room_type_locks
   SET closed = '{(,)}', sold_by = t.sold_by, guests_max = t.guests_max, unit_count = t.unit_count
  FROM room_types t WHERE t.id = room_type_id;
ALTER TABLE room_type_locks
    ALTER COLUMN sold_by SET NOT NULL, ALTER COLUMN guests_max SET NOT NULL, ALTER COLUMN unit_count SET NOT NULL;

-- Recompute the nights of `span` on which nothing more can be taken. The caller holds the lock row.
CREATE OR REPLACE FUNCTION refresh_closed(for_room_type uuid, span daterange) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE room_type_locks
       SET closed = room_type_locks.closed + datemultirange(span) - coalesce((
               SELECT range_agg(daterange(night, night + 1))
                 FROM room_nights
                WHERE room_type_id = for_room_type AND night >= lower(span) AND night < upper(span)
                  AND NOT room_nights.closed AND taken_count < unit_count), '{}')
     WHERE room_type_id = for_room_type;
END $$;

SELECT refresh_closed(room_type_id, range_merge(range_agg(daterange(night, night + 1))))
  FROM room_nights GROUP BY room_type_id;

-- A run is now of one price and one set of restrictions. before_amounts is the sum of all nights before a run, so that the
-- nights of any unbroken stay are summed from its two ends.
DROP FUNCTION refresh_seasons(uuid[]);
DROP TABLE room_type_seasons;
CREATE TABLE room_type_seasons (
    room_type_id        uuid PRIMARY KEY REFERENCES room_type_locks (room_type_id),
    first_days          integer[] NOT NULL,
    end_days            integer[] NOT NULL,
    price_amounts       integer[] NOT NULL,
    before_amounts      bigint[] NOT NULL,
    min_stay_counts     smallint[] NOT NULL,
    max_stay_counts     smallint[] NOT NULL,
    lead_day_counts     smallint[] NOT NULL,
    closed_to_arrival   boolean[] NOT NULL,
    closed_to_departure boolean[] NOT NULL,
    CHECK (cardinality(first_days) = ALL (ARRAY[
        cardinality(end_days), cardinality(price_amounts), cardinality(before_amounts), cardinality(min_stay_counts),
        cardinality(max_stay_counts), cardinality(lead_day_counts), cardinality(closed_to_arrival),
        cardinality(closed_to_departure)]))
);

CREATE FUNCTION refresh_seasons(for_room_types uuid[]) RETURNS void LANGUAGE sql AS $$
    WITH nights AS (
        SELECT *, night - date '2000-01-01' AS day, night - row_number() OVER (
                   PARTITION BY room_type_id, price_amount, min_stay_count, max_stay_count, lead_day_count,
                                closed_to_arrival, closed_to_departure ORDER BY night)::integer AS run
          FROM room_nights WHERE room_type_id = ANY (for_room_types)
    ), runs AS (
        SELECT room_type_id, price_amount, min_stay_count, max_stay_count, lead_day_count, closed_to_arrival,
               closed_to_departure, min(day) AS first, max(day) + 1 AS "end",
               sum(sum(price_amount)) OVER (PARTITION BY room_type_id ORDER BY min(day)) - sum(price_amount) AS before
          FROM nights
         GROUP BY room_type_id, price_amount, min_stay_count, max_stay_count, lead_day_count, closed_to_arrival,
                  closed_to_departure, run
    )
    INSERT INTO room_type_seasons AS seasons
    SELECT room_type_id, array_agg(first ORDER BY first), array_agg("end" ORDER BY first),
           array_agg(price_amount::integer ORDER BY first), array_agg(before::bigint ORDER BY first),
           array_agg(min_stay_count ORDER BY first), array_agg(max_stay_count ORDER BY first),
           array_agg(lead_day_count ORDER BY first), array_agg(closed_to_arrival ORDER BY first),
           array_agg(closed_to_departure ORDER BY first)
      FROM runs GROUP BY room_type_id
        ON CONFLICT (room_type_id) DO UPDATE
       SET first_days = excluded.first_days, end_days = excluded.end_days, price_amounts = excluded.price_amounts,
           before_amounts = excluded.before_amounts, min_stay_counts = excluded.min_stay_counts,
           max_stay_counts = excluded.max_stay_counts, lead_day_counts = excluded.lead_day_counts,
           closed_to_arrival = excluded.closed_to_arrival, closed_to_departure = excluded.closed_to_departure;

    UPDATE room_type_locks l
       SET stay_min_count = n.least, stay_max_count = n.most, lead_day_count = n.lead, has_closed_days = n.closed_days
      FROM (SELECT room_type_id, max(min_stay_count) AS least, min(max_stay_count) AS most, max(lead_day_count) AS lead,
                   bool_or(closed_to_arrival OR closed_to_departure) AS closed_days
              FROM room_nights WHERE room_type_id = ANY (for_room_types) GROUP BY room_type_id) AS n
     WHERE l.room_type_id = n.room_type_id
       AND (l.stay_min_count, l.stay_max_count, l.lead_day_count, l.has_closed_days)
           IS DISTINCT FROM (n.least, n.most, n.lead, n.closed_days)
$$;

SELECT refresh_seasons(array_agg(room_type_id)) FROM room_type_locks;

-- Only search asked whether any night of a window is restricted; its seasons say so now.
DROP INDEX room_nights_restricted;
""",
)
