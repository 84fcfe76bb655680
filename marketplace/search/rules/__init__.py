"""Pure rules of search: when, who, how warm, in which order and why."""

from marketplace.search.rules.alternatives import Alternative, nearest_fits, places_by_nearness
from marketplace.search.rules.asked import GUESTS_PER_ROOM_MAX, Asked, Climate, Party, Sort, check_asked
from marketplace.search.rules.changes import Change
from marketplace.search.rules.choosing import choose
from marketplace.search.rules.climate import Relief, Weather, relief_of, weather_of
from marketplace.search.rules.exclusions import Excluded, House, HouseRoom, reasons_against
from marketplace.search.rules.facets import Facets, count_facets
from marketplace.search.rules.matches import Facts, Match, Offer, Prices, Room, Tariff, in_order, position, tariff_of
from marketplace.search.rules.origins import ORIGINS, Origin, origin_of
from marketplace.search.rules.recommending import Point, recommend, score_of
from marketplace.search.rules.seasons import Costs, Seasons, Wish, check_ins, number, preferred
from marketplace.search.rules.travel import Side, distance_km, side_near, side_of
from marketplace.search.rules.windows import (
    Free,
    Prefer,
    Start,
    Window,
    read_window,
    shift_of,
    starts,
    widened,
)

__all__ = (
    "GUESTS_PER_ROOM_MAX",
    "ORIGINS",
    "Alternative",
    "Asked",
    "Change",
    "Climate",
    "Costs",
    "Excluded",
    "Facets",
    "Facts",
    "Free",
    "House",
    "HouseRoom",
    "Match",
    "Offer",
    "Origin",
    "Party",
    "Point",
    "Prefer",
    "Prices",
    "Relief",
    "Room",
    "Seasons",
    "Side",
    "Sort",
    "Start",
    "Tariff",
    "Weather",
    "Window",
    "Wish",
    "check_asked",
    "check_ins",
    "choose",
    "count_facets",
    "distance_km",
    "in_order",
    "nearest_fits",
    "number",
    "origin_of",
    "places_by_nearness",
    "position",
    "preferred",
    "read_window",
    "reasons_against",
    "recommend",
    "relief_of",
    "score_of",
    "shift_of",
    "side_near",
    "side_of",
    "starts",
    "tariff_of",
    "weather_of",
    "widened",
)
