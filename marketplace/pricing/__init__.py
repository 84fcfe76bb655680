"""What a stay or a seat costs, when it is to be paid, and what cancelling gives back: quotes."""
