"""The public register: every institution that was ever certified, with its record, its history and what changed."""
