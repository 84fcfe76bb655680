"""The marketplace's split: what institutions earn of the money that is held, and how it reaches them."""
