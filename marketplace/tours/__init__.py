"""Group tours: products, dated departures, blocks of units in several institutions, and whether a group forms."""
