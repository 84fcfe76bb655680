"""Who hosts: the organisation behind a listing, its licence for beds, and who reviews it."""
