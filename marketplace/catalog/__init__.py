"""What institutions offer: room types, services, pictures, and the index by which families find them."""
