"""Double entry: every movement of money as a journal that sums to zero, once, and for ever."""
