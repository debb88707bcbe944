"""Import of an existing Rocket.Chat database from what MongoDB's own tools write."""
