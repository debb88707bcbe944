"""The one door out: what may be called, and how."""
