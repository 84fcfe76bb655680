"""The route of search."""

from marketplace.search.controllers.stays import Stays

__all__ = ("Stays",)
