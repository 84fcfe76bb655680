from marketplace.kit.migrations import script

ID = "m0015"
VERSION = "1.38.0"
DESCRIPTION = "Rate plans, promotions, deals, and what a quote says of them"

forwards = script(
    id=ID,
    description=DESCRIPTION,
    sql="""
-- What an institution charges (fen a night; null is not offered) and takes off beside its nights. A plan is whole: it holds
-- from its day until the next one's. The thresholds of discounts and their shares are lists of the same length.
CREATE TABLE rate_plans (
    institution_id       uuid NOT NULL REFERENCES institutions (id),
    effective_from_on    date NOT NULL,
    single_use_bps       smallint NOT NULL CHECK (single_use_bps BETWEEN 0 AND 9000),
    companion_bed_amount bigint CHECK (companion_bed_amount >= 0),
    breakfast_amount     bigint CHECK (breakfast_amount >= 0),
    half_board_amount    bigint CHECK (half_board_amount >= 0),
    full_board_amount    bigint CHECK (full_board_amount >= 0),
    -- By ability level 0 to 4 (GB/T 42195); level 0 needs no care.
    care_amounts         bigint[] NOT NULL CHECK (
        cardinality(care_amounts) = 5 AND 0 <= ALL (care_amounts) AND care_amounts[1] = 0),
    nights_min           smallint[] NOT NULL CHECK (2 <= ALL (nights_min) AND 180 >= ALL (nights_min)),
    nights_bps           smallint[] NOT NULL CHECK (0 < ALL (nights_bps) AND 9000 >= ALL (nights_bps)),
    days_ahead_min       smallint[] NOT NULL CHECK (1 <= ALL (days_ahead_min) AND 400 >= ALL (days_ahead_min)),
    days_ahead_bps       smallint[] NOT NULL CHECK (0 < ALL (days_ahead_bps) AND 9000 >= ALL (days_ahead_bps)),
    PRIMARY KEY (institution_id, effective_from_on),
    CHECK (cardinality(nights_min) = cardinality(nights_bps)),
    CHECK (cardinality(days_ahead_min) = cardinality(days_ahead_bps))
);

-- Discounts for long stays had a table of their own, in which each threshold changed by itself.
INSERT INTO rate_plans
SELECT day.institution_id, day.effective_from_on, 0, NULL, NULL, NULL, NULL, '{0,0,0,0,0}',
       coalesce(array_agg(held.nights_min ORDER BY held.nights_min) FILTER (WHERE held.discount_bps > 0), '{}'),
       coalesce(array_agg(held.discount_bps ORDER BY held.nights_min) FILTER (WHERE held.discount_bps > 0), '{}'),
       '{}', '{}'
  FROM (SELECT DISTINCT institution_id, effective_from_on FROM length_of_stay_discounts) AS day,
       LATERAL (SELECT DISTINCT ON (nights_min) nights_min, discount_bps FROM length_of_stay_discounts d
                 WHERE d.institution_id = day.institution_id AND d.effective_from_on <= day.effective_from_on
                 ORDER BY nights_min, d.effective_from_on DESC) AS held
 GROUP BY day.institution_id, day.effective_from_on;
DROP TABLE length_of_stay_discounts;

-- A promotion without an institution is the platform's. A code means one thing everywhere.
CREATE TABLE promotions (
    id              uuid PRIMARY KEY,
    institution_id  uuid REFERENCES institutions (id),
    code            text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9]{4,20}$'),
    name_zh         text NOT NULL CHECK (length(name_zh) BETWEEN 1 AND 40),
    name_en         text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 80),
    discount_bps    smallint CHECK (discount_bps BETWEEN 1 AND 9000),
    discount_amount bigint CHECK (discount_amount > 0),
    nights_min      smallint NOT NULL CHECK (nights_min BETWEEN 1 AND 180),
    valid_from_on   date NOT NULL,
    valid_until_on  date NOT NULL CHECK (valid_until_on > valid_from_on),
    usage_max       integer CHECK (usage_max BETWEEN 1 AND 100000),
    ended_at        timestamptz,
    CHECK (num_nonnulls(discount_bps, discount_amount) = 1)
);
CREATE INDEX promotions_institution ON promotions (institution_id);

-- The uses of a promotion that has so many and no more: as many rows as uses. A booking takes a free one, or one whose
-- hold has lapsed, so the cap cannot be passed, nobody waits for a counter, and a lapsed hold never stands in the way.
-- booking_id points at a domain above this one, so it carries no foreign key.
CREATE TABLE promotion_uses (
    promotion_id uuid NOT NULL REFERENCES promotions (id),
    number       integer NOT NULL CHECK (number > 0),
    booking_id   uuid UNIQUE,
    expires_at   timestamptz CHECK (expires_at IS NULL OR booking_id IS NOT NULL),
    PRIMARY KEY (promotion_id, number)
);
CREATE INDEX promotion_uses_free ON promotion_uses (promotion_id, number) WHERE booking_id IS NULL;
CREATE INDEX promotion_uses_lapsing ON promotion_uses (promotion_id, expires_at) WHERE expires_at IS NOT NULL;

-- What a unit was really sold for a night, supplements apart: the only lawful measure of a struck-through price.
CREATE TABLE deals (
    quote_id       uuid PRIMARY KEY REFERENCES quotes (id),
    institution_id uuid NOT NULL REFERENCES institutions (id),
    room_type_id   uuid NOT NULL REFERENCES room_types (id),
    night_amount   bigint NOT NULL CHECK (night_amount >= 0),
    dealt_at       timestamptz NOT NULL
);
CREATE INDEX deals_recent ON deals (room_type_id, dealt_at);
CREATE INDEX deals_institution ON deals (institution_id);

ALTER TABLE quotes ADD COLUMN party jsonb;
ALTER TABLE quotes ADD COLUMN promotion_code text REFERENCES promotions (code);
ALTER TABLE quotes ADD COLUMN reference_amount bigint;
ALTER TABLE quotes ADD COLUMN rate_plan_on date;
ALTER TABLE quotes DISABLE TRIGGER quotes_ended_once;
UPDATE quotes SET party = jsonb_build_object('guest_count', guest_count, 'unit_count', unit_count) WHERE kind = 'stay';
ALTER TABLE quotes ENABLE TRIGGER quotes_ended_once;
ALTER TABLE quotes ADD CONSTRAINT quotes_stay_has_party CHECK ((kind = 'stay') = (party IS NOT NULL));
ALTER TABLE quotes ADD CONSTRAINT quotes_reference_is_dearer CHECK (reference_amount > total_amount);
CREATE INDEX quotes_promotion ON quotes (promotion_code) WHERE promotion_code IS NOT NULL;

DROP TRIGGER quotes_immutable ON quotes;
CREATE TRIGGER quotes_immutable BEFORE UPDATE OF
    id, kind, principal_kind, principal_id, institution_id, room_type_id, departure_id, check_in, check_out, guest_count,
    unit_count, party, promotion_code, lines, total_amount, reference_amount, currency, schedule, cancellation_policy,
    cancellation_timeline, certification, policy_version, rate_plan_on, issued_at, expires_at
    ON quotes FOR EACH ROW EXECUTE FUNCTION refuse_change();
""",
)
