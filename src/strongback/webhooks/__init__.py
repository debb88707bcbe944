"""Incoming and outgoing webhooks."""
