"""Messages: built, posted, edited, deleted and read."""
