from marketplace.kit.migrations import script

ID = "m0049"
VERSION = "1.38.0"
DESCRIPTION = "Search finds beds beside guests of the same gender"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- Whether a stay could begin in a room that guests of one gender share already; could_stay says it of whole rooms.
CREATE FUNCTION could_share(
    for_room_type uuid, wanted_stay daterange, wanted_units integer, for_gender text, today date, at timestamptz
) RETURNS boolean LANGUAGE plpgsql STABLE COST 10000 AS $$
DECLARE
    nights integer := upper(wanted_stay) - lower(wanted_stay);
BEGIN
    RETURN EXISTS (
        SELECT FROM best_share(for_room_type, wanted_stay, wanted_units, for_gender, at)
          JOIN room_nights arrival ON arrival.room_type_id = for_room_type AND arrival.night = lower(wanted_stay)
          LEFT JOIN room_nights departure
            ON departure.room_type_id = for_room_type AND departure.night = upper(wanted_stay)
         WHERE nights BETWEEN arrival.min_stay_count AND arrival.max_stay_count
           AND arrival.night - today >= arrival.lead_day_count AND NOT arrival.closed_to_arrival
           AND departure.closed_to_departure IS NOT TRUE);
END $$;
""",
)
