"""One Piccolo app, one linear history of SQL."""
