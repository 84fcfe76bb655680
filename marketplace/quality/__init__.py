"""What goes wrong in the house: complaints and incidents, heard by civil affairs and turned into signals."""
