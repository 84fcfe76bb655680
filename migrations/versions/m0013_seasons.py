from marketplace.kit.migrations import script

ID = "m0013"
VERSION = "1.38.0"
DESCRIPTION = "The nights of a room type run by run, for search"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- What an institution says of its nights, run-length encoded: consecutive nights of one price and restriction are one
-- run, [first, end) in days since 2000-01-01. A few dozen numbers stand for 400 rows, so a search prices a stay without
-- reading its nights. Bookings never touch it; whoever sets nights refreshes it under the room type's lock.
CREATE TABLE room_type_seasons (
    room_type_id    uuid PRIMARY KEY REFERENCES room_type_locks (room_type_id),
    first_days      integer[] NOT NULL,
    end_days        integer[] NOT NULL,
    price_amounts   integer[] NOT NULL,
    min_stay_counts integer[] NOT NULL,
    CHECK (cardinality(first_days) = ALL (ARRAY[
        cardinality(end_days), cardinality(price_amounts), cardinality(min_stay_counts)]))
);

CREATE FUNCTION refresh_seasons(for_room_types uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO room_type_seasons AS seasons
    SELECT room_type_id, array_agg(first ORDER BY first), array_agg("end" ORDER BY first),
           array_agg(price_amount::integer ORDER BY first), array_agg(min_stay_count::integer ORDER BY first)
      FROM (SELECT room_type_id, price_amount, min_stay_count, min(day) AS first, max(day) + 1 AS "end"
              FROM (SELECT room_type_id, price_amount, min_stay_count, night - date '2000-01-01' AS day,
                           night - row_number() OVER (PARTITION BY room_type_id, price_amount, min_stay_count
                                                      ORDER BY night)::integer AS run
                      FROM room_nights WHERE room_type_id = ANY (for_room_types)) nights
             GROUP BY room_type_id, price_amount, min_stay_count, run) runs
     GROUP BY room_type_id
        ON CONFLICT (room_type_id) DO UPDATE
       SET first_days = excluded.first_days, end_days = excluded.end_days, price_amounts = excluded.price_amounts,
           min_stay_counts = excluded.min_stay_counts
$$;

SELECT refresh_seasons(array_agg(room_type_id)) FROM room_type_locks;
""",
)
