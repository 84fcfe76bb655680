"""Places as values, the two coordinate systems of Chinese maps, and the working calendar of the state."""

from marketplace.places.rules.calendar import Calendar, Holiday, HolidayYear
from marketplace.places.rules.gazetteer import (
    ClimateMonth,
    Cluster,
    ClusterKind,
    Confidence,
    Datum,
    Division,
    DivisionLevel,
    Gazetteer,
    Jurisdiction,
    Level,
    Place,
    Position,
    check_cluster,
    check_place,
    to_gcj02,
    to_wgs84,
)

__all__ = (
    "Calendar",
    "ClimateMonth",
    "Cluster",
    "ClusterKind",
    "Confidence",
    "Datum",
    "Division",
    "DivisionLevel",
    "Gazetteer",
    "Holiday",
    "HolidayYear",
    "Jurisdiction",
    "Level",
    "Place",
    "Position",
    "check_cluster",
    "check_place",
    "to_gcj02",
    "to_wgs84",
)
