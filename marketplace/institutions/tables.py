"""Tables of institutions."""

from piccolo.table import Table

from marketplace.kit.columns import boolean, date, double, integer, key, ref, text, timestamptz
from marketplace.kit.db import DB
from marketplace.places.tables import Jurisdiction, Place


class Institution(Table, tablename="institutions", db=DB):
    """An organisation that hosts guests, certified or not."""

    id = key()
    name = text()
    name_en = text()
    uscc = text(null=True)
    place_code = ref(Place)
    jurisdiction_code = ref(Jurisdiction)
    address = text()
    latitude = double()
    longitude = double()
    datum = text()
    licensed_bed_count = integer()
    phone = text(null=True)
    opened_on = date()
    is_example = boolean()
    registered_at = timestamptz()
