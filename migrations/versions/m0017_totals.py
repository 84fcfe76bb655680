from marketplace.kit.migrations import script

ID = "m0017"
VERSION = "1.38.0"
DESCRIPTION = "What could be had and what it costs, in SQL, so that search ranks without reading every room type"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- kit.money.share: basis points of an amount that is not negative, rounded half up.
CREATE FUNCTION share_of(amount bigint, bps integer) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN (amount * bps * 2 + 10000) / 20000;

-- pricing.rules.stay_total for a party that chose nothing beside its room; a property test holds the two together. The
-- discounts are those that apply: each is taken off what the one before it left, and none takes the last fen.
CREATE FUNCTION stay_total(
    amount bigint, unit_count integer, single_use_count integer, single_use_bps integer, long_bps integer,
    early_bps integer, fee_bps integer
) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    total bigint := amount * unit_count;
BEGIN
    total := total - least(share_of(amount * single_use_count, single_use_bps), total - 1);
    total := total - least(share_of(total, long_bps), total - 1);
    total := total - least(share_of(total, early_bps), total - 1);
    RETURN total + share_of(total, fee_bps);
END $$;

-- The nights of a span of which so many units are left, counting lapsed holds as free.
CREATE FUNCTION free_nights(for_room_type uuid, span daterange, wanted_units integer, at timestamptz) RETURNS datemultirange
LANGUAGE plpgsql STABLE COST 5000 AS $$
BEGIN
    RETURN (
        WITH lapsed AS (SELECT stay, unit_count FROM allocations WHERE room_type_id = for_room_type AND expires_at <= at)
        SELECT coalesce(range_agg(daterange(night, night + 1)), '{}')
          FROM room_nights
         WHERE room_type_id = for_room_type AND night >= lower(span) AND night < upper(span) AND NOT closed
           AND unit_count - taken_count + coalesce((SELECT sum(l.unit_count) FROM lapsed l WHERE l.stay @> night), 0)
               >= wanted_units);
END $$;

-- Whether a stay of so many nights that is asked for on a day could be had within a span, restrictions and all: what
-- search.rules.check_ins says, for the few room types that their lock row does not decide.
CREATE FUNCTION could_stay(
    for_room_type uuid, span daterange, nights integer, wanted_units integer, today date, at timestamptz
) RETURNS boolean LANGUAGE plpgsql STABLE COST 10000 AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM unnest(free_nights(for_room_type, span, wanted_units, at)) AS free
          JOIN room_nights arrival ON arrival.night BETWEEN lower(free) AND upper(free) - nights
          LEFT JOIN room_nights departure
            ON departure.room_type_id = for_room_type AND departure.night = arrival.night + nights
         WHERE arrival.room_type_id = for_room_type AND nights BETWEEN arrival.min_stay_count AND arrival.max_stay_count
           AND arrival.night - today >= arrival.lead_day_count AND NOT arrival.closed_to_arrival
           AND departure.closed_to_departure IS NOT TRUE);
END $$;
""",
)
