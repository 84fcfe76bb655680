"""When a party could stay in a room type, in SQL over its lock row ``k``: pieces that several statements are made of.

The lock row says which nights are closed, who fits into a unit, and which stays obey every night's restrictions, so most
room types are decided by that row alone. Nights are looked at only where several units are asked for, a restriction may
bind, or a hold has lapsed: lapsed holds count as free, as they do for the booking that follows.
"""

from datetime import datetime
from functools import cached_property

from marketplace.catalog.queries import Matching
from marketplace.catalog.rules import SoldBy
from marketplace.kit.clock import local_date
from marketplace.search.rules import Party, Window


class Openings:
    """The conditions of one search, with parameters in ``sql``; each is written where k and certifications c are.

    A parameter is put when it is first used, since PostgreSQL must be able to tell its type.
    """

    def __init__(self, sql: Matching, window: Window, party: Party, *, sold_by: SoldBy | None, now: datetime) -> None:
        self._sql = sql
        self._sold_by = sold_by
        self._asked = window
        self._party = party
        self._now = now

    @cached_property
    def first(self) -> str:
        """The first day of the window."""
        return f"{self._sql.put(self._asked.first)}::date"

    @cached_property
    def end(self) -> str:
        """The day after the window."""
        return f"{self._sql.put(self._asked.end)}::date"

    @cached_property
    def nights(self) -> str:
        """How many nights are stayed."""
        return f"{self._sql.put(self._asked.nights)}::integer"

    @cached_property
    def today(self) -> str:
        """The local date of asking."""
        return f"{self._sql.put(local_date(self._now))}::date"

    @cached_property
    def at(self) -> str:
        """The instant of asking."""
        return f"{self._sql.put(self._now)}::timestamptz"

    @cached_property
    def guests(self) -> str:
        """How many travel."""
        return f"{self._sql.put(self._party.guests)}::integer"

    @cached_property
    def units(self) -> str:
        """How many units the party takes, as ``Party.units`` has it."""
        rooms = (
            f"{self._sql.put(self._party.rooms)}::integer"
            if self._party.rooms
            else f"({self.guests} + k.guests_max - 1) / k.guests_max"
        )
        return f"(CASE WHEN k.sold_by = 'bed' THEN {self.guests} ELSE {rooms} END)"

    @property
    def singles(self) -> str:
        """How many units for two or more one guest has alone, as ``pricing.rules.single_use_count`` has it."""
        return (
            f"(CASE WHEN k.guests_max < 2 THEN 0 WHEN {self.guests} <= {self.units} THEN {self.guests}"
            f" ELSE greatest(0, 2 * {self.units} - {self.guests}) END)"
        )

    @property
    def window(self) -> str:
        """The window as a range."""
        return f"daterange({self.first}, {self.end})"

    @property
    def certified(self) -> str:
        """Whether the certificate covers a stay; of bounds, unlike of ranges, the planner knows what they leave."""
        if self._asked.exact:
            return f"c.valid_from_on <= {self.first} AND c.valid_until_on >= {self.end}"
        return f"c.valid_from_on < {self.end} AND c.valid_until_on > {self.first}"

    @property
    def span(self) -> str:
        """The nights of the window that the certificate covers."""
        return self.window if self._asked.exact else f"({self.window} * daterange(c.valid_from_on, c.valid_until_on))"

    @property
    def held(self) -> str:
        """Whether a lapsed hold still seems to fill the room type on some night of the window."""
        return "(k.room_type_id IN (SELECT room_type_id FROM held))"

    @property
    def held_rooms(self) -> str:
        """The body of ``held``."""
        return f"SELECT room_type_id FROM allocations WHERE expires_at <= {self.at} AND stay && {self.window}"

    @property
    def fits(self) -> str:
        """Whether the party fits into the room type and it is for sale at all."""
        fits = f"NOT k.stop_sale AND {self.units} <= k.unit_count AND {self.units} * k.guests_max >= {self.guests}"
        return f"{fits} AND k.sold_by = {self._sql.put(self._sold_by)}" if self._sold_by else fits

    @property
    def told_by_the_lock(self) -> str:
        """Whether the closed nights say which nights are free; else they must be counted."""
        return f"({self.units} = 1 AND NOT {self.held})"

    @property
    def free(self) -> str:
        """The nights that the party could have."""
        counted = f"free_nights(k.room_type_id, {self.span}, {self.units}, {self.at})"
        alone = f"CASE WHEN {self.told_by_the_lock} THEN {self._unclosed} ELSE {counted} END"
        return f"CASE WHEN {self.beside} THEN datemultirange({self.window}) ELSE {alone} END"

    @property
    def beside(self) -> str:
        """Whether beds are left beside guests of the same gender, in one room on every night of the stay."""
        if not (self._asked.exact and self._party.may_share):
            return "false"
        gender = self._sql.put(self._party.gender)
        return (
            f"(k.beds_per_room > {self.units} AND could_share(k.room_type_id, {self.window}, {self.units},"
            f" {gender}, {self.today}, {self.at}))"
        )

    @property
    def maybe(self) -> str:
        """Whether there could be a stay: one unit is left on every night of it, or held in vain."""
        return f"({self.held} OR {self._long_enough})"

    @property
    def plainly(self) -> str:
        """Whether there is a stay, where the lock row alone says so."""
        return f"{self.told_by_the_lock} AND {self._unrestricted} AND {self._long_enough}"

    @property
    def on_a_closer_look(self) -> str:
        """Whether there is a stay, where nights must be counted or restrictions looked at."""
        could = f"could_stay(k.room_type_id, {self.span}, {self.nights}, {self.units}, {self.today}, {self.at})"
        if self._asked.exact:
            counted = (
                "(SELECT count(*) FROM room_nights n WHERE n.room_type_id = k.room_type_id"
                f" AND n.night >= {self.first} AND n.night < {self.end} AND NOT n.closed"
                f" AND n.unit_count - n.taken_count >= {self.units}) = {self.nights}"
            )
            could = f"CASE WHEN NOT {self.held} AND {self._unrestricted} THEN {counted} ELSE {could} END"
        return f"NOT ({self.told_by_the_lock} AND {self._unrestricted}) AND {self.maybe} AND {could}"

    @property
    def _unrestricted(self) -> str:
        return (
            f"({self.nights} BETWEEN k.stay_min_count AND k.stay_max_count"
            f" AND {self.first} - {self.today} >= k.lead_day_count AND NOT k.has_closed_days)"
        )

    @property
    def _unclosed(self) -> str:
        return f"(datemultirange({self.span}) - k.closed)"

    @property
    def _long_enough(self) -> str:
        if self._asked.exact:
            return f"NOT k.closed && {self.window}"
        return f"EXISTS (SELECT FROM unnest({self._unclosed}) gap WHERE upper(gap) - lower(gap) >= {self.nights})"
