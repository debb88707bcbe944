"""A small server for private groups and their integrations, compatible on the wire with Rocket.Chat."""

__version__ = "0.1.0"
