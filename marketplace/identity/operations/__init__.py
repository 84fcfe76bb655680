"""Writing who someone is: codes, sessions, staff and partners."""

from marketplace.identity.operations.sessions import OpenedSession, close_session, open_session, touch_session

__all__ = ("OpenedSession", "close_session", "open_session", "touch_session")
