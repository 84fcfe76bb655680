"""Words of programming, shared by every domain and knowing none."""
