"""Reads of search."""

from marketplace.search.queries.candidates import rooms
from marketplace.search.queries.excluding import why_excluded
from marketplace.search.queries.finding import Answer, SortKey, key_of, search

__all__ = ("Answer", "SortKey", "key_of", "rooms", "search", "why_excluded")
