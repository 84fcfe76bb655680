"""Tables of places. A division says where something is, a jurisdiction who reviews it: 长白山管委会 is only the latter."""

from piccolo.columns import Date, SmallInt, Text
from piccolo.table import Table

from marketplace.kit.columns import boolean, double, integer, ref, smallint, text
from marketplace.kit.db import DB


class Division(Table, tablename="divisions", db=DB):
    """An administrative division with its GB/T 2260 code, or nine digits for a township; 71–79 are statistical zones."""

    code = Text(primary_key=True, default=None, null=False)
    name_zh = text()
    name_en = text()
    level = text()
    parent_code = ref("self", null=True)
    is_statistical = boolean()
    latitude = double(null=True)
    longitude = double(null=True)
    datum = text(null=True)


class Jurisdiction(Table, tablename="jurisdictions", db=DB):
    """An authority of civil affairs, with the one above it."""

    code = Text(primary_key=True, default=None, null=False)
    name_zh = text()
    name_en = text()
    level = text()
    parent_code = ref("self", null=True)


class Cluster(Table, tablename="clusters", db=DB):
    """An area that is developed and chosen as one: a health cluster on G331, or a hot-spring cluster."""

    code = Text(primary_key=True, default=None, null=False)
    name_zh = text()
    name_en = text()
    kind = text()
    position = smallint()


class Place(Table, tablename="places", db=DB):
    """A town or district that guests travel to, with its station or airport."""

    code = Text(primary_key=True, default=None, null=False)
    name_zh = text()
    name_en = text()
    division_code = ref(Division)
    jurisdiction_code = ref(Jurisdiction)
    latitude = double()
    longitude = double()
    datum = text()
    accuracy_m = integer()
    hub = text(null=True)
    hub_en = text(null=True)


class PlaceCluster(Table, tablename="place_clusters", db=DB):
    """A place within a cluster; the SQL key is both columns, of which Piccolo can be told only one."""

    place_code = Text(primary_key=True, default=None, null=False)
    cluster_code = ref(Cluster)


class Climate(Table, tablename="climate", db=DB):
    """One month's mean temperature at a place; the SQL key is place and month, of which Piccolo is told one."""

    place_code = Text(primary_key=True, default=None, null=False)
    month = smallint()
    mean_c = double()
    confidence = text()
    source = text()


class HolidayYear(Table, tablename="holiday_years", db=DB):
    """The calendar of one year: which version of it we hold, and whether the State Council has published it."""

    year = SmallInt(primary_key=True, default=None, null=False)
    version = text()
    source = text()
    is_tentative = boolean()


class Holiday(Table, tablename="holidays", db=DB):
    """A day that differs from an ordinary week: off by law or by arrangement, or a weekend that is worked (调休)."""

    day = Date(primary_key=True, default=None, null=False)
    year = smallint()
    name_zh = text()
    is_off = boolean()
