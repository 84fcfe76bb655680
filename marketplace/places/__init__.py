"""Where things are: divisions, who reviews there, the clusters that families choose from, and the climate by month."""
