"""Reads of search."""

from marketplace.search.queries.candidates import rooms
from marketplace.search.queries.excluding import why_excluded
from marketplace.search.queries.finding import Answer, SortKey, search

__all__ = ("Answer", "SortKey", "rooms", "search", "why_excluded")
