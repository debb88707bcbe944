"""Rooms: private groups first, and the channels beside them."""
