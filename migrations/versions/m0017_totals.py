from marketplace.kit.migrations import script

ID = "m0017"
VERSION = "1.38.0"
DESCRIPTION = "What a stay costs, in SQL, so that search sorts by price without reading every room type"

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
""",
)
