"""The integrations attached to rooms."""
